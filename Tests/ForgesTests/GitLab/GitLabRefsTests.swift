// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Model
import TestSupport
import Testing

struct GitLabBranchesTests {
    private let first = GitLabBench.project + "/repository/branches?pagination=keyset&per_page=100"

    @Test func `branches are all pages, slashes and all letters kept`() async throws {
        let second = first + "&page_token=main&id=9001"
        let network = StubNetwork(
            .init(
                .get, first, headers: GitLabBench.link(next: second), json: try GitLabBench.fixture("branches_1")),
            .init(.get, second, json: try GitLabBench.fixture("branches_2")))
        let branches = try await GitLabBench.open(network).branches(of: GitLabBench.cider)
        #expect(branches == ["feature/deep/er", "main", "ünï-#1"])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a page that comes again is an error, not an endless list`() async throws {
        let network = StubNetwork(
            .init(.get, first, headers: GitLabBench.link(next: first), json: try GitLabBench.fixture("branches_1")))
        let forge = GitLabBench.open(network)
        let error = try await GitLabBench.error { _ = try await forge.branches(of: GitLabBench.cider) }
        #expect(error?.code == .unavailable)
        #expect(network.requests.count == 1)
    }

    @Test func `an empty repository has no branches and no tags, whatever GitLab answers`() async throws {
        for kind in ["branches", "tags"] {
            for missing in [true, false] {
                let network = StubNetwork(answering: { request in
                    if request.url == GitLabBench.project {
                        return .json(try GitLabBench.fixture("project_empty"))
                    }
                    return missing ? .json(GitLabBench.notFound, status: 404) : .json("[]")
                })
                let forge = GitLabBench.open(network)
                let names =
                    kind == "tags"
                    ? try await forge.tags(of: GitLabBench.cider) : try await forge.branches(of: GitLabBench.cider)
                #expect(names == [])
            }
        }
    }

