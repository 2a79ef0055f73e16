// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

/// Every request held to Gitee's own description of its API. Passed over where that is absent.
@Suite(.enabled(if: TestData.shared != nil, "Gitee's description is absent"))
struct GiteeRequestsTests {
    private static let description = Result {
        try OfficialOperations("gitee/operations.json", base: "https://gitee.com", spanning: ["{path}"])
    }

    /// Those that are not git's own, and are of the API.
    private func calls(_ network: StubNetwork) -> [Upstream.Request] {
        network.requests.filter { $0.url.hasPrefix(GiteeBench.api) }
    }

    @Test(arguments: Verb.allCases)
    func `a verb makes described calls only`(_ verb: Verb) async throws {
        let stage = GoodForge(.gitee)
        let network = StubNetwork(answering: { request in
            try stage.answer(request) ?? .json(GiteeBench.notFound, status: 404)
        })
        try await verb.run(on: stage.open(network), as: stage)
        let problems = try calls(network).flatMap(Self.description.get().problems(in:))
        #expect(problems == [])
        // There is no call that deletes a tag: it is a push of git's own.
        #expect(calls(network).isEmpty == (verb == .deleteTag))
        #expect(try !Self.description.get().has("DELETE", "/api/v5/repos/mo/loom/tags/v1"))
    }

    /// Whatever the answer was: the calls that a verb makes to find out more.
    @Test(arguments: [200, 400, 404, 422])
    func `a verb in trouble makes described calls only`(_ status: Int) async throws {
        let good = GoodForge(.gitee).answer
        let network = StubNetwork(answering: { request in
            if request.url == GiteeBench.api + "/user" { return .json(try GiteeBench.fixture("user")) }
            if status == 400 || status == 422, request.method == .get {
                return try good(request) ?? .json(GiteeBench.notFound, status: 404)
            }
            return .json(status == 200 ? "[]" : GiteeBench.notFound, status: status)
        })
        let stage = GoodForge(.gitee)
        let forge = stage.open(network)
        for verb in Verb.allCases { _ = try await GiteeBench.error { try await verb.run(on: forge, as: stage) } }
        for namespace in ["mo", "weavers"] {
            _ = try await GiteeBench.error { _ = try await forge.repositories(in: namespace) }
            _ = try await GiteeBench.error { _ = try await forge.createRepository(named: "x", in: namespace) }
        }
        for ref in ["a/b", "v1"] {
            _ = try await GiteeBench.error { _ = try await forge.files(of: GiteeBench.loom, at: ref) }
            let change = FileChange(.create(bytes: [1]), message: "m")
            _ = try await GiteeBench.error { try await forge.change(change, at: GiteeBench.location("a", ref)) }
        }
        let calls = calls(network)
        #expect(calls.count > Verb.allCases.count)
        #expect(try calls.flatMap(Self.description.get().problems(in:)) == [])
    }

    @Test func `what is not described is seen`() throws {
        let description = try Self.description.get()
        func problems(_ method: Upstream.Method, _ path: String, _ body: String? = nil) -> Int {
            description.problems(
                in: Upstream.Request(method, GiteeBench.api + path, body: body.map { Array($0.utf8) })
            ).count
        }
        #expect(problems(.get, "/repos/a/b/branches?page=1&per_page=100") == 0)
        #expect(problems(.get, "/repos/a/b/branches?page=one&size=100") == 2)
        #expect(problems(.delete, "/repos/a/b/tags/v1") == 1)
        #expect(problems(.post, "/repos/a/b/tags", #"{"tag_name":"v1"}"#) == 1)
        #expect(problems(.post, "/repos/a/b/tags", #"{"tag_name":1,"refs":"x","shape":"round"}"#) == 2)
        #expect(problems(.post, "/repos/a/b/contents/x/y/z", #"{"content":"","message":"m"}"#) == 0)
        #expect(problems(.delete, "/repos/a/b/contents/x?sha=s&message=m", "{}") == 1)
    }
}
