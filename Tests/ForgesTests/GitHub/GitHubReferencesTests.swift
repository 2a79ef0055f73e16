// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport
import Testing

@testable import Forges

struct GitHubReferencesTests {
    private let repo = GitHubStage.repo
    private let engine = GitHubStage.engine
    private let commit = String(repeating: "1", count: 40)
    private let tagged = String(repeating: "2", count: 40)
    private let object = String(repeating: "3", count: 40)

    @Test func `branches and tags are listed by name`() async throws {
        let stage = GitHubStage(
            try .github(.get, repo + "/branches?per_page=100", "branches"),
            try .github(.get, repo + "/tags?per_page=100", "tags"))
        #expect(try await stage.github.branches(of: engine) == ["main", "feature/steam"])
        #expect(try await stage.github.tags(of: engine) == ["v1.0", "rc/ü"])
        #expect(stage.network.complaints.isEmpty)
    }

    @Test func `an empty repository has no branches, tags, commits and files`() async throws {
        for (status, fixture) in [(200, nil), (409, "empty-repository")] {
            let json = try fixture.map(GitHubStage.fixture) ?? "[]"
            let tree = try GitHubStage.fixture("empty-repository")
            let stage = GitHubStage(
                .init(.get, repo + "/branches?per_page=100", status: status, json: json),
                .init(.get, repo + "/tags?per_page=100", status: status, json: json),
                .init(.get, repo + "/commits?per_page=10", status: status, json: json),
                .init(.get, repo + "/git/trees/main?recursive=1", status: 409, json: tree))
            #expect(try await stage.github.branches(of: engine).isEmpty)
            #expect(try await stage.github.tags(of: engine).isEmpty)
            #expect(try await stage.github.commits(of: engine, at: nil).isEmpty)
            #expect(try await stage.github.files(of: engine, at: "main").isEmpty)
        }
    }

