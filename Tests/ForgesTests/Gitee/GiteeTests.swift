// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

struct GiteeTests {
    private let user = GiteeBench.api + "/user"

    @Test func `the account is the current user`() async throws {
        let network = StubNetwork(.init(.get, user, json: try GiteeBench.fixture("user")))
        let account = try await GiteeBench.open(network).account()
        #expect(
            account
                == Account(
                    login: "mo", home: "https://gitee.com/mo",
                    avatar: "https://portrait.gitee.com/uploads/avatars/user/1/4401_mo.png"))
        #expect(network.complaints.isEmpty)
    }

    @Test func `a token goes into a header and nowhere else, always with a User-Agent`() async throws {
        let tokens = OAuthTokens(
            accessToken: Secret("access"), refreshToken: Secret("refresh"), expires: nil, scopes: [])
        for (credential, header) in [
            (Credential.personal(Secret(GiteeBench.token)), "token " + GiteeBench.token),
            (.oauth(tokens), "Bearer access"),
        ] {
            let network = StubNetwork(.init(.get, user, json: try GiteeBench.fixture("user")))
            _ = try await ForgeHost.official(.gitee).open(.fixed(credential), upstream: network.upstream).account()
            let request = try #require(network.requests.first)
            #expect(request.header("Authorization") == header)
            #expect(request.header("User-Agent") == "gatehouse")
            #expect(request.body == nil)
            #expect(!request.headers.contains { $0.value.contains("refresh") })
        }
    }

    @Test func `git takes the token as the password of oauth2`() async throws {
        let tokens = OAuthTokens(accessToken: Secret("access"), refreshToken: nil, expires: nil, scopes: [])
        for (credential, proof) in [
            (Credential.personal(Secret("mine")), "oauth2:mine"), (.oauth(tokens), "oauth2:access"),
        ] {
            let network = StubNetwork(answering: { request in
                request.method == .get
                    ? GitWire.advertisement(["refs/tags/v1"]) : GitWire.report(["unpack ok\n", "ok refs/tags/v1\n"])
            })
            let forge = ForgeHost.official(.gitee).open(.fixed(credential), upstream: network.upstream)
            try await forge.deleteTag(named: "v1", in: GiteeBench.loom)
            #expect(network.requests.count == 2)
            #expect(network.requests.allSatisfy { $0.proofs.contains(proof) })
            #expect(network.requests.allSatisfy { $0.header("User-Agent") == "gatehouse" })
        }
    }

    @Test func `a password is not supported and never sent`() async throws {
        let network = StubNetwork([])
        let forge = ForgeHost.official(.gitee).open(
            .fixed(.password(user: "mo", password: Secret("p"))), upstream: network.upstream)
        #expect(try await GiteeBench.error { _ = try await forge.account() }?.code == .unsupported)
        let deleted = try await GiteeBench.error { try await forge.deleteTag(named: "v1", in: GiteeBench.loom) }
        #expect(deleted?.code == .unsupported)
        #expect(network.requests.isEmpty)
    }

    @Test(arguments: ["", "a b", "a\nb", "a\u{7F}"])
    func `a token that no header can carry is rejected`(_ token: String) async throws {
        let network = StubNetwork([])
        let forge = ForgeHost.official(.gitee).open(.fixed(.personal(Secret(token))), upstream: network.upstream)
        #expect(try await GiteeBench.error { _ = try await forge.account() }?.code == .credentialRejected)
        #expect(network.requests.isEmpty)
    }

    @Test func `a self-hosted Gitee is asked at its own address`() async throws {
        let host = try #require(try ForgeHost.candidates(.gitee, address: "http://127.0.0.1:9003/mo").first)
        let network = StubNetwork(
            .init(.get, "http://127.0.0.1:9003/api/v5/user", json: try GiteeBench.fixture("user")))
        _ = try await GiteeBench.open(network, host: host).account()
        #expect(network.complaints.isEmpty)
    }

    @Test func `a renamed repository's redirect is followed, one to another host is not`() async throws {
        let old = RepositoryReference(namespace: "mo", project: "old")
        let path = GiteeBench.api + "/repos/mo/old/hooks" + GiteeBench.page
        let network = StubNetwork(
            .init(.get, path, status: 301, headers: ["Location": GiteeBench.repo + "/hooks" + GiteeBench.page]),
            .init(.get, GiteeBench.repo + "/hooks" + GiteeBench.page, json: "[]"))
        #expect(try await GiteeBench.open(network).hooks(of: old) == [])
        #expect(network.complaints.isEmpty)
        let other = StubNetwork(
            .init(.get, path, status: 301, headers: ["Location": "https://evil.example.org/hooks"]))
        let forge = GiteeBench.open(other)
        #expect(try await GiteeBench.error { _ = try await forge.hooks(of: old) }?.code == .unavailable)
        #expect(other.requests.count == 1)
    }

    @Test(arguments: ["", ".", "..", "a b", "a%2Fb", "a?b", "墨"])
    func `a name that is none leads nowhere`(_ name: String) async throws {
        let network = StubNetwork([])
        let forge = GiteeBench.open(network)
        let acts: [() async throws -> Void] = [
            { _ = try await forge.repositories(in: name) },
            { _ = try await forge.createRepository(named: "x", in: name) },
            { _ = try await forge.hooks(of: RepositoryReference(namespace: name, project: "loom")) },
            { _ = try await forge.tags(of: RepositoryReference(namespace: "mo", project: name)) },
            { _ = try await forge.branches(of: RepositoryReference(namespace: "mo", project: "a/b/c")) },
            { try await forge.deleteHook(id: name, in: GiteeBench.loom) },
        ]
        for act in acts { #expect(try await GiteeBench.error(of: act)?.code == .notFound) }
        #expect(network.requests.isEmpty)
    }
}

