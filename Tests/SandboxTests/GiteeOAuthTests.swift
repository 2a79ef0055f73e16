// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Signing in at the emulated Gitee, and its tokens of one day.
@Suite struct GiteeOAuthTests {
    private static let callback = "http://127.0.0.1:4711/callback"

    private static func query(_ trial: SandboxTrial, _ scope: String) -> String {
        "client_id=\(trial.forge.oauthClientID)&redirect_uri=\(callback)&response_type=code&state=s&scope=\(scope)"
    }

    private static func code(_ trial: SandboxTrial, _ scope: String = "user_info%20projects") async throws -> String {
        var browser = Browser(trial)
        let back = try await browser.signInAndAllow("/oauth/authorize?" + query(trial, scope))
        #expect(back["state"] == "s")
        return try #require(back["code"])
    }

    private static func exchange(_ trial: SandboxTrial, _ code: String, inQuery: Bool = false) async throws -> Answer {
        let fields = Browser.encode([
            ("grant_type", "authorization_code"), ("code", code), ("client_id", trial.forge.oauthClientID),
            ("client_secret", trial.forge.oauthClientSecret.exposed), ("redirect_uri", callback),
        ])
        guard !inQuery else { return try await trial.send(.POST, "/oauth/token?" + fields) }
        return try await trial.send(
            .POST, "/oauth/token", headers: [("Content-Type", "application/x-www-form-urlencoded")],
            body: Array(fields.utf8))
    }

    @Test func `a code gives tokens of a day, once, by a form or a query`() async throws {
        try await withGitee { (gitee) async throws in
            for inQuery in [true, false] {
                let code = try await Self.code(gitee.trial)
                let answer = try await Self.exchange(gitee.trial, code, inQuery: inQuery)
                let body = try answer.json()
                #expect(answer.status == 200)
                #expect(body["token_type"]?.string == "bearer")
                #expect(body["expires_in"]?.integer == 86_400)
                #expect(body["access_token"]?.string?.count == 32)
                #expect(body["refresh_token"]?.string?.count == 64)
                #expect(body["scope"]?.string == "user_info projects")
                var user = gitee
                user.token = body["access_token"]?.string
                #expect(try await user.get("/user")["login"]?.string == SandboxSeed.login)
                #expect(try await user.send(.GET, "/user/orgs").status == 403)
                let again = try await Self.exchange(gitee.trial, code)
                #expect(again.status == 401)
                #expect(try again.json()["error"]?.string == "invalid_grant")
            }
        }
    }

    @Test func `a renewal names the refresh token alone, and ends the old pair`() async throws {
        try await withGitee { (gitee) async throws in
            let first = try await Self.exchange(gitee.trial, try await Self.code(gitee.trial)).json()
            let refresh = try #require(first["refresh_token"]?.string)
            let path = "/oauth/token?grant_type=refresh_token&refresh_token=\(refresh)"
            let second = try await gitee.trial.send(.POST, path).json()
            let access = try #require(second["access_token"]?.string)
            #expect(second["refresh_token"]?.string != refresh)
            #expect(try await GiteeClient(gitee.trial, token: access).send(.GET, "/user").status == 200)
            let old = try #require(first["access_token"]?.string)
            #expect(try await GiteeClient(gitee.trial, token: old).send(.GET, "/user").status == 401)
            let again = try await gitee.trial.send(.POST, path)
            #expect(again.status == 401)
            #expect(try again.json()["error"]?.string == "invalid_grant")
            let id = gitee.trial.forge.oauthClientID
            let next = try #require(second["refresh_token"]?.string)
            let wrong = "/oauth/token?grant_type=refresh_token&refresh_token=\(next)&client_id=\(id)&client_secret=no"
            #expect(try await gitee.trial.send(.POST, wrong).json()["error"]?.string == "invalid_client")
        }
    }

    @Test func `a token's life ends`() async throws {
        try await withGitee({ $0.accessTokenLifetime = 0 }) { (gitee) async throws in
            let tokens = try await Self.exchange(gitee.trial, try await Self.code(gitee.trial)).json()
            var user = gitee
            user.token = tokens["access_token"]?.string
            let body = try await user.json(.GET, "/user", status: 401)
            #expect(body["message"]?.string == "401 Unauthorized: Access token is expired")
        }
    }

    @Test func `a person refuses, and a scope that the application has not`() async throws {
        try await withGitee { (gitee) async throws in
            var browser = Browser(gitee.trial)
            let consent = try await browser.signIn("/oauth/authorize?" + Self.query(gitee.trial, "projects"))
            let refused = try await browser.submit(consent, form: 1)
            #expect(refused.header("Location")?.contains("error=access_denied") == true)
            let asked = try await gitee.trial.send(.GET, "/oauth/authorize?" + Self.query(gitee.trial, "admin"))
            #expect(asked.header("Location")?.contains("error=invalid_scope") == true)
            let foreign = Self.query(gitee.trial, "projects").replacing("127.0.0.1:4711", with: "evil.example")
            let shown = try await gitee.trial.send(.GET, "/oauth/authorize?" + foreign)
            #expect(shown.status == 400)
            #expect(shown.header("Location") == nil)
        }
    }
}
