// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Model
import TestSupport
import Testing

struct BitbucketTests {
    private let user = BitbucketBench.api + "/user"

    @Test func `the account is shown by its name, page and picture`() async throws {
        let network = StubNetwork(try BitbucketBench.step(.get, "/user", "user"))
        #expect(
            try await BitbucketBench.open(network).account()
                == Account(
                    login: "mira", home: "https://bitbucket.org/%7B0f6c1f2e-55d1-4b5c-9d0e-2f7a3a1c9b11%7D/",
                    avatar: "https://avatar-management.example/0f6c1f2e-55d1-4b5c-9d0e-2f7a3a1c9b11/128"))
        #expect(network.complaints.isEmpty)
    }

    @Test func `an account without a user name is known by its nickname`() async throws {
        let network = StubNetwork(.init(.get, user, json: #"{"uuid":"{1}","nickname":"Mira H","display_name":"M"}"#))
        let account = try await BitbucketBench.open(network).account()
        #expect(account == Account(login: "Mira H", home: "https://bitbucket.org/%7B1%7D/", avatar: ""))
        let nobody = BitbucketBench.open(StubNetwork(.init(.get, user, json: #"{"uuid":"{1}"}"#)))
        #expect(try await BitbucketBench.error { _ = try await nobody.account() }?.code == .unavailable)
    }

    private static let tokens = OAuthTokens(
        accessToken: Secret("oauth"), refreshToken: nil, expires: nil, scopes: [])

    @Test(arguments: [
        (Credential.personal(Secret("ATCTT3x")), "Bearer ATCTT3x"),
        (.personal(Secret("mira@example.org:ATATT3x")), BitbucketBench.basic("mira@example.org:ATATT3x")),
        (.personal(Secret("x-token-auth:ATCTT3x")), "Bearer ATCTT3x"), (.oauth(tokens), "Bearer oauth"),
        (
            .password(user: "mira@example.org", password: Secret("ATATT3x")),
            BitbucketBench.basic("mira@example.org:ATATT3x")
        ),
        (.password(user: "mira", password: Secret("app:password")), BitbucketBench.basic("mira:app:password")),
    ])
    func `each kind of credential is sent as Bitbucket wants it`(credential: Credential, header: String) async throws {
        let network = StubNetwork(try BitbucketBench.step(.get, "/user", "user"))
        _ = try await BitbucketBench.open(network, credential).account()
        #expect(network.requests.map { $0.header("Authorization") } == [header])
    }

    @Test(arguments: [
        Credential.personal(Secret("")), .personal(Secret("a b")), .personal(Secret("mira@example.org:")),
        .password(user: "", password: Secret("p")), .password(user: "a:b", password: Secret("p")),
        .password(user: "a", password: Secret("p\r\nX: y")),
    ])
    func `a credential that no header can carry is not sent`(credential: Credential) async throws {
        let network = StubNetwork()
        let forge = BitbucketBench.open(network, credential)
        #expect(try await BitbucketBench.error { _ = try await forge.account() }?.code == .credentialRejected)
        #expect(network.requests.isEmpty)
    }

    @Test(arguments: ["kind_of_token", "missing_account"])
    func `an access token is good although Bitbucket shows it no account`(answer: String) async throws {
        let wantsAccount =
            #"{"type":"error","error":{"message":"Your credentials lack one or more required privilege scopes.","detail":{"required":["account"],"granted":["repository"]}}}"#
        let body = answer == "missing_account" ? wantsAccount : try BitbucketBench.fixture(answer)
        let network = StubNetwork(answering: { _ in .json(body, status: 403) })
        #expect(
            try await BitbucketBench.open(network).account()
                == Account(login: "x-token-auth", home: "https://bitbucket.org", avatar: ""))
        // Of a person's token it is a fault.
        let person = BitbucketBench.open(network, .personal(Secret("mira@example.org:ATATT3x")))
        #expect(try await BitbucketBench.error { _ = try await person.account() }?.code == .forbidden)
        let denied = BitbucketBench.open(
            StubNetwork(answering: { _ in try BitbucketBench.answer("missing_scope", status: 403) }))
        let error = try await BitbucketBench.error { _ = try await denied.account() }
        #expect(error?.code == .forbidden)
        #expect(error?.message.contains("repository:write") == true)
    }

    @Test func `an access token given with its workspace acts for that workspace`() async throws {
        let network = StubNetwork(
            try BitbucketBench.step(.get, "/workspaces/seamark", "workspace"),
            try BitbucketBench.step(.get, "/workspaces/seamark", "workspace"))
        let forge = BitbucketBench.open(network, .personal(Secret("seamark:ATCTT3x")))
        #expect(
            try await forge.account()
                == Account(
                    login: "seamark", home: "https://bitbucket.org/seamark/",
                    avatar: "https://bitbucket.org/workspaces/seamark/avatar/?ts=1543468984"))
        #expect(try await forge.namespaces() == [Namespace(id: "seamark", name: "seamark")])
        #expect(network.requests.allSatisfy { $0.header("Authorization") == "Bearer ATCTT3x" })
        #expect(network.complaints.isEmpty)
    }

    @Test func `an access token given with another workspace is refused`() async throws {
        let forge = BitbucketBench.open(BitbucketBench.network([:]), .personal(Secret("elsewhere:ATCTT3x")))
        let error = try await BitbucketBench.error { _ = try await forge.account() }
        #expect(error?.code == .credentialRejected)
        #expect(error?.message.contains("'elsewhere'") == true)
    }

    @Test func `the user's own workspace comes first, then the others in Bitbucket's order`() async throws {
        let network = StubNetwork(
            try BitbucketBench.step(.get, "/user", "user"),
            try BitbucketBench.step(.get, "/user/workspaces?pagelen=100", "workspaces"),
            try BitbucketBench.step(.get, "/user/workspaces?pagelen=100&page=2", "workspaces_2"))
        let names = try await BitbucketBench.open(network).namespaces()
        #expect(names == ["mira", "harbourmasters", "seamark"].map { Namespace(id: $0, name: $0) })
        #expect(network.complaints.isEmpty)
    }

    @Test func `an access token without its workspace is told how to name it`() async throws {
        let forge = BitbucketBench.open(
            StubNetwork(answering: { _ in try BitbucketBench.answer("kind_of_token", status: 403) }))
        let error = try await BitbucketBench.error { _ = try await forge.namespaces() }
        #expect(error?.code == .forbidden)
        #expect(error?.message.contains("workspace:token") == true)
    }
}
