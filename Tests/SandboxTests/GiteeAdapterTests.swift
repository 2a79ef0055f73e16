// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// The adapter against the emulator, over a real network: what was written apart must fit together.
@Suite struct GiteeAdapterTests {
    private let harbour = RepositoryReference(namespace: "octavia", project: "octavia/harbour")

    private func failure(_ act: () async throws -> Void) async throws -> ForgeError.Code? {
        do {
            try await act()
            return nil
        } catch let error as ForgeError {
            return error.code
        }
    }

    @Test func `a tag is deleted by a push, and only while it is what was read`() async throws {
        try await withForge(.gitee) { (forge, trial) async throws in
            try await forge.createTag(TagDraft(name: "deep/纺", description: "Noted", ref: "main"), in: harbour)
            try await forge.createTag(TagDraft(name: "plain", description: "", ref: "v1.0.0"), in: harbour)
            #expect(try await forge.tags(of: harbour) == ["deep/纺", "plain", "release/2024-01", "v0.9.0", "v1.0.0"])
            try await forge.createTag(TagDraft(name: "nested", description: "On a tag", ref: "deep/纺"), in: harbour)
            try await forge.deleteTag(named: "nested", in: harbour)
            for name in ["deep/纺", "plain", "v1.0.0"] { try await forge.deleteTag(named: name, in: harbour) }
            #expect(try await forge.tags(of: harbour) == ["release/2024-01", "v0.9.0"])
            #expect(try await failure { try await forge.deleteTag(named: "plain", in: harbour) } == .notFound)
            // A branch of the name stays.
            #expect(try await failure { try await forge.deleteTag(named: "main", in: harbour) } == .notFound)
            #expect(try await forge.branches(of: harbour).contains("main"))
            let archived = RepositoryReference(namespace: "octavia", project: "old-pier")
            #expect(try await failure { try await forge.deleteTag(named: "v1", in: archived) } == .forbidden)
            let secret = RepositoryReference(namespace: "marlow", project: "secret-cove")
            #expect(try await failure { try await forge.deleteTag(named: "v1", in: secret) } == .notFound)
        }
    }

    @Test func `a wrong or a narrow token deletes no tag`() async throws {
        let hooks = SandboxToken(forge: .gitee, token: Secret("only-hooks"), scopes: ["hook"])
        try await withForge(.gitee, { $0.tokens = [hooks] }) { (_, trial) async throws in
            for token in ["wrong", "only-hooks"] {
                try await withForge(trial.forge, token: token) { (forge) async throws in
                    #expect(
                        try await failure { try await forge.deleteTag(named: "v1.0.0", in: harbour) }
                            == .credentialRejected)
                }
            }
        }
    }

    @Test func `a commit is found by a tag, which Gitee's page does not name`() async throws {
        try await withForge(.gitee) { (forge, _) async throws in
            #expect(try await forge.commits(of: harbour, at: "v1.0.0").first?.message == "Version 1\n")
            #expect(try await forge.commits(of: harbour, at: "release/2024-01").count == 10)
            #expect(try await forge.commits(of: harbour, at: "feature/one").first?.message == "Start feature one\n")
            #expect(try await failure { _ = try await forge.commits(of: harbour, at: "nowhere") } == .notFound)
            #expect(try await forge.files(of: harbour, at: "v0.9.0").contains("src/main/pilot.txt"))
            #expect(try await forge.files(of: harbour, at: "feature/one").contains("feature-one.txt"))
            let location = FileLocation(repository: harbour, path: "VERSION", ref: "v1.0.0")
            #expect(try await forge.file(at: location).bytes == Array("1.0.0\n".utf8))
        }
    }

    @Test func `namespaces of every kind hold repositories`() async throws {
        try await withForge(.gitee) { (forge, trial) async throws in
            #expect(try await forge.namespaces().map(\.id) == ["octavia", "harbour-works", "silk-road"])
            #expect(try await forge.repositories(in: "silk-road").map(\.id) == ["silk-road/caravan"])
            #expect(try await forge.repositories(in: "harbour-works").map(\.id) == ["harbour-works/crane-control"])
            #expect(try await forge.repositories(in: "octavia").count == 5)
            #expect(try await forge.repositories(in: "marlow").isEmpty)
            for namespace in ["octavia", "harbour-works", "silk-road"] {
                let made = try await forge.createRepository(named: "made", in: namespace)
                #expect(made.id == namespace + "/made")
                #expect(try await forge.repository(cloneURL: made.cloneURL) == made)
                #expect(
                    try await failure { _ = try await forge.createRepository(named: "MADE", in: namespace) }
                        == .alreadyExists)
            }
            #expect(try await failure { _ = try await forge.createRepository(named: "made", in: "none") } == .notFound)
        }
    }

    @Test func `a tree beyond the limit is read whole`() async throws {
        try await withForge(.gitee, { $0.treeLimit = 8 }) { (forge, _) async throws in
            let files = try await forge.files(of: harbour, at: "main")
            #expect(files.count == 13)
            #expect(files.contains("docs/with space/ünï cödé 港.txt"))
        }
    }

    @Test(arguments: [0, 1, (1 << 20) + 1, 20 << 20])
    func `a file of any size is read and written byte for byte`(size: Int) async throws {
        try await withForge(.gitee) { (forge, trial) async throws in
            let place = RepositoryReference(namespace: trial.forge.namespace, project: SandboxSeed.project)
            let location = FileLocation(repository: place, path: "sized.bin", ref: "main")
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
            try await forge.change(FileChange(.create(bytes: bytes), message: "Add"), at: location)
            let read = try await forge.file(at: location)
            #expect(read.bytes == bytes)
            try await forge.change(FileChange(.delete(expected: read.sha), message: "Drop"), at: location)
            #expect(try await failure { _ = try await forge.file(at: location) } == .notFound)
        }
    }

    @Test func `names of every kind are read, made, changed and removed`() async throws {
        try await withForge(.gitee) { (forge, trial) async throws in
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
                    try await failure {
                        try await forge.change(FileChange(.create(bytes: [1]), message: "Again"), at: location)
                    } == .alreadyExists, "\(path)")
                try await forge.change(
                    FileChange(.update(bytes: Array("two".utf8), expected: read.sha), message: "Two"), at: location)
                #expect(
                    try await failure {
                        try await forge.change(FileChange(.delete(expected: read.sha), message: "Stale"), at: location)
                    } == .conflict, "\(path)")
                #expect(try await forge.files(of: place, at: "main").contains(path), "\(path)")
                let now = try await forge.file(at: location).sha
                try await forge.change(FileChange(.delete(expected: now), message: "Drop"), at: location)
            }
        }
    }

    @Test func `a webhook may be there twice, and goes by its id`() async throws {
        try await withForge(.gitee) { (forge, trial) async throws in
            let place = RepositoryReference(namespace: trial.forge.namespace, project: SandboxSeed.project)
            let draft = HookDraft(url: "https://ci.example.org/hook", secret: Secret("seal-4711"))
            let first = try await forge.createHook(draft, in: place)
            let second = try await failure { _ = try await forge.createHook(draft, in: place) }
            #expect(second == nil || second == .alreadyExists)
            let hooks = try await forge.hooks(of: place)
            #expect(hooks.contains(first))
            for hook in hooks { try await forge.deleteHook(id: hook.id, in: place) }
            #expect(try await forge.hooks(of: place).isEmpty)
            #expect(try await failure { try await forge.deleteHook(id: first.id, in: place) } == .notFound)
        }
    }
}
