// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

struct BitbucketServerAccountTests {
    private typealias Bench = BitbucketServerBench
    private static let properties = Bench.api + "/application-properties"

    @Test func `the user is the one whom an answer's header names`() async throws {
        let network = StubNetwork(
            .init(
                .get, Self.properties, headers: ["X-AUSERNAME": "mira_orchard.example"],
                json: try Bench.fixture("application")),
            Bench.step(.get, Bench.api + "/users/mira_orchard.example", try Bench.fixture("user")))
        let account = try await Bench.open(network).account()
        #expect(
            account
                == Account(
                    login: "mira_orchard.example", home: Bench.pages + "/users/mira_orchard.example",
                    avatar: Bench.pages + "/users/mira_orchard.example/avatar.png?s=64&v=1704182645000"))
        #expect(network.complaints.isEmpty)
    }

    /// The first call would be answered without a credential, too.
    @Test(arguments: [nil, "", "anonymous"])
    func `an answer to nobody rejects the credential`(_ user: String?) async throws {
        let headers = user.map { ["X-AUSERNAME": $0] } ?? [:]
        let network = StubNetwork(
            .init(.get, Self.properties, headers: headers, json: try Bench.fixture("application")))
        let forge = try Bench.open(network)
        let error = await failure { () throws(ForgeError) in _ = try await forge.account() }
        #expect(error?.code == .credentialRejected)
        #expect(network.complaints.isEmpty)
    }

    @Test func `a project's own token has an account without a page`() async throws {
        let network = StubNetwork(
            .init(
                .get, Self.properties, headers: ["X-AUSERNAME": "access-token-user%2F1"],
                json: try Bench.fixture("application")),
            Bench.step(
                .get, Bench.api + "/users/access-token-user%2F1", status: 404,
                Bench.refusal("user.NoSuchUserException")))
        let account = try await Bench.open(network).account()
        #expect(account == Account(login: "access-token-user/1", home: Bench.pages, avatar: ""))
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [#"{"message":"Not Found"}"#, "[]", "<html>", ""])
    func `what is no Bitbucket Data Center is no account`(_ json: String) async throws {
        let network = StubNetwork(
            .init(.get, Self.properties, headers: ["X-AUSERNAME": "mira"], json: json))
        let forge = try Bench.open(network)
        let error = await failure { () throws(ForgeError) in _ = try await forge.account() }
        #expect(error?.code == .unavailable)
    }

    @Test(arguments: [
        (Credential.personal(Secret("t0k")), "Bearer t0k"),
        (
            .oauth(OAuthTokens(accessToken: Secret("acc"), refreshToken: Secret("ref"), expires: nil, scopes: [])),
            "Bearer acc"
        ),
        (.password(user: "mira", password: Secret("p:w")), "Basic bWlyYTpwOnc="),
    ])
    func `each kind of credential goes into Authorization and nowhere else`(
        _ credential: Credential, _ header: String
    ) async throws {
        let network = StubNetwork(
            Bench.step(.get, Bench.repository + "/webhooks?start=0&limit=100", try Bench.fixture("hooks")))
        _ = try await Bench.open(network, as: credential).hooks(of: Bench.cider)
        let request = try #require(network.requests.first)
        #expect(request.header("Authorization") == header)
        #expect(request.header("Accept") == "application/json")
        #expect(request.headers.filter { $0.value.contains("t0k") || $0.value.contains("ref") }.count <= 1)
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [
        Credential.personal(Secret("")), .personal(Secret("a b")), .password(user: "", password: Secret("x")),
        .password(user: "a:b", password: Secret("x")),
    ])
    func `a credential that no header can carry is refused before anything is sent`(_ credential: Credential)
        async throws
    {
        let network = StubNetwork([])
        let forge = try Bench.open(network, as: credential)
        let error = await failure { () throws(ForgeError) in _ = try await forge.account() }
        #expect(error?.code == .credentialRejected)
        #expect(network.requests.isEmpty)
    }

    @Test func `the user's own project comes first, and once`() async throws {
        let projects = Bench.api + "/projects?start="
        let network = StubNetwork(
            .init(
                .get, Self.properties, headers: ["X-AUSERNAME": "mira_orchard.example"],
                json: try Bench.fixture("application")),
            Bench.step(.get, Bench.api + "/users/mira_orchard.example", try Bench.fixture("user")),
            Bench.step(.get, projects + "0&limit=1000", try Bench.fixture("projects_1")),
            // The next page begins where this one says, which is not where it seems to end.
            Bench.step(.get, projects + "7&limit=1000", try Bench.fixture("projects_2")))
        let namespaces = try await Bench.open(network).namespaces()
        #expect(namespaces.map(\.id) == ["~mira_orchard.example", "ORCH", "PRESS_2"])
        #expect(namespaces.map(\.name) == namespaces.map(\.id))
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [
        #"{"values":[],"isLastPage":false,"nextPageStart":0}"#, #"{"values":[],"isLastPage":false}"#,
    ])
    func `a list that leads nowhere ends`(_ page: String) async throws {
        let network = StubNetwork(answering: { request in
            .json(request.url.contains("/projects") ? page : try Bench.fixture("application"), headers: Bench.headers)
        })
        let forge = try Bench.open(network)
        let error = await failure { () throws(ForgeError) in _ = try await forge.repositories(in: "ORCH") }
        #expect(error?.code == .unavailable)
        #expect(network.requests.count == 1)
    }
}
