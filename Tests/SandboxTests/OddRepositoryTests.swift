// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Foundation
import Model
import Sandbox
import TestSupport
import Testing

/// Repositories such as are seldom thought of, made with git itself, read and changed through an adapter.
@Suite struct OddRepositoryTests {
    static let forges: [ForgeID] = [.gitee]

    /// Makes a repository of the seeded account and pushes a history to it.
    /// - Parameter nested: tags on which another tag is put, called `on-…`.
    private static func push(
        _ history: String, to name: String, nested: [String] = [], _ forge: any Forge,
        _ trial: SandboxTrial
    ) async throws -> RepositoryReference {
        let namespace = try #require(try await forge.namespaces().first)
        let made = try await forge.createRepository(named: name, in: namespace.id)
        let folder = trial.folder + "/" + name
        _ = try await runGit(["init", "-q", "--bare", folder])
        let read = try await runGit(["fast-import", "--quiet"], in: folder, input: Array(history.utf8))
        #expect(read.isDone, "\(read.output)")
        for nested in nested {
            _ = try await runGit(["tag", "-a", "-m", "Nested", "on-" + nested, nested], in: folder)
        }
        let address = made.cloneURL.replacing("://", with: "://oauth2:\(trial.forge.token.exposed)@")
        let pushed = try await runGit(["push", "-q", address, "refs/heads/*", "refs/tags/*"], in: folder)
        #expect(pushed.isDone, "\(pushed.output)")
        return RepositoryReference(namespace: namespace.id, project: made.id)
    }

    private static func commit(_ branch: String) -> String {
        "commit refs/heads/\(branch)\nauthor A <a@example.com> 1700000000 +0530\ncommitter C <c@example.com> 1700000001 -0800\ndata 4\nodd\n\n"
    }