    @Test func `a repository that is not there is not taken for an empty one`() async throws {
        let network = StubNetwork(answering: { _ in .json(#"{"message":"404 Project Not Found"}"#, status: 404) })
        let forge = GitLabBench.open(network)
        let error = try await GitLabBench.error { _ = try await forge.branches(of: GitLabBench.cider) }
        #expect(error?.code == .notFound)
    }
}

struct GitLabTagsTests {
    private let tags = GitLabBench.project + "/repository/tags"

    @Test func `tags are all pages, annotated ones by their names, too`() async throws {
        let second = tags + "?pagination=keyset&per_page=100&page_token=releases%2F2023.1"
        let network = StubNetwork(
            .init(
                .get, tags + "?pagination=keyset&per_page=100", headers: GitLabBench.link(next: second),
                json: try GitLabBench.fixture("tags_1")),
            .init(.get, second, json: try GitLabBench.fixture("tags_2")))
        #expect(try await GitLabBench.open(network).tags(of: GitLabBench.cider) == ["v2.0.0", "releases/2023.1", "v1"])
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: ["", "The \"second\" ✓"])
    func `a tag is annotated where it has a description`(_ description: String) async throws {
        let network = StubNetwork(.init(.post, tags, status: 201, json: try GitLabBench.fixture("tag")))
        let draft = TagDraft(name: "releases/v2.0.0", description: description, ref: "main")
        try await GitLabBench.open(network).createTag(draft, in: GitLabBench.cider)
        let body = try JSONTree(parsing: try #require(network.requests.last).text.utf8)
        var expected: [String: JSONTree] = ["tag_name": .string("releases/v2.0.0"), "ref": .string("main")]
        if !description.isEmpty { expected["message"] = .string(description) }
        #expect(body == .object(expected))
    }

    /// GitLab has one status for all of them; its texts are not relied on.
    @Test(arguments: [400, 405])
    func `a taken name, an unknown ref and a bad name are told apart`(_ status: Int) async throws {
        let tag = tags + "/v2%2E0%2E0"
        let commit = GitLabBench.project + "/repository/commits/nowhere"
        for (inTags, inCommits, code) in [
            (200, 404, ForgeError.Code.alreadyExists), (404, 404, .notFound), (404, 200, .invalidRequest),
        ] {
            let network = StubNetwork(answering: { request in
                switch request.url {
                case tag: .json(inTags == 200 ? "{}" : GitLabBench.notFound, status: inTags)
                case commit: .json(inCommits == 200 ? "{}" : GitLabBench.notFound, status: inCommits)
                default: .json(#"{"message":"Whatever it says"}"#, status: status)
                }
            })
            let forge = GitLabBench.open(network)
            let draft = TagDraft(name: "v2.0.0", description: "", ref: "nowhere")
            let error = try await GitLabBench.error { try await forge.createTag(draft, in: GitLabBench.cider) }
            #expect(error?.code == code)
            #expect(error?.message.contains("Whatever") == false)
        }
    }

    @Test(arguments: ["a b", "a..b", "-x", "x.lock", "refs/", "a~1", "@"])
    func `a name that git forbids is a bad request`(_ name: String) async throws {
        let network = StubNetwork(.init(.post, tags, status: 400, json: #"{"message":"Tag name invalid"}"#))
        let forge = GitLabBench.open(network)
        let draft = TagDraft(name: name, description: "", ref: "main")
        let error = try await GitLabBench.error { try await forge.createTag(draft, in: GitLabBench.cider) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains("git forbids") == true)
        #expect(network.complaints.isEmpty)
    }

    @Test func `a protected name is forbidden, and nothing more is asked`() async throws {
        let text = #"{"message":"You are not allowed to create this tag as it is protected."}"#
        let network = StubNetwork(.init(.post, tags, status: 400, json: text))
        let forge = GitLabBench.open(network)
        let draft = TagDraft(name: "v1", description: "", ref: "main")
        let error = try await GitLabBench.error { try await forge.createTag(draft, in: GitLabBench.cider) }
        #expect(error?.code == .forbidden)
        #expect(error?.message.contains("protects") == true)
        #expect(network.complaints.isEmpty)
    }

    @Test func `a tag is deleted by its whole name`() async throws {
        let network = StubNetwork(.init(.delete, tags + "/releases%2F2023%2E1%20%C3%BC", status: 204))
        try await GitLabBench.open(network).deleteTag(named: "releases/2023.1 ü", in: GitLabBench.cider)
        #expect(network.complaints.isEmpty)
    }

    @Test func `deleting an unknown or a protected tag says so`() async throws {
        for (status, text, code) in [
            (404, "404 Tag Not Found", ForgeError.Code.notFound), (403, "403 Forbidden", .forbidden),
            (400, "You are not allowed to delete this tag, it is protected", .forbidden),
        ] {
            let network = StubNetwork(
                .init(.delete, tags + "/v1", status: status, json: #"{"message":"\#(text)"}"#))
            let forge = GitLabBench.open(network)
            let error = try await GitLabBench.error { try await forge.deleteTag(named: "v1", in: GitLabBench.cider) }
            #expect(error?.code == code)
            #expect(error?.upstreamStatus == status)
        }
    }
}

struct GitLabCommitsTests {
    private let commits = GitLabBench.project + "/repository/commits"

    @Test func `commits are ten at most, their dates in UTC and whole seconds`() async throws {
        let network = StubNetwork(
            .init(.get, commits + "?page=1&per_page=10", json: try GitLabBench.fixture("commits")))
        let list = try await GitLabBench.open(network).commits(of: GitLabBench.cider, at: nil)
        #expect(
            list.map(\.authoredDate) == ["2024-02-29T22:30:00Z", "2023-12-31T23:59:59Z", "2012-05-28T11:42:42Z", ""])
        #expect(list.first?.sha == "5d3f1c0a9b8e7d6c5b4a39281706f5e4d3c2b1a0")
        #expect(list.prefix(2).map(\.message) == ["Press harder\n\nApples do not mind.\n", "Début 🍎"])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a forge that answers more than ten is cut to ten`() async throws {
        let many = (0..<12).map { #"{"id":"\#($0)","message":"m","authored_date":"2024-01-02T03:04:05Z"}"# }
        let network = StubNetwork(
            .init(.get, commits + "?page=1&per_page=10", json: "[" + many.joined(separator: ",") + "]"))
        #expect(try await GitLabBench.open(network).commits(of: GitLabBench.cider, at: nil).count == 10)
    }

    @Test func `a ref goes into the query whole`() async throws {
        let network = StubNetwork(
            .init(
                .get, commits + "?ref_name=feature%2Fa%20%26%20b%2B%C3%BC&page=1&per_page=10",
                json: try GitLabBench.fixture("commits")))
        _ = try await GitLabBench.open(network).commits(of: GitLabBench.cider, at: "feature/a & b+ü")
        #expect(network.complaints.isEmpty)
    }

    /// GitLab may answer either for an unknown ref, and either for an empty repository.
    @Test(arguments: [(200, "[]"), (404, GitLabBench.notFound)])
    func `an unknown ref is told from an empty repository`(_ status: Int, _ json: String) async throws {
        for (project, ref, code) in [
            ("project", "nowhere" as String?, ForgeError.Code.notFound as ForgeError.Code?),
            ("project_empty", "main", nil), ("project_empty", nil, nil),
        ] {
            let network = StubNetwork(answering: { request in
                request.url == GitLabBench.project
                    ? .json(try GitLabBench.fixture(project)) : .json(json, status: status)
            })
            let forge = GitLabBench.open(network)
            var list: [Commit]?
            let error = try await GitLabBench.error { list = try await forge.commits(of: GitLabBench.cider, at: ref) }
            #expect(error?.code == code)
            #expect(list == (code == nil ? [] : nil))
        }
    }
}

struct GitLabHooksTests {
    private let hooks = GitLabBench.project + "/hooks"

    @Test func `webhooks are all pages, their ids numbers or texts`() async throws {
        let second = hooks + "?page=2&per_page=100"
        let network = StubNetwork(
            .init(
                .get, hooks + "?per_page=100", headers: GitLabBench.link(next: second),
                json: try GitLabBench.fixture("hooks")),
            .init(.get, second, json: "[]"))
        let list = try await GitLabBench.open(network).hooks(of: GitLabBench.cider)
        #expect(
            list == [
                Hook(id: "31", callbackURL: "https://ci.example.org/one"),
                Hook(id: "32", callbackURL: "https://ci.example.org/one"),
                Hook(id: "33", callbackURL: "https://ci.example.org/three"),
            ])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a webhook is made for pushes and tags, with its secret in the body alone`() async throws {
        let network = StubNetwork(.init(.post, hooks, status: 201, json: try GitLabBench.fixture("hook")))
        let draft = HookDraft(url: "https://ci.example.org/hook", secret: Secret("s3cret"))
        let hook = try await GitLabBench.open(network).createHook(draft, in: GitLabBench.cider)
        #expect(hook == Hook(id: "34", callbackURL: "https://ci.example.org/hook"))
        let request = try #require(network.requests.last)
        #expect(
            try JSONTree(parsing: request.text.utf8)
                == .object([
                    "url": .string("https://ci.example.org/hook"), "token": .string("s3cret"),
                    "push_events": .bool(true), "tag_push_events": .bool(true),
                    "enable_ssl_verification": .bool(true),
                ]))
        #expect(!request.headers.contains { $0.value.contains("s3cret") })
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [400, 422])
    func `a refused address is a bad request that says so`(_ status: Int) async throws {
        let network = StubNetwork(.init(.post, hooks, status: status, json: #"{"error":"Invalid url given"}"#))
        let forge = GitLabBench.open(network)
        let draft = HookDraft(url: "http://localhost/", secret: Secret("s3cret"))
        let error = try await GitLabBench.error { _ = try await forge.createHook(draft, in: GitLabBench.cider) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains("address") == true)
    }

    @Test func `a webhook is deleted by its id`() async throws {
        let network = StubNetwork(.init(.delete, hooks + "/34", status: 204))
        try await GitLabBench.open(network).deleteHook(id: "34", in: GitLabBench.cider)
        #expect(network.complaints.isEmpty)
    }

    @Test func `an unknown webhook is not found`() async throws {
        let network = StubNetwork(.init(.delete, hooks + "/34", status: 404, json: GitLabBench.notFound))
        let forge = GitLabBench.open(network)
        #expect(
            try await GitLabBench.error { try await forge.deleteHook(id: "34", in: GitLabBench.cider) }?.code
                == .notFound)
        // Not a number: no webhook of GitLab's, and no call.
        for id in ["abc", "34/test", "٣"] {
            let error = try await GitLabBench.error { try await forge.deleteHook(id: id, in: GitLabBench.cider) }
            #expect(error?.code == .notFound)
        }
        #expect(network.requests.count == 1)
    }
}
