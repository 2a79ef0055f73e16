// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// A commit's content while its actions are applied one after another, each seeing what those before it have done.
struct GitLabStage {
    private struct File {
        let blob: String
        let mode: String
    }

    let git: GitRepository
    /// The commit that the actions build on; nil for none.
    let base: String?
    /// What the actions have made of each path; nil for a removed one.
    private var touched: [String: File?] = [:]

    init(git: GitRepository, base: String?) {
        self.git = git
        self.base = base
    }

    /// What the actions amount to, against the base.
    var changes: [GitChange] {
        // Removals first: a file may have become a directory.
        let paths = touched.keys.sorted()
        return paths.compactMap { isRemoved($0) && inBase.contains($0) ? .remove(path: $0) : nil }
            + paths.compactMap { path in
                guard let file = touched[path] ?? nil else { return nil }
                return .put(path: path, blob: file.blob, mode: file.mode)
            }
    }

    /// The paths among ``touched`` that the base has.
    private var inBase: Set<String> = []

    /// - Throws: ``GitLabRefusal`` in git's storage server's words.
    mutating func apply(_ action: GitLabFileAction) async throws {
        let path = try Self.checked(action.path)
        switch action.kind {
        case .create:
            try await checkFree(path)
            try await put(path, action.content ?? [], mode: action.isExecutable == true ? "100755" : "100644")
        case .update:
            let file = try await existing(path)
            try await put(path, action.content ?? [], mode: Self.mode(file.mode, action.isExecutable))
        case .delete:
            _ = try await existing(path)
            touched[path] = .some(nil)
        case .move:
            let previous = try Self.checked(action.previousPath ?? "")
            let file = try await existing(previous)
            if previous != path { try await checkFree(path) }
            touched[previous] = .some(nil)
            if let content = action.content {
                try await put(path, content, mode: file.mode)
            } else {
                touched[path] = file
            }
        case .chmod:
            let file = try await existing(path)
            touched[path] = File(blob: file.blob, mode: Self.mode(file.mode, action.isExecutable))
        }
    }

    private mutating func put(_ path: String, _ content: [UInt8], mode: String) async throws {
        touched[path] = File(blob: try await git.writeBlob(content), mode: mode)
    }

    private mutating func existing(_ path: String) async throws -> File {
        guard let file = try await look(path) else {
            throw GitLabRefusal.badRequest("A file with this name doesn't exist")
        }
        return file
    }

    /// Refuses a path where a file or directory stands, or that would have to go through a file.
    private mutating func checkFree(_ path: String) async throws {
        if try await look(path) != nil { throw GitLabRefusal.badRequest("A file with this name already exists") }
        if try await isDirectory(path) {
            throw GitLabRefusal.badRequest("A directory with this name already exists")
        }
        var above = path.split(separator: "/").dropLast()
        while !above.isEmpty {
            if try await look(above.joined(separator: "/")) != nil {
                throw GitLabRefusal.badRequest("A file with this name already exists")
            }
            above.removeLast()
        }
    }

    private mutating func look(_ path: String) async throws -> File? {
        if let known = touched[path] { return known }
        guard let base, let entry = try await git.entry(path, in: base), entry.type == .blob else { return nil }
        inBase.insert(path)
        return File(blob: entry.id, mode: entry.mode)
    }

    /// Whether anything stands below the path.
    private func isDirectory(_ path: String) async throws -> Bool {
        if touched.contains(where: { $0.key.hasPrefix(path + "/") && $0.value != nil }) { return true }
        guard let base, try await git.entry(path, in: base)?.type == .tree else { return false }
        return try await git.tree(base, path: path, recursive: true)
            .contains { $0.type != .tree && !isRemoved($0.path) }
    }

    private func isRemoved(_ path: String) -> Bool {
        if case .some(.none) = touched[path] { true } else { false }
    }

    private static func checked(_ path: String) throws(GitLabRefusal) -> String {
        let parts = path.split(separator: "/")
        if path.isEmpty || parts.isEmpty { throw .badRequest("You must provide a file path") }
        if parts.contains("..") { throw .badRequest("Path cannot include directory traversal") }
        if parts.contains(where: { $0.lowercased() == ".git" || $0 == "." }) || path.utf8.contains(0) {
            throw .badRequest("invalid path: '\(path)'")
        }
        return parts.joined(separator: "/")
    }

    private static func mode(_ old: String, _ isExecutable: Bool?) -> String {
        guard let isExecutable, old.hasPrefix("100") else { return old }
        return isExecutable ? "100755" : "100644"
    }
}
