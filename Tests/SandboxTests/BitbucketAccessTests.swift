// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Who may ask the emulated Bitbucket for what.
@Suite struct BitbucketAccessTests {
    private static func token(_ text: String, _ scopes: [String]) -> SandboxToken {
        SandboxToken(forge: .bitbucket, token: Secret(text), scopes: scopes)
    }

    @Test func `an API token goes with its account's email and by Basic alone`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let token = trial.apiToken
            for (authorization, status) in [
                (SandboxTrial.basic("octavia@example.com", token), 200),
                (SandboxTrial.basic("OCTAVIA@example.com", token), 200),
                (SandboxTrial.basic("octavia", token), 401), (SandboxTrial.basic("marlow@example.com", token), 401),
                (SandboxTrial.basic("octavia@example.com", "wrong"), 401), ("Bearer \(token)", 401),
                ("Bearer wrong", 401), ("Basic ###", 401), ("Digest x", 401), ("", 401),
            ] {
                let answer = try await trial.bucket(.GET, "/user", as: authorization)
                #expect(answer.status == status, "\(authorization.prefix(20))")
                guard status == 401 else { continue }
                #expect(try answer.json()["type"]?.string == "error")
                #expect(answer.header("WWW-Authenticate") == "Basic realm=\"Bitbucket.org HTTP\"")
            }
            #expect(trial.forge.token.exposed == "octavia@example.com:\(token)")
        }
    }

    @Test func `an access token goes by Bearer and is no person`() async throws {
        let token = Self.token("ATCTT3x-access", ["repository:write", "repository:admin", "webhook"])
        try await SandboxTrial.run(.bitbucket, { $0.tokens = [token] }) { trial in
            let bearer = "Bearer ATCTT3x-access"
            for path in ["/user", "/user/workspaces"] {
                let answer = try await trial.bucket(.GET, path, as: bearer)
                #expect(answer.status == 403)
                #expect(
                    try answer.json().refusal == "This API is not accessible by this authentication mechanism")
            }
            for path in ["/workspaces/octavia", "/repositories/octavia", "/repositories/octavia/harbour/hooks"] {
                #expect(try await trial.bucket(.GET, path, as: bearer).status == 200, "\(path)")
            }
            let basic = SandboxTrial.basic("octavia@example.com", "ATCTT3x-access")
            #expect(try await trial.bucket(.GET, "/repositories/octavia", as: basic).status == 401)
        }
    }

    @Test func `a missing scope is named, with those that are there`() async throws {
        let tokens = [Self.token("ATATT-reader", ["account", "repository"]), Self.token("ATATT-none", [])]
        try await SandboxTrial.run(.bitbucket, { $0.tokens = tokens }) { trial in
            let reader = SandboxTrial.basic("octavia@example.com", "ATATT-reader")
            let answer = try await trial.bucket(
                .POST, "/repositories/octavia/harbour/hooks", as: reader, json: #"{"url":"https://x"}"#)
            #expect(answer.status == 403)
            let error = try #require(answer.json()["error"])
            #expect(error["message"]?.string == "Your credentials lack one or more required privilege scopes.")
            #expect(error["detail"]?["required"] == .array([.string("webhook")]))
            #expect(error["detail"]?["granted"] == .array([.string("account"), .string("repository")]))
            #expect(answer.header("X-OAuth-Scopes") == "account, repository")
            #expect(answer.header("X-Accepted-OAuth-Scopes") == "webhook")
            #expect(try await trial.bucket(.GET, "/repositories/octavia", as: reader).status == 200)
            let none = SandboxTrial.basic("octavia@example.com", "ATATT-none")
            #expect(try await trial.bucket(.GET, "/user", as: none).status == 403)
        }
    }

    @Test func `what others own privately is not there, and strangers see what is public`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let hidden = try await trial.bucketJSON(.GET, "/repositories/marlow/secret-cove", status: 404)
            #expect(hidden.refusal == "Repository marlow/secret-cove not found")
            #expect(try await trial.bucketJSON(.GET, "/repositories/marlow").values("slug") == [])
            #expect(try await trial.bucket(.GET, "/repositories/octavia/open-water", as: "").status == 200)
            #expect(try await trial.bucket(.GET, "/repositories/octavia/harbour", as: "").status == 404)
            let nobody = try await trial.bucketJSON(.GET, "/repositories/nobody", status: 404)
            #expect(nobody.refusal == "No workspace with identifier 'nobody'.")
            let nothing = try await trial.bucketJSON(.GET, "/no/such/thing", status: 404)
            #expect(nothing["error"]?["detail"]?.string == "There is no API hosted at this URL")
        }
    }

    @Test func `an expired token, a used-up limit and a throttled one are refused`() async throws {
        var old = Self.token("ATATT-old", ["account"])
        old.expires = 1
        var limited = Self.token("ATATT-limited", ["account"])
        limited.rateLimit = 2
        var throttled = Self.token("ATATT-throttled", ["account"])
        throttled.isThrottled = true
        try await SandboxTrial.run(.bitbucket, { [old, limited, throttled] in $0.tokens = [old, limited, throttled] }) {
            trial in
            for (token, status) in [
                ("ATATT-old", 401), ("ATATT-limited", 200), ("ATATT-limited", 200), ("ATATT-limited", 429),
                ("ATATT-throttled", 429),
            ] {
                let basic = SandboxTrial.basic("octavia@example.com", token)
                let answer = try await trial.bucket(.GET, "/user", as: basic)
                #expect(answer.status == status, "\(token)")
            }
        }
    }

    @Test func `git clones and pushes with the token`() async throws {
        let reader = Self.token("ATCTT3x-reader", ["repository"])
        try await SandboxTrial.run(.bitbucket, { $0.tokens = [reader] }) { trial in
            func address(_ user: String, _ password: String, _ path: String = "octavia/harbour.git") -> String {
                trial.forge.host.replacing("://", with: "://\(user):\(password)@") + "/" + path
            }
            for (index, user) in ["octavia", "octavia%40example.com", "x-bitbucket-api-token-auth"].enumerated() {
                let cloned = try await runGit(
                    ["clone", "-q", address(user, trial.apiToken), "c\(index)"], in: trial.folder)
                #expect(cloned.isDone, "\(user): \(cloned.output)")
            }
            let folder = trial.folder + "/c0"
            _ = try await runGit(["commit", "-qm", "Push", "--allow-empty"], in: folder)
            let pushed = try await runGit(["push", "-q", "origin", "main"], in: folder)
            #expect(pushed.isDone, "\(pushed.output)")
            let local = try await runGit(["rev-parse", "HEAD"], in: folder).output
            #expect(try await trial.tip() == String(local.prefix(40)))
            let read = address("x-token-auth", "ATCTT3x-reader")
            #expect(try await runGit(["clone", "-q", read, "r"], in: trial.folder).isDone)
            #expect(
                try await runGit(["push", "-q", "origin", "main:refs/heads/x"], in: trial.folder + "/r").isDone == false
            )
            for wrong in [
                address("octavia", "wrong"), address("marlow", trial.apiToken),
                address("octavia", trial.apiToken, "marlow/secret-cove.git"),
            ] {
                #expect(try await runGit(["clone", "-q", wrong, "no"], in: trial.folder).isDone == false)
            }
        }
    }
}
