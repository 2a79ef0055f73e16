// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension GiteeCall {
    func tree() async throws -> Response {
        let (place, git) = try repository()
        let name = path["sha"]
        var root = try await commitID(name, in: git)
        if root == nil, GitRepository.isObjectID(name), try await git.objectType(name) == .tree { root = name }
        guard let root else { throw GiteeRefusal.notFound("Tree") }
        let entries = try await git.tree(root, recursive: try fields.number("recursive") == 1)
        let limit = backend.options.treeLimit
        let shown = GiteeRepositoryView(view: view, place: place)
        return .json(
            shown.tree(name, entries.prefix(limit).map(shown.treeEntry), isTruncated: entries.count > limit))
    }

    func blob() async throws -> Response {
        let (place, git) = try repository()
        guard try await git.objectType(path["sha"]) == .blob else { throw GiteeRefusal.notFound("Blob") }
        let bytes = try await git.blob(path["sha"])
        return .json(GiteeRepositoryView(view: view, place: place).blob(path["sha"], bytes))
    }

    func readme() async throws -> Response {
        try await content(at: "README.md", elseNotFound: true)
    }

    func content() async throws -> Response {
        try await content(at: path["path"].split(separator: "/").joined(separator: "/"), elseNotFound: false)
    }

    /// What stands at a path and ref; nil where nothing does.
    private func find(
        _ path: String
    ) async throws -> (place: SandboxRepository, git: GitRepository, entry: GitTreeEntry?, commit: String, ref: String)?
    {
        let (place, git) = try repository()
        let ref = try fields.text("ref").flatMap { $0.isEmpty ? nil : $0 } ?? place.defaultBranch
        guard let commit = try await commitID(ref, in: git, orTag: true) else { return nil }
        if path.isEmpty { return (place, git, nil, commit, ref) }
        guard let entry = try await git.entry(path, in: commit) else { return nil }
        return (place, git, entry, commit, ref)
    }

    /// For what is not there Gitee answers 200 and an empty list.
    private func content(at path: String, elseNotFound: Bool) async throws -> Response {
        guard let found = try await find(path) else {
            if elseNotFound { throw GiteeRefusal.notFound("File") }
            return .json([])
        }
        let shown = GiteeRepositoryView(view: view, place: found.place)
        guard let entry = found.entry, entry.type != .tree else {
            let entries = try await found.git.tree(found.commit, path: path)
            // A list does not tell sizes.
            return .json(.array(entries.map { shown.entry($0, ref: found.ref).adding(["size": nil]) }))
        }
        guard entry.type == .blob else {
            return .json(shown.entry(entry, ref: found.ref).adding(["type": "submodule"]))
        }
        return .json(shown.file(entry, try await found.git.blob(entry.id), ref: found.ref))
    }

    func raw() async throws -> Response {
        guard let found = try await find(path["path"]), let entry = found.entry, entry.type == .blob else {
            throw GiteeRefusal.notFound("File")
        }
        return .bytes(try await found.git.blob(entry.id), type: "application/octet-stream")
    }
}
