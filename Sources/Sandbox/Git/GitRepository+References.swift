// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

extension GitRepository {
    /// All branches, by name.
    func branches() async throws(GitError) -> [GitReference] {
        try await references(under: "refs/heads/")
    }

    /// All tags, by name.
    func tags() async throws(GitError) -> [GitReference] {
        try await references(under: "refs/tags/")
    }

    /// The refs whose names begin with a prefix of whole path segments (`refs/heads/feature` gives
    /// `refs/heads/feature/one`, not `refs/heads/features`), by name.
    func references(under prefix: String = "refs/") async throws(GitError) -> [GitReference] {
        let output = try await command().run([
            "for-each-ref", "--format=%(refname)%00%(objectname)%00%(objecttype)%00%(*objectname)%00%(*objecttype)",
            "--",
            prefix,
        ])
        var references: [GitReference] = []
        for line in output.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: 0, omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            guard fields.count == 5, let type = GitObjectType(rawValue: fields[2]) else { continue }
            var peeled = fields[3].isEmpty ? fields[1] : fields[3]
            // Git before 2.45 looks through one tag only, not through a tag on a tag.
            if fields[4] == "tag" { peeled = try await objectID(fields[0] + "^{}") ?? peeled }
            references.append(
                GitReference(name: fields[0], objectID: fields[1], objectType: type, peeledID: peeled))
        }
        return references
    }

    /// The ref of exactly this name (`refs/heads/main`); nil where there is none.
    func reference(_ name: String) async throws(GitError) -> GitReference? {
        guard !name.utf8.contains(0), !name.contains("*"), !name.contains("?"), !name.contains("[") else { return nil }
        return try await references(under: name).first { $0.name == name }
    }

    /// Makes a ref.
    /// - Throws: ``GitError/alreadyExists(_:)``, ``GitError/invalidName(_:)``, ``GitError/notFound(_:)`` for an unknown object.
    func createReference(_ name: String, at target: String) async throws(GitError) {
        guard try await objectType(target) != nil else { throw .notFound(target) }
        if try await reference(name) != nil { throw .alreadyExists(name) }
        try await update(name, to: target, from: Self.noObject)
    }

    /// Moves a ref, but only if it still holds what the caller saw.
    /// - Throws: ``GitError/refMoved(_:)``.
    func updateReference(_ name: String, to target: String, from expected: String) async throws(GitError) {
        try await update(name, to: target, from: expected)
    }

    /// Removes a ref.
    /// - Throws: ``GitError/notFound(_:)``.
    func deleteReference(_ name: String) async throws(GitError) {
        guard let old = try await reference(name) else { throw .notFound(name) }
        try await update(name, to: Self.noObject, from: old.objectID)
    }

    /// Whether `ancestor` is in the history of `commit` (or is `commit`).
    func isAncestor(_ ancestor: String, of commit: String) async throws(GitError) -> Bool {
        try await command().attempt(["merge-base", "--is-ancestor", "--end-of-options", ancestor, commit]).succeeded
    }

    private func update(_ name: String, to target: String, from expected: String) async throws(GitError) {
        guard name.hasPrefix("refs/"), try await command().attempt(["check-ref-format", name]).succeeded else {
            throw .invalidName(name)
        }
        let outcome = try await command().attempt([
            "update-ref", "--no-deref", "--end-of-options", name, target, expected,
        ])
        guard !outcome.succeeded else { return }
        // A ref and a folder of refs cannot have one name: `feature` and `feature/one`.
        if outcome.message.contains("cannot create") || outcome.message.contains("exists; ") {
            throw expected == Self.noObject ? .alreadyExists(name) : .refMoved(name)
        }
        if outcome.message.contains("cannot lock ref") { throw .refMoved(name) }
        throw .failed(command: "update-ref", status: outcome.status, message: outcome.message)
    }
}
