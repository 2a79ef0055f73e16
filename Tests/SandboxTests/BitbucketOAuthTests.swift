// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Signing in at the emulated Bitbucket, and tokens for consumers.
@Suite struct BitbucketOAuthTests {
    private static let callback = "http://127.0.0.1:4711/callback"

    private static func code(_ trial: SandboxTrial, _ more: String = "") async throws -> String {
        let query =
            "client_id=\(trial.forge.oauthClientID)&response_type=code&state=s%261&redirect_uri=\(callback)\(more)"
        var browser = Browser(trial)
        let sent = try await browser.signInAndAllow("/site/oauth2/authorize?\(query)")
        #expect(sent["state"] == "s&1")
        return try #require(sent["code"])
    }

    private static func token(
        _ trial: SandboxTrial, _ fields: [(String, String)], secret: String? = nil
    ) async throws -> Answer {
        let basic = SandboxTrial.basic(
            trial.forge.oauthClientID, secret ?? trial.forge.oauthClientSecret.exposed)
        return try await trial.send(
            .POST, "/site/oauth2/access_token",
            headers: [("Authorization", basic), ("Content-Type", "application/x-www-form-urlencoded")],
            body: Array(Browser.encode(fields).utf8))
    }

    private static func pair(_ trial: SandboxTrial) async throws -> (access: String, refresh: String) {
        let fields = [("grant_type", "authorization_code"), ("code", try await code(trial))]
        let body = try await token(trial, fields).json()
        return (try #require(body["access_token"]?.string), try #require(body["refresh_token"]?.string))
    }

    @Test func `a person signs in, allows, and the code gives tokens once`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            // What is asked for does not count: the consumer has its scopes.
            let code = try await Self.code(trial, "&scope=nonsense")
            let fields = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", Self.callback)]
            let answer = try await Self.token(trial, fields)
            #expect(answer.status == 200)
            let body = try answer.json()
            #expect(body["expires_in"]?.integer == 7200)
            #expect(body["token_type"]?.string == "bearer")
            #expect(body["scope"]?.string?.split(separator: " ").contains("repository:admin") == true)
            let access = try #require(body["access_token"]?.string)
            let user = try await trial.bucket(.GET, "/user", as: "Bearer \(access)")
            #expect(try user.json()["username"]?.string == "octavia")
            #expect(user.header("X-Credential-Type") == "oauth2")
            #expect(try await trial.bucket(.GET, "/user?access_token=\(access)", as: "").status == 401)
            let again = try await Self.token(trial, fields)
            #expect(again.status == 400)
            #expect(try again.json()["error"]?.string == "invalid_grant")
            let clone = trial.forge.host.replacing("://", with: "://x-token-auth:\(access)@") + "/octavia/harbour.git"
            #expect(try await runGit(["clone", "-q", clone, "c"], in: trial.folder).isDone == false)
        }
    }

    @Test func `a refresh token is used once and gives a new pair`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let old = try await Self.pair(trial)
            let fields = [("grant_type", "refresh_token"), ("refresh_token", old.refresh)]
            let body = try await Self.token(trial, fields).json()
            #expect(body["state"]?.string == "refresh_token")
            let access = try #require(body["access_token"]?.string)
            #expect(body["refresh_token"]?.string != old.refresh)
            #expect(try await trial.bucket(.GET, "/user", as: "Bearer \(access)").status == 200)
            let again = try await Self.token(trial, fields)
            #expect(again.status == 400)
            #expect(try again.json()["error"]?.string == "invalid_grant")
        }
    }

    @Test func `an access token that has run out says so, and can be renewed`() async throws {
        try await SandboxTrial.run(.bitbucket, { $0.accessTokenLifetime = 0 }) { trial in
            let old = try await Self.pair(trial)
            let answer = try await trial.bucket(.GET, "/user", as: "Bearer \(old.access)")
            #expect(answer.status == 401)
            #expect(try answer.json().refusal?.hasPrefix("Access token expired.") == true)
            let renewed = try await Self.token(
                trial, [("grant_type", "refresh_token"), ("refresh_token", old.refresh)])
            #expect(renewed.status == 200)
        }
    }

    @Test func `a wrong secret, grant, address and refusal are told`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let code = try await Self.code(trial)
            let grant = ("grant_type", "authorization_code")
            let wrong = try await Self.token(trial, [grant, ("code", code)], secret: "wrong")
            #expect(wrong.status == 400)
            #expect(try wrong.json()["error"]?.string == "unauthorized_client")
            for fields in [
                [grant, ("code", "wrong")], [("grant_type", "refresh_token"), ("refresh_token", "wrong")],
                [("grant_type", "password")], [],
                [grant, ("code", code), ("redirect_uri", "http://127.0.0.1:1/other")],
            ] {
                let answer = try await Self.token(trial, fields)
                #expect(answer.status == 400, "\(fields)")
                #expect(try answer.json()["error"]?.string == "invalid_grant", "\(fields)")
            }
            let unknown = try await trial.send(.GET, "/site/oauth2/authorize?client_id=x&response_type=code")
            #expect(unknown.status == 404)
            let foreign = try await trial.send(
                .GET,
                "/site/oauth2/authorize?client_id=\(trial.forge.oauthClientID)&response_type=code&redirect_uri=https://evil.example"
            )
            #expect(foreign.status == 400)
            var browser = Browser(trial)
            let query = "client_id=\(trial.forge.oauthClientID)&response_type=code&redirect_uri=\(Self.callback)"
            let consent = try await browser.signIn("/site/oauth2/authorize?\(query)")
            let denied = try await browser.submit(consent, form: 1)
            #expect(denied.header("Location")?.contains("error=access_denied") == true)
        }
    }
}
