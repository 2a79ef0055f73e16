// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Model
import TestSupport
import Testing

struct GitLabTests {
    @Test func `the account is the current user`() async throws {
        let network = StubNetwork(.init(.get, GitLabBench.api + "/user", json: try GitLabBench.fixture("user")))
        let account = try await GitLabBench.open(network).account()
        #expect(
            account
                == Account(
                    login: "mira", home: "https://gitlab.com/mira",
                    avatar: "https://gitlab.com/uploads/-/system/user/avatar/4711/avatar.png"))
        #expect(network.complaints.isEmpty)
    }

    @Test func `a user without a picture has an empty avatar`() async throws {
        let json = #"{"username":"mira","web_url":"https://gitlab.com/mira","avatar_url":null}"#
        let network = StubNetwork(.init(.get, GitLabBench.api + "/user", json: json))
        #expect(try await GitLabBench.open(network).account().avatar == "")
    }

    @Test func `a personal token goes into PRIVATE-TOKEN and nowhere else`() async throws {
        let network = StubNetwork(.init(.get, GitLabBench.api + "/user", json: try GitLabBench.fixture("user")))
        _ = try await GitLabBench.open(network).account()
        let request = try #require(network.requests.first)
        #expect(request.header("PRIVATE-TOKEN") == GitLabBench.token)
        #expect(request.header("Authorization") == nil)
        #expect(request.header("Accept") == "application/json")
        #expect(!request.url.contains(GitLabBench.token))
    }

    @Test func `an OAuth token goes into Authorization and nowhere else`() async throws {
        let network = StubNetwork(.init(.get, GitLabBench.api + "/user", json: try GitLabBench.fixture("user")))
        let tokens = OAuthTokens(
            accessToken: Secret("access"), refreshToken: Secret("refresh"), expires: nil, scopes: [])
        _ = try await ForgeHost.official(.gitlab).open(.fixed(.oauth(tokens)), upstream: network.upstream).account()
        let request = try #require(network.requests.first)
        #expect(request.header("Authorization") == "Bearer access")
        #expect(request.header("PRIVATE-TOKEN") == nil)
        #expect(!request.headers.contains { $0.value.contains("refresh") })
    }

    @Test func `a password is not supported and never sent`() async throws {
        let network = StubNetwork([])
        let forge = ForgeHost.official(.gitlab).open(
            .fixed(.password(user: "mira", password: Secret("p"))), upstream: network.upstream)
        let error = try await GitLabBench.error { _ = try await forge.account() }
        #expect(error?.code == .unsupported)
        #expect(network.requests.isEmpty)
    }

    @Test func `a self-managed installation may be below a path`() async throws {
        let host = try #require(
            try ForgeHost.candidates(.gitlab, address: "https://git.example.org:8443/code/gitlab").first)
        let network = StubNetwork(
            .init(
                .get, "https://git.example.org:8443/code/gitlab/api/v4/user", json: try GitLabBench.fixture("user")))
        _ = try await GitLabBench.open(network, host: host).account()
        #expect(network.complaints.isEmpty)
    }

    @Test func `a renamed project's redirect is followed`() async throws {
        let network = StubNetwork(
            .init(
                .get, GitLabBench.api + "/projects/old%2Fcider/hooks?per_page=100", status: 301,
                headers: ["Location": GitLabBench.project + "/hooks?per_page=100"]),
            .init(.get, GitLabBench.project + "/hooks?per_page=100", json: "[]"))
        let old = RepositoryReference(namespace: "old", project: "cider")
        #expect(try await GitLabBench.open(network).hooks(of: old) == [])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a redirect to another host takes the credential nowhere`() async throws {
        let network = StubNetwork(
            .init(.get, GitLabBench.api + "/user", status: 302, headers: ["Location": "https://evil.example.org/user"]))
        let forge = GitLabBench.open(network)
        let error = try await GitLabBench.error { _ = try await forge.account() }
        #expect(error?.code == .unavailable)
        #expect(network.requests.count == 1)
    }

    /// `/groups/../projects` would be every public project there is.
    @Test(arguments: ["", ".", ".."])
    func `a name that is a step in a path leads nowhere`(_ name: String) async throws {
        let network = StubNetwork([])
        let forge = GitLabBench.open(network)
        let own = RepositoryReference(namespace: "52", project: "9001")
        let acts: [() async throws -> Void] = [
            { _ = try await forge.repositories(in: name) },
            { _ = try await forge.createRepository(named: "x", in: name) },
            { try await forge.deleteTag(named: name, in: own) },
            { try await forge.deleteHook(id: name, in: own) },
            {
                _ = try await forge.file(at: FileLocation(repository: own, path: name, ref: "main"))
            },
        ]
        for act in acts {
            #expect(try await GitLabBench.error(of: act)?.code == .notFound)
        }
        #expect(network.requests.isEmpty)
    }
}
