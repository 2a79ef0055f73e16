// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import Testing
import TestSupport

@Suite struct GitHubOAuthTests {
    /// RFC 7636, appendix B.
    private static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    private static let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    private static let redirect = "http://127.0.0.1:7000/oauth/callback"

    private func authorizePath(_ hub: GitHubClient, _ more: [(String, String)] = []) -> String {
        var fields = [
            ("client_id", hub.trial.forge.oauthClientID), ("redirect_uri", Self.redirect), ("scope", "repo read:org"),
            ("state", "a state/with&signs"), ("code_challenge", Self.challenge), ("code_challenge_method", "S256"),
        ]
        fields.removeAll { field in more.contains { $0.0 == field.0 } }
        return "/login/oauth/authorize?" + Browser.encode(fields + more.filter { !$0.1.isEmpty })
    }

    private func code(_ hub: GitHubClient, _ more: [(String, String)] = []) async throws -> String {
        var browser = Browser(hub.trial)
        let back = try await browser.signInAndAllow(authorizePath(hub, more))
        #expect(back["state"] == "a state/with&signs")
        return try #require(back["code"])
    }

    private func exchange(_ hub: GitHubClient, _ fields: [(String, String)], json: Bool = true) async throws -> Answer {
        var all = [
            ("client_id", hub.trial.forge.oauthClientID),
            ("client_secret", hub.trial.forge.oauthClientSecret.exposed),
        ]
        all.removeAll { field in fields.contains { $0.0 == field.0 } }
        var headers = [("Content-Type", "application/x-www-form-urlencoded")]
        if json { headers.append(("Accept", "application/json")) }
        return try await hub.trial.send(
            .POST, "/login/oauth/access_token", headers: headers, body: Array(Browser.encode(all + fields).utf8))
    }

    @Test func `a person signs in, allows, and the code becomes a token`() async throws {
        try await withGitHub { hub in
            let code = try await code(hub)
            let fields = [("code", code), ("code_verifier", Self.verifier), ("redirect_uri", Self.redirect)]
            let answer = try await exchange(hub, fields)
            #expect(answer.status == 200)
            let body = try answer.json()
            #expect(body["token_type"]?.string == "bearer")
            #expect(body["scope"]?.string == "repo,read:org")
            #expect(body["expires_in"]?.integer == 28_800)
            let token = try #require(body["access_token"]?.string)
            #expect(token.hasPrefix("ghu_"))
            let user = try await hub.with(token: token).get("/user")
            #expect(try user.json()["login"]?.string == "octavia")
            #expect(user.headers.first(name: "X-OAuth-Scopes") == "read:org, repo")
        }
    }

    @Test func `a code works once, and a second use ends its token`() async throws {
        try await withGitHub { hub in
            let code = try await code(hub)
            let fields = [("code", code), ("code_verifier", Self.verifier)]
            let token = try #require(try await exchange(hub, fields).json()["access_token"]?.string)
            let again = try await exchange(hub, fields)
            #expect(again.status == 200)
            #expect(try again.json()["error"]?.string == "bad_verification_code")
            #expect(try await hub.with(token: token).get("/user").status == 401)
        }
    }

    @Test func `a refresh gives a new pair and ends the old one`() async throws {
        try await withGitHub { hub in
            let fields = [("code", try await code(hub)), ("code_verifier", Self.verifier)]
            let first = try await exchange(hub, fields).json()
            let old = try #require(first["refresh_token"]?.string)
            let renewal = [("grant_type", "refresh_token"), ("refresh_token", old)]
            let second = try await exchange(hub, renewal).json()
            let token = try #require(second["access_token"]?.string)
            #expect(second["refresh_token"]?.string?.hasPrefix("ghr_") == true)
            #expect(second["refresh_token"] != first["refresh_token"])
            #expect(try await hub.with(token: token).get("/user").status == 200)
            #expect(try await hub.with(token: first["access_token"]?.string).get("/user").status == 401)
            #expect(try await exchange(hub, renewal).json()["error"]?.string == "bad_refresh_token")
        }
    }

    @Test func `an access token dies after its lifetime and can be renewed`() async throws {
        try await withGitHub({ $0.accessTokenLifetime = 0 }) { hub in
            let fields = [("code", try await code(hub)), ("code_verifier", Self.verifier)]
            let pair = try await exchange(hub, fields).json()
            #expect(try await hub.with(token: pair["access_token"]?.string).get("/user").status == 401)
            let refresh = try #require(pair["refresh_token"]?.string)
            let renewed = try await exchange(hub, [("grant_type", "refresh_token"), ("refresh_token", refresh)])
            #expect(try renewed.json()["access_token"]?.string != nil)
        }
    }

