// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Signing in at the emulated GitLab, and tokens for applications.
@Suite struct GitLabOAuthTests {
    private static let callback = "http://127.0.0.1:4711/callback"

    /// Walks the pages as a browser does and gives where the application is sent to at last.
    /// - Parameter form: 0 allows, 1 denies.
    private static func visit(_ trial: SandboxTrial, _ more: String = "", form: Int = 0) async throws -> String {
        let query = "client_id=\(trial.forge.oauthClientID)&redirect_uri=\(callback)&response_type=code&state=st%26te"
        var browser = Browser(trial)
        let consent = try await browser.signIn("/oauth/authorize?\(query)\(more)")
        #expect(consent.text.contains("Gatehouse"))
        let decided = try await browser.submit(consent, form: form)
        #expect(decided.status == 302)
        return try #require(decided.header("Location"))
    }

    private static func form(_ fields: [(String, String)]) -> [UInt8] {
        Array(Browser.encode(fields).utf8)
    }

    private static func parameter(_ name: String, _ address: String) -> String? {
        URLComponents(string: address)?.queryItems?.first { $0.name == name }?.value
    }

    private static func token(
        _ trial: SandboxTrial, _ fields: [(String, String)], asClient: Bool = true
    ) async throws -> Answer {
        let client = [
            ("client_id", trial.forge.oauthClientID), ("client_secret", trial.forge.oauthClientSecret.exposed),
            ("redirect_uri", callback),
        ]
        return try await trial.send(
            .POST, "/oauth/token", headers: [("Content-Type", "application/x-www-form-urlencoded")],
            body: form((asClient ? client : []) + fields))
    }

