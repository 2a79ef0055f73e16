// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Model
import TestSupport
import Testing

struct BitbucketRefsTests {
    private let path = BitbucketBench.repository

    @Test func `branches are read to the last page, as Bitbucket orders them`() async throws {
        let network = StubNetwork(
            try BitbucketBench.step(.get, path + "/refs/branches?pagelen=100", "branches"),
            try BitbucketBench.step(.get, path + "/refs/branches?pagelen=100&page=2", "branches_2"))
        let names = try await BitbucketBench.open(network).branches(of: BitbucketBench.beacon)
        #expect(names == ["feature/lens", "main", "ünï/ok"])
        #expect(network.complaints.isEmpty)
    }

    @Test func `tags are read to the last page, those without a message too`() async throws {
        let network = StubNetwork(
            try BitbucketBench.step(.get, path + "/refs/tags?pagelen=100", "tags"),
            try BitbucketBench.step(.get, path + "/refs/tags?pagelen=100&page=2", "tags_2"))
        #expect(
            try await BitbucketBench.open(network).tags(of: BitbucketBench.beacon) == ["release/2024-05", "v1"])
        #expect(network.complaints.isEmpty)
    }

    @Test func `an empty repository has no branches and tags`() async throws {
        let forge = BitbucketBench.open(
            StubNetwork(answering: { _ in .json(#"{"pagelen":100,"values":[],"size":0}"#) }))
        #expect(try await forge.branches(of: BitbucketBench.beacon) == [])
        #expect(try await forge.tags(of: BitbucketBench.beacon) == [])
    }

    @Test func `a repository that is not there is not an empty one`() async throws {
        let forge = BitbucketBench.open(BitbucketBench.network([:]))
        for act in [
            { _ = try await forge.branches(of: BitbucketBench.beacon) },
            {
                _ = try await forge.files(of: BitbucketBench.beacon, at: "main")
            },
        ] {
            #expect(try await BitbucketBench.error(of: act)?.code == .notFound)
        }
    }

    @Test(arguments: [("two", #","message":"two""#), ("", "")])
    func `a tag marks the commit that its ref leads to`(description: String, message: String) async throws {
        let network = StubNetwork(
            try BitbucketBench.step(.get, path + "/refs/branches/feature/lens", "branch"),
            try BitbucketBench.step(.post, path + "/refs/tags", "tag", status: 201))
        let draft = TagDraft(name: "v/2", description: description, ref: "feature/lens")
        try await BitbucketBench.open(network).createTag(draft, in: BitbucketBench.beacon)
        let members = #"{\#(message.dropFirst())\#(message.isEmpty ? "" : ",")"name":"v/2","#
        #expect(network.requests.last?.text == members + #""target":{"hash":"\#(BitbucketBench.head)"}}"#)
        #expect(network.complaints.isEmpty)
    }

    @Test func `a tag may be made of a tag, a SHA and a shortened one`() async throws {
        let answers = [
            "GET \(path)/refs/tags/v1": try BitbucketBench.answer("tag"),
            "GET \(path)/commit/\(BitbucketBench.head)": try BitbucketBench.answer("commit"),
            "GET \(path)/commit/4f1e2d3": try BitbucketBench.answer("commit"),
            "POST \(path)/refs/tags": try BitbucketBench.answer("tag", status: 201),
        ]
        for (ref, calls) in [("v1", 3), (BitbucketBench.head, 2), ("4f1e2d3", 4)] {
            let network = BitbucketBench.network(answers)
            let draft = TagDraft(name: "v2", description: "", ref: ref)
            try await BitbucketBench.open(network).createTag(draft, in: BitbucketBench.beacon)
            #expect(network.requests.last?.text.contains(BitbucketBench.head) == true)
            #expect(network.requests.count == calls)
        }
    }

    @Test func `a taken tag, an unknown ref and an empty repository are told apart`() async throws {
        let refused = Upstream.Response.json(#"{"type":"error","error":{"message":"no"}}"#, status: 400)
        var answers = [
            "GET \(path)/refs/branches/main": try BitbucketBench.answer("branch"), "POST \(path)/refs/tags": refused,
            "GET \(path)": try BitbucketBench.answer("repository"),
        ]
        func code(_ ref: String) async throws -> ForgeError.Code? {
            let forge = BitbucketBench.open(BitbucketBench.network(answers))
            let draft = TagDraft(name: "v1", description: "", ref: ref)
            return try await BitbucketBench.error { try await forge.createTag(draft, in: BitbucketBench.beacon) }?.code
        }
        #expect(try await code("main") == .invalidRequest)
        answers["GET \(path)/refs/tags/v1"] = try BitbucketBench.answer("tag")
        #expect(try await code("main") == .alreadyExists)
        #expect(try await code("gone") == .notFound)
        answers["GET \(path)"] = try BitbucketBench.answer("repository_empty")
        #expect(try await code("gone") == .notFound)
    }

    @Test(arguments: ["", "a b", "a..b", "/a", "a/", "x.lock", "a~1", "@", "-d"])
    func `a name that git forbids is refused before anything is asked`(name: String) async throws {
        let network = StubNetwork()
        let forge = BitbucketBench.open(network)
        let draft = TagDraft(name: name, description: "", ref: "main")
        let made = try await BitbucketBench.error { try await forge.createTag(draft, in: BitbucketBench.beacon) }
        #expect(made?.code == .invalidRequest)
        let deleted = try await BitbucketBench.error {
            try await forge.deleteTag(named: name, in: BitbucketBench.beacon)
        }
        #expect(deleted?.code == .notFound)
        #expect(network.requests.isEmpty)
    }

    @Test func `a tag is deleted by its name, whose slashes stay`() async throws {
        let address = BitbucketBench.api + path + "/refs/tags/release/%232024%25%2B%C3%BC"
        let network = StubNetwork(.init(.delete, address, status: 204))
        try await BitbucketBench.open(network).deleteTag(named: "release/#2024%+ü", in: BitbucketBench.beacon)
        #expect(network.complaints.isEmpty)
    }

    @Test func `a tag that is not there is not found`() async throws {
        let forge = BitbucketBench.open(BitbucketBench.network([:]))
        let error = try await BitbucketBench.error { try await forge.deleteTag(named: "v9", in: BitbucketBench.beacon) }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("no such tag") == true)
    }

    @Test func `a commit's SHA that is none is not put into an address`() async throws {
        let answer = #"{"name":"main","target":{"hash":"../../../user"}}"#
        let network = StubNetwork(answering: { _ in .json(answer) })
        let forge = BitbucketBench.open(network)
        let error = try await BitbucketBench.error { _ = try await forge.files(of: BitbucketBench.beacon, at: "main") }
        #expect(error?.code == .unavailable)
        #expect(network.requests.count == 1)
    }

    @Test func `commits of a named ref, their dates in UTC`() async throws {
        for (ref, query) in [("main", "main"), ("feature/lens", "feature%2Flens"), ("ü#1", "%C3%BC%231")] {
            let network = StubNetwork(
                try BitbucketBench.step(.get, path + "/commits?include=\(query)&pagelen=10", "commits"))
            let commits = try await BitbucketBench.open(network).commits(of: BitbucketBench.beacon, at: ref)
            #expect(
                commits == [
                    Commit(
                        sha: BitbucketBench.head, message: "Light the lamp\n", authoredDate: "2024-05-06T07:08:07Z"),
                    Commit(
                        sha: "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567", message: "Build the tower\n",
                        authoredDate: "2024-01-01T00:30:00Z"),
                ])
            #expect(network.complaints.isEmpty)
        }
    }

    @Test func `commits of a SHA and of the default branch`() async throws {
        let sha = StubNetwork(
            try BitbucketBench.step(.get, path + "/commits/\(BitbucketBench.head)?pagelen=10", "commits"))
        #expect(
            try await BitbucketBench.open(sha).commits(of: BitbucketBench.beacon, at: BitbucketBench.head).count == 2)
        #expect(sha.complaints.isEmpty)
        let branch = StubNetwork(
            try BitbucketBench.step(.get, path, "repository"),
            try BitbucketBench.step(.get, path + "/commits?include=main&pagelen=10", "commits"))
        #expect(try await BitbucketBench.open(branch).commits(of: BitbucketBench.beacon, at: nil).count == 2)
        #expect(branch.complaints.isEmpty)
    }

    @Test func `an empty repository has no commits and files, an unknown ref is not found`() async throws {
        for (fixture, isEmpty) in [("repository_empty", true), ("repository", false)] {
            let network = BitbucketBench.network(["GET \(path)": try BitbucketBench.answer(fixture)])
            let forge = BitbucketBench.open(network)
            if isEmpty {
                #expect(try await forge.commits(of: BitbucketBench.beacon, at: nil) == [])
                #expect(try await forge.commits(of: BitbucketBench.beacon, at: "gone") == [])
                #expect(try await forge.files(of: BitbucketBench.beacon, at: "gone") == [])
            } else {
                for act in [
                    { _ = try await forge.commits(of: BitbucketBench.beacon, at: "gone") },
                    {
                        _ = try await forge.files(of: BitbucketBench.beacon, at: "gone")
                    },
                ] {
                    let error = try await BitbucketBench.error(of: act)
                    #expect(error?.code == .notFound)
                    #expect(error?.message.contains("branch, tag or commit") == true)
                }
            }
        }
    }

    @Test func `a commit without a date, or with one that no calendar has, has none`() async throws {
        let sha = BitbucketBench.head
        let answer =
            #"{"values":[{"hash":"\#(sha)"},{"hash":"\#(sha)","date":null,"message":""},{"hash":"\#(sha)","date":"soon"}]}"#
        let forge = BitbucketBench.open(StubNetwork(answering: { _ in .json(answer) }))
        let commits = try await forge.commits(of: BitbucketBench.beacon, at: "main")
        #expect(commits == Array(repeating: Commit(sha: sha, message: "", authoredDate: ""), count: 3))
    }
}
