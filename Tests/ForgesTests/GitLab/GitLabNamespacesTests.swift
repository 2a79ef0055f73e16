// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Model
import TestSupport
import Testing

struct GitLabNamespacesTests {
    private let groups = GitLabBench.api + "/groups?min_access_level=10&per_page=100"

    @Test func `the user's own namespace comes first, then all pages of groups and subgroups`() async throws {
        let second = GitLabBench.api + "/groups?min_access_level=10&order_by=name&page=2&per_page=100"
        let network = StubNetwork(
            .init(.get, GitLabBench.api + "/user", json: try GitLabBench.fixture("user")),
            .init(.get, GitLabBench.api + "/namespaces/mira", json: try GitLabBench.fixture("namespace")),
            .init(
                .get, groups, headers: GitLabBench.link(next: second), json: try GitLabBench.fixture("groups_1")),
            .init(.get, second, json: try GitLabBench.fixture("groups_2")))
        let namespaces = try await GitLabBench.open(network).namespaces()
        #expect(
            namespaces == [
                Namespace(id: "815", name: "mira"), Namespace(id: "51", name: "orchard"),
                Namespace(id: "52", name: "orchard/tools"), Namespace(id: "77", name: "orchard/tools/press"),
            ])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a user without a namespace still has groups`() async throws {
        let network = StubNetwork(
            .init(.get, GitLabBench.api + "/user", json: try GitLabBench.fixture("user")),
            .init(
                .get, GitLabBench.api + "/namespaces/mira", status: 404,
                json: #"{"message":"404 Namespace Not Found"}"#),
            .init(.get, groups, json: try GitLabBench.fixture("groups_2")))
        let namespaces = try await GitLabBench.open(network).namespaces()
        #expect(namespaces == [Namespace(id: "77", name: "orchard/tools/press")])
    }

    /// `/namespaces/2024` is the namespace of that id, not the user's of that name.
    @Test func `a user whose name is a number gets no other one's namespace`() async throws {
        let network = StubNetwork(
            .init(.get, GitLabBench.api + "/user", json: #"{"username":"2024","web_url":"https://gitlab.com/2024"}"#),
            .init(
                .get, GitLabBench.api + "/namespaces?search=2024&per_page=100",
                json: #"""
                    [{"id":3,"kind":"user","full_path":"20240"},{"id":4,"kind":"group","full_path":"2024"},
                     {"id":5,"kind":"user","full_path":"2024"}]
                    """#),
            .init(.get, groups, json: "[]"))
        #expect(try await GitLabBench.open(network).namespaces() == [Namespace(id: "5", name: "2024")])
        #expect(network.complaints.isEmpty)
    }
}
