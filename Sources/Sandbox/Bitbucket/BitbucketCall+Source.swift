// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// Reading files and directories.
/// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-source/
extension BitbucketCall {
    /// Leads to the main branch's root.
    func mainSource() async throws -> Response {
        let repository = try repository()
        guard let head = try await git(repository).commitID("refs/heads/" + repository.defaultBranch) else {
            throw BitbucketProblem.notFound
        }
        let query = request.rawQuery.isEmpty ? "" : "?\(request.rawQuery)"
        return .redirection(to: "\(view.address(of: repository))/src/\(head)/\(query)")
    }

    func source() async throws -> Response {
        let repository = try repository()
        let git = git(repository)
        guard let commit = try await git.commitID(parameters["commit"]) else {
            throw BitbucketProblem(404, "Commit not found", detail: .string(parameters["commit"]))
        }
        let path = parameters["path"]
        if path.isEmpty {
            // The slash is demanded for the root.
            guard request.hasTrailingSlash else { throw BitbucketProblem.notFound }
            return try await listing("", of: commit, repository)
        }
        guard let entry = try await git.entry(path, in: commit) else { throw BitbucketProblem.noFile(path) }
        let isMeta = request.query["format"] == "meta"
        if entry.type == .tree {
            return isMeta
                ? .json(view.entry(entry, at: commit, repository)) : try await listing(path, of: commit, repository)
        }
        if request.hasTrailingSlash { throw BitbucketProblem.noFile(path + "/") }
        let bytes = entry.isSubmodule ? Array(entry.id.utf8) : try await git.blob(entry.id)
        if isMeta {
            return .json(view.entry(entry, at: commit, repository, isBinary: bytes.prefix(8000).contains(0)))
        }
        let name = PercentEncoding.encode(entry.name)
        return .bytes(
            bytes, type: BitbucketMediaType.of(path) ?? "text/plain",
            headers: [
                .eTag: "\"\(entry.id)-\(entry.mode)\"", .cacheControl: "max-age=86400",
                .contentDisposition: "attachment; filename*=UTF-8''\(name)",
            ])
    }

    /// Breadth first, down to `max_depth`. What takes too long is given up with 555.
    private func listing(_ path: String, of commit: String, _ repository: SandboxRepository) async throws -> Response {
        guard let depth = Int(request.query["max_depth"] ?? "1"), depth > 0 else {
            throw BitbucketProblem.badRequest("max_depth", "Invalid depth")
        }
        let page = try BitbucketPage(self, isCounted: false)
        let entries = try await git(repository).tree(commit, path: path, recursive: depth > 1)
        let start = path.split(separator: "/").count
        let levels = entries.map { (entry: $0, level: $0.path.split(separator: "/").count - start) }
            .filter { $0.level <= depth }
        if depth > 1, levels.count > backend.options.treeLimit {
            throw BitbucketProblem(555, "The request timed out: the tree is too large for this depth.")
        }
        // Sorting has to keep git's order in each level.
        let sorted = levels.enumerated().sorted { ($0.element.level, $0.offset) < ($1.element.level, $1.offset) }
        let view = view
        let cut = sorted.dropFirst(page.offset).prefix(page.length).map {
            view.entry($0.element.entry, at: commit, repository)
        }
        return page.response(Array(cut), hasNext: sorted.count > page.offset + page.length)
    }
}
