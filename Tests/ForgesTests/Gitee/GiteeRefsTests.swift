// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

struct GiteeRefsTests {
    private let repo = GiteeBench.repo
    private let page = GiteeBench.page

    @Test(arguments: ["branches", "tags"])
    func `names are those of all pages, slashes and all letters kept`(_ kind: String) async throws {
        let network = StubNetwork(
            .init(
                .get, repo + "/\(kind)?page=1&per_page=100", headers: ["total_page": "2"],
                json: try GiteeBench.fixture(kind + "_1")),
            .init(
                .get, repo + "/\(kind)?page=2&per_page=100", headers: ["total_page": "2"],
                json: try GiteeBench.fixture(kind + "_2")))
        let forge = GiteeBench.open(network)
        let names = kind == "tags" ? try await forge.tags(of: GiteeBench.loom) : []
        let branches = kind == "tags" ? [] : try await forge.branches(of: GiteeBench.loom)
        #expect(
            names + branches
                == (kind == "tags" ? ["v1.0", "release/2024", "v1"] : ["feature/deep/er", "main", "纺织-#1"]))
        #expect(network.complaints.isEmpty)
    }

    @Test func `an empty repository has empty lists, whatever Gitee answers`() async throws {
        for missing in [true, false] {
            let network = StubNetwork(answering: { request in
                if request.url == GiteeBench.repo { return .json(try GiteeBench.fixture("repository_empty")) }
                return missing ? .json(GiteeBench.notFound, status: 404) : .json("[]")
            })
            let forge = GiteeBench.open(network)
            #expect(try await forge.branches(of: GiteeBench.loom) == [])
            #expect(try await forge.tags(of: GiteeBench.loom) == [])
            #expect(try await forge.commits(of: GiteeBench.loom, at: nil) == [])
            #expect(try await forge.commits(of: GiteeBench.loom, at: "main") == [])
        }
        let network = StubNetwork(answering: { request in
            request.url == GiteeBench.repo
                ? .json(try GiteeBench.fixture("repository_empty")) : .json(GiteeBench.notFound, status: 404)
        })
        #expect(try await GiteeBench.open(network).files(of: GiteeBench.loom, at: "main") == [])
    }

    @Test func `a repository that is not there is not taken for an empty one`() async throws {
        let network = StubNetwork(answering: { _ in .json(#"{"message":"404 Project Not Found"}"#, status: 404) })
        let forge = GiteeBench.open(network)
        let error = try await GiteeBench.error { _ = try await forge.branches(of: GiteeBench.loom) }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("repository") == true)
    }

    @Test(arguments: ["", "The \"second\" ✓"])
    func `a tag is annotated where it has a description`(_ description: String) async throws {
        let network = StubNetwork(.init(.post, repo + "/tags", status: 201, json: try GiteeBench.fixture("tag")))
        let draft = TagDraft(name: "release/2", description: description, ref: "main")
        try await GiteeBench.open(network).createTag(draft, in: GiteeBench.loom)
        var expected: [String: JSONTree] = ["tag_name": .string("release/2"), "refs": .string("main")]
        if !description.isEmpty { expected["tag_message"] = .string(description) }
        #expect(try #require(network.requests.last).jsonBody() == .object(expected))
    }

    @Test(arguments: [400, 404, 409, 422])
    func `a taken name and an unknown ref are told apart`(_ status: Int) async throws {
        for (name, ref, code) in [
            ("v1.0", "main", ForgeError.Code.alreadyExists), ("v9", "nowhere", .notFound),
        ] {
            let network = StubNetwork(answering: { request in
                if request.method == .post { return .json(#"{"message":"Whatever it says"}"#, status: status) }
                if request.url.contains("/tags?") { return .json(try GiteeBench.fixture("tags_1")) }
                return .json(GiteeBench.notFound, status: 404)
            })
            let forge = GiteeBench.open(network)
            let error = try await GiteeBench.error {
                try await forge.createTag(TagDraft(name: name, description: "", ref: ref), in: GiteeBench.loom)
            }
            if status == 409 {
                #expect(error?.code == .conflict)
            } else {
                #expect(error?.code == code)
                #expect(error?.message.contains("Whatever") == false)
            }
        }
    }

    @Test(arguments: ["a b", "a..b", "-x", "x.lock", "a~1", "@", ""])
    func `a name that git forbids is a bad request`(_ name: String) async throws {
        let network = StubNetwork([])
        let forge = GiteeBench.open(network)
        let draft = TagDraft(name: name, description: "", ref: "main")
        let error = try await GiteeBench.error { try await forge.createTag(draft, in: GiteeBench.loom) }
        #expect(error?.code == .invalidRequest)
        #expect(network.requests.isEmpty)
    }

    @Test func `a tag is deleted by a push, as Gitee has no call for it`() async throws {
        let git = "https://gitee.com/mo/loom.git"
        let network = StubNetwork(
            .init(
                .get, git + "/info/refs?service=git-receive-pack",
                .success(GitWire.advertisement(["refs/heads/main", "refs/tags/release/2024"]))),
            .init(
                .post, git + "/git-receive-pack",
                .success(GitWire.report(["unpack ok\n", "ok refs/tags/release/2024\n"]))))
        try await GiteeBench.open(network).deleteTag(named: "release/2024", in: GiteeBench.loom)
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [
        (401, "Access denied", ForgeError.Code.credentialRejected), (403, "Access denied", .forbidden),
        (404, "not found", .notFound), (500, "", .unavailable), (403, "<html>Sign in</html>", .unavailable),
    ])
    func `git's refusals have their codes`(_ status: Int, _ text: String, _ code: ForgeError.Code) async throws {
        let network = StubNetwork(answering: { _ in Upstream.Response(status: status, body: Array(text.utf8)) })
        let forge = GiteeBench.open(network)
        let error = try await GiteeBench.error { try await forge.deleteTag(named: "v1", in: GiteeBench.loom) }
        #expect(error?.code == code)
    }

    @Test func `commits are ten at most, their dates in UTC and whole seconds`() async throws {
        let network = StubNetwork(
            .init(.get, repo + "/commits?page=1&per_page=10", json: try GiteeBench.fixture("commits")))
        let list = try await GiteeBench.open(network).commits(of: GiteeBench.loom, at: nil)
        #expect(list.map(\.authoredDate) == ["2024-02-29T22:30:00Z", "2023-12-31T23:59:59Z", ""])
        #expect(list.first?.sha == GiteeBench.tip)
        #expect(list.prefix(2).map(\.message) == ["Weave tighter\n\n经纬。\n", "Begin 🧵"])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a tag that the call does not take is turned into its commit`() async throws {
        let old = "2a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
        for answer in [
            StubNetwork.Step(.get, repo + "/commits?sha=v1&page=1&per_page=10", json: "[]"),
            .init(.get, repo + "/commits?sha=v1&page=1&per_page=10", status: 404, json: GiteeBench.notFound),
        ] {
            let network = StubNetwork(
                answer, .init(.get, repo, json: try GiteeBench.fixture("repository")),
                .init(.get, repo + "/tags" + page, json: try GiteeBench.fixture("tags_2")),
                .init(
                    .get, repo + "/commits?sha=\(old)&page=1&per_page=10", json: try GiteeBench.fixture("commits")))
            #expect(try await GiteeBench.open(network).commits(of: GiteeBench.loom, at: "v1").count == 3)
            #expect(network.complaints.isEmpty)
        }
    }

    @Test func `an unknown ref is not found`() async throws {
        let network = StubNetwork(
            .init(.get, repo + "/commits?sha=a%2Fb%20%26&page=1&per_page=10", json: "[]"))
        let forge = GiteeBench.open(network)
        // A space is in no ref's name.
        #expect(
            try await GiteeBench.error { _ = try await forge.commits(of: GiteeBench.loom, at: "a/b &") }?.code
                == .notFound)
        #expect(network.requests.isEmpty)
        let other = StubNetwork(
            .init(.get, repo + "/commits?sha=feature%2F%C3%BC&page=1&per_page=10", json: "[]"),
            .init(.get, repo, json: try GiteeBench.fixture("repository")),
            .init(.get, repo + "/tags" + page, json: "[]"))
        let gitee = GiteeBench.open(other)
        #expect(
            try await GiteeBench.error { _ = try await gitee.commits(of: GiteeBench.loom, at: "feature/ü") }?.code
                == .notFound)
        #expect(other.complaints.isEmpty)
    }
}

struct GiteeHooksTests {
    private let hooks = GiteeBench.repo + "/hooks"

    @Test func `webhooks are listed without the password that Gitee gives in clear`() async throws {
        let network = StubNetwork(.init(.get, hooks + GiteeBench.page, json: try GiteeBench.fixture("hooks")))
        let list = try await GiteeBench.open(network).hooks(of: GiteeBench.loom)
        #expect(
            list == [
                Hook(id: "31", callbackURL: "https://ci.example.org/one"),
                Hook(id: "32", callbackURL: "https://ci.example.org/two"),
            ])
        var dumped = ""
        dump(list, to: &dumped)
        #expect(!dumped.contains("CANARY"))
        #expect(network.complaints.isEmpty)
    }

    @Test func `a webhook is made for pushes and tags alone, and signs with its secret`() async throws {
        let network = StubNetwork(.init(.post, hooks, status: 201, json: try GiteeBench.fixture("hook")))
        let draft = HookDraft(url: "https://ci.example.org/hook", secret: Secret("s3cret"))
        let hook = try await GiteeBench.open(network).createHook(draft, in: GiteeBench.loom)
        #expect(hook == Hook(id: "33", callbackURL: "https://ci.example.org/hook"))
        #expect(
            try #require(network.requests.last).jsonBody()
                == .object([
                    "url": .string("https://ci.example.org/hook"), "password": .string("s3cret"),
                    "encryption_type": .integer(1), "push_events": .bool(true), "tag_push_events": .bool(true),
                    "issues_events": .bool(false), "note_events": .bool(false), "merge_requests_events": .bool(false),
                ]))
        #expect(network.complaints.isEmpty)
    }

    @Test func `a refused address is a bad request that says so`() async throws {
        let network = StubNetwork(.init(.post, hooks, status: 400, json: #"{"error":{"url":["bad"]}}"#))
        let forge = GiteeBench.open(network)
        let draft = HookDraft(url: "http://localhost/", secret: Secret("s3cret"))
        let error = try await GiteeBench.error { _ = try await forge.createHook(draft, in: GiteeBench.loom) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains("address") == true)
    }

    @Test func `a webhook is deleted by its id, which is a number`() async throws {
        let network = StubNetwork(.init(.delete, hooks + "/31", status: 204))
        let forge = GiteeBench.open(network)
        try await forge.deleteHook(id: "31", in: GiteeBench.loom)
        #expect(
            try await GiteeBench.error { try await forge.deleteHook(id: "x1", in: GiteeBench.loom) }?.code == .notFound)
        #expect(network.complaints.isEmpty)
    }
}