struct GiteePagingTests {
    private let hooks = GiteeBench.repo + "/hooks?page="

    private func page(_ number: Int) -> String { hooks + "\(number)&per_page=100" }

    private func full(_ first: Int) -> String {
        let items = (first..<first + 100).map { #"{"id":\#($0),"url":"https://ci.example.org/\#($0)"}"# }
        return "[" + items.joined(separator: ",") + "]"
    }

    @Test func `total_page says how many there are, however short a page is`() async throws {
        let network = StubNetwork(
            .init(.get, page(1), headers: ["total_page": "3"], json: #"[{"id":1,"url":"a"}]"#),
            .init(.get, page(2), headers: ["total_page": "3"], json: #"[{"id":2,"url":"b"}]"#),
            .init(.get, page(3), headers: ["Total_Page": "3"], json: #"[{"id":3,"url":"c"}]"#))
        #expect(try await GiteeBench.open(network).hooks(of: GiteeBench.loom).map(\.id) == ["1", "2", "3"])
        #expect(network.complaints.isEmpty)
    }

    @Test func `250 items without a header are three pages`() async throws {
        let last = #"[{"id":999,"url":"z"}]"#
        let network = StubNetwork(
            .init(.get, page(1), json: full(1)), .init(.get, page(2), json: full(101)),
            .init(.get, page(3), json: last))
        #expect(try await GiteeBench.open(network).hooks(of: GiteeBench.loom).count == 201)
        #expect(network.complaints.isEmpty)
    }

    @Test func `a full last page without a header costs one more call`() async throws {
        let network = StubNetwork(.init(.get, page(1), json: full(1)), .init(.get, page(2), json: "[]"))
        #expect(try await GiteeBench.open(network).hooks(of: GiteeBench.loom).count == 100)
        #expect(network.complaints.isEmpty)
    }

    @Test func `a list that has become shorter ends at its empty page`() async throws {
        let network = StubNetwork(
            .init(.get, page(1), headers: ["total_page": "2"], json: full(1)), .init(.get, page(2), json: "[]"))
        #expect(try await GiteeBench.open(network).hooks(of: GiteeBench.loom).count == 100)
        #expect(network.complaints.isEmpty)
    }

    @Test func `a page that comes again is an error, not an endless list`() async throws {
        let list = full(1)
        let network = StubNetwork(answering: { _ in .json(list) })
        let forge = GiteeBench.open(network)
        #expect(try await GiteeBench.error { _ = try await forge.hooks(of: GiteeBench.loom) }?.code == .unavailable)
        #expect(network.requests.count == 2)
    }

    @Test func `an address of a next page is not followed, least of all to another host`() async throws {
        let network = StubNetwork(
            .init(
                .get, page(1), headers: ["Link": "<https://evil.example/?page=2>; rel=\"next\"", "total_page": "1"],
                json: "[]"))
        #expect(try await GiteeBench.open(network).hooks(of: GiteeBench.loom) == [])
        #expect(network.complaints.isEmpty)
    }
}
