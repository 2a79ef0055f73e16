// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// https://docs.github.com/en/rest/repos/contents#get-repository-content
extension GitHubCall {
    func readme() async throws -> Response {
        try await content(at: "README.md")
    }

    func content() async throws -> Response {
        let parts = parameters["path"].split(separator: "/")
        return try await content(at: parts.joined(separator: "/"))
    }

    private func content(at path: String) async throws -> Response {
        let repository = try repository()
        let git = backend.git(repository)
        guard try await !git.isEmpty() else {
            throw GitHubProblem(status: .notFound, message: "This repository is empty.")
        }
        let ref = request.query["ref"].flatMap { $0.isEmpty ? nil : $0 } ?? repository.defaultBranch
        guard let commit = try await git.commitID(ref) else {
            throw GitHubProblem(
                status: .notFound, message: "No commit found for the ref \(ref)",
                documentation: "https://docs.github.com/v3/repos/contents/")
        }
        let location = GitHubContentView(view: GitHubRepositoryView(view, repository), ref: ref, version: version)
        if path.isEmpty { return try await directory("", git, commit, location) }
        guard let entry = try await git.entry(path, in: commit) else { throw GitHubProblem.notFound }
        switch entry.type {
        case .tree: return try await directory(path, git, commit, location)
        case .commit:
            let address = try await git.submoduleAddress(path, in: commit)
            return .json(location.item(entry, type: "submodule").adding(["submodule_git_url": .optional(address)]))
        case .blob, .tag: break
        }
        guard entry.isSymbolicLink else { return try await file(entry, entry, git, location) }
        let target = String(decoding: try await git.blob(entry.id), as: UTF8.self)
        if let goal = Self.resolve(target, from: path), let found = try await git.entry(goal, in: commit),
            found.type == .blob, !found.isSymbolicLink
        {
            return try await file(entry, found, git, location)
        }
        if wantsRaw { return raw(Array(target.utf8)) }
        return .json(location.item(entry, type: "symlink").adding(["target": .string(target)]))
    }

    /// - Parameter found: what `entry` leads to, where it is a symbolic link.
    private func file(
        _ entry: GitTreeEntry, _ found: GitTreeEntry, _ git: GitRepository, _ location: GitHubContentView
    ) async throws -> Response {
        let size = found.size ?? 0
        guard size <= 100 << 20 else { throw GitHubProblem.tooLarge("blob") }
        if wantsRaw { return raw(try await git.blob(found.id)) }
        let shown = GitTreeEntry(mode: found.mode, type: .blob, id: found.id, size: size, path: entry.path)
        let body = location.item(shown, type: "file")
        // https://docs.github.com/en/rest/repos/contents#size-limits
        guard size <= 1 << 20 else { return .json(body.adding(["content": "", "encoding": "none"])) }
        return .json(body.adding(["content": Base64Lines.json(try await git.blob(found.id)), "encoding": "base64"]))
    }

    private func directory(
        _ path: String, _ git: GitRepository, _ commit: String, _ location: GitHubContentView
    ) async throws -> Response {
        let entries = try await git.tree(commit, path: path).prefix(1000)
        let items = JSON.array(entries.map { location.item($0, type: location.typeName($0)) })
        let accept = request.headers[.accept] ?? ""
        guard accept.contains("vnd.github.object") || accept.contains("vnd.github.v3.object") else {
            return .json(items)
        }
        let id = path.isEmpty ? try await git.objectID(commit + "^{tree}") : try await git.entry(path, in: commit)?.id
        let own = GitTreeEntry(mode: "040000", type: .tree, id: id ?? "", size: nil, path: path)
        return .json(location.item(own, type: "dir").adding(["entries": items]))
    }

    /// A link's target as a path from the repository's root; nil where it leads out of it.
    private static func resolve(_ target: String, from path: String) -> String? {
        guard !target.hasPrefix("/") else { return nil }
        var parts = path.split(separator: "/").dropLast()
        for part in target.split(separator: "/") where part != "." {
            if part == ".." {
                guard parts.popLast() != nil else { return nil }
            } else {
                parts.append(part)
            }
        }
        return parts.joined(separator: "/")
    }
}

/// Bodies of the contents API.
struct GitHubContentView: Sendable {
    let view: GitHubRepositoryView
    /// As the caller named it.
    let ref: String
    let version: String

    /// A listed entry's type. The older version of the API calls a submodule a file in directories.
    func typeName(_ entry: GitTreeEntry) -> String {
        switch entry.type {
        case .tree: "dir"
        case .commit: version == "2022-11-28" ? "file" : "submodule"
        case .blob, .tag: entry.isSymbolicLink ? "symlink" : "file"
        }
    }

    /// An entry without its content.
    func item(_ entry: GitTreeEntry, type: String) -> JSON {
        let path = PercentEncoding.encode(entry.path, keeping: "/")
        let ref = PercentEncoding.encode(ref, keeping: "/")
        let isTree = entry.type == .tree
        let url = "\(view.api)/contents/\(path)?ref=\(ref)"
        let git: JSON =
            entry.isSubmodule ? nil : .string("\(view.api)/git/\(isTree ? "trees" : "blobs")/\(entry.id)")
        let html: JSON =
            entry.isSubmodule ? nil : .string("\(view.web)/\(isTree ? "tree" : "blob")/\(ref)/\(path)")
        let raw: JSON = entry.type == .blob ? .string("\(view.web)/raw/\(ref)/\(path)") : nil
        return [
            "name": .string(entry.name),
            "path": .string(entry.path),
            "sha": .string(entry.id),
            "size": .integer(entry.size ?? 0),
            "url": .string(url),
            "html_url": html,
            "git_url": git,
            "download_url": raw,
            "type": .string(type),
            "_links": ["self": .string(url), "git": git, "html": html],
        ]
    }
}
