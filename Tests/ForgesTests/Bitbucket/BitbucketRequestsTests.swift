// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Model
import TestSupport
import Testing

/// Every request held to Bitbucket's own description of its API. Passed over where that is absent.
@Suite(.enabled(if: TestData.shared != nil, "Bitbucket's description is absent"))
struct BitbucketRequestsTests {
    /// `pagelen` is documented for all lists together, `include` in the words about commits. Every object has a required `type`,
    /// which Bitbucket's own examples of requests leave out.
    /// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#pagination
    private static let description = Result {
        try OfficialRequests(
            "bitbucket/openapi.trimmed.json", base: BitbucketBench.api, undescribed: ["pagelen", "include"],
            spanning: ["{name}", "{path}"], unasked: ["type"])
    }

    /// The form of a commit is described as if its fields were a query's, and its files not at all.
    private static func described(_ request: Upstream.Request) -> Upstream.Request {
        guard request.method == .post, request.url.hasSuffix("/src") else { return request }
        let names = BitbucketBench.parts(of: request).map { part in
            part.disposition.split(separator: "\"").dropFirst().first.map(String.init) ?? ""
        }
        let fields = names.filter { !$0.hasPrefix("/") }.map { $0 + "=x" }
        return Upstream.Request(.post, request.url + "?" + fields.joined(separator: "&"))
    }

    /// The root's listing has an empty path, which is described in words alone.
    private static func problems(_ requests: [Upstream.Request]) throws -> [String] {
        let description = try description.get()
        return requests.map(described).map { request in
            var request = request
            request.url = request.url.replacing(
                "/src/\(BitbucketBench.head)/?", with: "/src/\(BitbucketBench.head)/root?")
            return request
        }.flatMap(description.problems(in:))
    }

    @Test(arguments: Verb.allCases)
    func `a verb makes described calls only`(_ verb: Verb) async throws {
        let stage = GoodForge(.bitbucket)
        let network = StubNetwork(answering: { request in
            try stage.answer(request) ?? BitbucketBench.answer("not_found", status: 404)
        })
        try await verb.run(on: stage.open(network), as: stage)
        #expect(!network.requests.isEmpty)
        #expect(try Self.problems(network.requests) == [])
    }

    /// Whatever the answer was: the calls that a verb makes to find out more.
    @Test(arguments: [400, 403, 404, 409, 555])
    func `a verb in trouble makes described calls only`(_ status: Int) async throws {
        let stage = GoodForge(.bitbucket)
        let network = StubNetwork(answering: { request in
            let good = try stage.answer(request)
            if request.method == .get, status != 404, let good { return good }
            return .json(try BitbucketBench.fixture("not_found"), status: request.method == .get ? 404 : status)
        })
        let forge = stage.open(network)
        for verb in Verb.allCases {
            _ = try await BitbucketBench.error { try await verb.run(on: forge, as: stage) }
        }
        for ref in ["feature/one", BitbucketBench.head, "4f1e2d3"] {
            let location = FileLocation(repository: stage.repository, path: "a/b c.txt", ref: ref)
            _ = try await BitbucketBench.error { _ = try await forge.file(at: location) }
            _ = try await BitbucketBench.error { _ = try await forge.commits(of: stage.repository, at: ref) }
        }
        let token = BitbucketBench.open(network, .personal(Secret("seamark:ATCTT3x")))
        _ = try await BitbucketBench.error { _ = try await token.account() }
        #expect(network.requests.count > Verb.allCases.count)
        #expect(try Self.problems(network.requests) == [])
    }

    @Test func `what is not described is seen`() throws {
        func problems(_ method: Upstream.Method, _ path: String, _ body: String? = nil) throws -> Int {
            try Self.problems([
                Upstream.Request(method, BitbucketBench.api + path, body: body.map { Array($0.utf8) })
            ]).count
        }
        #expect(try problems(.get, "/repositories/a/b/refs/branches/feature/one") == 0)
        #expect(try problems(.get, "/repositories/a/b/refs/branches?per_page=100") == 1)
        #expect(try problems(.get, "/repositories/a/b/src/main/x?max_depth=deep") == 1)
        #expect(try problems(.get, "/repositories/a/b/nothing") == 1)
        #expect(try problems(.post, "/repositories/a/b/hooks", #"{"type":"x","events":["repo:burnt"]}"#) == 1)
        #expect(try problems(.post, "/repositories/a/b/src?message=x&branch=y&shape=round") == 1)
    }
}
