// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport
import Testing

@testable import Forges

/// Gitee's own answers, as others have recorded them, through the adapter. Passed over where the recordings are absent.
@Suite(.enabled(if: TestData.shared != nil, "the shared recordings are absent"))
struct GiteeRecordingsTests {
    private let place = RepositoryReference(namespace: "kit101", project: "kit101/drone-yml-test")
    private let repo = GiteeBench.api + "/repos/kit101/drone-yml-test"

    /// The recorded answer, byte for byte.
    private func answer(_ id: String, status: Int = 200) throws -> Upstream.Response {
        let folder = try #require(TestData.shared).appending(path: "corpora/providers/gitee")
        return Upstream.Response(
            status: status, headers: [Upstream.Header("Content-Type", "application/json")],
            body: Array(try Data(contentsOf: folder.appending(path: id + ".json"))))
    }

    private func step(
        _ method: Upstream.Method, _ path: String, _ id: String, status: Int = 200
    ) throws -> StubNetwork.Step {
        StubNetwork.Step(method, path, .success(try answer(id, status: status)))
    }

    private let expected = Repository(
        id: "kit101/drone-yml-test", name: "drone-yml-test", cloneURL: "https://gitee.com/kit101/drone-yml-test.git",
        namespace: Namespace(id: "kit101", name: "kit101"))