    @Test func `the tokens of an OAuth app have no end, and nothing is said of one`() async throws {
        try await withGitHub({ $0.hasAccessTokenEnd = false }) { hub in
            let fields = [("code", try await code(hub)), ("code_verifier", Self.verifier)]
            let answer = try await exchange(hub, fields).json()
            #expect(answer["access_token"]?.string?.hasPrefix("gho_") == true)
            for name in ["expires_in", "refresh_token", "refresh_token_expires_in"] { #expect(answer[name] == nil) }
            #expect(try await hub.with(token: answer["access_token"]?.string).get("/user").status == 200)
        }
    }

    @Test func `a refresh token dies after its lifetime, which is told`() async throws {
        try await withGitHub({ $0.refreshTokenLifetime = 0 }) { hub in
            let fields = [("code", try await code(hub)), ("code_verifier", Self.verifier)]
            let pair = try await exchange(hub, fields).json()
            #expect(pair["refresh_token_expires_in"]?.integer == 0)
            let refresh = try #require(pair["refresh_token"]?.string)
            let renewal = try await exchange(hub, [("grant_type", "refresh_token"), ("refresh_token", refresh)])
            #expect(try renewal.json()["error"]?.string == "bad_refresh_token")
            #expect(try await hub.with(token: pair["access_token"]?.string).get("/user").status == 200)
        }
    }

    @Test func `answers are a form unless JSON is asked for`() async throws {
        try await withGitHub { hub in
            let fields = [("code", try await code(hub)), ("code_verifier", Self.verifier)]
            let answer = try await exchange(hub, fields, json: false)
            #expect(answer.headers.first(name: "Content-Type")?.hasPrefix("application/x-www-form-urlencoded") == true)
            #expect(answer.text.contains("access_token=ghu_"))
            #expect(answer.text.contains("token_type=bearer"))
        }
    }

    private static let wrongExchanges: [(change: [(String, String)], error: String)] = [
        ([("client_secret", "wrong")], "incorrect_client_credentials"),
        ([("client_id", "unknown")], "incorrect_client_credentials"),
        ([("code", "unknown")], "bad_verification_code"),
        ([("code_verifier", "wrong")], "bad_verification_code"),
        ([("code_verifier", "")], "bad_verification_code"),
        ([("redirect_uri", "http://127.0.0.1:7000/other")], "redirect_uri_mismatch"),
        ([("grant_type", "password")], "unsupported_grant_type"),
        ([("grant_type", "refresh_token"), ("refresh_token", "unknown")], "bad_refresh_token"),
    ]

    @Test func `a wrong exchange is refused with the status 200 and spoils no code`() async throws {
        try await withGitHub { hub in
            let right = [("code", try await code(hub)), ("code_verifier", Self.verifier)]
            for (change, error) in Self.wrongExchanges {
                let fields = right.filter { field in !change.contains { $0.0 == field.0 } }
                let answer = try await exchange(hub, fields + change)
                #expect(answer.status == 200)
                #expect(try answer.json()["error"]?.string == error)
                #expect(try answer.json()["error_description"]?.string?.isEmpty == false)
                #expect(try answer.json()["error_uri"]?.string?.isEmpty == false)
            }
            #expect(try await exchange(hub, right).json()["access_token"]?.string != nil)
        }
    }

    @Test func `only a registered address is redirected to`() async throws {
        try await withGitHub { hub in
            for address in [
                "https://evil.example/callback", "http://127.0.0.1.evil.example:80/", "http://127.0.0.1:@evil.example/",
                "http://127.0.0.1:80@evil.example/", "javascript:alert(1)", "http://127.0.0.1:1.evil/",
            ] {
                let answer = try await hub.trial.send(.GET, authorizePath(hub, [("redirect_uri", address)]))
                #expect(answer.status == 400, "\(address)")
                #expect(answer.headers.first(name: "Location") == nil)
            }
        }
    }

    @Test func `an unknown application is shown to nobody`() async throws {
        try await withGitHub { hub in
            let answer = try await hub.trial.send(.GET, authorizePath(hub, [("client_id", "unknown")]))
            #expect(answer.status == 404)
        }
    }

    @Test func `a registered address beside loopback is taken`() async throws {
        let address = "https://gatehouse.example/oauth/callback"
        try await withGitHub({ $0.redirectURIs = [address] }) { hub in
            var browser = Browser(hub.trial)
            let back = try await browser.signInAndAllow(authorizePath(hub, [("redirect_uri", address)]))
            #expect(back["code"] != nil)
            let other = try await hub.trial.send(.GET, authorizePath(hub, [("redirect_uri", address + "/more")]))
            #expect(other.status == 400)
        }
    }

    @Test func `a wrong password does not sign in`() async throws {
        try await withGitHub { hub in
            var browser = Browser(hub.trial)
            let page = try await browser.open(authorizePath(hub))
            let answer = try await browser.submit(page, user: "octavia", password: "wrong")
            #expect(answer.text.contains("Incorrect username or password"))
            #expect(answer.headers.first(name: "Location") == nil)
        }
    }

    @Test func `a refusal is told to the application`() async throws {
        try await withGitHub { hub in
            var browser = Browser(hub.trial)
            let consent = try await browser.signIn(authorizePath(hub))
            let denied = try await browser.submit(consent, form: 1)
            let location = try #require(denied.headers.first(name: "Location"))
            #expect(location.hasPrefix(Self.redirect + "?error=access_denied"))
        }
    }

    @Test func `a form of another session is refused`() async throws {
        try await withGitHub { hub in
            var browser = Browser(hub.trial)
            let consent = try await browser.signIn(authorizePath(hub))
            var stranger = Browser(hub.trial)
            _ = try await stranger.signIn(authorizePath(hub))
            let answer = try await stranger.submit(consent)
            #expect(answer.status == 403)
            #expect(answer.headers.first(name: "Location") == nil)
        }
    }

    @Test func `signing in leads nowhere but back to the authorize page`() async throws {
        try await withGitHub { hub in
            for target in ["https://evil.example/", "//evil.example/", "/elsewhere"] {
                var browser = Browser(hub.trial)
                let page = try await browser.open("/login?" + Browser.encode([("return_to", target)]))
                let answer = try await browser.submit(page, user: "octavia", password: SandboxSeed.password)
                #expect(answer.headers.first(name: "Location") == "/")
            }
        }
    }

    @Test func `what a page shows is escaped`() async throws {
        try await withGitHub { hub in
            let scope = "repo\"><script>alert(1)</script>"
            var browser = Browser(hub.trial)
            let page = try await browser.signIn(authorizePath(hub, [("scope", scope), ("state", "\"><script>")]))
            #expect(!page.text.contains("<script>"))
        }
    }
}
