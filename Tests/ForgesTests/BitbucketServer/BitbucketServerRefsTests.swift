// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

struct BitbucketServerRefsTests {
    private typealias Bench = BitbucketServerBench
    private let branches = Bench.repository + "/branches?orderBy=ALPHABETICAL&start=0&limit=1000"
    private let anyBranch = Bench.repository + "/branches?limit=1"

    @Test func `branches and tags are read by name`() async throws {
        let network = StubNetwork(
            Bench.step(.get, branches, try Bench.fixture("branches")),
            Bench.step(
                .get, Bench.repository + "/tags?orderBy=ALPHABETICAL&start=0&limit=1000", try Bench.fixture("tags")))
        let forge = try Bench.open(network)
        #expect(try await forge.branches(of: Bench.cider) == ["feature/x", "main"])
        #expect(try await forge.tags(of: Bench.cider) == ["release/1", "v1"])
        #expect(network.complaints.isEmpty)
    }

    @Test func `an empty repository has no refs, commits and files, whatever the server answers`() async throws {
        let missing = Bench.refusal("repository.NoDefaultBranchException")
        let network = StubNetwork(answering: { request in
            request.url.contains("/branches?limit=1")
                ? .json(try Bench.fixture("empty"), headers: Bench.headers)
                : .json(missing, status: 404, headers: Bench.headers)
        })
        let forge = try Bench.open(network)
        #expect(try await forge.branches(of: Bench.cider) == [])
        #expect(try await forge.tags(of: Bench.cider) == [])
        #expect(try await forge.commits(of: Bench.cider, at: nil) == [])
        #expect(try await forge.commits(of: Bench.cider, at: "main") == [])
        #expect(try await forge.files(of: Bench.cider, at: "main") == [])
    }

    @Test func `an unknown ref of a repository that is not empty is not found`() async throws {
        let missing = Bench.refusal("commit.NoSuchCommitException")
        let network = StubNetwork(answering: { request in
            request.url.contains("/branches?limit=1")
                ? .json(try Bench.fixture("branches"), headers: Bench.headers)
                : .json(missing, status: 404, headers: Bench.headers)
        })
        let forge = try Bench.open(network)
        let commits = await failure { () throws(ForgeError) in _ = try await forge.commits(of: Bench.cider, at: "gone")
        }
        let files = await failure { () throws(ForgeError) in _ = try await forge.files(of: Bench.cider, at: "gone") }
        for error in [commits, files] {
            #expect(error?.code == .notFound)
            #expect(error?.message.contains("branch, tag or commit") == true)
        }
    }

    @Test func `ten commits, newest first, with the time of writing in UTC`() async throws {
        let network = StubNetwork(
            Bench.step(.get, Bench.repository + "/commits?until=feature%2Fx&limit=10", try Bench.fixture("commits")),
            Bench.step(.get, Bench.repository + "/commits?limit=10", try Bench.fixture("commits")))
        let forge = try Bench.open(network)
        let commits = try await forge.commits(of: Bench.cider, at: "feature/x")
        #expect(
            commits == [
                Commit(
                    sha: Bench.tip, message: "Press the apples\n\nAll of them.", authoredDate: "2024-01-02T08:04:05Z"),
                Commit(sha: "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567", message: "Begin", authoredDate: ""),
            ])
        #expect(try await forge.commits(of: Bench.cider, at: nil) == commits)
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [
        ("two", #","startPoint":"main"}"#, #"{"message":"two","name":"v2""#),
        ("", #","startPoint":"main"}"#, #"{"name":"v2""#),
    ])
    func `a tag is annotated where it has a description`(_ description: String, _ end: String, _ start: String)
        async throws
    {
        let network = StubNetwork(Bench.step(.post, Bench.repository + "/tags", try Bench.fixture("tag")))
        try await Bench.open(network).createTag(
            TagDraft(name: "v2", description: description, ref: "main"), in: Bench.cider)
        #expect(network.requests.first?.text == start + end)
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [
        (409, "repository.DuplicateRefException", ForgeError.Code.alreadyExists),
        (400, "repository.DuplicateRefException", .alreadyExists),
        (404, "commit.NoSuchCommitException", .notFound),
    ])
    func `a refused tag has its code by the exception's name`(
        _ status: Int, _ exception: String, _ code: ForgeError.Code
    ) async throws {
        let network = StubNetwork(
            Bench.step(.post, Bench.repository + "/tags", status: status, Bench.refusal(exception)))
        let forge = try Bench.open(network)
        let error = await failure { () throws(ForgeError) in
            try await forge.createTag(TagDraft(name: "v2", description: "", ref: "main"), in: Bench.cider)
        }
        #expect(error?.code == code)
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [(200, ForgeError.Code.alreadyExists), (404, .conflict)])
    func `where no name tells, it is asked whether the tag is there`(_ status: Int, _ code: ForgeError.Code)
        async throws
    {
        let network = StubNetwork(
            Bench.step(.post, Bench.repository + "/tags", status: 409, "{}"),
            Bench.step(.get, Bench.repository + "/tags/v2", status: status, try Bench.fixture("tag")))
        let forge = try Bench.open(network)
        let error = await failure { () throws(ForgeError) in
            try await forge.createTag(TagDraft(name: "v2", description: "", ref: "main"), in: Bench.cider)
        }
        #expect(error?.code == code)
        #expect(network.complaints.isEmpty)
    }

    @Test func `names that git forbids cost no call`() async throws {
        let network = StubNetwork([])
        let forge = try Bench.open(network)
        for (name, ref, code) in [("a b", "main", ForgeError.Code.invalidRequest), ("v1", "a..b", .notFound)] {
            let error = await failure { () throws(ForgeError) in
                try await forge.createTag(TagDraft(name: name, description: "", ref: ref), in: Bench.cider)
            }
            #expect(error?.code == code)
        }
        let error = await failure { () throws(ForgeError) in try await forge.deleteTag(named: "..", in: Bench.cider) }
        #expect(error?.code == .notFound)
        #expect(network.requests.isEmpty)
    }

    /// Slashes stay slashes: Tomcat refuses an encoded one.
    @Test func `a tag is deleted by the git part of the API`() async throws {
        let network = StubNetwork(
            Bench.step(.get, Bench.repository + "/tags/release/1%23", try Bench.fixture("tag")),
            .init(.delete, Bench.pages + "/rest/git/latest/projects/ORCH/repos/cider/tags/release/1%23", status: 204))
        try await Bench.open(network).deleteTag(named: "release/1#", in: Bench.cider)
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: ["{}", #"{"message":"HTTP 404 Not Found","status-code":404,"sub-code":-1}"#])
    func `a tag that is not there is not deleted`(_ json: String) async throws {
        let network = StubNetwork(Bench.step(.get, Bench.repository + "/tags/v9", status: 404, json))
        let forge = try Bench.open(network)
        let error = await failure { () throws(ForgeError) in try await forge.deleteTag(named: "v9", in: Bench.cider) }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("tag") == true)
        #expect(network.complaints.isEmpty)
    }
}
