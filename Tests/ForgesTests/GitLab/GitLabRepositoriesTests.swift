// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Model
import TestSupport
import Testing

struct GitLabRepositoriesTests {
    private let api = GitLabBench.api
    private let order = "order_by=id&sort=asc&simple=true&per_page=100"
    private let missing = #"{"message":"404 Namespace Not Found"}"#
    private let tools = Namespace(id: "52", name: "orchard/tools")

    private func repository(_ id: String, _ name: String) -> Repository {
        Repository(id: id, name: name, cloneURL: "https://gitlab.com/orchard/tools/\(name).git", namespace: tools)
    }

    private var group: String { api + "/groups/52/projects?with_shared=false&include_subgroups=false&" + order }

    @Test func `a group's projects are all pages of its own ones`() async throws {
        let second = api + "/groups/52/projects?id=52&page=2&per_page=100"
        let network = StubNetwork(
            .init(.get, api + "/namespaces/52", json: try GitLabBench.fixture("namespace_group")),
            .init(.get, group, headers: GitLabBench.link(next: second), json: try GitLabBench.fixture("projects_1")),
            .init(.get, second, json: try GitLabBench.fixture("projects_2")))
        let repositories = try await GitLabBench.open(network).repositories(in: "52")
        #expect(
            repositories == [
                repository("9001", "cider"), repository("9002", "cider.press-2"), repository("9003", "old"),
            ])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a path with a slash is a group's`() async throws {
        let network = StubNetwork(
            .init(
                .get,
                api + "/groups/orchard%2Ftools/projects?with_shared=false&include_subgroups=false&" + order,
                json: try GitLabBench.fixture("projects_2")))
        #expect(try await GitLabBench.open(network).repositories(in: "orchard/tools") == [repository("9003", "old")])
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: ["815", "mira"])
    func `a user's projects are listed by keyset and by the user's name`(_ namespace: String) async throws {
        let next = api + "/users/mira/projects?id_after=9003&order_by=id&pagination=keyset&per_page=100&sort=asc"
        let network = StubNetwork(
            .init(.get, api + "/namespaces/" + namespace, json: try GitLabBench.fixture("namespace")),
            .init(
                .get, api + "/users/mira/projects?pagination=keyset&" + order,
                headers: GitLabBench.link(next: next), json: try GitLabBench.fixture("projects_2")),
            .init(.get, next, json: "[]"))
        #expect(try await GitLabBench.open(network).repositories(in: namespace) == [repository("9003", "old")])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a user whose name is a number is asked for by id`() async throws {
        let network = StubNetwork(
            .init(.get, api + "/namespaces/5", json: #"{"id":5,"kind":"user","full_path":"2024"}"#),
            .init(.get, api + "/users?username=2024", json: #"[{"id":77,"username":"2024"}]"#),
            .init(.get, api + "/users/77/projects?pagination=keyset&" + order, json: "[]"))
        #expect(try await GitLabBench.open(network).repositories(in: "5") == [])
        #expect(network.complaints.isEmpty)
    }

    @Test func `another one's namespace is a group or a user`() async throws {
        let network = StubNetwork(
            .init(.get, api + "/namespaces/bob", status: 404, json: missing),
            .init(
                .get, api + "/groups/bob/projects?with_shared=false&include_subgroups=false&" + order, status: 404,
                json: #"{"message":"404 Group Not Found"}"#),
            .init(.get, api + "/users/bob/projects?pagination=keyset&" + order, json: "[]"))
        #expect(try await GitLabBench.open(network).repositories(in: "bob") == [])
        #expect(network.complaints.isEmpty)
    }

    /// `/users/99/projects` would be those of the user of that id, whose namespace has another one.
    @Test func `an unknown number is not tried as a user's id`() async throws {
        let network = StubNetwork(
            .init(.get, api + "/namespaces/99", status: 404, json: missing),
            .init(
                .get, api + "/groups/99/projects?with_shared=false&include_subgroups=false&" + order, status: 404,
                json: #"{"message":"404 Group Not Found"}"#))
        let forge = GitLabBench.open(network)
        let error = try await GitLabBench.error { _ = try await forge.repositories(in: "99") }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("user or group") == true)
        #expect(network.complaints.isEmpty)
    }

    @Test func `a project without its namespace is in the one of its path`() async throws {
        let network = StubNetwork(
            .init(.get, api + "/namespaces/52", json: try GitLabBench.fixture("namespace_group")),
            .init(.get, group, json: try GitLabBench.fixture("projects_without_namespace")))
        let repositories = try await GitLabBench.open(network).repositories(in: "52")
        #expect(repositories.map(\.namespace) == [Namespace(id: "orchard/tools", name: "orchard/tools")])
    }

    @Test func `a repository is made private, empty, and of just this path`() async throws {
        let network = StubNetwork(
            .init(.get, api + "/namespaces/orchard%2Ftools", json: try GitLabBench.fixture("namespace_group")),
            .init(.post, api + "/projects", status: 201, json: try GitLabBench.fixture("project")))
        let made = try await GitLabBench.open(network).createRepository(named: "Cider.v2", in: "orchard/tools")
        #expect(made == repository("9001", "cider"))
        let request = try #require(network.requests.last)
        #expect(request.header("Content-Type") == "application/json")
        let body = try JSONTree(parsing: request.text.utf8)
        #expect(
            body
                == .object([
                    "name": .string("Cider.v2"), "path": .string("Cider.v2"), "namespace_id": .integer(52),
                    "visibility": .string("private"), "initialize_with_readme": .bool(false),
                ]))
        #expect(network.complaints.isEmpty)
    }

    @Test func `a name that can be no path leaves the path to GitLab`() async throws {
        let network = StubNetwork(
            .init(.post, api + "/projects", status: 201, json: try GitLabBench.fixture("project")))
        _ = try await GitLabBench.open(network).createRepository(named: "Süßer Cider", in: "52")
        let body = try JSONTree(parsing: try #require(network.requests.last).text.utf8)
        #expect(body["name"] == .string("Süßer Cider"))
        #expect(body["path"] == nil)
    }

    @Test func `a taken name is told from a bad one`() async throws {
        for (json, code) in [
            (try GitLabBench.fixture("error_name_taken"), ForgeError.Code.alreadyExists),
            (#"{"message":{"path":["can contain only letters."],"name":["is bad"]}}"#, .invalidRequest),
        ] {
            let network = StubNetwork(.init(.post, api + "/projects", status: 400, json: json))
            let forge = GitLabBench.open(network)
            let error = try await GitLabBench.error {
                _ = try await forge.createRepository(named: "cider", in: "52")
            }
            #expect(error?.code == code)
            #expect(error?.upstreamStatus == 400)
        }
    }

    @Test func `a namespace that takes no projects is told from one that is not there`() async throws {
        let refusal = #"{"message":{"namespace":["is not valid"],"limit_reached":[]}}"#
        for (status, json, code) in [
            (200, try GitLabBench.fixture("namespace_group"), ForgeError.Code.forbidden), (404, missing, .notFound),
        ] {
            let network = StubNetwork(
                .init(.post, api + "/projects", status: 400, json: refusal),
                .init(.get, api + "/namespaces/52", status: status, json: json))
            let forge = GitLabBench.open(network)
            let error = try await GitLabBench.error {
                _ = try await forge.createRepository(named: "cider", in: "52")
            }
            #expect(error?.code == code)
            #expect(network.complaints.isEmpty)
        }
    }
}
