// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Model
import TestSupport
import Testing

struct GitLabCloneURLTests {
    private static let installed = "https://git.example.org:8443/code"

    @Test(arguments: [
        "https://gitlab.com/orchard/tools/cider.git", "https://gitlab.com/orchard/tools/cider",
        "https://gitlab.com/orchard/tools/cider/", "http://gitlab.com/orchard/tools/cider.git",
        "https://gitlab.com:443/orchard/tools/cider.git", "https://GitLab.com/orchard/tools/cider.git",
        "https://mira@gitlab.com/orchard/tools/cider.git", "https://oauth2:t%40k@gitlab.com/orchard/tools/cider.git",
        "ssh://git@gitlab.com/orchard/tools/cider.git", "ssh://git@gitlab.com:2222/orchard/tools/cider.git",
        "git@gitlab.com:orchard/tools/cider.git", "gitlab.com:orchard/tools/cider",
        "git@gitlab.com:/orchard/tools/cider.git",
    ])
    func `an address for cloning leads to its project`(_ address: String) async throws {
        let network = StubNetwork(
            .init(
                .get, GitLabBench.api + "/projects/orchard%2Ftools%2Fcider", json: try GitLabBench.fixture("project")))
        let repository = try await GitLabBench.open(network).repository(cloneURL: address)
        #expect(
            repository
                == Repository(
                    id: "9001", name: "cider", cloneURL: "https://gitlab.com/orchard/tools/cider.git",
                    namespace: Namespace(id: "52", name: "orchard/tools")))
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [
        "", "not a url", "https://", "https://gitlab.com", "https://gitlab.com/cider.git", "git@gitlab.com:cider.git",
        "https://github.com/orchard/cider.git", "https://gitlab.com.evil.org/orchard/cider.git",
        "https://gitlab.com@evil.org/orchard/cider.git", "https://gitlab.com:8443/orchard/cider.git",
        "git@github.com:orchard/cider.git", "ftp://gitlab.com/orchard/cider.git", "file:///orchard/cider.git",
        "https://gitlab.com/orchard/cider.git?x=1", "https://gitlab.com/orchard/cider.git#main",
        "https://gitlab.com/orchard/../admin/cider.git", "https://gitlab.com/orchard//cider.git",
        "https://gitlab.com/orchard/cider/-/tree/main", "https://gitlab.com/orchard/ci der.git",
        "https://gitlab.com/orchard/c%00ider.git", "/orchard/cider.git",
        "orchard/cider",
    ])
    func `what is no address of this host costs no call`(_ address: String) async throws {
        let network = StubNetwork([])
        let forge = GitLabBench.open(network)
        let error = try await GitLabBench.error { _ = try await forge.repository(cloneURL: address) }
        #expect(error?.code == .invalidCloneURL)
        #expect(network.requests.isEmpty)
    }

    @Test func `an address that is too long is none`() async throws {
        let forge = GitLabBench.open(StubNetwork([]))
        let address = "https://gitlab.com/orchard/" + String(repeating: "a", count: 2048)
        let error = try await GitLabBench.error { _ = try await forge.repository(cloneURL: address) }
        #expect(error?.code == .invalidCloneURL)
    }

    @Test(arguments: [
        installed + "/orchard/cider.git", "ssh://git@git.example.org/orchard/cider.git",
        "git@git.example.org:orchard/cider",
    ])
    func `below a path, HTTP addresses have it and SSH addresses do not`(_ address: String) async throws {
        let host = try #require(try ForgeHost.candidates(.gitlab, address: Self.installed).first)
        let network = StubNetwork(
            .init(
                .get, Self.installed + "/api/v4/projects/orchard%2Fcider", json: try GitLabBench.fixture("project")))
        _ = try await GitLabBench.open(network, host: host).repository(cloneURL: address)
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [
        "https://git.example.org:8443/orchard/cider.git", "https://git.example.org:8443/codes/orchard/cider.git",
        "https://git.example.org/code/orchard/cider.git", "https://git.example.org:8443/code/cider.git",
    ])
    func `below a path, an address beside it is another installation's`(_ address: String) async throws {
        let host = try #require(try ForgeHost.candidates(.gitlab, address: Self.installed).first)
        let forge = GitLabBench.open(StubNetwork([]), host: host)
        let error = try await GitLabBench.error { _ = try await forge.repository(cloneURL: address) }
        #expect(error?.code == .invalidCloneURL)
    }

    @Test func `a project that is not there is not found`() async throws {
        let network = StubNetwork(
            .init(
                .get, GitLabBench.api + "/projects/orchard%2Fcider", status: 404,
                json: #"{"message":"404 Project Not Found"}"#))
        let forge = GitLabBench.open(network)
        let error = try await GitLabBench.error {
            _ = try await forge.repository(cloneURL: "https://gitlab.com/orchard/cider.git")
        }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("repository") == true)
    }
}

struct GitLabReferenceTests {
    @Test(arguments: [
        ("52", "9001", "9001"), ("anything", "orchard/tools/cider", "orchard%2Ftools%2Fcider"),
        ("orchard/tools", "cider", "orchard%2Ftools%2Fcider"), ("mira", "app.json", "mira%2Fapp%2Ejson"),
        ("größe", "a b", "gr%C3%B6%C3%9Fe%2Fa%20b"),
    ])
    func `a project is named by its id, its path, or its name in a namespace`(
        _ namespace: String, _ project: String, _ segment: String
    ) async throws {
        let network = StubNetwork(
            .init(.get, GitLabBench.api + "/projects/\(segment)/hooks?per_page=100", json: "[]"))
        let reference = RepositoryReference(namespace: namespace, project: project)
        #expect(try await GitLabBench.open(network).hooks(of: reference) == [])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a name in a namespace of an id needs the namespace's path`() async throws {
        let network = StubNetwork(
            .init(.get, GitLabBench.api + "/namespaces/52", json: try GitLabBench.fixture("namespace_group")),
            .init(.get, GitLabBench.api + "/projects/orchard%2Ftools%2Fcider/hooks?per_page=100", json: "[]"))
        let reference = RepositoryReference(namespace: "52", project: "cider")
        #expect(try await GitLabBench.open(network).hooks(of: reference) == [])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a public group's id, too, has a path`() async throws {
        let network = StubNetwork(
            .init(.get, GitLabBench.api + "/namespaces/52", status: 404, json: GitLabBench.notFound),
            .init(
                .get, GitLabBench.api + "/groups/52?with_projects=false",
                json: try GitLabBench.fixture("namespace_group")),
            .init(.get, GitLabBench.api + "/projects/orchard%2Ftools%2Fcider/hooks?per_page=100", json: "[]"))
        let reference = RepositoryReference(namespace: "52", project: "cider")
        #expect(try await GitLabBench.open(network).hooks(of: reference) == [])
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [("", "cider"), ("orchard", ""), ("", "")])
    func `a reference with nothing in it names nothing`(_ namespace: String, _ project: String) async throws {
        let network = StubNetwork([])
        let forge = GitLabBench.open(network)
        let reference = RepositoryReference(namespace: namespace, project: project)
        let error = try await GitLabBench.error { _ = try await forge.branches(of: reference) }
        #expect(error?.code == .notFound)
        #expect(network.requests.isEmpty)
    }
}