    private static func file(_ path: String, _ text: String) -> String {
        "M 100644 inline \"\(path.replacing("\"", with: "\\\""))\"\ndata \(text.utf8.count)\n\(text)\n"
    }

    private static func failure(_ act: () async throws -> Void) async throws -> ForgeError.Code? {
        do {
            try await act()
            return nil
        } catch let error as ForgeError {
            return error.code
        }
    }

    @Test(arguments: forges)
    func `an empty repository is empty, and takes a first file`(id: ForgeID) async throws {
        try await withForge(id) { (forge, _) async throws in
            let namespace = try #require(try await forge.namespaces().first)
            let made = try await forge.createRepository(named: "bare", in: namespace.id)
            let place = RepositoryReference(namespace: namespace.id, project: made.id)
            #expect(try await forge.branches(of: place).isEmpty)
            #expect(try await forge.tags(of: place).isEmpty)
            #expect(try await forge.commits(of: place, at: nil).isEmpty)
            #expect(try await forge.files(of: place, at: "main").isEmpty)
            #expect(try await forge.hooks(of: place).isEmpty)
            let location = FileLocation(repository: place, path: "a/b.txt", ref: "main")
            #expect(try await Self.failure { _ = try await forge.file(at: location) } == .notFound)
            try await forge.change(FileChange(.create(bytes: []), message: "Begin"), at: location)
            #expect(try await forge.branches(of: place) == ["main"])
            #expect(try await forge.file(at: location).bytes.isEmpty)
        }
    }

    @Test(arguments: forges)
    func `a default branch with a slash is as good as another`(id: ForgeID) async throws {
        try await withForge(id) { (forge, trial) async throws in
            let place = try await Self.push(
                Self.commit("trunk/deep/er") + Self.file("x", "1"), to: "slashed", forge, trial)
            #expect(try await forge.branches(of: place) == ["trunk/deep/er"])
            #expect(try await forge.commits(of: place, at: nil).count == 1)
            #expect(try await forge.commits(of: place, at: "trunk/deep/er").count == 1)
            #expect(try await forge.files(of: place, at: "trunk/deep/er") == ["x"])
            let location = FileLocation(repository: place, path: "x", ref: "trunk/deep/er")
            let read = try await forge.file(at: location)
            try await forge.change(
                FileChange(.update(bytes: [50], expected: read.sha), message: "Two"), at: location)
            #expect(try await forge.file(at: location).bytes == [50])
        }
    }

    @Test(arguments: forges)
    func `250 branches and tags are all there`(id: ForgeID) async throws {
        try await withForge(id) { (forge, trial) async throws in
            let crowded = RepositoryReference(namespace: trial.forge.namespace, project: SandboxSeed.crowdedProject)
            let branches = try await forge.branches(of: crowded)
            #expect(branches.count == 251 && Set(branches).count == 251)
            let tags = try await forge.tags(of: crowded)
            #expect(tags.count == 250 && Set(tags).count == 250)
        }
    }

    @Test(arguments: forges, [0, 1, (1 << 20) + 1, 20 << 20])
    func `a file of any size is read and written byte for byte`(id: ForgeID, size: Int) async throws {
        try await withForge(id) { (forge, trial) async throws in
            let place = RepositoryReference(namespace: trial.forge.namespace, project: SandboxSeed.project)
            let location = FileLocation(repository: place, path: "sized.bin", ref: "main")
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
            try await forge.change(FileChange(.create(bytes: bytes), message: "Add"), at: location)
            let read = try await forge.file(at: location)
            #expect(read.bytes == bytes)
            try await forge.change(FileChange(.delete(expected: read.sha), message: "Drop"), at: location)
            #expect(try await Self.failure { _ = try await forge.file(at: location) } == .notFound)
        }
    }

    @Test(arguments: forges)
    func `names of every kind are read, made, changed and removed`(id: ForgeID) async throws {
        try await withForge(id) { (forge, trial) async throws in
            let place = RepositoryReference(namespace: trial.forge.namespace, project: SandboxSeed.project)
            for path in [
                "a b/c d.txt", "a+b", "100%", "50%25.txt", "#1", "why?.md", "x:y", "港/ünï.txt", "q'uo\"te", "app.json",
                "tilde~", "semi;colon&and=is", String(repeating: "n", count: 200), "emoji 🧵/.hidden",
            ] {
                let location = FileLocation(repository: place, path: path, ref: "main")
                try await forge.change(
                    FileChange(.create(bytes: Array(path.utf8)), message: "Add \(path)"), at: location)
                let read = try await forge.file(at: location)
                #expect(read.bytes == Array(path.utf8), "\(path)")
                #expect(read.path == path)
                #expect(
                    try await Self.failure {
                        try await forge.change(FileChange(.create(bytes: [1]), message: "Again"), at: location)
                    } == .alreadyExists, "\(path)")
                try await forge.change(
                    FileChange(.update(bytes: Array("two".utf8), expected: read.sha), message: "Two"), at: location)
                #expect(
                    try await Self.failure {
                        try await forge.change(FileChange(.delete(expected: read.sha), message: "Stale"), at: location)
                    } == .conflict, "\(path)")
                #expect(try await forge.files(of: place, at: "main").contains(path), "\(path)")
                let now = try await forge.file(at: location).sha
                try await forge.change(FileChange(.delete(expected: now), message: "Drop"), at: location)
            }
        }
    }

    @Test(arguments: forges)
    func `links and scripts are files, directories and submodules are not`(id: ForgeID) async throws {
        let history =
            Self.commit("main") + Self.file("plain.txt", "a\r\nb\r\n")
            + "M 100755 inline run.sh\ndata 3\nrun\nM 120000 inline link\ndata 9\nplain.txt\n"
            + "M 160000 0123456789abcdef0123456789abcdef01234567 vendor/lib\n" + Self.file("dir/x", "x")
            + "tag noted\nfrom refs/heads/main\ntagger T <t@example.com> 1700000002 +0000\ndata 2\nn\n\n"
        try await withForge(id) { (forge, trial) async throws in
            let place = try await Self.push(history, to: "kinds", nested: ["noted"], forge, trial)
            let files = try await forge.files(of: place, at: "main")
            #expect(Set(files) == ["plain.txt", "run.sh", "link", "dir/x"])
            func read(_ path: String) async throws -> [UInt8] {
                try await forge.file(at: FileLocation(repository: place, path: path, ref: "main")).bytes
            }
            // No line ending is changed.
            #expect(try await read("plain.txt") == Array("a\r\nb\r\n".utf8))
            #expect(try await read("run.sh") == Array("run".utf8))
            for path in ["dir", "vendor", "vendor/lib", "plain.txt/x"] {
                #expect(try await Self.failure { _ = try await read(path) } == .notFound, "\(path)")
            }
            // A tag on a tag leads to the commit, and stays when the lower one goes.
            #expect(Set(try await forge.tags(of: place)) == ["noted", "on-noted"])
            #expect(try await forge.commits(of: place, at: "on-noted").count == 1)
            try await forge.createTag(TagDraft(name: "third", description: "Third", ref: "on-noted"), in: place)
            try await forge.deleteTag(named: "noted", in: place)
            #expect(Set(try await forge.tags(of: place)) == ["on-noted", "third"])
            for name in ["on-noted", "third"] {
                #expect(try await forge.commits(of: place, at: name).count == 1)
            }
        }
    }

    @Test(arguments: forges)
    func `a tree of 20,000 files is one list`(id: ForgeID) async throws {
        let files = (0..<20_000).map { "M 100644 inline d\($0 % 100)/\($0).txt\ndata 1\nx\n" }
        try await withForge(id) { (forge, trial) async throws in
            let place = try await Self.push(
                Self.commit("main") + files.joined(), to: "forest", forge, trial)
            let listed = try await forge.files(of: place, at: "main")
            #expect(listed.count == 20_000 && Set(listed).count == 20_000)
        }
    }

    @Test(arguments: forges)
    func `a branch that was pushed between read and write is a conflict`(id: ForgeID) async throws {
        try await withForge(id) { (forge, trial) async throws in
            let place = try await Self.push(
                Self.commit("main") + Self.file("x", "1"), to: "race", forge, trial)
            let location = FileLocation(repository: place, path: "x", ref: "main")
            let before = try await forge.file(at: location).sha
            let tip = try #require(try await forge.commits(of: place, at: "main").first).sha
            let folder = trial.folder + "/race"
            // Git would go on from the branch's tip: this history begins anew.
            let other = "reset refs/heads/main\n" + Self.commit("main") + Self.file("x", "2")
            _ = try await runGit(["fast-import", "--quiet", "--force"], in: folder, input: Array(other.utf8))
            let clone = try await forge.repository(
                cloneURL: "\(trial.forge.host)/\(trial.forge.namespace)/race.git"
            ).cloneURL
            let address = clone.replacing("://", with: "://oauth2:\(trial.forge.token.exposed)@")
            let pushed = try await runGit(["push", "-q", "--force", address, "main"], in: folder)
            #expect(pushed.isDone, "\(pushed.output)")
            for expected in [before, tip] {
                let change = FileChange(.update(bytes: [51], expected: expected), message: "Late")
                #expect(try await Self.failure { try await forge.change(change, at: location) } == .conflict)
            }
        }
    }

    @Test(arguments: forges)
    func `an archived repository is read, and forbids every change`(id: ForgeID) async throws {
        try await withForge(id) { (forge, trial) async throws in
            let place = RepositoryReference(namespace: trial.forge.namespace, project: SandboxSeed.archivedProject)
            let location = FileLocation(repository: place, path: "README.md", ref: "main")
            let read = try await forge.file(at: location)
            #expect(!read.bytes.isEmpty)
            let draft = TagDraft(name: "t", description: "", ref: "main")
            #expect(try await Self.failure { try await forge.createTag(draft, in: place) } == .forbidden)
            let change = FileChange(.update(bytes: [1], expected: read.sha), message: "m")
            #expect(try await Self.failure { try await forge.change(change, at: location) } == .forbidden)
        }
    }

    @Test(arguments: forges)
    func `a webhook may be there twice, and goes by its id`(id: ForgeID) async throws {
        try await withForge(id) { (forge, trial) async throws in
            let place = RepositoryReference(namespace: trial.forge.namespace, project: SandboxSeed.project)
            let draft = HookDraft(url: "https://ci.example.org/hook", secret: Secret("seal-4711"))
            let first = try await forge.createHook(draft, in: place)
            let second = try await Self.failure { _ = try await forge.createHook(draft, in: place) }
            #expect(second == nil || second == .alreadyExists)
            let hooks = try await forge.hooks(of: place)
            #expect(hooks.contains(first))
            for hook in hooks { try await forge.deleteHook(id: hook.id, in: place) }
            #expect(try await forge.hooks(of: place).isEmpty)
            #expect(try await Self.failure { try await forge.deleteHook(id: first.id, in: place) } == .notFound)
        }
    }
}
