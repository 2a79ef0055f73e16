// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport
import Testing

@testable import Forges

struct GitHubRepositoriesTests {
    private let api = GitHubStage.api
    private let own = Namespace(id: "ada", name: "ada")

    private func user() throws -> StubNetwork.Step { try .github(.get, api + "/user", "user") }

    @Test func `the user's own repositories are all of theirs, private ones too`() async throws {
        let stage = GitHubStage(
            try user(), try .github(.get, api + "/user/repos?affiliation=owner&per_page=100", "repositories"))
        let found = try await stage.github.repositories(in: "Ada")
        #expect(
            found == [
                Repository(
                    id: "ada/engine", name: "engine", cloneURL: "https://github.com/ada/engine.git", namespace: own),
                Repository(
                    id: "Ada/notes", name: "notes", cloneURL: "https://github.com/Ada/notes.git",
                    namespace: Namespace(id: "Ada", name: "Ada")),
            ])
        #expect(stage.network.complaints.isEmpty)
    }

    @Test func `an organisation's repositories are asked of the organisation, along links of another path`()
        async throws
    {
        let next = ["Link": "<\(api)/organizations/11/repos?per_page=100&page=2>; rel=\"next\""]
        let item = #"[{"name":"loom","full_name":"mill/loom","owner":{"login":"mill"}}]"#
        let stage = GitHubStage(
            try user(), .init(.get, api + "/orgs/mill/repos?per_page=100", headers: next, json: item),
            .init(.get, api + "/organizations/11/repos?per_page=100&page=2", json: "[]"))
        #expect(
            try await stage.github.repositories(in: "mill") == [
                Repository(
                    id: "mill/loom", name: "loom", cloneURL: "https://github.com/mill/loom.git",
                    namespace: Namespace(id: "mill", name: "mill"))
            ])
        #expect(stage.network.complaints.isEmpty)
    }

    @Test func `another user's repositories are the public ones and those shared with this user`() async throws {
        let open = #"[{"name":"a","full_name":"bob/a","owner":{"login":"bob"}}]"#
        let shared = """
            [{"name":"a","full_name":"bob/a","owner":{"login":"bob"}},{"name":"p","full_name":"bob/p","owner":{"login":"bob"}},
            {"name":"q","full_name":"eve/q","owner":{"login":"eve"}}]
            """
        let stage = GitHubStage(
            try user(), try .github(.get, api + "/orgs/bob/repos?per_page=100", "not-found", status: 404),
            .init(.get, api + "/users/bob/repos?per_page=100", json: open),
            .init(.get, api + "/user/repos?affiliation=collaborator&per_page=100", json: shared))
        #expect(try await stage.github.repositories(in: "bob").map(\.id) == ["bob/a", "bob/p"])
        #expect(stage.network.complaints.isEmpty)
    }

    @Test func `an unknown namespace is not found`() async throws {
        let stage = GitHubStage(
            try user(), try .github(.get, api + "/orgs/nobody/repos?per_page=100", "not-found", status: 404),
            try .github(.get, api + "/users/nobody/repos?per_page=100", "not-found", status: 404))
        let error = await failure { () throws(ForgeError) in try await stage.github.repositories(in: "nobody") }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("'nobody'") == true)
    }

    @Test(arguments: ["", ".", "..", "a/b", "a b", "ä", "a%2Fb", "a?b", "../user", String(repeating: "a", count: 101)])
    func `what no user is called is not found without a call`(namespace: String) async {
        let stage = GitHubStage()
        #expect(
            await failure { () throws(ForgeError) in try await stage.github.repositories(in: namespace) }?.code
                == .notFound)
        #expect(
            await failure { () throws(ForgeError) in
                try await stage.github.createRepository(named: "x", in: namespace)
            }?.code == .notFound)
        #expect(stage.network.requests.isEmpty)
    }

    @Test func `a repository is made private, in the user's or the organisation's namespace`() async throws {
        let mine = GitHubStage(try user(), try .github(.post, api + "/user/repos", "repository", status: 201))
        let made = try await mine.github.createRepository(named: "engine", in: "ADA")
        #expect(made.id == "ada/engine")
        #expect(made.cloneURL == "https://github.com/ada/engine.git")
        #expect(try mine.sent(1) == ["name": "engine", "private": true])
        #expect(mine.network.requests[1].header("Content-Type") == "application/json")

        let theirs = GitHubStage(try user(), try .github(.post, api + "/orgs/mill/repos", "repository", status: 201))
        _ = try await theirs.github.createRepository(named: "loom", in: "mill")
        #expect(try theirs.sent(1) == ["name": "loom", "private": true])
    }

    @Test func `a name that is taken is told as such`() async throws {
        let stage = GitHubStage(try user(), try .github(.post, api + "/user/repos", "name-exists", status: 422))
        let error = await failure { () throws(ForgeError) in
            try await stage.github.createRepository(named: "engine", in: "ada")
        }
        #expect(error?.code == .alreadyExists)
        #expect(error?.message.contains("'engine'") == true)
        #expect(error?.upstreamStatus == 422)
    }

    @Test(arguments: ["", ".", "..", "a b", "a/b", "ä", "a\n", "x.git", "X.GIT", String(repeating: "a", count: 101)])
    func `a name that GitHub would change is refused without a call`(name: String) async {
        let stage = GitHubStage()
        let error = await failure { () throws(ForgeError) in
            try await stage.github.createRepository(named: name, in: "ada")
        }
        #expect(error?.code == .invalidRequest)
        #expect(stage.network.requests.isEmpty)
    }

    @Test(arguments: [
        "https://github.com/ada/engine.git", "https://token@github.com/ada/engine", "git@github.com:ada/engine.git",
        "ssh://git@github.com/ada/engine.git", "http://www.github.com/ada/engine/",
    ])
    func `a clone address leads to its repository`(address: String) async throws {
        let stage = GitHubStage(try .github(.get, GitHubStage.repo, "repository"))
        #expect(try await stage.github.repository(cloneURL: address).id == "ada/engine")
        #expect(stage.network.complaints.isEmpty)
    }

    @Test func `a renamed repository is answered under its new name`() async throws {
        let stage = GitHubStage(
            .init(
                .get, api + "/repos/ada/old", status: 301, headers: ["Location": api + "/repositories/501"],
                json: #"{"message":"Moved Permanently"}"#),
            try .github(.get, api + "/repositories/501", "repository"))
        #expect(try await stage.github.repository(cloneURL: "https://github.com/ada/old.git").id == "ada/engine")
        #expect(
            stage.network.requests.map { $0.header("Authorization") } == ["Bearer ghp_canary", "Bearer ghp_canary"])
    }

    @Test(arguments: [
        "", "engine", "https://gitlab.com/ada/engine.git", "https://github.com/ada",
        "https://github.com/ada/engine/tree",
        "https://github.com:8443/ada/engine", "git@evil.example:ada/engine",
        "https://github.com.evil.example/ada/engine",
        "https://ada:ghp_secret@evil.example/ada/engine", "https://github.com/a b/c",
        "https://github.com/ada/%65ngine/x",
    ])
    func `another host's address and what is none are refused without a call`(address: String) async {
        let stage = GitHubStage()
        let error = await failure { () throws(ForgeError) in try await stage.github.repository(cloneURL: address) }
        #expect(error?.code == .invalidCloneURL)
        #expect(error?.message.contains("secret") == false)
        #expect(stage.network.requests.isEmpty)
    }

    @Test func `a clone address of no repository is not found`() async throws {
        let stage = GitHubStage(try .github(.get, GitHubStage.repo, "not-found", status: 404))
        let error = await failure { () throws(ForgeError) in
            try await stage.github.repository(cloneURL: "https://github.com/ada/engine.git")
        }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("'ada/engine'") == true)
    }

    @Test func `a repository is named by its name, or wholly by its full name`() async throws {
        for reference in [
            RepositoryReference(namespace: "ada", project: "engine"),
            RepositoryReference(namespace: "other", project: "ada/engine"),
        ] {
            let stage = GitHubStage(try .github(.get, GitHubStage.repo + "/branches?per_page=100", "branches"))
            #expect(try await stage.github.branches(of: reference).count == 2)
        }
    }

    @Test(arguments: ["", "a/b/c", "/a", "a/", "..", "ada/..", "../user", "a b", "ä", "a/b\u{0}"])
    func `what names no repository is not found without a call`(project: String) async {
        let stage = GitHubStage()
        let reference = RepositoryReference(namespace: "ada", project: project)
        #expect(
            await failure { () throws(ForgeError) in try await stage.github.branches(of: reference) }?.code == .notFound
        )
        #expect(stage.network.requests.isEmpty)
    }
}
