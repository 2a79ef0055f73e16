// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import Testing
import TestSupport

/// What an application does with its own tokens. https://docs.github.com/en/rest/apps/oauth-applications
@Suite struct GitHubRevocationTests {
    private static let redirect = "http://127.0.0.1:7000/oauth/callback"

    private static func pair(_ hub: GitHubClient) async throws -> (access: String, refresh: String) {
        var browser = Browser(hub.trial)
        let query = [("client_id", hub.trial.forge.oauthClientID), ("redirect_uri", redirect), ("scope", "repo")]
        let back = try await browser.signInAndAllow("/login/oauth/authorize?" + Browser.encode(query))
        return try await token(hub, [("code", try #require(back["code"]))])
    }

    private static func token(
        _ hub: GitHubClient, _ fields: [(String, String)]
    ) async throws -> (access: String, refresh: String) {
        let all = [
            ("client_id", hub.trial.forge.oauthClientID),
            ("client_secret", hub.trial.forge.oauthClientSecret.exposed),
        ]
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")]
        let answer = try await hub.trial.send(
            .POST, "/login/oauth/access_token", headers: headers, body: Array(Browser.encode(all + fields).utf8))
        let body = try answer.json()
        return (body["access_token"]?.string ?? "", body["refresh_token"]?.string ?? "")
    }

    private static func delete(
        _ hub: GitHubClient, _ what: String, _ token: String, client: String? = nil, secret: String? = nil
    ) async throws -> Answer {
        let id = client ?? hub.trial.forge.oauthClientID
        let proof = "\(id):\(secret ?? hub.trial.forge.oauthClientSecret.exposed)"
        return try await hub.with(authorization: "Basic \(Data(proof.utf8).base64EncodedString())").delete(
            "/applications/\(hub.trial.forge.oauthClientID)/\(what)", #"{"access_token":"\#(token)"}"#)
    }

    private static func works(_ hub: GitHubClient, _ token: String) async throws -> Bool {
        try await hub.with(token: token).get("/user").status == 200
    }

    @Test func `a token is deleted with its refresh token, and no other`() async throws {
        try await withGitHub { hub in
            let (first, second) = (try await Self.pair(hub), try await Self.pair(hub))
            let answer = try await Self.delete(hub, "token", first.access)
            #expect(answer.status == 204 && answer.bytes.isEmpty)
            #expect(try await !Self.works(hub, first.access))
            #expect(
                try await Self.token(hub, [("grant_type", "refresh_token"), ("refresh_token", first.refresh)]).access
                    .isEmpty)
            #expect(try await Self.works(hub, second.access))
        }
    }

    @Test func `a grant is deleted with all its tokens, and personal ones stay`() async throws {
        try await withGitHub { hub in
            let (first, second) = (try await Self.pair(hub), try await Self.pair(hub))
            #expect(try await Self.delete(hub, "grant", first.access).status == 204)
            #expect(try await !Self.works(hub, first.access))
            #expect(try await !Self.works(hub, second.access))
            #expect(try await hub.get("/user").status == 200)
            // The person may grant again.
            #expect(try await Self.works(hub, try await Self.pair(hub).access))
        }
    }

    @Test(arguments: ["token", "grant"]) func `what cannot be is refused, and ends nothing`(what: String) async throws {
        try await withGitHub { hub in
            let pair = try await Self.pair(hub)
            #expect(try await Self.delete(hub, what, "ghu_unknown").status == 422)
            #expect(try await Self.delete(hub, what, pair.refresh).status == 422)
            #expect(try await Self.delete(hub, what, hub.trial.forge.token.exposed).status == 422)
            #expect(try await Self.delete(hub, what, pair.access, secret: "wrong").status == 404)
            #expect(try await Self.delete(hub, what, pair.access, client: "other").status == 404)
            let path = "/applications/\(hub.trial.forge.oauthClientID)/\(what)"
            #expect(try await hub.with(token: pair.access).delete(path, #"{"access_token":"x"}"#).status == 404)
            #expect(try await Self.works(hub, pair.access))
            #expect(try await Self.delete(hub, what, pair.access).status == 204)
            #expect(try await Self.delete(hub, what, pair.access).status == 422)
        }
    }
}
