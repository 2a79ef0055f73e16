// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Sandbox

@Suite struct GitRepositoryTests {
    private static let who = GitSignature(name: "Octavia", email: "o@example.com", time: 1_700_000_000, offset: 60)

    private static func text(_ message: String) -> GitCommitText {
        GitCommitText(message: message, author: who, committer: who)
    }

    private func withRepository(_ body: (GitRepository) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/gatehouse-git-" + UUID().uuidString
        let repository = try await GitRepository.create(at: directory)
        defer { try? repository.delete() }
        try await body(repository)
        let (isDone, output) = try await runGit(["--git-dir", directory, "fsck", "--strict"])
        #expect(isDone, "\(output)")
    }

    @Test(arguments: [
        "plain.txt", "with space/ünï 港.txt", "line\nbreak.txt", "--option", "-x/--", "quote\"back\\slash", "a*b?[c]",
        ":(top)magic", "100% #1+?&.txt",
    ])
    func `a file of any name is written, listed, read and removed`(path: String) async throws {
        try await withRepository { git in
            let bytes: [UInt8] = [0, 1, 10, 13, 255] + Array("text".utf8)
            let blob = try await git.writeBlob(bytes)
            let change = GitChange.put(path: path, blob: blob, mode: "100644")
            let first = try await git.commit([change], on: "main", parent: nil, text: Self.text("add"))
            #expect(try await git.tree(first.id, recursive: true).filter { $0.type == .blob }.map(\.path) == [path])
            let entry = try #require(try await git.entry(path, in: first.id))
            #expect(entry.size == bytes.count)
            #expect(try await git.blob(entry.id) == bytes)
            var query = GitHistoryQuery(start: [first.id])
            query.path = path
            #expect(try await git.history(query).map(\.id) == [first.id])
            let second = try await git.commit(
                [.remove(path: path)], on: "main", parent: first.id, text: Self.text("remove"))
            #expect(try await git.entry(path, in: second.id) == nil)
            #expect(second.parents == [first.id])
        }
    }

    @Test(arguments: ["", "/start", "end/", "a//b", ".", "a/../b", ".git/config", "a/.GIT/b", "nul\0byte"])
    func `a path that git cannot hold is refused`(path: String) async throws {
        try await withRepository { git in
            let blob = try await git.writeBlob([])
            await #expect(throws: GitError.self) {
                try await git.writeTree([.put(path: path, blob: blob, mode: "100644")], onto: nil)
            }
        }
    }

    @Test(arguments: ["--output=/tmp/x", "-", "main~1", "HEAD^", "@{-1}", ":/add", "a..b", "nul\0byte", ""])
    func `an expression is no name of a revision`(text: String) async throws {
        try await withRepository { git in
            let blob = try await git.writeBlob([])
            _ = try await git.commit(
                [.put(path: "a", blob: blob, mode: "100644")], on: "main", parent: nil, text: Self.text("add"))
            #expect(try await git.commitID(text) == nil)
            #expect(try await git.reference("refs/heads/" + text) == nil)
            await #expect(throws: GitError.self) {
                try await git.createReference("refs/heads/" + text, at: GitRepository.noObject)
            }
        }
    }

    @Test func `large contents come back whole`() async throws {
        try await withRepository { git in
            let bytes = (0..<(24 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
            let blob = try await git.writeBlob(bytes)
            #expect(try await git.blob(blob) == bytes)
        }
    }

    @Test func `a commit keeps what it says about itself`() async throws {
        try await withRepository { git in
            let blob = try await git.writeBlob([])
            let author = GitSignature(name: "Ünï <x>", email: "u@example.com", time: 1_600_000_001, offset: -570)
            let message = "Subject\n\nBody with -- dashes\nand # signs\n"
            let text = GitCommitText(message: message, author: author, committer: Self.who)
            let made = try await git.commit(
                [.put(path: "a", blob: blob, mode: "100755")], on: "feature/one", parent: nil, text: text)
            let read = try #require(try await git.commit(made.id))
            #expect(read.message == message)
            #expect(read.author == GitSignature(name: "Ünï x", email: author.email, time: author.time, offset: -570))
            #expect(read.committer == Self.who)
            #expect(try await git.commitID("feature/one") == made.id)
            #expect(try await git.commitID(String(made.id.prefix(7))) == made.id)
        }
    }

    @Test func `an annotated tag is peeled`() async throws {
        try await withRepository { git in
            let blob = try await git.writeBlob([])
            let commit = try await git.commit(
                [.put(path: "a", blob: blob, mode: "100644")], on: "main", parent: nil, text: Self.text("add"))
            let tag = try await git.writeTag(
                "release/1", target: commit.id, type: .commit, message: "One", tagger: Self.who)
            try await git.createReference("refs/tags/release/1", at: tag)
            try await git.createReference("refs/tags/light", at: commit.id)
            let tags = try await git.tags()
            #expect(tags.map(\.shortName) == ["light", "release/1"])
            #expect(tags.map(\.peeledID) == [commit.id, commit.id])
            #expect(tags.map(\.objectType) == [.commit, .tag])
            let read = try #require(try await git.tag(tag))
            #expect(read.message == "One\n")
            #expect(read.tagger == Self.who)
            #expect(try await git.commitID("release/1") == commit.id)
            await #expect(throws: GitError.alreadyExists("refs/tags/light")) {
                try await git.createReference("refs/tags/light", at: commit.id)
            }
            try await git.deleteReference("refs/tags/light")
            await #expect(throws: GitError.notFound("refs/tags/light")) {
                try await git.deleteReference("refs/tags/light")
            }
        }
    }

    @Test func `no writer to one branch undoes another`() async throws {
        try await withRepository { git in
            let blob = try await git.writeBlob([])
            let root = try await git.commit(
                [.put(path: "root", blob: blob, mode: "100644")], on: "main", parent: nil, text: Self.text("root"))
            let accepted = try await withThrowingTaskGroup(of: String?.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        do {
                            let tip = try await git.reference("refs/heads/main")?.objectID
                            return try await git.commit(
                                [.put(path: "file-\(number)", blob: blob, mode: "100644")], on: "main",
                                parent: tip ?? root.id, text: Self.text("\(number)")
                            ).id
                        } catch GitError.refMoved {
                            return nil
                        }
                    }
                }
                return try await group.reduce(into: [String]()) { if let id = $1 { $0.append(id) } }
            }
            #expect(!accepted.isEmpty)
            let tip = try #require(try await git.commitID("main"))
            let history = try await git.history(GitHistoryQuery(start: [tip])).map(\.id)
            #expect(Set(history) == Set(accepted + [root.id]))
            #expect(try await git.tree(tip).count == accepted.count + 1)
        }
    }
}
