// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Who may do what at the emulated Bitbucket Data Center.
@Suite struct BitbucketServerAccessTests {
    @Test func `every answer names its user and its request`() async throws {
        try await BitbucketServerTrial.run { server in
            let answer = try await server.api(.GET, "/application-properties")
            #expect(answer.status == 200)
            #expect(answer.header("X-AUSERNAME") == SandboxSeed.login)
            #expect(answer.header("X-AREQUESTID")?.hasPrefix("@") == true)
            #expect(answer.header("Content-Type") == "application/json;charset=UTF-8")
            #expect(try answer.json()["displayName"]?.string == "Bitbucket")
            let nobody = try await server.api(.GET, "/application-properties", token: "")
            #expect(nobody.status == 200)
            #expect(nobody.header("X-AUSERNAME") == nil)
            #expect(try await server.json(.GET, "/users/octavia")["slug"]?.string == SandboxSeed.login)
            #expect(try await server.exception(.GET, "/users/nobody", status: 404) == "NoSuchUserException")
        }
    }

    @Test func `passwords and tokens are taken as Basic, tokens as Bearer`() async throws {
        try await BitbucketServerTrial.run { server in
            let token = server.trial.forge.token.exposed
            for (user, password, status) in [
                ("octavia", SandboxSeed.password, 200), ("octavia", token, 200), ("marlow", token, 401),
                ("octavia", "wrong", 401), ("nobody", SandboxSeed.password, 401),
            ] {
                let pair = Data("\(user):\(password)".utf8).base64EncodedString()
                let answer = try await server.trial.send(
                    .GET, "/rest/api/1.0/projects", headers: [("Authorization", "Basic \(pair)")])
                #expect(answer.status == status)
            }
            #expect(
                try await server.exception(.GET, "/projects", token: "wrong", status: 401)
                    == "IncorrectPasswordAuthenticationException")
        }
    }

    @Test func `401 also answers a known user who may not`() async throws {
        try await BitbucketServerTrial.run({ options in
            options.tokens = [
                SandboxToken(forge: .bitbucket, token: Secret("reader"), scopes: ["REPO_READ"]),
                SandboxToken(forge: .bitbucket, token: Secret("writer"), scopes: ["REPO_WRITE"]),
                SandboxToken(forge: .bitbucket, token: Secret("admin"), scopes: ["REPO_ADMIN"]),
                SandboxToken(
                    forge: .bitbucket, token: Secret("marlow"), login: SandboxSeed.otherLogin, scopes: ["PROJECT_ADMIN"]
                ),
            ]
            var old = SandboxToken(forge: .bitbucket, token: Secret("old"), scopes: ["PROJECT_ADMIN"])
            old.expires = 1
            options.tokens.append(old)
        }) { server in
            let harbour = BitbucketServerTrial.harbour
            for (token, path, status) in [
                ("", harbour, 401), ("reader", harbour, 200), ("reader", harbour + "/webhooks", 401),
                ("writer", harbour + "/webhooks", 401), ("admin", harbour + "/webhooks", 200), ("marlow", harbour, 401),
                ("old", "/projects", 401), ("", "/projects/~octavia/repos/open-water", 200),
            ] {
                let answer = try await server.api(.GET, path, token: token)
                #expect(answer.status == status, "\(token) \(path)")
                // A refused user is still named: that tells such a 401 from one for the credential.
                if ["reader", "writer", "marlow"].contains(token) { #expect(answer.header("X-AUSERNAME") != nil) }
            }
            #expect(
                try await server.exception(.GET, harbour, token: "marlow", status: 401) == "AuthorisationException")
            #expect(
                try await server.exception(
                    .POST, harbour + "/tags", token: "reader", json: #"{"name":"x","startPoint":"main"}"#, status: 401)
                    == "AuthorisationException")
            #expect(
                try await server.exception(
                    .POST, "/projects/~octavia/repos", token: "admin", json: #"{"name":"x"}"#, status: 401)
                    == "AuthorisationException")
        }
    }

    @Test func `a used-up rate limit says how long to wait`() async throws {
        try await BitbucketServerTrial.run({ options in
            var token = SandboxToken(forge: .bitbucket, token: Secret("two"), scopes: ["REPO_READ"])
            token.rateLimit = 2
            options.tokens = [token]
        }) { server in
            for status in [200, 200, 429] {
                let answer = try await server.api(.GET, "/projects", token: "two")
                #expect(answer.status == status)
                if status == 429 { #expect((1...60).contains(Int(answer.header("Retry-After") ?? "") ?? 0)) }
            }
        }
    }

    @Test func `what is no resource is answered by the container below`() async throws {
        try await BitbucketServerTrial.run { server in
            let none = try await server.json(.GET, "/no/such/thing", status: 404)
            #expect(none["status-code"]?.integer == 404)
            #expect(none["errors"] == nil)
            #expect(try await server.api(.DELETE, BitbucketServerTrial.harbour + "/raw/README.md").status == 405)
            #expect(try await server.api(.GET, "/projects/~octavia%2Frepos").status == 400)
            #expect(try await server.trial.send(.GET, "/no/such/page").header("Content-Type")?.contains("html") == true)
            for query in ["start=x", "limit=-1", "limit=99999999999999999999"] {
                #expect(try await server.api(.GET, "/projects?" + query).status == 400)
            }
        }
    }

    @Test func `a person allows an application, whose tokens rotate`() async throws {
        try await BitbucketServerTrial.run { server in
            let forge = server.trial.forge
            let callback = "http://127.0.0.1:4711/callback"
            let query =
                "client_id=\(forge.oauthClientID)&redirect_uri=\(callback)&response_type=code&state=st&scope=REPO_WRITE"
                + "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
            var browser = Browser(server.trial)
            let sent = try await browser.signInAndAllow("/rest/oauth2/latest/authorize?" + query)
            #expect(sent["state"] == "st")
            @Sendable func token(_ fields: [(String, String)]) async throws -> Answer {
                let client = [("client_id", forge.oauthClientID), ("client_secret", forge.oauthClientSecret.exposed)]
                return try await server.trial.send(
                    .POST, "/rest/oauth2/latest/token",
                    headers: [("Content-Type", "application/x-www-form-urlencoded")],
                    body: Array(Browser.encode(client + fields).utf8))
            }
            let code = [("grant_type", "authorization_code"), ("code", sent["code"] ?? ""), ("redirect_uri", callback)]
            let verifier = ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
            #expect(try await token(code + [("code_verifier", "wrong")]).status == 400)
            let first = try await token(code + [verifier]).json()
            #expect(first["expires_in"]?.integer == 3600)
            let access = try #require(first["access_token"]?.string)
            let refresh = try #require(first["refresh_token"]?.string)
            #expect(try await server.api(.GET, BitbucketServerTrial.harbour, token: access).status == 200)
            #expect(try await server.api(.GET, BitbucketServerTrial.harbour + "/webhooks", token: access).status == 401)
            let second = try await token([("grant_type", "refresh_token"), ("refresh_token", refresh)])
            #expect(second.status == 200)
            #expect(try await server.api(.GET, BitbucketServerTrial.harbour, token: access).status == 401)
            #expect(try await token([("grant_type", "refresh_token"), ("refresh_token", refresh)]).status == 400)
            #expect(try await token(code + [verifier]).json()["error"]?.string == "invalid_grant")
        }
    }
}
