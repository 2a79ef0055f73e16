// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Synchronization
import TestSupport
import Testing

@testable import Forges

/// Every request held to GitHub's own description of its API, of which Enterprise Server 3.9's is the one at hand. Passed
/// over where that is absent.
@Suite(.enabled(if: TestData.shared != nil, "GitHub's description is absent"))
struct GitHubRequestsTests {
    /// Read once: it is large.
    private static let read = Result {
        try OfficialRequests(
            "github/openapi.ghes-3.9.trimmed.json", base: GitHubStage.api,
            spanning: ["{path}", "{ref}", "{branch}", "{tree_sha}"])
    }

    @Test(arguments: Verb.allCases)
    func `a verb makes described calls only`(verb: Verb) async throws {
        let stage = GoodForge(.github)
        let description = try Self.read.get()
        // On its good path first; then with nothing found by one call after the other, for what is asked in its place.
        for missing in 0...4 {
            let calls = Mutex(0)
            let network = StubNetwork(answering: { request in
                let number = calls.withLock { number in
                    number += 1
                    return number
                }
                let nothing = Upstream.Response.json(#"{"message":"Not Found"}"#, status: 404)
                return number == missing ? nothing : try stage.answer(request) ?? nothing
            })
            let forge = stage.open(network)
            _ = await failure { () throws(ForgeError) in try await verb.run(on: forge, as: stage) }
            #expect(!network.requests.isEmpty)
            #expect(network.requests.flatMap(description.problems(in:)) == [])
        }
    }

    @Test func `the less common calls are described, too`() async throws {
        let repo = GitHubStage.repo
        let sha = "d670460b4b4aece5915caf5c68d12f560a9fe3e4"
        let file = FileLocation(repository: GitHubStage.engine, path: "a b/ü.txt", ref: "feature/x")
        let network = StubNetwork(answering: { request in
            let url = String(request.url.dropFirst(repo.count))
            if url.hasPrefix("/git/ref/heads") { return .json("{}", status: 404) }
            if url.hasPrefix("/git/ref/tags") { return .json(try GitHubStage.fixture("tag-reference")) }
            if url.hasPrefix("/git/tags/") { return .json(try GitHubStage.fixture("tag-object")) }
            if url.hasPrefix("/contents") { return .json(try GitHubStage.fixture("file-large")) }
            if url.hasPrefix("/git/blobs") { return Upstream.Response(status: 200, body: Array("test content\n".utf8)) }
            if url.hasPrefix("/git/trees") {
                return .json(
                    #"{"sha":"\#(sha)","truncated":\#(url.contains("x?recursive")),"tree":[{"path":"a","type":"tree","sha":"\#(sha)"}]}"#
                )
            }
            if request.url == GitHubStage.api + "/user" { return .json(#"{"login":"ada"}"#) }
            return request.method == .post
                ? .json(try GitHubStage.fixture("repository"), status: 201) : .json("{}", status: 404)
        })
        let github = GitHub(
            host: .official(.github), source: .fixed(.personal(Secret("t"))), upstream: network.upstream)
        let engine = GitHubStage.engine
        #expect(try await github.file(at: file).bytes.count == 13)
        #expect(try await github.files(of: engine, at: "feature/x").isEmpty)
        #expect(try await github.createRepository(named: "x", in: "mill").name == "engine")
        let tag = TagDraft(name: "v2", description: "", ref: "v1/x")
        _ = await failure { () throws(ForgeError) in try await github.createTag(tag, in: engine) }
        #expect(network.requests.count == 11)
        let description = try Self.read.get()
        #expect(network.requests.flatMap(description.problems(in:)) == [])
    }

    @Test func `what is not described is seen`() throws {
        let description = try Self.read.get()
        func problems(_ method: Upstream.Method, _ path: String, _ body: String? = nil) -> Int {
            description.problems(
                in: Upstream.Request(method, GitHubStage.api + path, body: body.map { Array($0.utf8) })
            ).count
        }
        #expect(problems(.get, "/user/repos?affiliation=owner&per_page=100") == 0)
        #expect(problems(.get, "/user/repos?affiliations=owner&per_page=many") == 2)
        #expect(problems(.get, "/repos/a/b/contents/c/d?ref=e") == 0)
        #expect(problems(.get, "/repos/a/b/content/c") == 1)
        #expect(problems(.post, "/repos/a/b/git/refs", #"{"ref":"x"}"#) == 1)
        #expect(problems(.post, "/repos/a/b/git/tags", #"{"tag":"t","message":"m","object":"o","type":"note"}"#) == 1)
        #expect(problems(.put, "/repos/a/b/contents/c", #"{"message":5,"content":"","branches":"x"}"#) == 2)
        #expect(problems(.post, "/user/repos") == 1)
        #expect(description.problems(in: Upstream.Request(.get, "https://evil.example/user")).count == 1)
    }
}
