// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Real git against the emulated Gitee, over HTTP.
@Suite struct GiteeGitTests {
    private static func address(_ gitee: GiteeClient, _ path: String, _ user: String, _ password: String) -> String {
        gitee.trial.forge.host.replacing("://", with: "://\(user):\(password)@") + "/" + path
    }

    @Test func `a repository is cloned, pushed to, and rid of a tag by a push`() async throws {
        try await withGitee { (gitee) async throws in
            let token = gitee.trial.forge.token.exposed
            for (index, pair) in [("oauth2", token), ("octavia", token), ("octavia", SandboxSeed.password)].enumerated()
            {
                let address = Self.address(gitee, "octavia/harbour.git", pair.0, pair.1)
                let cloned = try await runGit(["clone", "-q", address, "clone-\(index)"], in: gitee.trial.folder)
                #expect(cloned.isDone, "\(cloned.output)")
            }
            let folder = gitee.trial.folder + "/clone-0"
            try Data("pushed\n".utf8).write(to: URL(filePath: folder + "/pushed.txt"))
            _ = try await runGit(["add", "."], in: folder)
            _ = try await runGit(["commit", "-qm", "Push"], in: folder)
            let pushed = try await runGit(["push", "-q", "origin", "main", "main:refs/heads/a/b"], in: folder)
            #expect(pushed.isDone, "\(pushed.output)")
            #expect(try await gitee.get(GiteeClient.harbour + "/contents/pushed.txt?ref=a/b")["size"]?.integer == 7)
            let gone = try await runGit(["push", "-q", "origin", ":refs/tags/v1.0.0"], in: folder)
            #expect(gone.isDone, "\(gone.output)")
            let tags = try await gitee.get(GiteeClient.harbour + "/tags")
            #expect(tags.array?.compactMap { $0["name"]?.string } == ["release/2024-01", "v0.9.0"])
        }
    }

    @Test func `nobody clones or pushes without the right to it`() async throws {
        let hooks = SandboxToken(forge: .gitee, token: Secret("only-hooks"), scopes: ["hook"])
        try await withGitee({ $0.tokens = [hooks] }) { (gitee) async throws in
            let token = gitee.trial.forge.token.exposed
            for (path, password) in [
                ("octavia/harbour.git", "wrong"), ("octavia/harbour.git", "only-hooks"),
                ("marlow/secret-cove.git", token), ("no/such.git", token),
            ] {
                let cloned = try await runGit(
                    ["clone", "-q", Self.address(gitee, path, "oauth2", password), "no"], in: gitee.trial.folder)
                #expect(!cloned.isDone, "\(path)")
            }
            let open = gitee.trial.forge.host + "/octavia/open-water.git"
            #expect(try await runGit(["clone", "-q", open, "open"], in: gitee.trial.folder).isDone)
            let asked = try await gitee.trial.send(.GET, "/octavia/harbour.git/info/refs?service=git-receive-pack")
            #expect(asked.status == 401)
            #expect(asked.header("WWW-Authenticate") == "Basic realm=\"Gitee\"")
            let archived = Self.address(gitee, "octavia/old-pier.git", "oauth2", token)
            #expect(try await runGit(["clone", "-q", archived, "old"], in: gitee.trial.folder).isDone)
            let push = try await runGit(["push", "origin", "main:refs/heads/x"], in: gitee.trial.folder + "/old")
            #expect(!push.isDone)
        }
    }

    @Test func `an empty repository takes its first branch from a push`() async throws {
        try await withGitee { (gitee) async throws in
            let address = Self.address(gitee, "octavia/empty-dock.git", "oauth2", gitee.trial.forge.token.exposed)
            let folder = gitee.trial.folder + "/fresh"
            _ = try await runGit(["init", "-q", "-b", "trunk/one", "fresh"], in: gitee.trial.folder)
            _ = try await runGit(["commit", "-q", "--allow-empty", "-m", "Begin"], in: folder)
            let pushed = try await runGit(["push", "-q", address, "trunk/one"], in: folder)
            #expect(pushed.isDone, "\(pushed.output)")
            let shown = try await gitee.get("/repos/octavia/empty-dock")
            #expect(shown["default_branch"]?.string == "trunk/one")
            #expect(shown["empty_repo"]?.bool == false)
        }
    }
}
