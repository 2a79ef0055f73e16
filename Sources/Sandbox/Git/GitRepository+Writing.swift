// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// What a new commit says about itself.
struct GitCommitText: Sendable, Hashable {
    let message: String
    let author: GitSignature
    let committer: GitSignature

    init(message: String, author: GitSignature, committer: GitSignature) {
        self.message = message
        self.author = author
        self.committer = committer
    }
}

extension GitRepository {
    /// Stores a blob and gives its SHA. No ref holds it yet.
    func writeBlob(_ bytes: [UInt8]) async throws(GitError) -> String {
        Self.line(try await command().run(["hash-object", "-w", "--stdin"], input: bytes))
    }

    /// Stores the tree that comes of changes to another one, and gives its SHA.
    /// - Parameter base: the full SHA of a tree or commit; nil for the empty tree.
    /// - Throws: ``GitError/invalidName(_:)`` for a path that git cannot hold, ``GitError/notFound(_:)`` for removing what
    ///   is not there.
    func writeTree(_ changes: [GitChange], onto base: String?) async throws(GitError) -> String {
        let index = FileManager.default.temporaryDirectory.path + "/gatehouse-index-" + UUID().uuidString
        defer { unlinkIfPresent(index) }
        let git = command(["GIT_INDEX_FILE": index])
        if let base { try await git.run(["read-tree", base]) }
        var lines: [UInt8] = []
        for change in changes {
            switch change {
            case .put(let path, let blob, let mode):
                try Self.check(path)
                lines += Array("\(mode) \(blob)\t\(path)\0".utf8)
            case .remove(let path):
                try Self.check(path)
                guard let base, try await entry(path, in: base) != nil else { throw .notFound(path) }
                lines += Array("0 \(Self.noObject)\t\(path)\0".utf8)
            }
        }
        let outcome = try await git.attempt(["update-index", "-z", "--index-info"], input: lines)
        guard outcome.succeeded else {
            if outcome.message.contains("nvalid path") { throw .invalidName(outcome.message) }
            throw .failed(command: "update-index", status: outcome.status, message: outcome.message)
        }
        return Self.line(try await git.run(["write-tree"]))
    }

    /// Stores a commit object and gives its SHA. No ref holds it yet.
    func writeCommit(tree: String, parents: [String], text: GitCommitText) async throws(GitError) -> String {
        let git = command([
            "GIT_AUTHOR_NAME": Self.signatureText(text.author.name),
            "GIT_AUTHOR_EMAIL": Self.signatureText(text.author.email),
            "GIT_AUTHOR_DATE": text.author.dateVariable,
            "GIT_COMMITTER_NAME": Self.signatureText(text.committer.name),
            "GIT_COMMITTER_EMAIL": Self.signatureText(text.committer.email),
            "GIT_COMMITTER_DATE": text.committer.dateVariable,
        ])
        let arguments = ["commit-tree", tree] + parents.flatMap { ["-p", $0] } + ["-F", "-"]
        return Self.line(try await git.run(arguments, input: Array(text.message.utf8)))
    }

    /// Makes one commit of changes on a branch and moves the branch to it.
    /// - Parameters:
    ///   - branch: without `refs/heads/`. It is made where it does not exist.
    ///   - parent: the commit that the caller saw at the branch's tip when it checked what it changes; nil for a branch
    ///     that does not exist yet (a first commit).
    ///   - start: where a new branch begins (full SHA); only looked at where `parent` is nil.
    /// - Returns: the new commit.
    /// - Throws: ``GitError/refMoved(_:)`` where the branch is elsewhere by now: nothing has changed then.
    func commit(
        _ changes: [GitChange],
        on branch: String,
        parent: String?,
        startingAt start: String? = nil,
        text: GitCommitText
    ) async throws(GitError) -> GitCommit {
        let base = parent ?? start
        let tree = try await writeTree(changes, onto: base)
        let id = try await writeCommit(tree: tree, parents: base.map { [$0] } ?? [], text: text)
        if let parent {
            try await updateReference("refs/heads/" + branch, to: id, from: parent)
        } else {
            do {
                try await createReference("refs/heads/" + branch, at: id)
            } catch .alreadyExists {
                throw .refMoved(branch)
            }
        }
        guard let commit = try await commit(id) else { throw .notFound(id) }
        return commit
    }

    /// Stores an annotated tag's object and gives its SHA. No ref holds it yet.
    /// - Throws: ``GitError/notFound(_:)`` where the target is not there or of another type.
    func writeTag(
        _ name: String,
        target: String,
        type: GitObjectType,
        message: String,
        tagger: GitSignature
    ) async throws(GitError) -> String {
        guard try await objectType(target) == type else { throw .notFound(target) }
        guard !name.contains(where: \.isNewline) else { throw .invalidName(name) }
        let who = "\(Self.signatureText(tagger.name)) <\(Self.signatureText(tagger.email))>"
        let date = tagger.dateVariable.dropFirst()
        let text = "object \(target)\ntype \(type.rawValue)\ntag \(name)\ntagger \(who) \(date)\n\n\(message)"
        let ending = message.hasSuffix("\n") ? "" : "\n"
        return Self.line(try await command().run(["mktag", "--no-strict"], input: Array((text + ending).utf8)))
    }

    /// Runs `git fast-import`: a whole history in one call.
    /// https://git-scm.com/docs/git-fast-import
    func fastImport(_ stream: [UInt8]) async throws(GitError) {
        // One pack instead of a file for each object: making and removing those is what takes the time.
        try await command().run(
            ["-c", "fastimport.unpackLimit=1", "fast-import", "--quiet", "--force"], input: stream)
    }

    /// Makes many refs to one commit at once, in git's file of packed refs: one by one, they would take a millisecond each.
    /// Only for a new repository that nobody else uses yet and that has no packed refs.
    /// https://git-scm.com/docs/gitrepository-layout
    func writePackedReferences(_ names: [String], to commit: String) throws {
        let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let lines = ["# pack-refs with: peeled fully-peeled sorted "] + sorted.map { "\(commit) \($0)" }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: directory + "/packed-refs"))
    }

    private static func line(_ output: [UInt8]) -> String {
        String(decoding: output.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// Git drops these characters in names and refuses a name that has no others.
    private static func signatureText(_ text: String) -> String {
        let kept = text.filter { !$0.isNewline && $0 != "<" && $0 != ">" && $0 != "\0" }
        return kept.contains(where: { $0.isLetter || $0.isNumber }) ? kept : "nobody"
    }

    private static func check(_ path: String) throws(GitError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let isForbidden = parts.contains { $0.isEmpty || $0 == "." || $0 == ".." || $0.lowercased() == ".git" }
        if isForbidden || path.utf8.contains(0) { throw .invalidName(path) }
    }
}

/// The index is gone already where git never wrote one.
private func unlinkIfPresent(_ path: String) {
    unlink(path)
    unlink(path + ".lock")
}
