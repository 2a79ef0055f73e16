// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Tokens, scopes, limits and roles at the emulated GitLab.
@Suite struct GitLabAccessTests {
    private static func token(_ text: String, _ scopes: [String]) -> SandboxToken {
        SandboxToken(forge: .gitlab, token: Secret(text), scopes: scopes)
    }

    @Test func `a token is taken in every place where GitLab looks for it`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let token = trial.forge.token.exposed
            for (path, headers) in [
                ("/api/v4/user", [("PRIVATE-TOKEN", token)]), ("/api/v4/user", [("Authorization", "Bearer \(token)")]),
                ("/api/v4/user?private_token=\(token)", []), ("/api/v4/user?access_token=\(token)", []),
            ] {
                let answer = try await trial.send(.GET, path, headers: headers)
                #expect(answer.status == 200)
                #expect(try answer.json()["username"]?.string == SandboxSeed.login)
            }
            let own = try await trial.json(.GET, "/personal_access_tokens/self")
            #expect(own["active"]?.bool == true)
            #expect(own["scopes"]?.array?.contains(.string("api")) == true)
            #expect(own["token"] == nil)
        }
    }

    @Test func `no token and a wrong one are refused, but public projects can be read`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let missing = try await trial.api(.GET, "/user", anonymous: true)
            #expect(missing.status == 401)
            #expect(missing.text == #"{"message":"401 Unauthorized"}"#)
            let wrong = try await trial.api(.GET, "/projects/octavia%2Fopen-water", token: "glpat-wrong")
            #expect(wrong.status == 401)
            let open = try await trial.api(.GET, "/projects/octavia%2Fopen-water", anonymous: true)
            #expect(open.status == 200)
            #expect(try open.json()["permissions"] == nil)
            let branches = try await trial.api(
                .GET, "/projects/octavia%2Fopen-water/repository/branches", anonymous: true)
            #expect(try branches.json().all("name") == ["main"])
            let hidden = try await trial.api(.GET, "/projects/octavia%2Fharbour", anonymous: true)
            #expect(hidden.text == #"{"message":"404 Project Not Found"}"#)
            let change = try await trial.api(
                .POST, "/projects/octavia%2Fopen-water/hooks", anonymous: true,
                json: #"{"url":"https://example.com"}"#)
            #expect(change.status == 401)
        }
    }

    @Test func `what others keep to themselves is not found`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            for path in ["", "/repository/branches", "/hooks", "/repository/files/README.md?ref=main"] {
                let answer = try await trial.api(.GET, "/projects/marlow%2Fsecret-cove\(path)")
                #expect(answer.status == 404)
                #expect(try answer.json().message == "404 Project Not Found")
            }
            let listed = try await trial.json(.GET, "/projects?per_page=100")
            #expect(!listed.all("path_with_namespace").contains("marlow/secret-cove"))
            let namespace = try await trial.json(.GET, "/namespaces/marlow", status: 404)
            #expect(namespace.message == "404 Namespace Not Found")
        }
    }

    @Test func `an expired token says that it is expired`() async throws {
        var old = Self.token("glpat-old", ["api"])
        old.expires = 1
        try await SandboxTrial.run(.gitlab, { [old] in $0.tokens = [old] }) { trial in
            let answer = try await trial.api(.GET, "/user", token: "glpat-old")
            #expect(answer.status == 401)
            let body = try answer.json()
            #expect(body.error == "invalid_token")
            #expect(
                body["error_description"]?.string
                    == "Token is expired. You can either do re-authorization or token refresh.")
            #expect(answer.header("WWW-Authenticate")?.hasPrefix("Bearer ") == true)
        }
    }

    @Test func `a token does no more than its scopes allow`() async throws {
        let tokens = [
            Self.token("glpat-read", ["read_api"]), Self.token("glpat-user", ["read_user"]),
            Self.token("glpat-code", ["read_repository"]),
        ]
        try await SandboxTrial.run(.gitlab, { $0.tokens = tokens }) { trial in
            let project = "/projects/\(SandboxTrial.harbour)"
            let file = project + "/repository/files/README.md"
            for (token, method, path, status) in [
                ("glpat-read", HTTPMethod.GET, "/user", 200), ("glpat-read", .GET, project, 200),
                ("glpat-read", .POST, project + "/repository/branches", 403), ("glpat-read", .DELETE, project, 403),
                ("glpat-user", .GET, "/user", 200), ("glpat-user", .GET, project, 403),
                ("glpat-code", .GET, file + "?ref=main", 200), ("glpat-code", .GET, file + "/raw?ref=main", 200),
                ("glpat-code", .DELETE, file, 403), ("glpat-code", .GET, project, 403),
                ("glpat-code", .GET, "/personal_access_tokens/self", 200),
            ] {
                let answer = try await trial.api(method, path, token: token)
                #expect(answer.status == status, "\(token) \(method) \(path)")
                guard status == 403 else { continue }
                let body = try answer.json()
                #expect(body.error == "insufficient_scope")
                #expect(body["scope"]?.string?.split(separator: " ").contains("api") == true)
            }
        }
    }

    @Test func `a token beyond its limit is told when to come again`() async throws {
        var limited = Self.token("glpat-limited", ["api"])
        limited.rateLimit = 2
        var throttled = Self.token("glpat-throttled", ["api"])
        throttled.isThrottled = true
        try await SandboxTrial.run(.gitlab, { [limited, throttled] in $0.tokens = [limited, throttled] }) { trial in
            var statuses: [Int] = []
            for _ in 0..<6 { statuses.append(try await trial.api(.GET, "/version", token: "glpat-limited").status) }
            // Six requests in at most two minutes: four are within, at the most.
            #expect(statuses.count { $0 == 200 } <= 4)
            #expect(statuses.prefix(1) == [200])
            #expect(statuses.contains(429))
            let answer = try await trial.api(.GET, "/version", token: "glpat-throttled")
            #expect(answer.status == 429)
            #expect(answer.text == "Retry later\n")
            #expect(answer.header("Content-Type") == "text/plain")
            #expect((1...60).contains(Int(answer.header("Retry-After") ?? "") ?? 0))
            #expect(answer.header("RateLimit-Remaining") == "0")
            #expect(try await trial.api(.GET, "/version").status == 200)
        }
    }

    @Test func `a developer is refused what takes a maintainer`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let project = "/projects/\(SandboxSeed.guardedProject.split(separator: "/").joined(separator: "%2F"))"
            let repository = project + "/repository"
            for (method, path, json, status, sentence) in [
                (HTTPMethod.GET, project + "/hooks", nil as String?, 403, "403 Forbidden"),
                (.DELETE, project, nil, 403, "403 Forbidden"),
                (
                    .POST, repository + "/files/new.txt",
                    #"{"branch":"main","content":"x","commit_message":"m"}"#, 400,
                    "You are not allowed to push into this branch"
                ),
                (
                    .POST, repository + "/commits",
                    #"{"branch":"main","commit_message":"m","actions":[]}"#, 403,
                    "403 Forbidden - You are not allowed to push into this branch"
                ),
                (
                    .POST, repository + "/tags", #"{"tag_name":"v9","ref":"main"}"#, 400,
                    "You are not allowed to create this tag as it is protected."
                ),
                (
                    .DELETE, repository + "/branches/main", nil, 400,
                    "The default branch of a project cannot be deleted."
                ),
            ] {
                let body = try await trial.json(method, path, json: json, status: status)
                #expect(body.message == sentence)
            }
            let body = #"{"branch":"mine","start_branch":"main","content":"x","commit_message":"m"}"#
            #expect(try await trial.api(.POST, repository + "/files/new.txt", json: body).status == 201)
            #expect(
                try await trial.api(.POST, repository + "/tags", json: #"{"tag_name":"mine","ref":"mine"}"#).status
                    == 201)
            let branch = try await trial.json(.GET, repository + "/branches/main")
            #expect(branch["protected"]?.bool == true)
            #expect(branch["can_push"]?.bool == false)
        }
    }

    @Test func `an archived project can only be read`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let project = "/projects/octavia%2Fold-pier"
            let archived = try await trial.json(.GET, project)
            #expect(archived["archived"]?.bool == true)
            let body = #"{"branch":"main","content":"x","commit_message":"m"}"#
            #expect(try await trial.api(.POST, project + "/repository/files/a", json: body).status == 403)
            #expect(
                try await trial.api(.POST, project + "/repository/tags", json: #"{"tag_name":"t","ref":"main"}"#)
                    .status == 403)
        }
    }

    @Test func `an unknown route and a wrong method say so`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            #expect(try await trial.json(.GET, "/nothing", status: 404).error == "404 Not Found")
            #expect(try await trial.json(.PATCH, "/user", status: 405).error == "405 Not Allowed")
            let body = try await trial.api(.POST, "/projects", json: "{\"name\":")
            #expect(body.status == 400)
            let text = try await trial.send(
                .POST, "/api/v4/projects",
                headers: [("PRIVATE-TOKEN", trial.forge.token.exposed), ("Content-Type", "text/xml")], body: [60])
            #expect(text.status == 415)
        }
    }
}
