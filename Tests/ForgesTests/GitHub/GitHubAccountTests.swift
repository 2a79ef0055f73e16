// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

struct GitHubAccountTests {
    private let api = GitHubStage.api

    @Test func `the user is who the credential belongs to`() async throws {
        let stage = GitHubStage(try .github(.get, api + "/user", "user"))
        let account = try await stage.github.account()
        #expect(
            account
                == Account(login: "ada", home: "https://github.com/ada", avatar: "https://avatars.example/u/7?v=4"))
        let request = try #require(stage.network.requests.first)
        #expect(request.header("Authorization") == "Bearer ghp_canary")
        #expect(request.header("Accept") == "application/vnd.github+json")
        #expect(request.header("X-GitHub-Api-Version") == "2022-11-28")
        #expect(request.body == nil)
    }

    @Test func `a user without a page or picture has the page of the login`() async throws {
        let stage = GitHubStage(.init(.get, api + "/user", json: #"{"login":"ada","avatar_url":null}"#))
        #expect(try await stage.github.account() == Account(login: "ada", home: "https://github.com/ada", avatar: ""))
    }

    @Test func `an OAuth token is a bearer token, a password goes as Basic`() async throws {
        let tokens = OAuthTokens(accessToken: Secret("gho_x"), refreshToken: nil, expires: nil, scopes: [])
        let oauth = GitHubStage(try .github(.get, api + "/user", "user"), credential: .oauth(tokens))
        _ = try await oauth.github.account()
        #expect(oauth.network.requests[0].header("Authorization") == "Bearer gho_x")

        let basic = GitHubStage(
            try .github(.get, api + "/user", "user"), credential: .password(user: "ada", password: Secret("p:ä w")))
        _ = try await basic.github.account()
        #expect(basic.network.requests[0].header("Authorization") == "Basic YWRhOnA6w6Qgdw==")
    }

    @Test(arguments: [
        Credential.personal(Secret("")), .personal(Secret("a b")), .personal(Secret("a\r\nX-Evil: 1")),
        .personal(Secret("a\n")), .password(user: "a:b", password: Secret("x")),
        .password(user: "", password: Secret("x")),
    ])
    func `a credential that no header can carry is rejected before anything is sent`(credential: Credential) async {
        let stage = GitHubStage(credential: credential)
        #expect(
            await failure { () throws(ForgeError) in try await stage.github.account() }?.code == .credentialRejected)
        #expect(stage.network.requests.isEmpty)
    }

    @Test func `tokens of any length are sent as they are`() async throws {
        for token in ["x", String(repeating: "t", count: 4000), "gho_ü%/+=", "eyJ.a-b_c~"] {
            let stage = GitHubStage(try .github(.get, api + "/user", "user"), credential: .personal(Secret(token)))
            _ = try await stage.github.account()
            #expect(stage.network.requests[0].header("Authorization") == "Bearer " + token)
        }
    }

    @Test func `the user's own namespace comes first`() async throws {
        let stage = GitHubStage(
            try .github(.get, api + "/user", "user"), try .github(.get, api + "/user/orgs?per_page=100", "orgs"))
        #expect(
            try await stage.github.namespaces()
                == ["ada", "mill", "Engine-Works"].map { Namespace(id: $0, name: $0) })
        #expect(stage.network.complaints.isEmpty)
    }

    @Test func `organisations are read to the last page`() async throws {
        let next = ["Link": "<\(api)/user/orgs?per_page=100&page=2>; rel=\"next\""]
        let stage = GitHubStage(
            try .github(.get, api + "/user", "user"),
            .init(.get, api + "/user/orgs?per_page=100", headers: next, json: #"[{"login":"a"}]"#),
            .init(.get, api + "/user/orgs?per_page=100&page=2", json: #"[{"login":"b"}]"#))
        #expect(try await stage.github.namespaces().map(\.id) == ["ada", "a", "b"])
    }

    @Test func `data residency and Enterprise Server have their own API`() async throws {
        for (address, url) in [
            ("https://octocorp.ghe.com", "https://api.octocorp.ghe.com/user"),
            ("https://git.example.org", "https://git.example.org/api/v3/user"),
        ] {
            let host = try #require(try ForgeHost.candidates(.github, address: address).first)
            let stage = GitHubStage(try .github(.get, url, "user"), host: host)
            #expect(try await stage.github.account().login == "ada")
        }
    }
}
