// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

struct GiteeRepositoriesTests {
    private let api = GiteeBench.api
    private let page = GiteeBench.page

    private func user() throws -> StubNetwork.Step {
        .init(.get, api + "/user", json: try GiteeBench.fixture("user"))
    }

    private func missing(_ method: Upstream.Method, _ path: String) -> StubNetwork.Step {
        .init(method, api + path, status: 404, json: GiteeBench.notFound)
    }

    @Test func `namespaces are the user, all organisations and all enterprises`() async throws {
        let network = StubNetwork(
            try user(),
            .init(
                .get, api + "/user/orgs" + page, headers: ["total_page": "2"],
                json: try GiteeBench.fixture("orgs_1")),
            .init(
                .get, api + "/user/orgs?page=2&per_page=100", headers: ["total_page": "2"],
                json: try GiteeBench.fixture("orgs_2")),
            .init(.get, api + "/user/enterprises" + page, json: try GiteeBench.fixture("enterprises")))
        let found = try await GiteeBench.open(network).namespaces()
        #expect(found == ["mo", "weavers", "dyers", "silk-road"].map { Namespace(id: $0, name: $0) })
        #expect(network.complaints.isEmpty)
    }

    @Test func `a user's own repositories are all pages, without those of organisations`() async throws {
        let list = api + "/user/repos?type=personal&page="
        let network = StubNetwork(
            try user(),
            .init(
                .get, list + "1&per_page=100", headers: ["total_page": "2"],
                json: try GiteeBench.fixture("repositories_1")),
            .init(
                .get, list + "2&per_page=100", headers: ["total_page": "2"],
                json: try GiteeBench.fixture("repositories_2")))
        let found = try await GiteeBench.open(network).repositories(in: "Mo")
        #expect(found.map(\.id) == ["mo/loom", "mo/bare", "mo/thread.js"])
        #expect(
            found.first
                == Repository(
                    id: "mo/loom", name: "loom", cloneURL: "https://gitee.com/mo/loom.git",
                    namespace: Namespace(id: "mo", name: "mo")))
        #expect(network.complaints.isEmpty)
    }

    @Test func `another namespace is an organisation, an enterprise or a user`() async throws {
        let tries = [
            "/orgs/weavers/repos?type=all&page=1&per_page=100",
            "/enterprises/weavers/repos?type=all&direct=true&page=1&per_page=100",
            "/users/weavers/repos?type=personal&page=1&per_page=100",
        ]
        let answer = "[\(try GiteeBench.fixture("repository_organization"))]"
        for count in tries.indices {
            var steps = [try user()] + tries.prefix(count).map { missing(.get, $0) }
            steps.append(.init(.get, api + tries[count], json: answer))
            let network = StubNetwork(steps)
            let found = try await GiteeBench.open(network).repositories(in: "weavers")
            #expect(found.map(\.id) == ["weavers/shuttle"])
            #expect(found.map(\.namespace.id) == ["weavers"])
            #expect(network.complaints.isEmpty)
        }
        let network = StubNetwork([try user()] + tries.map { missing(.get, $0) })
        let forge = GiteeBench.open(network)
        #expect(try await GiteeBench.error { _ = try await forge.repositories(in: "weavers") }?.code == .notFound)
        #expect(network.complaints.isEmpty)
    }

    @Test func `a repository is made private, empty, and of the very name`() async throws {
        let network = StubNetwork(
            try user(), .init(.post, api + "/user/repos", status: 201, json: try GiteeBench.fixture("repository")))
        let made = try await GiteeBench.open(network).createRepository(named: "loom", in: "mo")
        #expect(made.id == "mo/loom")
        #expect(
            try #require(network.requests.last).jsonBody()
                == .object(["name": .string("loom"), "path": .string("loom"), "private": .bool(true)]))
        #expect(network.complaints.isEmpty)
    }

    @Test func `an enterprise has a number for private`() async throws {
        let network = StubNetwork(
            try user(), missing(.post, "/orgs/silk-road/repos"),
            .init(
                .post, api + "/enterprises/silk-road/repos", status: 201, json: try GiteeBench.fixture("repository")))
        _ = try await GiteeBench.open(network).createRepository(named: "loom", in: "silk-road")
        #expect(try #require(network.requests.last).jsonBody()["private"] == .integer(0))
        #expect(network.complaints.isEmpty)
    }

    @Test func `an unknown namespace makes no repository`() async throws {
        let network = StubNetwork(
            try user(), missing(.post, "/orgs/no/repos"), missing(.post, "/enterprises/no/repos"))
        let forge = GiteeBench.open(network)
        let error = try await GiteeBench.error { _ = try await forge.createRepository(named: "x", in: "no") }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("organisation") == true)
        #expect(network.complaints.isEmpty)
    }

    /// Gitee has changing words for it, in two languages: what is there is asked for.
    @Test(arguments: [400, 422])
    func `a taken name is told from another refusal`(_ status: Int) async throws {
        for (there, code) in [(200, ForgeError.Code.alreadyExists), (404, .invalidRequest)] {
            let network = StubNetwork(
                try user(),
                .init(.post, api + "/user/repos", status: status, json: #"{"error":{"base":["no CANARY"]}}"#),
                .init(
                    .get, GiteeBench.repo, status: there,
                    json: there == 200 ? try GiteeBench.fixture("repository") : GiteeBench.notFound))
            let forge = GiteeBench.open(network)
            let error = try await GiteeBench.error { _ = try await forge.createRepository(named: "loom", in: "mo") }
            #expect(error?.code == code)
            #expect(error?.upstreamStatus == status)
            #expect(error?.message.contains("CANARY") == false)
            #expect(network.complaints.isEmpty)
        }
    }

    @Test(arguments: ["", ".", "a b", "织机", "x.git", "X.GIT", "a/b", String(repeating: "x", count: 192)])
    func `a name that Gitee would change is refused`(_ name: String) async throws {
        let network = StubNetwork([])
        let forge = GiteeBench.open(network)
        let error = try await GiteeBench.error { _ = try await forge.createRepository(named: name, in: "mo") }
        #expect(error?.code == .invalidRequest)
        #expect(network.requests.isEmpty)
    }

    @Test(arguments: [
        "https://gitee.com/mo/loom.git", "https://gitee.com/mo/loom", "git@gitee.com:mo/loom.git",
        "ssh://git@gitee.com/mo/loom.git", "https://mo:secret@gitee.com/mo/loom.git",
    ])
    func `a repository is found by its address`(_ address: String) async throws {
        let network = StubNetwork(.init(.get, GiteeBench.repo, json: try GiteeBench.fixture("repository")))
        #expect(try await GiteeBench.open(network).repository(cloneURL: address).id == "mo/loom")
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [
        "https://github.com/mo/loom.git", "https://gitee.com/mo", "https://gitee.com/mo/loom/tree/main", "nonsense", "",
        "https://gitee.com/mo/%E7%BB%87", "file:///mo/loom",
    ])
    func `what is no repository's address here is refused`(_ address: String) async throws {
        let network = StubNetwork([])
        let forge = GiteeBench.open(network)
        let error = try await GiteeBench.error { _ = try await forge.repository(cloneURL: address) }
        #expect(error?.code == .invalidCloneURL)
        #expect(network.requests.isEmpty)
    }
}
