// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import Testing
import TestSupport

@Suite struct GitHubGitTests {
    private func address(_ hub: GitHubClient, _ credentials: String, _ path: String) -> String {
        hub.trial.forge.host.replacingOccurrences(of: "http://", with: "http://\(credentials)@") + "/" + path
    }

    @Test func `a clone with the token is whole and a push arrives`() async throws {
        try await withGitHub { hub in
            let clone = hub.trial.folder + "/clone"
            let token = hub.trial.forge.token.exposed
            let cloned = try await runGit([
                "clone", "-q", address(hub, "anyone:\(token)", "octavia/harbour.git"), clone,
            ])
            #expect(cloned.isDone, "\(cloned.output)")
            #expect(try await runGit(["fsck", "--strict"], in: clone).isDone)
            let branches = try await runGit(["branch", "-r", "--format=%(refname:short)"], in: clone).output
            #expect(branches.contains("origin/feature/one"))
            #expect(branches.contains("origin/fix/ünï-code"))
            #expect(try await runGit(["tag"], in: clone).output == "release/2024-01\nv0.9.0\nv1.0.0\n")
            let tip = try await hub.tip()
            #expect(try await runGit(["rev-parse", "HEAD"], in: clone).output == tip + "\n")

            try Data("pushed".utf8).write(to: URL(filePath: clone + "/pushed.txt"))
            _ = try await runGit(["add", "."], in: clone)
            _ = try await runGit(["commit", "-q", "-m", "push"], in: clone)
            let pushed = try await runGit(["push", "-q", "origin", "HEAD:main", "HEAD:refs/heads/new/one"], in: clone)
            #expect(pushed.isDone, "\(pushed.output)")
            #expect(try await hub.get("/repos/octavia/harbour/contents/pushed.txt").status == 200)
            #expect(try await hub.get("/repos/octavia/harbour/branches/new/one").status == 200)
        }
    }

    @Test func `a first push makes the default branch`() async throws {
        try await withGitHub { hub in
            let work = hub.trial.folder + "/work"
            _ = try await runGit(["init", "-q", "-b", "trunk", work])
            _ = try await runGit(["commit", "-q", "--allow-empty", "-m", "first"], in: work)
            let token = hub.trial.forge.token.exposed
            let target = address(hub, "x:\(token)", "octavia/empty-dock.git")
            #expect(try await runGit(["push", "-q", target, "trunk"], in: work).isDone)
            let repository = try await hub.get("/repos/octavia/empty-dock").json()
            #expect(repository["default_branch"]?.string == "trunk")
        }
    }

    @Test func `a large push arrives whole`() async throws {
        try await withGitHub { hub in
            let work = hub.trial.folder + "/work"
            _ = try await runGit(["init", "-q", "-b", "main", work])
            let bytes = Data((0..<(5 << 20)).map { _ in UInt8.random(in: 0...255) })
            try bytes.write(to: URL(filePath: work + "/large.bin"))
            _ = try await runGit(["add", "."], in: work)
            _ = try await runGit(["commit", "-q", "-m", "large"], in: work)
            let target = address(hub, "x:\(hub.trial.forge.token.exposed)", "octavia/empty-dock.git")
            let pushed = try await runGit(["push", "-q", target, "main"], in: work)
            #expect(pushed.isDone, "\(pushed.output)")
            let raw = try await hub.get(
                "/repos/octavia/empty-dock/contents/large.bin", headers: [("Accept", "application/vnd.github.raw+json")]
            )
            #expect(raw.status == 200)
            #expect(Data(raw.bytes) == bytes)
        }
    }

    @Test func `a private repository asks for credentials`() async throws {
        try await withGitHub { hub in
            let path = "/octavia/harbour.git/info/refs?service=git-upload-pack"
            let answer = try await hub.trial.send(.GET, path)
            #expect(answer.status == 401)
            #expect(answer.headers.first(name: "WWW-Authenticate") == "Basic realm=\"GitHub\"")
            let wrong = try await runGit(["ls-remote", address(hub, "x:wrong", "octavia/harbour.git")])
            #expect(!wrong.isDone)
            #expect(try await runGit(["ls-remote", hub.trial.forge.host + "/octavia/open-water.git"]).isDone)
            let hidden = address(hub, "x:\(hub.trial.forge.token.exposed)", "marlow/secret-cove.git")
            #expect(try await !runGit(["ls-remote", hidden]).isDone)
        }
    }

    @Test func `an archived repository and a token without the scope take no push`() async throws {
        try await withGitHub({ $0.tokens = [token("ghp_small", scopes: ["read:org"])] }) { hub in
            let work = hub.trial.folder + "/work"
            _ = try await runGit(["init", "-q", "-b", "main", work])
            _ = try await runGit(["commit", "-q", "--allow-empty", "-m", "first"], in: work)
            let full = hub.trial.forge.token.exposed
            for target in [
                address(hub, "x:\(full)", "octavia/old-pier.git"),
                address(hub, "x:ghp_small", "octavia/open-water.git"),
                hub.trial.forge.host + "/octavia/open-water.git",
            ] {
                #expect(try await !runGit(["push", "-q", target, "main:refs/heads/new"], in: work).isDone)
            }
        }
    }
}
