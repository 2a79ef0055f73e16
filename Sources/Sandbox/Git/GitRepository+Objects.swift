// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

extension GitRepository {
    /// The full SHA of what a branch, a tag, a full ref or a (cut) SHA names, annotated tags peeled down to the commit.
    /// nil where there is no such commit. Git's own expressions (`main~1`, `HEAD^{tree}`, `@{-1}`) are no names here.
    func commitID(_ revision: String) async throws(GitError) -> String? {
        guard let name = Self.plainRevision(revision) else { return nil }
        // A forge takes a branch before a tag of the same name; git would take the tag.
        var candidates = ["refs/heads/" + name, "refs/tags/" + name]
        if name.hasPrefix("refs/") || name.hasPrefix("heads/") || name.hasPrefix("tags/") || name == "HEAD" {
            candidates.insert(name, at: 0)
        }
        if Self.isObjectID(name) { candidates = [name] + candidates }
        if Self.isAbbreviatedObjectID(name) { candidates.append(name) }
        let lines = candidates.map { $0 + "^{commit}\n" }.joined()
        let output = try await command().run(["cat-file", "--batch-check"], input: Array(lines.utf8))
        // `<sha> commit <size>`, in the order asked; `… missing` for what is not there.
        for line in String(decoding: output, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ")
            if fields.count == 3, fields[1] == "commit" { return String(fields[0]) }
        }
        return nil
    }

    /// The full SHA of whatever object a (cut) SHA, ref or `commit:path` expression of our own making names.
    func objectID(_ expression: String) async throws(GitError) -> String? {
        guard !expression.utf8.contains(0) else { return nil }
        let outcome = try await command().attempt([
            "rev-parse", "--verify", "--quiet", "--end-of-options", expression,
        ])
        guard outcome.succeeded else { return nil }
        return String(decoding: outcome.output, as: UTF8.self).split(separator: "\n").last.map(String.init)
    }

    /// What kind of object a full SHA is; nil where there is none.
    func objectType(_ id: String) async throws(GitError) -> GitObjectType? {
        try await header(id)?.type
    }

    /// Kind and size in bytes of the object with this full SHA, without its content; nil where there is none.
    func header(_ id: String) async throws(GitError) -> (type: GitObjectType, size: Int)? {
        guard Self.isObjectID(id) else { return nil }
        let output = try await command().run(["cat-file", "--batch-check"], input: Array((id + "\n").utf8))
        let fields = String(decoding: output, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard fields.count == 3, let type = GitObjectType(rawValue: String(fields[1])), let size = Int(fields[2])
        else { return nil }
        return (type, size)
    }

    /// A blob's bytes.
    /// - Throws: ``GitError/notFound(_:)`` where no blob has this full SHA.
    func blob(_ id: String) async throws(GitError) -> [UInt8] {
        guard Self.isObjectID(id) else { throw .notFound(id) }
        let outcome = try await command().attempt(["cat-file", "blob", id])
        guard outcome.succeeded else { throw .notFound(id) }
        return outcome.output
    }

    /// A commit, by its full SHA; nil where there is none.
    func commit(_ id: String) async throws(GitError) -> GitCommit? {
        try await commits([id]).first
    }

    /// An annotated tag's object, by its full SHA; nil where there is none.
    func tag(_ id: String) async throws(GitError) -> GitTag? {
        try await tags([id]).first
    }

    /// Commits by their full SHAs, in that order, in one call of git; what is no commit is left out.
    func commits(_ ids: [String]) async throws(GitError) -> [GitCommit] {
        try await objects(ids).compactMap { $0.type == .commit ? GitCommit(id: $0.id, raw: $0.content) : nil }
    }

    /// Annotated tags by their full SHAs, in that order, in one call of git; what is no tag object is left out.
    func tags(_ ids: [String]) async throws(GitError) -> [GitTag] {
        try await objects(ids).compactMap { $0.type == .tag ? GitTag(id: $0.id, raw: $0.content) : nil }
    }

    /// Objects by their full SHAs, in that order, in one call of git; unknown ones are left out.
    func objects(
        _ ids: [String]
    ) async throws(GitError) -> [(id: String, type: GitObjectType, content: ArraySlice<UInt8>)] {
        let wanted = ids.filter(Self.isObjectID)
        guard !wanted.isEmpty else { return [] }
        let output = try await command().run(
            ["cat-file", "--batch"],
            input: Array(wanted.joined(separator: "\n").utf8) + [UInt8(ascii: "\n")]
        )
        var found: [(String, GitObjectType, ArraySlice<UInt8>)] = []
        var rest = output[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let fields = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ")
            rest = rest[(end + 1)...]
            // `<sha> missing` has two fields and no content.
            guard fields.count == 3, let size = Int(fields[2]), size <= rest.count else { continue }
            if let type = GitObjectType(rawValue: String(fields[1])) {
                found.append((String(fields[0]), type, rest.prefix(size)))
            }
            rest = rest.dropFirst(size + 1)
        }
        return found
    }

    /// nil for what git would read as an expression instead of a name.
    private static func plainRevision(_ text: String) -> String? {
        let forbidden: Set<Character> = ["~", "^", ":", "?", "*", "[", "\\", " ", "\u{7f}"]
        guard
            !text.isEmpty, !text.hasPrefix("-"), !text.contains(".."), !text.contains("@{"),
            !text.contains(where: { forbidden.contains($0) || $0.isNewline }),
            text.utf8.allSatisfy({ $0 >= 0x20 })
        else { return nil }
        return text
    }
}
