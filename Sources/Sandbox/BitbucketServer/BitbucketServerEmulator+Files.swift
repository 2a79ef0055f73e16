// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

extension BitbucketServerEmulator {
    /// The paths of everything below a directory but directories. Whether submodules are among them is not written down
    /// anywhere: here they are, as in git's own list.
    func files(_ call: BitbucketServerCall) async throws -> Response {
        let repository = try call.repository()
        let (name, commit) = try await call.commit("at", of: repository)
        let directory = call.path["path"]
        let entries = try await entries(of: directory, in: backend.git(repository), at: commit, name)
        let skipped = directory.isEmpty ? 0 : directory.utf8.count + 1
        let paths = entries.filter { $0.type != .tree }.map { entry in
            String(decoding: entry.path.utf8.dropFirst(skipped), as: UTF8.self)
        }
        let paging = try BitbucketServerPaging(call.request.query, maximum: 5000)
        return .bitbucketServer(paging.page(of: paths) { .string($0) })
    }

    private func entries(
        of directory: String, in git: GitRepository, at commit: String, _ name: String
    ) async throws -> [GitTreeEntry] {
        do {
            return try await git.tree(commit, path: directory, recursive: true)
        } catch GitError.notFound {
            throw BitbucketServerRefusal.noPath(directory, name)
        }
    }

    /// A file's bytes as they are; a symbolic link's are the path that it holds.
    func raw(_ call: BitbucketServerCall) async throws -> Response {
        let (repository, entry, _) = try await find(call)
        guard entry.type == .blob else {
            throw BitbucketServerRefusal(
                status: 400, message: "The path \"\(entry.path)\" is not a file.", exception: "content.PathException")
        }
        let bytes = try await backend.git(repository).blob(entry.id)
        let isText = !bytes.prefix(8000).contains(0)
        var headers: HTTPFields = [.contentDisposition: isText ? "inline" : "attachment"]
        headers[.xContentTypeOptions] = "nosniff"
        return .bytes(
            bytes, type: isText ? "text/plain;charset=UTF-8" : "application/octet-stream", headers: headers)
    }

    /// With `type=true` what stands at a path, with `size=true` how large it is, otherwise its lines or entries.
    func browse(_ call: BitbucketServerCall) async throws -> Response {
        if call.path["path"].isEmpty { return try await directory(call, try call.repository(), "") }
        let (repository, entry, _) = try await find(call)
        if call.request.query["size"] == "true", let size = entry.size {
            return .bitbucketServer(["size": .integer(size)])
        }
        if call.request.query["type"] == "true" { return .bitbucketServer(["type": .string(Self.type(of: entry))]) }
        switch entry.type {
        case .tree: return try await directory(call, repository, entry.path)
        case .blob: return try await lines(call, repository, entry)
        default: return .bitbucketServer(["path": BitbucketServerEntities.path(entry.path), "type": "SUBMODULE"])
        }
    }

    private func directory(
        _ call: BitbucketServerCall, _ repository: SandboxRepository, _ path: String
    ) async throws -> Response {
        if path.isEmpty, call.request.query["type"] == "true" { return .bitbucketServer(["type": "DIRECTORY"]) }
        let (name, commit) = try await call.commit("at", of: repository)
        let entries = try await backend.git(repository).tree(commit, path: path)
        let paging = try BitbucketServerPaging(call.request.query, maximum: 500)
        let children = paging.page(of: entries) { entry in
            var child: JSON = [
                "path": BitbucketServerEntities.path(entry.name), "type": .string(Self.type(of: entry)),
            ]
            if entry.type == .blob {
                child = child.adding(["contentId": .string(entry.id), "size": .optional(entry.size)])
            } else {
                child = child.adding(["node": .string(entry.id)])
            }
            return child
        }
        return .bitbucketServer([
            "path": BitbucketServerEntities.path(path), "revision": .string(name), "children": children,
        ])
    }

    private func lines(
        _ call: BitbucketServerCall, _ repository: SandboxRepository, _ entry: GitTreeEntry
    ) async throws -> Response {
        let bytes = try await backend.git(repository).blob(entry.id)
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            return .bitbucketServer(["binary": true, "path": BitbucketServerEntities.path(entry.path)])
        }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
        let paging = try BitbucketServerPaging(call.request.query, maximum: 5000)
        let page = paging.page(of: lines) { ["text": .string($0)] }
        return .bitbucketServer(
            page.removing(["values", "limit"]).adding(["lines": page["values"] ?? []]))
    }

    private static func type(of entry: GitTreeEntry) -> String {
        switch entry.type {
        case .tree: "DIRECTORY"
        case .commit: "SUBMODULE"
        default: "FILE"
        }
    }

    private func find(
        _ call: BitbucketServerCall
    ) async throws -> (repository: SandboxRepository, entry: GitTreeEntry, commit: String) {
        let repository = try call.repository()
        let (name, commit) = try await call.commit("at", of: repository)
        guard let entry = try await backend.git(repository).entry(call.path["path"], in: commit) else {
            throw BitbucketServerRefusal.noPath(call.path["path"], name)
        }
        return (repository, entry, commit)
    }
}
