// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Foundation
import Model
import TestSupport
import Testing

/// Bitbucket's own answers, as others have recorded them, through the adapter. Passed over where the recordings are absent.
@Suite(.enabled(if: TestData.shared != nil, "the shared recordings are absent"))
struct BitbucketRecordingsTests {
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
        let entry = try #require(Self.exchanges["bitbucket/" + id])
        var body = Data((entry["body_text"]?.string ?? "").utf8)
        if let file = entry["file"]?.string { body = try Data(contentsOf: shared.appending(path: file)) }
        let headers = (entry["response_headers"]?.object ?? [:]).compactMap { name, value in
            value.string.map { Upstream.Header(name, $0) }
        }
        return Upstream.Response(status: try #require(entry["status"]?.integer), headers: headers, body: Array(body))
    }

    private func forge(_ answers: @escaping @Sendable (String) throws -> Upstream.Response) -> any Forge {
        BitbucketBench.open(
            StubNetwork(answering: { request in try answers(String(request.url.dropFirst(BitbucketBench.api.count))) }))
    }

    private let owner = RepositoryReference(namespace: "owner", project: "repo")

    @Test func `a user with a name, and one with a nickname`() async throws {
        #expect(
            try await forge { _ in try answer("user") }.account()
                == Account(
                    login: "brydzewski", home: "https://bitbucket.org/brydzewski/",
                    avatar: "https://bitbucket.org/account/brydzewski/avatar/32/"))
        #expect(
            try await forge { _ in try answer("user__sanitised_recording") }.account()
                == Account(
                    login: "owner", home: "https://bitbucket.org",
                    avatar: "https://avatars1.githubusercontent.com/u/7892489?v=4"))
    }

    @Test func `workspaces, of the present call and of a workspace itself`() async throws {
        let list = forge { path in
            path == "/user" ? try answer("user") : try answer("namespaces__user_workspaces_official_example")
        }
        let names = try await list.namespaces()
        #expect(names.count == 1)
        #expect(names.allSatisfy { $0.id == $0.name && !$0.id.isEmpty })
        let tree = try JSONTree(parsing: answer("namespaces__user_workspaces_official_example").body)
        #expect(names.map(\.id) == (tree["values"]?.array ?? []).compactMap { $0["workspace"]?["slug"]?.string })
        let network = StubNetwork(answering: { _ in try answer("workspace_get") })
        let token = BitbucketBench.open(network, .personal(Secret("atlassian:t")))
        #expect(try await token.account().login == "atlassian")
        #expect(try await token.namespaces() == [Namespace(id: "atlassian", name: "atlassian")])
    }

    private let plugin = Repository(
        id: "atlassian/stash-example-plugin", name: "stash-example-plugin",
        cloneURL: "https://bitbucket.org/atlassian/stash-example-plugin.git",
        namespace: Namespace(id: "atlassian", name: "atlassian"))

    @Test func `a workspace's repositories, a page with a next one, and one repository`() async throws {
        #expect(
            try await forge { _ in try answer("repos_list__workspace") }.repositories(in: "atlassian") == [plugin])
        let paged = forge { path in
            path.contains("after=PLACEHOLDER")
                ? try answer("repos_list__workspace") : try answer("repos_list__workspace_page_with_next")
        }
        #expect(try await paged.repositories(in: "PROJ") == [plugin, plugin])
        let address = "https://bitbucket.org/atlassian/stash-example-plugin"
        #expect(try await forge { _ in try answer("repo_get") }.repository(cloneURL: address) == plugin)
        #expect(
            try await forge { _ in try answer("repo_get__recording_with_headers") }.repository(cloneURL: address)
                == Repository(
                    id: "owner/repo", name: "repo", cloneURL: "https://bitbucket.org/owner/repo.git",
                    namespace: Namespace(id: "owner", name: "owner")))
    }

    @Test func `a repository just made`() async throws {
        let made = try await forge { _ in try answer("repo_get") }.createRepository(named: "x", in: "atlassian")
        #expect(made == plugin)
    }

    @Test func `a repository that is not there`() async throws {
        let forge = forge { _ in try answer("repo_get__404") }
        let error = try await BitbucketBench.error {
            _ = try await forge.repository(cloneURL: "https://bitbucket.org/dev/null.git")
        }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("no such repository") == true)
    }

    @Test func `branches and tags`() async throws {
        let end = #"{"pagelen":30,"values":[]}"#
        let tags = forge { path in path.contains("&page=2") ? .json(end) : try answer("tags_list") }
        #expect(try await tags.tags(of: owner) == ["@atlaskit/activity@1.0.3"])
        let recorded = try JSONTree(parsing: answer("branches_list").body)
        #expect(recorded["values"]?[0]?["name"]?.string == "master")
        let branch = try answer("branch_get")
        let one = forge { _ in
            .json(#"{"pagelen":30,"values":[\#(String(decoding: branch.body, as: UTF8.self))]}"#)
        }
        #expect(try await one.branches(of: owner) == ["master"])
        // The list's next page was edited to be at the host of the pages: an API's credential is not sent there.
        #expect(recorded["next"]?.string?.hasPrefix("https://bitbucket.org/") == true)
        let elsewhere = forge { _ in try answer("branches_list") }
        let error = try await BitbucketBench.error { _ = try await elsewhere.branches(of: owner) }
        #expect(error?.code == .unavailable)
    }

    @Test func `commits, their dates checked by another reader of dates`() async throws {
        let forge = forge { path in
            path == "/repositories/owner/repo"
                ? try answer("repo_get__recording_with_headers") : try answer("commits_list")
        }
        let tree = try JSONTree(parsing: answer("commits_list").body)["values"]?.array ?? []
        let dates = try tree.map { commit in
            try Date.ISO8601FormatStyle(timeZoneSeparator: .colon).parse(#require(commit["date"]?.string)).formatted(
                .iso8601)
        }
        for ref in [nil, "master"] {
            let commits = try await forge.commits(of: owner, at: ref)
            #expect(commits.map(\.sha) == ["2bc3fa39d8adb9e008e52793854338399fc6e4ad"])
            #expect(commits.map(\.message) == ["initial commit\n"])
            #expect(commits.map(\.authoredDate) == dates)
        }
    }

    @Test func `webhooks`() async throws {
        let hook = Hook(id: "d53603cc-3f67-45ea-b310-aaa5ef6ec061", callbackURL: "http://example.com/webhook")
        #expect(try await forge { _ in try answer("hooks_list") }.hooks(of: owner).contains(hook))
        let draft = HookDraft(url: "http://example.com/webhook", secret: Secret("s"))
        #expect(try await forge { _ in try answer("hook_create") }.createHook(draft, in: owner) == hook)
    }

    private let head = "b782b50eefc7d6f6482ac989eb5c9142d5abfa37"

    @Test func `a tree`() async throws {
        let forge = forge { path in
            path.contains("/refs/branches/") ? try answer("branch_get") : try answer("file_read__directory")
        }
        let files = try await forge.files(of: owner, at: "master")
        let tree = try JSONTree(parsing: answer("file_read__directory").body)["values"]?.array ?? []
        #expect(files == tree.filter { $0["type"]?.string == "commit_file" }.compactMap { $0["path"]?.string })
        #expect(files.count > 3)
    }

    @Test func `a file, whose SHA is git's own`() async throws {
        let name = "content/posts/2016-02-02---A-Brief-History-of-Typography.md"
        let raw = try answer("file_read__raw")
        let meta = #"{"type":"commit_file","path":"x","size":\#(raw.body.count),"attributes":[]}"#
        let forge = forge { path in
            if path.contains("/refs/branches/") { return try answer("branch_get") }
            return path.hasSuffix("?format=meta") ? .json(meta) : raw
        }
        let file = try await forge.file(at: FileLocation(repository: owner, path: name, ref: "master"))
        #expect(file.bytes == raw.body)
        // By git hash-object.
        #expect(file.sha == "0eea554365f002d0f1572af9a58522d335a794d5")
    }

    @Test func `a file's facts, and a path where nothing is`() async throws {
        let forge = forge { path in
            if path.contains("/refs/branches/") { return try answer("branch_get") }
            if path.hasSuffix("README.md?format=meta") { return try answer("file_read__meta") }
            return path.hasSuffix("README.md")
                ? Upstream.Response(status: 200, body: [UInt8](repeating: 32, count: 39)) : try answer("file_read__404")
        }
        let file = try await forge.file(at: FileLocation(repository: owner, path: "README.md", ref: "master"))
        #expect(file.bytes.count == 39)
        let error = try await BitbucketBench.error {
            _ = try await forge.file(at: FileLocation(repository: owner, path: "static/media", ref: "master"))
        }
        #expect(error?.code == .notFound)
    }

    @Test func `a file is made and removed, as recorded`() async throws {
        let sent = StubNetwork(answering: { request in
            if request.method == .post {
                return request.text.contains("name=\"files\"")
                    ? try answer("file_delete__multipart_src_files") : try answer("file_create__multipart_src")
            }
            if request.url.contains("/refs/branches/") { return try answer("branch_get") }
            return request.url.contains("new.md") ? try answer("file_read__404") : try answer("file_read__meta")
        })
        let forge = BitbucketBench.open(sent)
        try await forge.change(
            FileChange(.create(bytes: [65]), message: "m"),
            at: FileLocation(repository: owner, path: "new.md", ref: "master"))
        try await forge.change(
            FileChange(.delete(expected: head), message: "m"),
            at: FileLocation(repository: owner, path: "README.md", ref: "master"))
        #expect(sent.requests.filter { $0.method == .post }.count == 2)
    }

    @Test func `a missing scope and a validation are told`() async throws {
        let scope = forge { _ in try answer("errors__403_missing_scopes") }
        let forbidden = try await BitbucketBench.error { _ = try await scope.repositories(in: "x") }
        #expect(forbidden?.code == .forbidden)
        #expect(forbidden?.message.contains("for this: project.") == true)
        let fields = forge { _ in try answer("errors__400_bad_request_fields") }
        let invalid = try await BitbucketBench.error { _ = try await fields.repositories(in: "x") }
        #expect(invalid?.code == .invalidRequest)
        #expect(invalid?.message.contains("links.avatar") == true)
        let nothing = forge { _ in try answer("errors__404_no_api") }
        #expect(try await BitbucketBench.error { _ = try await nothing.account() }?.code == .notFound)
    }

    @Test func `tokens for a code and for a refresh token, as quoted, and a refusal`() async throws {
        let application = OAuthApplication(
            host: .official(.bitbucket), site: nil, clientID: "key", clientSecret: Secret("s"),
            redirectURI: "https://g/cb",
            scopes: [])
        let scopes = ["project:write", "pullrequest:write", "repository:admin", "repository:delete", "team:write"]
        for id in ["oauth_token__exchange_quoted", "oauth_token__refresh_quoted"] {
            let flow = OAuthFlow(
                application, upstream: StubNetwork(answering: { _ in try answer(id) }).upstream, now: { 1000 })
            let tokens = try await flow.exchange(code: Secret("c"), verifier: Secret("v"))
            #expect(tokens.expires == 8200)
            #expect(tokens.scopes.sorted() == scopes)
            #expect(tokens.refreshToken?.exposed == "redacted0000000000")
            #expect(try await flow.refresh(tokens).expires == 8200)
        }
        let refused = OAuthFlow(
            application,
            upstream: StubNetwork(answering: { _ in try answer("oauth_token__error_invalid_grant") }).upstream)
        let error = try await BitbucketBench.error {
            _ = try await refused.exchange(code: Secret("c"), verifier: Secret("v"))
        }
        #expect(error?.code == .oauthRejected)
    }
}
