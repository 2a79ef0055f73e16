// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

/// Branches, tags, commits and webhooks.
struct CodeArtsReferencesTests {
    private static let repo = "/v4/repositories/9001"

    private func open(
        _ answers: [String: (Int, String)]
    ) -> (forge: any Forge, network: StubNetwork) {
        let network = CodeArtsBench.network { method, path in
            let call = "\(method.rawValue) \(path.dropFirst(Self.repo.count))"
            guard let (_, answer) = answers.filter({ call.hasPrefix($0.key) }).max(by: { $0.key.count < $1.key.count })
            else { return nil }
            if answer.1.isEmpty { return Upstream.Response(status: answer.0) }
            let isText = answer.1.hasPrefix("[") || answer.1.hasPrefix("{")
            return .json(isText ? answer.1 : try CodeArtsBench.fixture(answer.1), status: answer.0)
        }
        return (CodeArtsBench.open(network), network)
    }

    private static func page(_ numbers: Range<Int>) -> String {
        "[" + numbers.map { #"{"name":"b\#($0)"}"# }.joined(separator: ",") + "]"
    }

    /// With the number of all, or with a page that is not full at the end.
    @Test(arguments: [true, false])
    func `a list is read to its end`(hasTotal: Bool) async throws {
        let network = CodeArtsBench.network { _, path in
            let start = Int(path.split(separator: "=").dropLast().last?.prefix { $0 != "&" } ?? "") ?? -1
            let page = Self.page(start..<min(start + 100, 250))
            return .json(page, headers: hasTotal ? ["X-Total": "250"] : [:])
        }
        let names = try await CodeArtsBench.open(network).branches(of: CodeArtsBench.cider)
        #expect(names == (0..<250).map { "b\($0)" })
        #expect(
            CodeArtsBench.asked(network)
                == [0, 100, 200].map {
                    "GET \(Self.repo)/repository/branches?view=simple&offset=\($0)&limit=100"
                })
    }

    @Test func `a server that gives smaller pages than asked for loses nothing`() async throws {
        let network = CodeArtsBench.network { _, path in
            let start = Int(path.split(separator: "=").dropLast().last?.prefix { $0 != "&" } ?? "") ?? -1
            return .json(Self.page(start..<min(start + 20, 50)), headers: ["X-Total": "50"])
        }
        #expect(try await CodeArtsBench.open(network).branches(of: CodeArtsBench.cider).count == 50)
    }

    @Test func `a list that does not go on is an error, and one that ends early is not`() async throws {
        for (body, code) in [(Self.page(0..<5), ForgeError.Code.unavailable), ("[]", nil)] {
            let network = CodeArtsBench.network { _, _ in .json(body, headers: ["X-Total": "9"]) }
            let error = await failure { () throws(ForgeError) in
                try await CodeArtsBench.open(network).tags(of: CodeArtsBench.cider)
            }
            #expect(error?.code == code)
            #expect(network.requests.count < 5)
        }
    }

    @Test func `an empty repository has empty lists, also where the forge has an error for it`() async throws {
        let (forge, _) = open(["GET": (404, "not-found"), "GET ": (404, "not-found")])
        let error = await failure { () throws(ForgeError) in try await forge.branches(of: CodeArtsBench.cider) }
        #expect(error?.code == .notFound)
        let network = CodeArtsBench.network { _, path in
            path == Self.repo ? .json(try CodeArtsBench.fixture("repository-empty")) : nil
        }
        let empty = CodeArtsBench.open(network)
        #expect(try await empty.branches(of: CodeArtsBench.cider) == [])
        #expect(try await empty.tags(of: CodeArtsBench.cider) == [])
        #expect(try await empty.commits(of: CodeArtsBench.cider, at: nil) == [])
        #expect(try await empty.commits(of: CodeArtsBench.cider, at: "main") == [])
        #expect(try await empty.files(of: CodeArtsBench.cider, at: "main") == [])
    }