    private static func pair(_ trial: SandboxTrial, scope: String = "") async throws -> (
        access: String, refresh: String
    ) {
        let code = try #require(parameter("code", try await visit(trial, scope)))
        let body = try await token(trial, [("grant_type", "authorization_code"), ("code", code)]).json()
        return (try #require(body["access_token"]?.string), try #require(body["refresh_token"]?.string))
    }

    @Test func `a person signs in, allows, and the code gives tokens once`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let address = try await Self.visit(trial, "&scope=api+read_user")
            #expect(address.hasPrefix(Self.callback + "?"))
            #expect(Self.parameter("state", address) == "st&te")
            let code = try #require(Self.parameter("code", address))
            let answer = try await Self.token(trial, [("grant_type", "authorization_code"), ("code", code)])
            #expect(answer.status == 200)
            #expect(answer.header("Cache-Control") == "no-store")
            let body = try answer.json()
            #expect(body["token_type"]?.string == "Bearer")
            #expect(body["expires_in"]?.integer == 7200)
            #expect(body["scope"]?.string == "api read_user")
            #expect(body["created_at"]?.integer ?? 0 > 1_700_000_000)
            let access = try #require(body["access_token"]?.string)
            let bearer = [("Authorization", "Bearer \(access)")]
            let user = try await trial.send(.GET, "/api/v4/user", headers: bearer)
            #expect(try user.json()["username"]?.string == SandboxSeed.login)
            // Such a token is no personal one.
            #expect(try await trial.api(.GET, "/user", token: access).status == 401)
            let info = try await trial.send(.GET, "/oauth/token/info", headers: bearer).json()
            #expect(info["scope"] == .array([.string("api"), .string("read_user")]))
            #expect(info["application"]?["uid"]?.string == trial.forge.oauthClientID)
            #expect((7000...7200).contains(info["expires_in"]?.integer ?? 0))

            let again = try await Self.token(trial, [("grant_type", "authorization_code"), ("code", code)])
            #expect(again.status == 400)
            #expect(try again.json().error == "invalid_grant")
            // A code that comes twice was stolen: what it gave is dead.
            let dead = try await trial.send(.GET, "/api/v4/user", headers: bearer)
            #expect(
                try dead.json()["error_description"]?.string
                    == "Token was revoked. You have to re-authorize from the user.")
        }
    }

    @Test func `a refresh gives a new pair and ends both old tokens`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let old = try await Self.pair(trial)
            let body = try await Self.token(
                trial, [("grant_type", "refresh_token"), ("refresh_token", old.refresh)]
            ).json()
            let access = try #require(body["access_token"]?.string)
            let refresh = try #require(body["refresh_token"]?.string)
            #expect(access != old.access)
            #expect(refresh != old.refresh)
            #expect(
                try await trial.send(.GET, "/api/v4/user", headers: [("Authorization", "Bearer \(access)")]).status
                    == 200)
            let dead = try await trial.send(.GET, "/api/v4/user", headers: [("Authorization", "Bearer \(old.access)")])
            #expect(dead.status == 401)
            #expect(try dead.json().error == "invalid_token")
            let again = try await Self.token(trial, [("grant_type", "refresh_token"), ("refresh_token", old.refresh)])
            #expect(again.status == 400)
            #expect(try again.json().error == "invalid_grant")
        }
    }

    @Test func `of many who refresh with one token only one gets a pair`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let old = try await Self.pair(trial)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await Self.token(
                            trial, [("grant_type", "refresh_token"), ("refresh_token", old.refresh)]
                        ).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200] + Array(repeating: 400, count: 7))
        }
    }

    @Test func `an access token that has run out says so, and can be renewed`() async throws {
        try await SandboxTrial.run(.gitlab, { $0.accessTokenLifetime = 0 }) { trial in
            let old = try await Self.pair(trial)
            let answer = try await trial.send(
                .GET, "/api/v4/user", headers: [("Authorization", "Bearer \(old.access)")])
            #expect(answer.status == 401)
            #expect(
                try answer.json()
                    == .object([
                        "error": .string("invalid_token"),
                        "error_description": .string(
                            "Token is expired. You can either do re-authorization or token refresh."),
                    ]))
            let info = try await trial.send(.GET, "/oauth/token/info?access_token=\(old.access)")
            #expect(info.status == 401)
            let renewed = try await Self.token(
                trial, [("grant_type", "refresh_token"), ("refresh_token", old.refresh)])
            #expect(renewed.status == 200)
        }
    }

    @Test func `a code with a challenge asks for its verifier`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            // RFC 7636, appendix B.
            let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
            let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
            let address = try await Self.visit(trial, "&code_challenge=\(challenge)&code_challenge_method=S256")
            let code = ("code", Self.parameter("code", address) ?? "")
            let grant = ("grant_type", "authorization_code")
            for wrong in [[], [("code_verifier", challenge)]] {
                let answer = try await Self.token(trial, [grant, code] + wrong)
                #expect(answer.status == 400)
                #expect(try answer.json().error == "invalid_grant")
            }
            #expect(try await Self.token(trial, [grant, code, ("code_verifier", verifier)]).status == 200)
        }
    }

    @Test func `a client shows itself in a form, in JSON or in Basic authorization`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let (id, secret) = (trial.forge.oauthClientID, trial.forge.oauthClientSecret.exposed)
            let one = try await Self.pair(trial)
            let json = """
                {"grant_type":"refresh_token","refresh_token":"\(one.refresh)","client_id":"\(id)",\
                "client_secret":"\(secret)"}
                """
            let second = try await trial.send(
                .POST, "/oauth/token", headers: [("Content-Type", "application/json")], body: Array(json.utf8))
            #expect(second.status == 200)
            let refresh = try second.json()["refresh_token"]?.string ?? ""
            let basic = Data("\(id):\(secret)".utf8).base64EncodedString()
            let third = try await trial.send(
                .POST, "/oauth/token",
                headers: [
                    ("Authorization", "Basic \(basic)"), ("Content-Type", "application/x-www-form-urlencoded"),
                ], body: Self.form([("grant_type", "refresh_token"), ("refresh_token", refresh)]))
            #expect(third.status == 200)
        }
    }

    @Test func `a token request that is not right says what is wrong`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let wrong = [("client_id", trial.forge.oauthClientID), ("client_secret", "wrong"), ("redirect_uri", "x")]
            for (fields, asClient, status, error) in [
                (wrong + [("grant_type", "authorization_code"), ("code", "x")], false, 401, "invalid_client"),
                ([("grant_type", "refresh_token"), ("refresh_token", "x")], false, 401, "invalid_client"),
                ([("grant_type", "authorization_code"), ("code", "x")], true, 400, "invalid_grant"),
                ([("grant_type", "refresh_token"), ("refresh_token", "x")], true, 400, "invalid_grant"),
                ([("grant_type", "refresh_token")], true, 400, "invalid_request"),
                ([("grant_type", "magic")], true, 400, "unsupported_grant_type"), ([], true, 400, "invalid_request"),
            ] {
                let answer = try await Self.token(trial, fields, asClient: asClient)
                #expect(answer.status == status)
                let body = try answer.json()
                #expect(body.error == error)
                #expect(body["error_description"]?.string?.isEmpty == false)
            }
            let code = ("code", Self.parameter("code", try await Self.visit(trial)) ?? "")
            let elsewhere = try await Self.token(
                trial, [("grant_type", "authorization_code"), code, ("redirect_uri", "http://127.0.0.1:4711/else")])
            #expect(try elsewhere.json().error == "invalid_grant")
        }
    }

    @Test func `a revoked grant is dead`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let pair = try await Self.pair(trial)
            func revoke(_ token: String, secret: String) async throws -> Answer {
                try await trial.send(
                    .POST, "/oauth/revoke", headers: [("Content-Type", "application/x-www-form-urlencoded")],
                    body: Self.form([
                        ("client_id", trial.forge.oauthClientID), ("client_secret", secret), ("token", token),
                    ]))
            }
            #expect(try await revoke(pair.access, secret: "wrong").status == 403)
            let secret = trial.forge.oauthClientSecret.exposed
            #expect(try await revoke("unknown", secret: secret).text == "{}")
            let bearer = [("Authorization", "Bearer \(pair.access)")]
            #expect(try await trial.send(.GET, "/api/v4/user", headers: bearer).status == 200)
            #expect(try await revoke(pair.access, secret: secret).status == 200)
            #expect(try await trial.send(.GET, "/api/v4/user", headers: bearer).status == 401)
            let refreshed = try await Self.token(
                trial, [("grant_type", "refresh_token"), ("refresh_token", pair.refresh)])
            #expect(refreshed.status == 400)
        }
    }

    @Test func `refusals go back to the application, but never to a stranger`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let denied = try await Self.visit(trial, form: 1)
            #expect(Self.parameter("error", denied) == "access_denied")
            #expect(Self.parameter("state", denied) == "st&te")
            let id = trial.forge.oauthClientID
            let query = "client_id=\(id)&redirect_uri=\(Self.callback)&scope=sudo&response_type=code"
            let scope = try await trial.send(.GET, "/oauth/authorize?\(query)").header("Location") ?? ""
            #expect(scope.hasPrefix(Self.callback))
            #expect(Self.parameter("error", scope) == "invalid_scope")
            for query in [
                "client_id=\(id)&redirect_uri=https://evil.example/&response_type=code",
                "client_id=unknown&redirect_uri=\(Self.callback)&response_type=code",
                "client_id=\(id)&redirect_uri=http://127.0.0.1:80@evil.example/&response_type=code",
            ] {
                let answer = try await trial.send(.GET, "/oauth/authorize?\(query)")
                #expect((400..<500).contains(answer.status), "\(query)")
                #expect(answer.header("Location") == nil)
            }
        }
    }
}
