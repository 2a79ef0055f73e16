// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Model
import TestSupport
import Testing

/// Every request held to GitLab's own description of its API. Passed over where that is absent.
@Suite(.enabled(if: TestData.shared != nil, "GitLab's description is absent"))
struct GitLabRequestsTests {
    /// Keyset paging is documented for all lists together: https://docs.gitlab.com/api/rest/#keyset-based-pagination
    private static let description = Result {
        try OfficialRequests("gitlab/openapi_v2.trimmed.json", base: "https://gitlab.com", undescribed: ["pagination"])
    }

    /// The current user, and the token that asks for itself, are in GitLab's pages alone:
    /// https://docs.gitlab.com/api/users/, https://docs.gitlab.com/api/personal_access_tokens/
    private static func isInPagesAlone(_ request: Upstream.Request) -> Bool {
        ["/user", "/personal_access_tokens/self"].contains { request.url == GitLabBench.api + $0 }
    }

    @Test(arguments: Verb.allCases.filter { ![.account, .credentialFacts].contains($0) })
    func `a verb makes described calls only`(_ verb: Verb) async throws {
        let stage = GoodForge(.gitlab)
        let network = StubNetwork(answering: { request in
            try stage.answer(request) ?? .json(#"{"message":"404 Not Found"}"#, status: 404)
        })
        try await verb.run(on: stage.open(network), as: stage)
        let description = try Self.description.get()
        let requests = network.requests.filter { !Self.isInPagesAlone($0) }
        #expect(!requests.isEmpty)
        #expect(requests.flatMap(description.problems(in:)) == [])
    }

    /// Whatever the answer was: the calls that a verb makes to find out more.
    @Test(arguments: [200, 400, 404, 429])
    func `a verb in trouble makes described calls only`(_ status: Int) async throws {
        let user = GoodForge(.gitlab).answer
        let network = StubNetwork(answering: { request in
            switch (status, request.method) {
            case (200, .get) where request.url.hasSuffix("/namespaces/815"):
                .json(try GitLabBench.fixture("namespace"))
            case (200, .get) where request.url.hasSuffix("/namespaces/5"):
                .json(#"{"id":5,"kind":"user","full_path":"2024"}"#)
            case (200, .get) where request.url.contains("/users?"): .json(#"[{"id":77}]"#)
            case (400, .get), (400, .head): try user(request) ?? .json(GitLabBench.notFound, status: 404)
            case (429, _): .json(try GitLabBench.fixture("error_large_blob"), status: 429)
            default: .json(status == 200 ? "[]" : GitLabBench.notFound, status: status)
            }
        })
        let stage = GoodForge(.gitlab)
        let forge = stage.open(network)
        for verb in Verb.allCases where verb != .account {
            _ = try await GitLabBench.error { try await verb.run(on: forge, as: stage) }
        }
        for namespace in ["815", "5", "mira", "orchard/tools"] {
            _ = try await GitLabBench.error { _ = try await forge.repositories(in: namespace) }
            let named = RepositoryReference(namespace: namespace, project: "cider")
            _ = try await GitLabBench.error { _ = try await forge.hooks(of: named) }
        }
        let requests = network.requests.filter { !Self.isInPagesAlone($0) }
        #expect(requests.count > Verb.allCases.count)
        #expect(try requests.flatMap(Self.description.get().problems(in:)) == [])
    }

    @Test func `what is not described is seen`() throws {
        let description = try Self.description.get()
        let api = GitLabBench.api
        func problems(_ method: Upstream.Method, _ path: String, _ body: String? = nil) -> Int {
            description.problems(in: Upstream.Request(method, api + path, body: body.map { Array($0.utf8) })).count
        }
        #expect(problems(.get, "/projects/1/repository/tree?recursive=true&per_page=100") == 0)
        #expect(problems(.get, "/projects/1/repository/tree?recursive=yes&pages=3") == 2)
        #expect(problems(.get, "/projects/1/repository/files/a") == 1)
        #expect(problems(.get, "/projects/1/repository/nothing") == 1)
        #expect(problems(.post, "/projects/1/repository/tags", #"{"tag_name":"v1"}"#) == 1)
        #expect(problems(.post, "/projects/1/repository/tags", #"{"tag_name":1,"ref":"x","shape":"round"}"#) == 2)
        #expect(problems(.post, "/projects/1/repository/tags") == 1)
        let commit = #"{"branch":"b","commit_message":"m","actions":[{"action":"burn"}]}"#
        #expect(problems(.post, "/projects/1/repository/commits", commit) == 1)
    }
}