    @Test func `tags are listed by name`() async throws {
        let (forge, network) = open(["GET /repository/tags": (200, "tags")])
        #expect(try await forge.tags(of: CodeArtsBench.cider) == ["v1", "release/2"])
        #expect(
            CodeArtsBench.asked(network) == [
                "GET \(Self.repo)/repository/tags?view=simple&order_by=name&sort=asc&offset=0&limit=100"
            ])
    }

    @Test(arguments: [("", nil), ("Second", "Second")])
    func `a tag is made, with a message where it is annotated`(description: String, message: String?) async throws {
        let (forge, network) = open(["POST /repository/tags": (201, "tag")])
        try await forge.createTag(
            TagDraft(name: "release/2", description: description, ref: "main"), in: CodeArtsBench.cider)
        let body = try JSONTree(parsing: try #require(network.requests.last).body ?? [])
        #expect(body["tag_name"]?.string == "release/2")
        #expect(body["ref"]?.string == "main")
        #expect(body["message"]?.string == message)
    }

    @Test(arguments: [400, 404, 409, 422])
    func `what stands against a tag is asked for`(status: Int) async {
        let draft = TagDraft(name: "v1", description: "", ref: "main")
        let refused = ["POST /repository/tags": (status, "not-found")]
        let (taken, _) = open(refused.merging(["GET /repository/tag?tag_name=v1": (200, "tag")]) { $1 })
        #expect(
            await failure { () throws(ForgeError) in try await taken.createTag(draft, in: CodeArtsBench.cider) }?.code
                == .alreadyExists)
        let (unknown, _) = open(refused)
        #expect(
            await failure { () throws(ForgeError) in try await unknown.createTag(draft, in: CodeArtsBench.cider) }?.code
                == .notFound)
        let body = #"{"error_code":"X.1","error_msg":"x"}"#
        let (other, _) = open([
            "POST /repository/tags": (status, body), "GET /repository/commits?sha=main": (200, "commit"),
        ])
        let expected: ForgeError.Code = status == 404 ? .notFound : status == 409 ? .conflict : .invalidRequest
        #expect(
            await failure { () throws(ForgeError) in try await other.createTag(draft, in: CodeArtsBench.cider) }?.code
                == expected)
    }

    @Test(arguments: ["a b", "a..b", "-x", "x.lock", "a~1", ""])
    func `a name that git forbids costs no call`(name: String) async {
        let network = StubNetwork()
        let forge = CodeArtsBench.open(network)
        let made = await failure { () throws(ForgeError) in
            try await forge.createTag(TagDraft(name: name, description: "", ref: "main"), in: CodeArtsBench.cider)
        }
        #expect(made?.code == .invalidRequest)
        let deleted = await failure { () throws(ForgeError) in
            try await forge.deleteTag(named: name, in: CodeArtsBench.cider)
        }
        #expect(deleted?.code == .notFound)
        #expect(network.requests.isEmpty)
    }

    @Test func `a tag is deleted by its name in the query`() async throws {
        let (forge, network) = open(["DELETE /repository/tag": (204, "")])
        try await forge.deleteTag(named: "release/2+ü", in: CodeArtsBench.cider)
        #expect(
            CodeArtsBench.asked(network) == ["DELETE \(Self.repo)/repository/tag?tag_name=release%2F2%2B%C3%BC"])
    }

    @Test(arguments: [404, 400])
    func `deleting an unknown tag is not found, whatever the forge's status`(status: Int) async {
        let (forge, _) = open(["DELETE /repository/tag": (status, #"{"error_code":"X.1"}"#)])
        let error = await failure { () throws(ForgeError) in
            try await forge.deleteTag(named: "v9", in: CodeArtsBench.cider)
        }
        #expect(error?.code == .notFound)
    }

    @Test func `commits are those of the default branch where no ref is named, dated in UTC`() async throws {
        let (forge, network) = open(["GET ": (200, "repository"), "GET /repository/commit-list": (200, "commits")])
        let commits = try await forge.commits(of: CodeArtsBench.cider, at: nil)
        #expect(
            commits == [
                Commit(sha: CodeArtsBench.tip, message: "Press more\n", authoredDate: "2026-01-02T03:04:05Z"),
                Commit(
                    sha: CodeArtsBench.last, message: "Begin\n\nWith apples.\n", authoredDate: "2025-12-31T16:30:00Z"),
            ])
        #expect(
            CodeArtsBench.asked(network).last
                == "GET \(Self.repo)/repository/commit-list?ref_name=main&offset=0&limit=10")
    }

    @Test(arguments: [
        (#"{"id":"A1"}"#, Commit(sha: "a1", message: "", authoredDate: "")),
        (#"{"id":"a1","title":"T","authored_date":null}"#, Commit(sha: "a1", message: "T", authoredDate: "")),
        (
            #"{"id":"a1","message":"M","authored_date":"2021-11-09 16:35:15"}"#,
            Commit(sha: "a1", message: "M", authoredDate: "")
        ),
    ])
    func `a commit may lack much, and a date without a zone is none`(json: String, commit: Commit) async throws {
        let (forge, _) = open(["GET /repository/commit-list": (200, #"{"commits":[\#(json)]}"#)])
        #expect(try await forge.commits(of: CodeArtsBench.cider, at: "main") == [commit])
    }

    @Test(arguments: [(404, "not-found"), (200, #"{"commits":[]}"#)])
    func `an unknown ref is not found`(status: Int, answer: String) async {
        let (forge, _) = open(["GET ": (200, "repository"), "GET /repository/commit-list": (status, answer)])
        let error = await failure { () throws(ForgeError) in try await forge.commits(of: CodeArtsBench.cider, at: "x") }
        #expect(error?.code == .notFound)
    }

    @Test func `webhooks are listed without their secrets`() async throws {
        let (forge, network) = open(["GET /hooks": (200, "hooks")])
        let hooks = try await forge.hooks(of: CodeArtsBench.cider)
        #expect(
            hooks == [
                Hook(id: "31", callbackURL: "https://ci.example/one"),
                Hook(id: "32", callbackURL: "https://ci.example/two"),
            ])
        #expect(!"\(hooks)".contains("CANARY"))
        #expect(CodeArtsBench.asked(network) == ["GET \(Self.repo)/hooks?offset=0&limit=100"])
    }

    @Test func `a webhook is for pushes of branches and tags, and its secret goes in a header of known name`()
        async throws
    {
        let (forge, network) = open(["POST /hooks": (201, "hook")])
        let draft = HookDraft(url: "https://ci.example/hook", secret: Secret("CANARY"))
        let hook = try await forge.createHook(draft, in: CodeArtsBench.cider)
        #expect(hook == Hook(id: "33", callbackURL: "https://ci.example/hook"))
        let expected: [String: JSONTree] = [
            "url": .string("https://ci.example/hook"), "token": .string("CANARY"),
            "token_type": .string("X-Repo-Token"),
            "push_events": .bool(true), "tag_push_events": .bool(true), "merge_requests_events": .bool(false),
            "note_events": .bool(false),
        ]
        #expect(try JSONTree(parsing: try #require(network.requests.last).body ?? []) == .object(expected))
    }

    @Test(arguments: [
        ("https://ci.example/one", ForgeError.Code.alreadyExists), ("https://ci.example/new", .invalidRequest),
    ])
    func `a refused webhook exists already or is not good`(url: String, code: ForgeError.Code) async {
        let (forge, _) = open(["POST /hooks": (400, #"{"error_code":"X.1"}"#), "GET /hooks": (200, "hooks")])
        let error = await failure { () throws(ForgeError) in
            try await forge.createHook(HookDraft(url: url, secret: Secret("s")), in: CodeArtsBench.cider)
        }
        #expect(error?.code == code)
    }

    @Test(arguments: [(501, 5), (30, 2001)])
    func `what is too long for a webhook costs no call`(url: Int, secret: Int) async {
        let network = StubNetwork()
        let address = "https://ci.example/".padding(to: url)
        let draft = HookDraft(url: address, secret: Secret(String(repeating: "s", count: secret)))
        let error = await failure { () throws(ForgeError) in
            try await CodeArtsBench.open(network).createHook(draft, in: CodeArtsBench.cider)
        }
        #expect(error?.code == .invalidRequest)
        #expect(network.requests.isEmpty)
    }

    @Test func `a webhook is deleted by its number`() async throws {
        let (forge, network) = open(["DELETE /hooks/31": (204, "")])
        try await forge.deleteHook(id: "31", in: CodeArtsBench.cider)
        for id in ["32", "x", "", "../31"] {
            let error = await failure { () throws(ForgeError) in
                try await forge.deleteHook(id: id, in: CodeArtsBench.cider)
            }
            #expect(error?.code == .notFound)
        }
        #expect(CodeArtsBench.asked(network) == ["DELETE \(Self.repo)/hooks/31", "DELETE \(Self.repo)/hooks/32"])
    }
}

extension String {
    fileprivate func padding(to count: Int) -> String {
        self + String(repeating: "x", count: count - utf8.count)
    }
}
