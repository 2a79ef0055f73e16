// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Foundation
import Model
import TestSupport
import Testing

/// GitLab's own answers, as others have recorded them, through the adapter. Passed over where the recordings are absent.
@Suite(.enabled(if: TestData.shared != nil, "the shared recordings are absent"))
struct GitLabRecordingsTests {
    private static let project = GitLabBench.api + "/projects/9001"

    /// The index of all recordings, by their names; empty where it cannot be read.
    private static let exchanges: [String: JSONTree] = {
        do {
            let file = try #require(TestData.shared).appending(path: "corpora/index.json")
            let list = try JSONTree(parsing: Data(contentsOf: file))["exchanges"]?.array ?? []
            return Dictionary(list.map { ($0["id"]?.string ?? "", $0) }) { first, _ in first }
        } catch {
            return [:]
        }
    }()

    /// The recorded answer of an exchange.
    private func answer(_ id: String) throws -> Upstream.Response {
        let shared = try #require(TestData.shared).appending(path: "corpora")
        let entry = try #require(Self.exchanges["gitlab/" + id])
        var body = Data((entry["body_text"]?.string ?? "").utf8)
        if let file = entry["file"]?.string { body = try Data(contentsOf: shared.appending(path: file)) }
        let headers = (entry["response_headers"]?.object ?? [:]).compactMap { name, value in
            value.string.map { Upstream.Header(name, $0) }
        }
        return Upstream.Response(status: try #require(entry["status"]?.integer), headers: headers, body: Array(body))
    }

    private func recorded(_ id: String) throws -> JSONTree {
        try JSONTree(parsing: answer(id).body)
    }

    private func step(
        _ method: Upstream.Method, _ path: String, _ id: String
    ) throws -> StubNetwork.Step {
        StubNetwork.Step(method, GitLabBench.api + path, .success(try answer(id)))
    }

    private func repository(_ tree: JSONTree) throws -> Repository {
        let space = try #require(tree["namespace"])
        return Repository(
            id: String(try #require(tree["id"]?.integer)), name: try #require(tree["path"]?.string),
            cloneURL: try #require(tree["http_url_to_repo"]?.string),
            namespace: Namespace(
                id: String(try #require(space["id"]?.integer)), name: try #require(space["full_path"]?.string)))
    }

    @Test func `a user`() async throws {
        let network = StubNetwork(try step(.get, "/user", "user"))
        let account = try await GitLabBench.open(network).account()
        let tree = try recorded("user")
        #expect(account.login == tree["username"]?.string)
        #expect(account.home == tree["web_url"]?.string)
        #expect(account.avatar == tree["avatar_url"]?.string)
    }

    @Test func `a rejected credential, with the request's id`() async throws {
        let forge = GitLabBench.open(StubNetwork(try step(.get, "/user", "user__401")))
        let error = try await GitLabBench.error { _ = try await forge.account() }
        #expect(error?.code == .credentialRejected)
        #expect(error?.upstreamRequestID == "7zJIAapHzW2")
    }

    @Test func `namespaces and groups`() async throws {
        let groups = try recorded("groups_list").array ?? []
        let network = StubNetwork(answering: { request in
            switch request.url {
            case GitLabBench.api + "/user": .json(#"{"username":"user1","web_url":""}"#)
            case GitLabBench.api + "/namespaces/user1": .json(#"{"id":1,"kind":"user","full_path":"user1"}"#)
            default: try answer("groups_list")
            }
        })
        let found = try await GitLabBench.open(network).namespaces()
        #expect(found.map(\.name) == ["user1"] + groups.compactMap { $0["full_path"]?.string })
        #expect(found.map(\.id) == ["1"] + groups.compactMap { $0["id"]?.integer }.map(String.init))
        #expect(found.count == 4)
    }

    @Test(arguments: ["repos_list__group_projects", "repos_list__owned"])
    func `lists of projects`(_ id: String) async throws {
        let network = StubNetwork(answering: { _ in try answer(id) })
        let found = try await GitLabBench.open(network).repositories(in: "a/group")
        #expect(try found == (recorded(id).array ?? []).map(repository))
        #expect(found.count == 2)
    }

    @Test(arguments: ["repo_create__user", "repo_create__group"])
    func `a project just made`(_ id: String) async throws {
        let network = StubNetwork(try step(.post, "/projects", id))
        let made = try await GitLabBench.open(network).createRepository(named: "new", in: "52")
        #expect(try made == repository(recorded(id)))
    }

    @Test func `a taken name`() async throws {
        let forge = GitLabBench.open(StubNetwork(try step(.post, "/projects", "repo_create__400_name_taken")))
        let error = try await GitLabBench.error { _ = try await forge.createRepository(named: "new", in: "52") }
        #expect(error?.code == .alreadyExists)
    }

    @Test func `a project by its address, and one that is not there`() async throws {
        let network = StubNetwork(
            try step(.get, "/projects/packit-service%2Fogr-tests", "repo_get__by_path"),
            try step(.get, "/projects/mfocko%2Fogr-tests", "repo_get__404"))
        let forge = GitLabBench.open(network)
        let found = try await forge.repository(cloneURL: "git@gitlab.com:packit-service/ogr-tests.git")
        #expect(try found == repository(recorded("repo_get__by_path")))
        let error = try await GitLabBench.error {
            _ = try await forge.repository(cloneURL: "https://gitlab.com/mfocko/ogr-tests.git")
        }
        #expect(error?.code == .notFound)
        #expect(network.complaints.isEmpty)
    }

    @Test func `branches, following the recorded link to the second page`() async throws {
        let path = "/projects/3163647/repository/branches"
        let network = StubNetwork(
            try step(.get, path + "?pagination=keyset&per_page=100", "branches_list__page1"),
            try step(.get, path + "?id=3163647&page=2&per_page=20", "branches_list__page2"))
        let reference = RepositoryReference(namespace: "x", project: "3163647")
        let names = try await GitLabBench.open(network).branches(of: reference)
        let pages = try ["branches_list__page1", "branches_list__page2"].flatMap { try recorded($0).array ?? [] }
        #expect(names == pages.compactMap { $0["name"]?.string })
        #expect(names.count == 8)
        #expect(network.complaints.isEmpty)
    }

    @Test func `tags`() async throws {
        let network = StubNetwork(answering: { _ in try answer("tags_list") })
        let names = try await GitLabBench.open(network).tags(of: GitLabBench.cider)
        #expect(names == ["0.2.7", "0.2.6", "0.2.5", "0.2.4"])
    }

    @Test func `a tag that is there and one that is not`() async throws {
        for (id, code) in [("tag_get", ForgeError.Code.alreadyExists), ("tag_get__404", .notFound)] {
            let network = StubNetwork(answering: { request in
                if request.url.contains("/tags/") { return try answer(id) }
                if request.url.contains("/commits/") { return .json(GitLabBench.notFound, status: 404) }
                return .json(#"{"message":"Whatever it says"}"#, status: 400)
            })
            let forge = GitLabBench.open(network)
            let draft = TagDraft(name: "0.1.0", description: "", ref: "main")
            let error = try await GitLabBench.error { try await forge.createTag(draft, in: GitLabBench.cider) }
            #expect(error?.code == code)
        }
    }

    @Test func `making and deleting a tag`() async throws {
        let network = StubNetwork(
            try step(.post, "/projects/9001/repository/tags", "tag_create__lightweight_example"),
            try step(.delete, "/projects/9001/repository/tags/test", "tag_delete__204"))
        let forge = GitLabBench.open(network)
        try await forge.createTag(TagDraft(name: "test", description: "", ref: "main"), in: GitLabBench.cider)
        try await forge.deleteTag(named: "test", in: GitLabBench.cider)
        #expect(network.complaints.isEmpty)
    }

    @Test func `commits, their dates checked by another reader of dates`() async throws {
        let network = StubNetwork(answering: { _ in try answer("commits_list") })
        let commits = try await GitLabBench.open(network).commits(of: GitLabBench.cider, at: nil)
        let wire = Array((try recorded("commits_list").array ?? []).prefix(10))
        #expect(commits.map(\.sha) == wire.compactMap { $0["id"]?.string })
        #expect(commits.map(\.message) == wire.compactMap { $0["message"]?.string })
        let reader = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let dates = try wire.map { try reader.parse(try #require($0["authored_date"]?.string)).formatted(.iso8601) }
        #expect(commits.map(\.authoredDate) == dates)
        #expect(!commits.isEmpty)
    }

    @Test func `webhooks`() async throws {
        let network = StubNetwork(answering: { request in
            request.method == .post ? try answer("hook_create") : try answer("hooks_list__example")
        })
        let forge = GitLabBench.open(network)
        let made = try await forge.createHook(
            HookDraft(url: "http://x", secret: Secret("s")), in: GitLabBench.cider)
        #expect(made == Hook(id: "422507", callbackURL: try #require(recorded("hook_create")["url"]?.string)))
        #expect(try await forge.hooks(of: GitLabBench.cider).map(\.id) == ["1"])
    }

    @Test(arguments: ["tree__one_level_with_pagination", "tree__recursive_shape_example"])
    func `trees`(_ id: String) async throws {
        let network = StubNetwork(answering: { _ in try answer(id) })
        let paths = try await GitLabBench.open(network).files(of: GitLabBench.cider, at: "main")
        let blobs = (try recorded(id).array ?? []).filter { $0["mode"]?.string?.hasPrefix("10") == true }
        #expect(paths == blobs.compactMap { $0["path"]?.string })
        #expect(!paths.isEmpty)
    }

    @Test func `a file, and one that is not there`() async throws {
        let files = "/projects/9001/repository/files/"
        let network = StubNetwork(
            try step(.get, files + "README%2Emd?ref=master", "file_read"),
            try step(.get, files + "%2Egone?ref=master", "file_read__404"))
        let forge = GitLabBench.open(network)
        let file = try await forge.file(
            at: FileLocation(repository: GitLabBench.cider, path: "README.md", ref: "master"))
        #expect(file.sha == "e2e4fde810a779db69c2ecb2b90863a7ea7507ac")
        #expect(file.bytes.count == 109)
        #expect(file.bytes.starts(with: "# ogr-tests\n".utf8))
        let error = try await GitLabBench.error {
            _ = try await forge.file(at: FileLocation(repository: GitLabBench.cider, path: ".gone", ref: "master"))
        }
        #expect(error?.code == .notFound)
        #expect(network.complaints.isEmpty)
    }

    @Test func `a raw file with its facts in headers`() async throws {
        let network = StubNetwork(answering: { request in
            request.url.contains("/raw?")
                ? try answer("file_read__raw")
                : .json(try GitLabBench.fixture("error_large_blob"), status: 429)
        })
        let location = FileLocation(repository: GitLabBench.cider, path: "a.md", ref: "master")
        let file = try await GitLabBench.open(network).file(at: location)
        #expect(file.sha == "d0582dd245a3f408fb3fe2333bf01400007476e9")
        #expect(file.bytes.starts(with: "---\ntitle:".utf8))
    }

    @Test func `a file is updated under the lock of its recorded facts`() async throws {
        let network = StubNetwork(answering: { request in
            request.method == .head ? try answer("file_read__head_200") : try answer("commit_create__create_action")
        })
        let kind = FileChange.Kind.update(bytes: [], expected: "fbe7d6f8491e95e4ff2607c31c23a821052543d6")
        let location = FileLocation(repository: GitLabBench.cider, path: "a.md", ref: "master")
        try await GitLabBench.open(network).change(FileChange(kind, message: "m"), at: location)
        let body = try JSONTree(parsing: try #require(network.requests.last).text.utf8)
        #expect(
            body["actions"]?[0]?["last_commit_id"]?.string == "ff3d64b7c434f0ab98144cd2e7e14455fc69fde6")
    }

    @Test func `a deletion, and one of a file that is not there`() async throws {
        for (id, code) in [("file_read__head_200", nil), ("file_read__head_404", ForgeError.Code.notFound)] {
            let network = StubNetwork(answering: { request in
                switch request.method {
                case .head: try answer(id)
                case .post: try answer("commit_create__delete_action")
                default: try answer("branch_get")
                }
            })
            let forge = GitLabBench.open(network)
            let change = FileChange(.delete(expected: "fbe7d6f8491e95e4ff2607c31c23a821052543d6"), message: "m")
            let location = FileLocation(repository: GitLabBench.cider, path: "a.md", ref: "change")
            let error = try await GitLabBench.error { try await forge.change(change, at: location) }
            #expect(error?.code == code)
        }
    }

    @Test func `a branch that is not there`() async throws {
        let network = StubNetwork(answering: { request in
            switch request.url {
            case Self.project: try answer("repo_get__by_path")
            case Self.project + "/repository/branches/gone": try answer("branch_get__404")
            default: .json(GitLabBench.notFound, status: 404)
            }
        })
        let forge = GitLabBench.open(network)
        let location = FileLocation(repository: GitLabBench.cider, path: "a.md", ref: "gone")
        let error = try await GitLabBench.error {
            try await forge.change(FileChange(.delete(expected: ""), message: "m"), at: location)
        }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("branch") == true)
    }

    @Test func `an offset beyond the limit is an error, not a short list`() async throws {
        let forge = GitLabBench.open(StubNetwork(answering: { _ in try answer("errors__offset_limit") }))
        let error = try await GitLabBench.error { _ = try await forge.repositories(in: "a/group") }
        #expect(error?.code == .invalidRequest)
        #expect(error?.upstreamStatus == 405)
    }
}
