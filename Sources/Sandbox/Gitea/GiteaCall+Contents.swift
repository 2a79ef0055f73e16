// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import Hummingbird

extension GiteaCall {
    /// A thousand entries a page, by `per_page`; `truncated` says whether there are further pages.
    func tree() async throws -> Response {
        let (place, git) = try repository()
        let name = path["sha"]
        var root = try await git.commitID(name)
        if root == nil, GitRepository.isObjectID(name), try await git.objectType(name) == .tree { root = name }
        guard let root else { throw GiteaRefusal(400, "sha not found: \(name)") }
        let isDeep = ["true", "1"].contains(request.query["recursive"] ?? "")
        let entries = try await git.tree(root, recursive: isDeep)
        let page = Page(request.query, defaultSize: 1000, maximum: 1000)
        let shown = GiteaRepositoryView(view: view, place: place)
        return .json(
            shown.tree(
                root, page.slice(entries).map(shown.treeEntry), page: page.number, total: entries.count,
                isTruncated: page.offset + page.size < entries.count))
    }

    private func find() async throws -> (
        place: SandboxRepository, git: GitRepository, entry: GitTreeEntry?, commit: String, ref: String
    ) {
        let (place, git) = try repository()
        let ref = request.query["ref"].flatMap { $0.isEmpty ? nil : $0 } ?? place.defaultBranch
        guard let commit = try await git.commitID(ref) else { throw GiteaRefusal.notFound }
        let name = path["path"].split(separator: "/").joined(separator: "/")
        if name.isEmpty { return (place, git, nil, commit, ref) }
        guard let entry = try await git.entry(name, in: commit) else { throw GiteaRefusal.notFound }
        return (place, git, entry, commit, ref)
    }

    func content() async throws -> Response {
        let found = try await find()
        let shown = GiteaRepositoryView(view: view, place: found.place)
        guard let entry = found.entry, entry.type != .tree else {
            let entries = try await found.git.tree(found.commit, path: found.entry?.path ?? "")
            return .json(.array(entries.map { shown.content($0, ref: found.ref, bytes: nil) }))
        }
        let isSmall = entry.type == .blob && entry.size ?? 0 <= 10 << 20
        let bytes = isSmall ? try await found.git.blob(entry.id) : nil
        return .json(shown.content(entry, ref: found.ref, bytes: bytes))
    }

    func raw() async throws -> Response {
        let found = try await find()
        guard let entry = found.entry, entry.type == .blob else { throw GiteaRefusal.notFound }
        return .bytes(try await found.git.blob(entry.id), type: "application/octet-stream")
    }

    func createFile() async throws -> Response {
        let (place, git, user) = try writable()
        let bytes = try decoded()
        let (branch, tip) = try await branch(of: place, git)
        if let tip {
            if try await git.entry(path["path"], in: tip) != nil {
                throw GiteaRefusal.invalid("repository file already exists [path: \(path["path"])]")
            }
            try await checkFolders(git, tip)
        }
        return try await write(bytes, mode: "100644", place, git, branch, tip, text(of: user), status: .created)
    }

    func updateFile() async throws -> Response {
        let (place, git, user) = try writable()
        let sha = try required("sha", called: "SHA")
        let bytes = try decoded()
        let (branch, tip) = try await branch(of: place, git)
        let entry = try await locked(sha, git, tip)
        return try await write(bytes, mode: entry.mode, place, git, branch, tip, text(of: user), status: .ok)
    }

    func deleteFile() async throws -> Response {
        let (place, git, user) = try writable()
        let sha = try required("sha", called: "SHA")
        let (branch, tip) = try await branch(of: place, git)
        let entry = try await locked(sha, git, tip)
        let commit = try await commit([.remove(path: entry.path)], git, branch, tip, text(of: user))
        backend.markPushed(place)
        let shown = GiteaRepositoryView(view: view, place: place)
        return .json(["content": nil, "commit": shown.made(commit), "verification": nil])
    }

    private func locked(_ sha: String, _ git: GitRepository, _ tip: String?) async throws -> GitTreeEntry {
        guard let tip, let entry = try await git.entry(path["path"], in: tip), entry.type == .blob else {
            throw GiteaRefusal(404, "repository file does not exist [path: \(path["path"])]")
        }
        guard entry.id == sha else {
            throw GiteaRefusal.invalid("sha does not match [given: \(sha), expected: \(entry.id)]")
        }
        return entry
    }

    private func decoded() throws(GiteaRefusal) -> [UInt8] {
        guard let data = Data(base64Encoded: try text("content") ?? "") else {
            throw .invalid("illegal base64 data at input byte 0")
        }
        return Array(data)
    }

    /// Without a message Gitea writes one of its own.
    private func text(of user: SandboxUser) throws(GiteaRefusal) -> GitCommitText {
        let message = try text("message").flatMap { $0.isEmpty ? nil : $0 } ?? "Update \(path["path"])"
        let who = GitSignature.now(name: user.name, email: user.email)
        return GitCommitText(message: message + "\n", author: who, committer: who)
    }

    /// The branch to write to, and its tip; nil where the repository is empty and this is its first commit.
    private func branch(of place: SandboxRepository, _ git: GitRepository) async throws -> (String, String?) {
        let name = try text("branch").flatMap { $0.isEmpty ? nil : $0 } ?? place.defaultBranch
        if let reference = try await git.reference("refs/heads/" + name) { return (name, reference.objectID) }
        guard try await git.isEmpty() else { throw GiteaRefusal(404, "branch does not exist [name: \(name)]") }
        return (name, nil)
    }

    /// A file cannot stand where the path needs a folder.
    private func checkFolders(_ git: GitRepository, _ tip: String) async throws {
        var folder: [Substring] = []
        for part in path["path"].split(separator: "/").dropLast() {
            folder.append(part)
            guard let entry = try await git.entry(folder.joined(separator: "/"), in: tip) else { return }
            if entry.type != .tree {
                throw GiteaRefusal.invalid("a file exists where you’re trying to create a subdirectory")
            }
        }
    }

    private func write(
        _ bytes: [UInt8], mode: String, _ place: SandboxRepository, _ git: GitRepository, _ branch: String,
        _ tip: String?, _ text: GitCommitText, status: HTTPResponse.Status
    ) async throws -> Response {
        let blob = try await git.writeBlob(bytes)
        let path = path["path"]
        let commit = try await commit([.put(path: path, blob: blob, mode: mode)], git, branch, tip, text)
        if tip == nil, branch != place.defaultBranch { try await backend.followPush(to: place) }
        backend.markPushed(place)
        let shown = GiteaRepositoryView(view: view, place: place)
        let entry = GitTreeEntry(mode: mode, type: .blob, id: blob, size: bytes.count, path: path)
        return .json(
            [
                "content": shown.content(entry, ref: branch, bytes: bytes.count <= 10 << 20 ? bytes : nil),
                "commit": shown.made(commit), "verification": nil,
            ], status: status)
    }

    private func commit(
        _ changes: [GitChange], _ git: GitRepository, _ branch: String, _ tip: String?, _ text: GitCommitText
    ) async throws -> GitCommit {
        try await translating({ error in
            if case .refMoved = error { return GiteaRefusal(409, "the branch has moved") }
            return nil
        }) { () throws(GitError) in
            try await git.commit(changes, on: branch, parent: tip, text: text)
        }
    }
}