    @Test func `a user`() async throws {
        let network = StubNetwork(try step(.get, GiteeBench.api + "/user", "user"))
        #expect(
            try await GiteeBench.open(network).account()
                == Account(
                    login: "kit101", home: "https://gitee.com/kit101",
                    avatar: "https://portrait.gitee.com/uploads/avatars/user/511/1535738_qkssk1711_1578953939.png"))
    }

    @Test func `organisations`() async throws {
        let network = StubNetwork(
            try step(.get, GiteeBench.api + "/user", "user"),
            try step(.get, GiteeBench.api + "/user/orgs" + GiteeBench.page, "namespaces__orgs"),
            .init(.get, GiteeBench.api + "/user/enterprises" + GiteeBench.page, json: "[]"))
        let found = try await GiteeBench.open(network).namespaces()
        #expect(found.map(\.id) == ["kit101", "kit101-personal"])
        #expect(network.complaints.isEmpty)
    }

    @Test func `repositories, and one by its address`() async throws {
        let network = StubNetwork(
            try step(.get, GiteeBench.api + "/user", "user"),
            try step(
                .get, GiteeBench.api + "/user/repos?type=personal&page=1&per_page=100", "repos_list__authenticated"),
            try step(.get, repo, "repo_get"))
        let forge = GiteeBench.open(network)
        let list = try await forge.repositories(in: "kit101")
        #expect(!list.isEmpty)
        #expect(list.allSatisfy { $0.namespace.id == "kit101" && $0.cloneURL == "https://gitee.com/\($0.id).git" })
        #expect(try await forge.repository(cloneURL: "git@gitee.com:kit101/drone-yml-test.git") == expected)
        #expect(network.complaints.isEmpty)
    }

    @Test func `a repository that is not there`() async throws {
        let network = StubNetwork(
            try step(.get, GiteeBench.api + "/repos/dev/null", "repo_get__404", status: 404))
        let forge = GiteeBench.open(network)
        let error = try await GiteeBench.error {
            _ = try await forge.repository(cloneURL: "https://gitee.com/dev/null.git")
        }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("repository") == true)
    }

    @Test func `branches and tags`() async throws {
        let network = StubNetwork(
            try step(.get, repo + "/branches" + GiteeBench.page, "branches_list"),
            try step(.get, repo + "/tags" + GiteeBench.page, "tags_list"))
        let forge = GiteeBench.open(network)
        #expect(try await forge.branches(of: place) == ["master"])
        #expect(try await forge.tags(of: place) == ["release-test", "1.1", "1.0", "1.2"])
        #expect(network.complaints.isEmpty)
    }

    @Test func `commits, their dates checked by another reader of dates`() async throws {
        let network = StubNetwork(
            try step(.get, repo + "/commits?sha=master&page=1&per_page=10", "commits_list"))
        let commits = try await GiteeBench.open(network).commits(of: place, at: "master")
        let wire = try JSONTree(parsing: try answer("commits_list").body).array ?? []
        #expect(commits.map(\.sha) == wire.compactMap { $0["sha"]?.string })
        #expect(commits.map(\.message) == wire.compactMap { $0["commit"]?["message"]?.string })
        let dates = try wire.map {
            try Date.ISO8601FormatStyle().parse(try #require($0["commit"]?["author"]?["date"]?.string))
                .formatted(.iso8601)
        }
        #expect(commits.map(\.authoredDate) == dates)
        #expect(commits.first?.authoredDate == "2021-08-23T15:45:53Z")
    }

    @Test func `webhooks, whose password in clear goes nowhere`() async throws {
        let network = StubNetwork(
            try step(.get, repo + "/hooks" + GiteeBench.page, "hooks_list"),
            try step(.post, repo + "/hooks", "hook_create", status: 201),
            .init(.delete, repo + "/hooks/787341", status: 204))
        let forge = GiteeBench.open(network)
        let hook = Hook(id: "787341", callbackURL: "http://test.kit101.com/webhook")
        #expect(try await forge.hooks(of: place) == [hook])
        let draft = HookDraft(url: "http://test.kit101.com/webhook", secret: Secret("s"))
        let made = try await forge.createHook(draft, in: place)
        #expect(made == hook)
        try await forge.deleteHook(id: made.id, in: place)
        var dumped = ""
        dump(made, to: &dumped)
        #expect(!dumped.contains("123asdas123"))
        #expect(network.complaints.isEmpty)
    }

    @Test func `a tree`() async throws {
        let network = StubNetwork(try step(.get, repo + "/git/trees/master?recursive=1", "tree__one_level_quoted"))
        #expect(try await GiteeBench.open(network).files(of: place, at: "master") == ["README.en.md", "README.md"])
    }

    @Test func `a file, and a directory that is none`() async throws {
        let network = StubNetwork(
            try step(.get, repo + "/contents/README.md?ref=master", "file_read"),
            try step(.get, repo + "/contents/apitest?ref=master", "file_read__directory"))
        let forge = GiteeBench.open(network)
        let file = try await forge.file(at: FileLocation(repository: place, path: "README.md", ref: "master"))
        #expect(
            file
                == FileContent(
                    path: "README.md", sha: "1563ebda9da15e6a7753431774920c62b168e5bb",
                    bytes: Array("# drone-yml-test\n\ntest".utf8)))
        let error = try await GiteeBench.error {
            _ = try await forge.file(at: FileLocation(repository: place, path: "apitest", ref: "master"))
        }
        #expect(error?.code == .notFound)
        #expect(network.complaints.isEmpty)
    }

    @Test func `a file made, changed and deleted`() async throws {
        let tip = "e3c0ff4d5cef439ea11b30866fb1ed79b420801d"
        let blob = "1563ebda9da15e6a7753431774920c62b168e5bb"
        let read = repo + "/contents/README.md?ref=" + tip
        let network = StubNetwork(
            try step(.get, repo + "/branches/master", "branch_get"),
            try step(.post, repo + "/contents/new", "file_create", status: 201),
            try step(.get, repo + "/branches/master", "branch_get"), try step(.get, read, "file_read"),
            try step(.put, repo + "/contents/README.md", "file_update"),
            try step(.get, repo + "/branches/master", "branch_get"), try step(.get, read, "file_read"),
            try step(
                .delete, repo + "/contents/README.md?sha=\(blob)&message=m&branch=master", "file_delete"))
        let forge = GiteeBench.open(network)
        for (kind, path) in [
            (FileChange.Kind.create(bytes: [1]), "new"), (.update(bytes: [1], expected: blob), "README.md"),
            (.delete(expected: tip), "README.md"),
        ] {
            try await forge.change(
                FileChange(kind, message: "m"), at: FileLocation(repository: place, path: path, ref: "master"))
        }
        #expect(network.complaints.isEmpty)
    }

    @Test func `tokens of one day, exchanged and renewed`() async throws {
        let network = StubNetwork(
            try step(.post, "https://gitee.com/oauth/token", "oauth_token__exchange_quoted"),
            try step(.post, "https://gitee.com/oauth/token", "oauth_token__refresh_shape"))
        let flow = OAuthFlow(
            OAuthApplication(
                host: .official(.gitee), site: nil, clientID: "c", clientSecret: Secret("s"),
                redirectURI: "https://gate.example/oauth/callback",
                scopes: OAuthApplication.defaultScopes(of: .official(.gitee))), upstream: network.upstream,
            now: { 1000 })
        let tokens = try await flow.exchange(code: Secret("code"), verifier: Secret("v"))
        #expect(tokens.expires == 87_400)
        #expect(tokens.accessToken.exposed.count == 32 && tokens.refreshToken?.exposed.count == 64)
        #expect(tokens.scopes.contains("projects") && tokens.scopes.contains("hook"))
        #expect(try await flow.refresh(tokens).expires == 87_400)
        #expect(network.complaints.isEmpty)
    }
}
