// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport
import Testing

@testable import Forges

/// What GitHub itself once answered, read by the verbs. The recordings are shared data of others and no part of the project:
/// where they are absent these tests pass over themselves.
@Suite(.enabled(if: TestData.shared != nil, "the shared recordings are absent"))
struct GitHubRecordingsTests {
    /// The recordings' index, read once.
    private static let exchanges: [String: JSONTree] = {
        guard let shared = TestData.shared,
            let index = try? JSONTree(parsing: Data(contentsOf: shared.appending(path: "corpora/index.json")))
        else { return [:] }
        let list = (index["exchanges"]?.array ?? []).compactMap { entry in entry["id"]?.string.map { ($0, entry) } }
        return Dictionary(list) { first, _ in first }
    }()

    private func recorded(_ id: String) throws -> Upstream.Response {
        let entry = try #require(Self.exchanges["github/" + id])
        var body = Data((entry["body_text"]?.string ?? "").utf8)
        if let file = entry["file"]?.string {
            body = try Data(contentsOf: #require(TestData.shared).appending(path: "corpora/" + file))
        }
        let headers = (entry["response_headers"]?.object ?? [:]).compactMap { name, value in
            value.string.map { Upstream.Header(name, $0) }
        }
        return Upstream.Response(status: try #require(entry["status"]?.integer), headers: headers, body: [UInt8](body))
    }

    private func step(_ method: Upstream.Method, _ path: String, _ id: String) throws -> StubNetwork.Step {
        StubNetwork.Step(method, GitHubStage.api + path, .success(try recorded(id)))
    }

    private func user(_ login: String) -> StubNetwork.Step {
        StubNetwork.Step(.get, GitHubStage.api + "/user", json: #"{"login":"\#(login)"}"#)
    }

    private func branch(_ repo: String) -> StubNetwork.Step {
        let commit = String(repeating: "1", count: 40)
        return StubNetwork.Step(
            .get, GitHubStage.api + repo + "/git/ref/heads/main",
            json: #"{"object":{"type":"commit","sha":"\#(commit)"}}"#)
    }

    private func repository(_ name: String, of owner: String) -> Repository {
        Repository(
            id: "\(owner)/\(name)", name: name, cloneURL: "https://github.com/\(owner)/\(name).git",
            namespace: Namespace(id: owner, name: owner))
    }

    @Test func `the user`() async throws {
        let stage = GitHubStage(try step(.get, "/user", "user"))
        #expect(
            try await stage.github.account()
                == Account(
                    login: "bitwiseman", home: "https://github.com/bitwiseman",
                    avatar: "https://avatars3.githubusercontent.com/u/1958953?v=4"))
    }

    @Test func `bad credentials`() async throws {
        let get = GitHubStage(try step(.get, "/user", "user__401"))
        let first = await failure { () throws(ForgeError) in try await get.github.account() }
        #expect(first?.code == .credentialRejected)
        #expect(first?.upstreamRequestID == "D236:47C4:1909E038:1DD010AD:5F732A16")
        let post = GitHubStage(user("ada"), try step(.post, "/user/repos", "errors__401_create_repo"))
        let second = await failure { () throws(ForgeError) in
            try await post.github.createRepository(named: "x", in: "ada")
        }
        #expect(second?.code == .credentialRejected)
    }

    @Test func `organisations`() async throws {
        let stage = GitHubStage(user("bitwiseman"), try step(.get, "/user/orgs?per_page=100", "namespaces__orgs"))
        let found = try await stage.github.namespaces()
        #expect(found.count == 5)
        #expect(found.prefix(2).map(\.id) == ["bitwiseman", "jenkinsci"])
    }

    @Test func `repositories, along the links that GitHub gave`() async throws {
        let own = GitHubStage(
            user("abayer"),
            try step(.get, "/user/repos?affiliation=owner&per_page=100", "repos_list__authenticated_page1"),
            .init(.get, GitHubStage.api + "/user/repos?type=all&per_page=30&page=2", json: "[]"))
        #expect(try await own.github.repositories(in: "abayer") == [repository("jx", of: "abayer")])
        #expect(own.network.complaints.isEmpty)

        let another = GitHubStage(
            user("ada"), .init(.get, GitHubStage.api + "/orgs/bitwiseman/repos?per_page=100", status: 404, json: "{}"),
            try step(.get, "/users/bitwiseman/repos?per_page=100", "repos_list__user_page1"),
            try step(.get, "/user/1958953/repos?per_page=30&page=2", "repos_list__user_last_page"),
            .init(.get, GitHubStage.api + "/user/repos?affiliation=collaborator&per_page=100", json: "[]"))
        #expect(
            try await another.github.repositories(in: "bitwiseman")
                == ["100-days-of-code", "Amethyst", "test-github-branch-plugin", "test-spring-boot-app"].map {
                    repository($0, of: "bitwiseman")
                })
        #expect(another.network.complaints.isEmpty)

        let organization = GitHubStage(
            user("ada"), try step(.get, "/orgs/jenkinsci/repos?per_page=100", "repos_list__org_middle_page"),
            .init(.get, GitHubStage.api + "/organizations/107424/repos?per_page=100&page=9", json: "[]"))
        #expect(
            try await organization.github.repositories(in: "jenkinsci")
                == ["sladiator-plugin", "libxpublisher"].map { repository($0, of: "jenkinsci") })
        #expect(organization.network.complaints.isEmpty)
    }

    @Test func `made repositories, and a name that is taken`() async throws {
        let mine = GitHubStage(user("bitwiseman"), try step(.post, "/user/repos", "repo_create__user"))
        #expect(
            try await mine.github.createRepository(named: "github-api-test-rename", in: "bitwiseman")
                == repository("github-api-test-rename", of: "bitwiseman"))
        let theirs = GitHubStage(user("ada"), try step(.post, "/orgs/hub4j-test-org/repos", "repo_create__org"))
        #expect(
            try await theirs.github.createRepository(named: "github-api-test", in: "hub4j-test-org")
                == repository("github-api-test", of: "hub4j-test-org"))
        let taken = GitHubStage(user("ada"), try step(.post, "/user/repos", "repo_create__user_422_name_exists"))
        #expect(
            await failure { () throws(ForgeError) in
                try await taken.github.createRepository(named: "x", in: "ada")
            }?.code == .alreadyExists)
    }

    @Test func `a repository by its address: there, renamed, missing`() async throws {
        let there = GitHubStage(try step(.get, "/repos/kohsuke/sandbox-ant", "repo_get__user_owned"))
        #expect(
            try await there.github.repository(cloneURL: "https://github.com/kohsuke/sandbox-ant.git")
                == repository("sandbox-ant", of: "kohsuke"))
        let renamed = GitHubStage(
            try step(.get, "/repos/github-api-test-org/GHContentIntegrationTest", "repo_get__301_renamed"),
            try step(.get, "/repositories/40763577", "repo_get__org_owned"))
        #expect(
            try await renamed.github.repository(
                cloneURL: "git@github.com:github-api-test-org/GHContentIntegrationTest.git")
                == repository("temp-testHandler_Fail", of: "hub4j-test-org"))
        let missing = GitHubStage(try step(.get, "/repos/Alaurant/test-message", "repo_get__404"))
        #expect(
            await failure { () throws(ForgeError) in
                try await missing.github.repository(cloneURL: "https://github.com/Alaurant/test-message")
            }?.code == .notFound)
    }

    @Test func `the two secondary limits`() async throws {
        for (name, wait) in [("errors__403_secondary_rate_limit", 60), ("errors__429_secondary_rate_limit", 8)] {
            let stage = GitHubStage(try step(.get, "/repos/ada/engine", name))
            let error = await failure { () throws(ForgeError) in
                try await stage.github.repository(cloneURL: "https://github.com/ada/engine")
            }
            #expect(error?.code == .rateLimited)
            #expect(error?.retryAfter == wait)
        }
    }

    @Test func `branches and tags`() async throws {
        let stage = GitHubStage(
            try step(.get, "/repos/ada/engine/branches?per_page=100", "branches_list"),
            try step(.get, "/repos/ada/engine/tags?per_page=100", "tags_list__page1_with_link"),
            .init(.get, GitHubStage.api + "/repositories/1548514/tags?page=2", json: "[]"))
        #expect(
            try await stage.github.branches(of: GitHubStage.engine)
                == ["main", "test-branch1", "test-branch2", "test-branch3"])
        #expect(
            try await stage.github.tags(of: GitHubStage.engine) == [
                "stapler-parent-1.258", "stapler-parent-1.257.2", "stapler-parent-1.257.1", "stapler-parent-1.257",
                "stapler-parent-1.256.2",
            ])
    }

    @Test func `an annotated tag is made on a branch, and one is deleted`() async throws {
        let stage = GitHubStage(
            try step(.get, "/repos/ada/engine/git/ref/heads/main", "ref_get"),
            try step(.post, "/repos/ada/engine/git/tags", "tag_create__annotated_object"),
            try step(.post, "/repos/ada/engine/git/refs", "tag_create__ref_for_annotated"),
            try step(.delete, "/repos/ada/engine/git/refs/tags/v1", "tag_delete__ref_delete_204"))
        try await stage.github.createTag(
            TagDraft(name: "tag-name-redux", description: "Test", ref: "main"), in: GitHubStage.engine)
        #expect(try stage.sent(1)["object"] as? String == "11ca01741fd0b293791f69ee19e523f3dc9a08d0")
        #expect(try stage.sent(2)["sha"] as? String == "61bc546249123b95ab16d8421f89d7c1f1f6119c")
        try await stage.github.deleteTag(named: "v1", in: GitHubStage.engine)
        #expect(stage.network.complaints.isEmpty)
    }

    @Test func `a tag is made on a commit`() async throws {
        let sha = "08c1c9970af4d609ae754fbe803e06186e3206f7"
        let stage = GitHubStage(
            try step(.get, "/repos/ada/engine/git/ref/heads/08c1c99", "branch_get__404"),
            try step(.get, "/repos/ada/engine/git/ref/tags/08c1c99", "branch_get__404"),
            try step(.get, "/repos/ada/engine/commits/08c1c99", "commit_get"),
            try step(.post, "/repos/ada/engine/git/refs", "branch_create__ref"))
        try await stage.github.createTag(
            TagDraft(name: "v1", description: "", ref: "08c1c99"), in: GitHubStage.engine)
        #expect(try stage.sent(3)["sha"] as? String == sha)
    }

    @Test func `commits`() async throws {
        let stage = GitHubStage(try step(.get, "/repos/ada/engine/commits?per_page=10", "commits_list"))
        #expect(
            try await stage.github.commits(of: GitHubStage.engine, at: nil) == [
                Commit(
                    sha: "fdfad6be4db6f96faea1f153fb447b479a7a9cb7", message: "", authoredDate: "2011-06-16T23:03:19Z")
            ])
    }

    @Test func `webhooks`() async throws {
        let stage = GitHubStage(
            try step(.get, "/repos/ada/engine/hooks?per_page=100", "hooks_list"),
            try step(.post, "/repos/ada/engine/hooks", "hook_create"),
            try step(.delete, "/repos/ada/engine/hooks/319833953", "hook_delete__204"),
            try step(.delete, "/repos/ada/engine/hooks/319833951", "hook_get__404"))
        #expect(
            try await stage.github.hooks(of: GitHubStage.engine) == [
                Hook(id: "322790", callbackURL: ""), Hook(id: "12325146", callbackURL: "https://httpbin.org/post"),
                Hook(id: "19529224", callbackURL: "http://example.com/webhook"),
            ])
        #expect(
            try await stage.github.createHook(
                HookDraft(url: "http://www.google.com/", secret: Secret("s")), in: GitHubStage.engine)
                == Hook(id: "319833951", callbackURL: "http://www.google.com/"))
        try await stage.github.deleteHook(id: "319833953", in: GitHubStage.engine)
        #expect(
            await failure { () throws(ForgeError) in
                try await stage.github.deleteHook(id: "319833951", in: GitHubStage.engine)
            }?.code == .notFound)
    }

    @Test func `trees`() async throws {
        let stage = GitHubStage(
            try step(.get, "/repos/ada/engine/git/trees/main?recursive=1", "tree__recursive"),
            try step(.get, "/repos/ada/engine/git/trees/dev?recursive=1", "tree__one_level"))
        let all = try await stage.github.files(of: GitHubStage.engine, at: "main")
        #expect(all.count == 72)
        #expect(all.first == ".github/workflows/maven-build.yml")
        #expect(all.last == "src/main/java/org/kohsuke/github/GHObject.java")
        #expect(try await stage.github.files(of: GitHubStage.engine, at: "dev") == ["passionate_arch"])
    }

    @Test(arguments: [
        ("file_read", "ghcontent-ro/a-file-with-content", "thanks for reading me\n"),
        (
            "file_read__special_characters_in_path", "test+directory #50/test file-to+create-#1.txt",
            "this is an awesome file I created\n"
        ),
        ("file_read__empty_file", "ghcontent-ro/an-empty-file", ""),
        ("file_read__non_ascii_name", "ghcontent-ro/a-file-with-ö", "test\n"),
        ("file_read__symlink_to_dir", "ghcontent-ro/a-symlink-to-a-dir", "a-dir-with-3-entries"),
    ])
    func `files, with the blob's name proved by their bytes`(id: String, path: String, text: String) async throws {
        let url = "/repos/ada/engine/contents/" + PercentEncoding.path(path) + "?ref=main"
        let stage = GitHubStage(try step(.get, url, id))
        let file = try await stage.github.file(
            at: FileLocation(repository: GitHubStage.engine, path: path, ref: "main"))
        #expect(String(decoding: file.bytes, as: UTF8.self) == text)
        #expect(file.path == path)
        #expect(file.sha == (try JSONTree(parsing: recorded(id).body))["sha"]?.string)
        #expect(stage.network.complaints.isEmpty)
    }

    @Test func `a blob in its raw form`() async throws {
        let sha = "a12243f2fc5b8c2ba47dd677d0b0c7583539584d"
        let stage = GitHubStage(
            .init(
                .get, GitHubStage.repo + "/contents/LICENSE?ref=main",
                json: #"{"type":"file","encoding":"none","content":"","size":1104,"sha":"\#(sha)"}"#),
            try step(.get, "/repos/ada/engine/git/blobs/" + sha, "blob_get"))
        let file = try await stage.github.file(
            at: FileLocation(repository: GitHubStage.engine, path: "LICENSE", ref: "main"))
        #expect(file.bytes.count == 1104)
    }

    @Test(arguments: ["file_read__directory", "file_read__404"])
    func `a directory and nothing are no files`(id: String) async throws {
        let stage = GitHubStage(try step(.get, "/repos/ada/engine/contents/x?ref=main", id))
        #expect(
            await failure { () throws(ForgeError) in
                try await stage.github.file(
                    at: FileLocation(repository: GitHubStage.engine, path: "x", ref: "main"))
            }?.code == .notFound)
    }

    @Test func `a file is made, changed and deleted`() async throws {
        let path = "test+directory #50/test file-to+create-#1.txt"
        let url = "/repos/ada/engine/contents/" + PercentEncoding.path(path)
        let at = FileLocation(repository: GitHubStage.engine, path: path, ref: "main")
        let blob = "8db9c31d79dfb9d0411c7af11b7ec7fabc72c5b1"
        let read = try step(
            .get, url + "?ref=" + String(repeating: "1", count: 40), "file_read__special_characters_in_path")
        let stage = GitHubStage(
            branch("/repos/ada/engine"), try step(.put, url, "file_create"), branch("/repos/ada/engine"), read,
            try step(.put, url, "file_update"), branch("/repos/ada/engine"), read, try step(.delete, url, "file_delete")
        )
        try await stage.github.change(FileChange(.create(bytes: [1]), message: "a"), at: at)
        try await stage.github.change(FileChange(.update(bytes: [2], expected: blob), message: "b"), at: at)
        try await stage.github.change(FileChange(.delete(expected: blob), message: "c"), at: at)
        #expect(stage.network.complaints.isEmpty)
    }
}
