// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport
import Testing

@testable import Forges

/// Every request held to the fields of Huawei's own SDK, and the few answers that its pages show put through the adapter.
/// Passed over where these are absent.
@Suite(.enabled(if: TestData.shared != nil, "CodeArts Repo's description is absent"))
struct CodeArtsOfficialTests {
    private static let description = Result {
        try FieldLists("codearts/operations.json", lists: ["v4", "v1_v2"])
    }

    private func problems(_ network: StubNetwork) throws -> [String] {
        let description = try Self.description.get()
        let requests = network.requests.filter { $0.url != CodeArtsBench.tokens }
        #expect(!requests.isEmpty)
        return requests.flatMap { description.problems(in: $0, base: CodeArtsBench.api) }
    }

    @Test(arguments: Verb.allCases)
    func `a verb makes described calls only`(_ verb: Verb) async throws {
        let stage = GoodForge(.devcloud)
        let network = StubNetwork(answering: { request in
            try stage.answer(request) ?? .json(try CodeArtsBench.fixture("not-found"), status: 404)
        })
        try await verb.run(on: stage.open(network), as: stage)
        #expect(try problems(network) == [])
    }

    /// Whatever the answer was: the calls that a verb makes to find out more.
    @Test(arguments: [200, 400, 404])
    func `a verb in trouble makes described calls only`(_ status: Int) async throws {
        let good = GoodForge(.devcloud).answer
        let network = StubNetwork(answering: { request in
            if request.url == CodeArtsBench.tokens || (status == 400 && request.method == .get) {
                return try good(request) ?? .json(try CodeArtsBench.fixture("not-found"), status: 404)
            }
            return .json(status == 200 ? "[]" : #"{"error_code":"X.1"}"#, status: status)
        })
        let stage = GoodForge(.devcloud)
        let forge = stage.open(network)
        for verb in Verb.allCases {
            _ = await failure { () throws(ForgeError) in try await verb.run(on: forge, as: stage) }
        }
        for namespace in ["71", CodeArtsBench.project, CodeArtsBench.group] {
            _ = await failure { () throws(ForgeError) in try await forge.repositories(in: namespace) }
            let named = RepositoryReference(namespace: namespace, project: "cider")
            _ = await failure { () throws(ForgeError) in try await forge.branches(of: named) }
        }
        #expect(try problems(network) == [])
    }

    @Test func `the description finds what is wrong`() throws {
        let description = try Self.description.get()
        let headers = [Upstream.Header("Content-Type", "application/json")]
        let wrong: [(Upstream.Method, String, String?)] = [
            (.get, "/v4/nothing", nil), (.get, "/v4/user/repositories?page=1", nil),
            (.get, "/v4/user/repositories?offset=x", nil), (.get, "/v4/user/repositories?order_by=size", nil),
            (.delete, "/v4/repositories/1/repository/file?file_path=a", nil),
            (.post, "/v4/repositories/1/repository/tags", #"{"ref":"main"}"#),
            (.post, "/v4/repositories/1/repository/tags", #"{"tag_name":1}"#),
            (.post, "/v4/repositories/1/repository/tags", #"{"tag_name":"a","x":1}"#),
            (.post, "/v4/repositories/1/repository/tags", nil), (.post, "/v4/repositories/1/repository/tags", "[]"),
        ]
        for (method, path, body) in wrong {
            let request = Upstream.Request(
                method, CodeArtsBench.api + path, headers: headers, body: body.map { Array($0.utf8) })
            #expect(description.problems(in: request, base: CodeArtsBench.api).count == 1, "\(method) \(path)")
        }
        let bare = Upstream.Request(.get, CodeArtsBench.api + "/v4/user/emails")
        #expect(description.problems(in: bare, base: CodeArtsBench.api).count == 1)
    }

    /// Our own fixtures, too, hold only what is described.
    @Test(arguments: [
        ("user", "GET", "/v4/user/emails"), ("groups", "GET", "/v4/groups/list"),
        ("repositories", "GET", "/v4/user/repositories"),
        ("group-repositories-deep", "GET", "/v4/groups/1/repositories"),
        ("repository", "GET", "/v4/repositories/1"), ("made", "POST", "/v1/repositories"),
        ("created", "GET", "/v2/repositories/x"), ("repository-id", "GET", "/v1/repositories/repoid"),
        ("no-such-repository", "GET", "/v1/repositories/repoid"),
        ("branches", "GET", "/v4/repositories/1/repository/branches"),
        ("branch", "GET", "/v4/repositories/1/repository/branch"),
        ("tags", "GET", "/v4/repositories/1/repository/tags"),
        ("tag", "GET", "/v4/repositories/1/repository/tag"),
        ("commits", "GET", "/v4/repositories/1/repository/commit-list"),
        ("commit", "GET", "/v4/repositories/1/repository/commits"), ("hooks", "GET", "/v4/repositories/1/hooks"),
        ("hook", "POST", "/v4/repositories/1/hooks"), ("tree", "GET", "/v4/repositories/1/repository/trees"),
        ("file", "GET", "/v4/repositories/1/repository/file"), ("changed", "PUT", "/v4/repositories/1/repository/file"),
    ])
    func `a fixture is as described`(name: String, method: String, path: String) throws {
        let tree = try JSONTree(parsing: Data(try CodeArtsBench.fixture(name).utf8))
        #expect(try Self.description.get().problems(in: tree, method, path) == [])
    }

    // MARK: What Huawei's pages show

    private func example(_ id: String) throws -> Upstream.Response {
        let recording = try Recording("codearts/" + id)
        let shared = try #require(TestData.shared).appending(path: "corpora/providers/codearts/\(id).json")
        return .json(try String(contentsOf: shared, encoding: .utf8), status: recording.status)
    }

    @Test func `an expired token is changed for another one, and then rejected`() async throws {
        let expired = try example("errors__401_expired")
        let network = CodeArtsBench.network { _, _ in expired }
        let error = await failure { () throws(ForgeError) in try await CodeArtsBench.open(network).account() }
        #expect(error?.code == .credentialRejected)
        #expect(network.requests.filter { $0.url == CodeArtsBench.tokens }.count == 2)
    }

    @Test func `a repository's id is found by its path`() async throws {
        let id = try example("repo_id__v1_example")
        let network = CodeArtsBench.network { _, path in
            if path.hasPrefix("/v1/repositories/repoid") { return id }
            return path == "/v4/repositories/468485" ? .json(try CodeArtsBench.fixture("repository")) : nil
        }
        _ = try await CodeArtsBench.open(network).repository(cloneURL: CodeArtsBench.cloneURL)
        #expect(CodeArtsBench.asked(network).last == "GET /v4/repositories/468485")
    }

    @Test func `a file is updated`() async throws {
        let changed = try example("file_update__v4_example")
        let network = CodeArtsBench.network { method, path in
            if method == .put { return changed }
            return .json(try CodeArtsBench.fixture(path.contains("/branch?") ? "branch" : "file"))
        }
        let change = FileChange(.update(bytes: Array("123".utf8), expected: CodeArtsBench.blob), message: "123")
        let location = FileLocation(repository: CodeArtsBench.cider, path: "a/b/c", ref: "master")
        try await CodeArtsBench.open(network).change(change, at: location)
        let sent = try #require(network.requests.last)
        let body = try JSONTree(parsing: sent.body ?? [])
        // As in the example's request, but in base64.
        #expect(body["branch"]?.string == "master")
        #expect(body["commit_message"]?.string == "123")
        #expect(body["file_path"]?.string == "a/b/c")
        #expect(body["content"]?.string == Data("123".utf8).base64EncodedString())
    }

    /// The older call's example: the same names for a file's facts.
    @Test func `a file's facts are read from the example of version 2`() throws {
        let answer = try example("file_read__v2_by_query_example")
        let file = try #require(try JSONTree(parsing: answer.body)["result"]?[0])
        let described = try Self.description.get().problems(
            in: try JSONTree(parsing: answer.body), "GET", "/v2/projects/1/repository/files")
        // The fields are described as those of one file; the example has a list of them.
        #expect(described == ["result is array"])
        for name in ["blob_id", "encoding", "content"] { #expect(file[name]?.string?.isEmpty == false) }
    }
}
