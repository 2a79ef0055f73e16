// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension GitHubCall {
    /// https://docs.github.com/en/rest/git/trees#get-a-tree
    func tree() async throws -> Response {
        let repository = try repository()
        let git = try await filledGit(repository)
        guard let root = try await treeID(parameters["ref"], in: git) else { throw GitHubProblem.notFound }
        // Any value switches it on, `0` and `false` as well.
        let entries = try await git.tree(root, recursive: request.query["recursive"] != nil)
        let isTruncated = entries.count > backend.options.treeLimit
        return .json(
            body(
                GitHubRepositoryView(view, repository), root, Array(entries.prefix(backend.options.treeLimit)),
                isTruncated: isTruncated))
    }

    private func body(
        _ view: GitHubRepositoryView, _ root: String, _ entries: [GitTreeEntry], isTruncated: Bool
    ) -> JSON {
        let items = entries.map { entry -> JSON in
            var item: JSON = [
                "path": .string(entry.path), "mode": .string(entry.mode), "type": .string(entry.type.rawValue),
                "sha": .string(entry.id),
            ]
            if let size = entry.size { item = item.adding(["size": .integer(size)]) }
            if !entry.isSubmodule {
                item = item.adding(["url": .string("\(view.api)/git/\(entry.type.rawValue)s/\(entry.id)")])
            }
            return item
        }
        return [
            "sha": .string(root), "url": .string("\(view.api)/git/trees/\(root)"), "tree": .array(items),
            "truncated": .bool(isTruncated),
        ]
    }

    /// The tree of a SHA (of a tree, commit or tag), branch or tag.
    private func treeID(_ name: String, in git: GitRepository) async throws -> String? {
        if GitRepository.isObjectID(name), let tree = try await git.objectID(name + "^{tree}") { return tree }
        guard let commit = try await git.commitID(name) else { return nil }
        return try await git.objectID(commit + "^{tree}")
    }

    /// https://docs.github.com/en/rest/git/trees#create-a-tree
    func createTree() async throws -> Response {
        let repository = try writableRepository()
        let body = try await object()
        guard let entries = body["tree"]?.arrayValue else { throw GitHubProblem.notSupplied("tree") }
        let git = try await filledGit(repository)
        var base: String?
        if let name = try body.optionalString("base_tree") {
            base = try await treeID(name, in: git)
            if base == nil { throw GitHubProblem.unprocessable("base_tree is not a valid tree oid") }
        }
        var changes: [GitChange] = []
        for entry in entries { changes.append(try await change(entry, in: git)) }
        let (all, parent) = (changes, base)
        let sha = try await translating({ error in
            switch error {
            case .invalidName: .unprocessable("tree.path contains a malformed path component")
            case .notFound: .unprocessable("GitRPC::BadObjectState")
            default: nil
            }
        }) { () throws(GitError) in
            try await git.writeTree(all, onto: parent)
        }
        let made = try await git.tree(sha)
        let view = GitHubRepositoryView(view, repository)
        return .json(
            self.body(view, sha, made, isTruncated: false), status: .created,
            headers: [.location: "\(view.api)/git/trees/\(sha)"])
    }

    private func change(_ entry: JSON, in git: GitRepository) async throws -> GitChange {
        let path = try entry.requiredString("path")
        if entry["sha"] == .null { return .remove(path: path) }
        let mode = try entry.requiredString("mode")
        guard ["100644", "100755", "120000", "040000", "160000"].contains(mode) else {
            throw GitHubProblem.unprocessable("tree.mode \(mode) is not a valid file mode")
        }
        if let content = try entry.optionalString("content") {
            return .put(path: path, blob: try await git.writeBlob(Array(content.utf8)), mode: mode)
        }
        let sha = try entry.requiredString("sha")
        guard try await git.objectType(sha) == .blob else {
            throw GitHubProblem.unprocessable("tree.sha \(sha.prefix(40)) is not a valid blob")
        }
        return .put(path: path, blob: sha, mode: mode)
    }
}