    @Test func `ten commits are asked for, and their dates are in UTC`() async throws {
        let stage = GitHubStage(
            try .github(.get, repo + "/commits?per_page=10", "commits"),
            try .github(.get, repo + "/commits?per_page=10&sha=feature%2Fsteam-engine", "commits"))
        #expect(
            try await stage.github.commits(of: engine, at: nil) == [
                Commit(sha: commit, message: "Second\n\nbody", authoredDate: "2024-01-02T03:04:05Z"),
                Commit(sha: tagged, message: "First", authoredDate: ""),
            ])
        #expect(try await stage.github.commits(of: engine, at: "feature/steam-engine").count == 2)
        #expect(stage.network.complaints.isEmpty)
    }

    @Test func `no more than ten commits are given`() async throws {
        let one = #"{"sha":"1","commit":{"message":"m"}}"#
        let many = "[" + Array(repeating: one, count: 30).joined(separator: ",") + "]"
        let stage = GitHubStage(.init(.get, repo + "/commits?per_page=10", json: many))
        #expect(try await stage.github.commits(of: engine, at: "").count == 10)
    }

    @Test(arguments: [404, 422])
    func `an unknown ref has no commits`(status: Int) async throws {
        let stage = GitHubStage(
            .init(
                .get, repo + "/commits?per_page=10&sha=nope", status: status,
                json: #"{"message":"No commit found for SHA: nope"}"#))
        let error = await failure { () throws(ForgeError) in try await stage.github.commits(of: engine, at: "nope") }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("'nope'") == true)
    }

    @Test func `a tag without a description is a reference alone`() async throws {
        let stage = GitHubStage(
            try .github(.get, repo + "/git/ref/heads/main", "branch-reference"),
            .init(.post, repo + "/git/refs", status: 201, json: "{}"))
        try await stage.github.createTag(TagDraft(name: "v2/ü", description: "", ref: "main"), in: engine)
        #expect(try stage.sent(1) == ["ref": "refs/tags/v2/ü", "sha": commit])
        #expect(stage.network.complaints.isEmpty)
    }

    @Test func `a tag with a description is an annotated one, on what the other tag stands for`() async throws {
        let stage = GitHubStage(
            try .github(.get, repo + "/git/ref/heads/v1.0", "not-found", status: 404),
            try .github(.get, repo + "/git/ref/tags/v1.0", "tag-reference"),
            try .github(.get, repo + "/git/tags/" + object, "tag-object"),
            try .github(.post, repo + "/git/tags", "tag-object", status: 201),
            .init(.post, repo + "/git/refs", status: 201, json: "{}"))
        try await stage.github.createTag(TagDraft(name: "v2", description: "two", ref: "v1.0"), in: engine)
        #expect(try stage.sent(3) == ["tag": "v2", "message": "two", "object": tagged, "type": "commit"])
        #expect(try stage.sent(4) == ["ref": "refs/tags/v2", "sha": object])
        #expect(stage.network.complaints.isEmpty)
    }

    @Test func `a tag may be made on a commit, also by a shortened SHA`() async throws {
        let stage = GitHubStage(
            try .github(.get, repo + "/git/ref/heads/1111111", "not-found", status: 404),
            try .github(.get, repo + "/git/ref/tags/1111111", "not-found", status: 404),
            .init(.get, repo + "/commits/1111111", json: #"{"sha":"\#(commit)"}"#),
            .init(.post, repo + "/git/refs", status: 201, json: "{}"))
        try await stage.github.createTag(TagDraft(name: "v2", description: "", ref: "1111111"), in: engine)
        #expect(try stage.sent(3) == ["ref": "refs/tags/v2", "sha": commit])
    }

    @Test(arguments: ["nope", "main~1", "", "HEAD^", "a b", "..", "refs//x"])
    func `a tag on nothing is not found`(ref: String) async throws {
        let missing = try GitHubStage.fixture("not-found")
        let network = StubNetwork(answering: { _ in .json(missing, status: 404) })
        let github = GitHub(
            host: .official(.github), source: .fixed(.personal(Secret("t"))), upstream: network.upstream)
        let error = await failure { () throws(ForgeError) in
            try await github.createTag(TagDraft(name: "v2", description: "", ref: ref), in: engine)
        }
        #expect(error?.code == .notFound)
        #expect(network.requests.allSatisfy { $0.method == .get && !$0.url.contains("..") })
    }

    @Test(arguments: ["", "a b", "a..b", "/v1", "v1/", "v1.lock", "a^b", "-v", "@"])
    func `a tag's name that git forbids is refused without a call`(name: String) async {
        let stage = GitHubStage()
        let error = await failure { () throws(ForgeError) in
            try await stage.github.createTag(TagDraft(name: name, description: "", ref: "main"), in: engine)
        }
        #expect(error?.code == .invalidRequest)
        #expect(stage.network.requests.isEmpty)
    }

    @Test(arguments: [
        ("Reference already exists", 422, ForgeError.Code.alreadyExists), ("Object does not exist", 422, .notFound),
        ("Repository rule violations found\n\nCannot create ref due to creations being restricted.", 422, .forbidden),
        ("Reference name is malformed", 422, .invalidRequest), ("Git Repository is empty.", 409, .notFound),
        ("Not Found", 404, .forbidden), ("Resource not accessible by personal access token", 403, .forbidden),
    ])
    func `why a tag cannot be made is told apart`(message: String, status: Int, code: ForgeError.Code) async throws {
        let body = try String(decoding: JSONSerialization.data(withJSONObject: ["message": message]), as: UTF8.self)
        let stage = GitHubStage(
            try .github(.get, repo + "/git/ref/heads/main", "branch-reference"),
            .init(.post, repo + "/git/refs", status: status, json: body))
        let error = await failure { () throws(ForgeError) in
            try await stage.github.createTag(TagDraft(name: "v2", description: "", ref: "main"), in: engine)
        }
        #expect(error?.code == code)
        #expect(error?.upstreamStatus == status)
    }

    @Test func `a tag is deleted by its whole name`() async throws {
        let stage = GitHubStage(.init(.delete, repo + "/git/refs/tags/rc/%C3%BC%231", status: 204))
        try await stage.github.deleteTag(named: "rc/ü#1", in: engine)
        #expect(stage.network.complaints.isEmpty)
    }

    @Test(arguments: [(404, "Not Found"), (422, "Reference does not exist"), (409, "Git Repository is empty.")])
    func `an unknown tag cannot be deleted`(status: Int, message: String) async {
        let stage = GitHubStage(
            .init(.delete, repo + "/git/refs/tags/v9", status: status, json: #"{"message":"\#(message)"}"#))
        let error = await failure { () throws(ForgeError) in try await stage.github.deleteTag(named: "v9", in: engine) }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("'v9'") == true)
    }

    @Test(arguments: ["", "..", "../heads/main", "a b", "x/../../heads/main"])
    func `no name of a tag leads to anything else`(name: String) async {
        let stage = GitHubStage()
        #expect(
            await failure { () throws(ForgeError) in try await stage.github.deleteTag(named: name, in: engine) }?.code
                == .notFound)
        #expect(stage.network.requests.isEmpty)
    }

    @Test func `a tag that points at itself is an error, not a loop`() async throws {
        let loop = #"{"object":{"type":"tag","sha":"\#(object)"}}"#
        let network = StubNetwork(answering: { request in
            request.url.contains("/git/ref/heads/") ? .json("{}", status: 404) : .json(loop)
        })
        let github = GitHub(
            host: .official(.github), source: .fixed(.personal(Secret("t"))), upstream: network.upstream)
        let error = await failure { () throws(ForgeError) in
            try await github.createTag(TagDraft(name: "v2", description: "", ref: "v1"), in: engine)
        }
        #expect(error?.code == .unavailable)
    }
}
