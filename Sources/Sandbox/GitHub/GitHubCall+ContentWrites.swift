// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// https://docs.github.com/en/rest/repos/contents#create-or-update-file-contents
extension GitHubCall {
    func putContent() async throws -> Response {
        let repository = try writableRepository()
        let body = try await object()
        let message = try body.requiredString("message")
        let bytes = try Self.base64(try body.requiredString("content"))
        let path = try contentPath()
        let text = try commitText(body, message)
        let (git, branch, tip) = try await branch(try body.optionalString("branch"), in: repository)
        var entry: GitTreeEntry?
        if let tip {
            entry = try await git.entry(path, in: tip)
            try await checkFolders(of: path, git, tip)
        }
        if entry?.type == .tree { throw GitHubProblem.unprocessable("\(path) is a directory") }
        try check(entry, sha: try body.optionalString("sha"), path: path)
        let blob = try await git.writeBlob(bytes)
        let mode = entry?.mode ?? "100644"
        let commit = try await commit([.put(path: path, blob: blob, mode: mode)], git, branch, tip, text)
        backend.markPushed(repository)
        let view = GitHubRepositoryView(view, repository)
        let made = GitTreeEntry(mode: mode, type: .blob, id: blob, size: bytes.count, path: path)
        let location = GitHubContentView(view: view, ref: branch, version: version)
        return .json(
            ["content": location.item(made, type: "file"), "commit": view.gitCommit(commit)],
            status: entry == nil ? .created : .ok)
    }

    /// https://docs.github.com/en/rest/repos/contents#delete-a-file
    func deleteContent() async throws -> Response {
        let repository = try writableRepository()
        var body = try await object()
        // The fields may stand in the query as well, as older clients have them.
        for field in ["message", "sha", "branch"] where body[field] == nil {
            if let value = request.query[field] {
                body = body.adding(.object([.init(key: field, value: .string(value))]))
            }
        }
        let message = try body.requiredString("message")
        let sha = try body.requiredString("sha")
        let path = try contentPath()
        let text = try commitText(body, message)
        let (git, branch, tip) = try await branch(try body.optionalString("branch"), in: repository)
        guard let tip, let entry = try await git.entry(path, in: tip), entry.type == .blob else {
            throw GitHubProblem.notFound
        }
        try check(entry, sha: sha, path: path)
        let commit = try await commit([.remove(path: path)], git, branch, tip, text)
        backend.markPushed(repository)
        return .json(["content": nil, "commit": GitHubRepositoryView(view, repository).gitCommit(commit)])
    }

    private func contentPath() throws(GitHubProblem) -> String {
        let path = parameters["path"]
        if path.hasPrefix("/") { throw .unprocessable("path cannot start with a slash") }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let isMalformed = parts.contains { $0.isEmpty || $0 == "." || $0 == ".." || $0.lowercased() == ".git" }
        if isMalformed || path.utf8.contains(0) { throw .unprocessable("path contains a malformed path component") }
        // https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
        if path.hasPrefix(".github/workflows/"), !has("workflow") { throw .notFound }
        return path
    }

    private func commitText(_ body: JSON, _ message: String) throws -> GitCommitText {
        let committer = try signature(body["committer"], "committer")
        let hasAuthor = body["author"].map { !$0.isNull } ?? false
        let author = hasAuthor ? try signature(body["author"], "author") : committer
        return GitCommitText(message: message, author: author, committer: committer)
    }

    /// The branch to write to, and its tip; nil where the repository is empty and this is its first commit.
    private func branch(
        _ name: String?, in repository: SandboxRepository
    ) async throws -> (GitRepository, String, String?) {
        let git = backend.git(repository)
        let branch = name ?? repository.defaultBranch
        if let reference = try await git.reference("refs/heads/" + branch) {
            return (git, branch, reference.objectID)
        }
        guard branch == repository.defaultBranch, try await git.isEmpty() else {
            throw GitHubProblem(status: .notFound, message: "Branch \(branch) not found")
        }
        return (git, branch, nil)
    }

    /// What the caller last read must be what is there.
    private func check(_ entry: GitTreeEntry?, sha: String?, path: String) throws(GitHubProblem) {
        switch (entry, sha) {
        case (nil, nil): return
        case (.some, nil): throw .notSupplied("sha")
        case (nil, let sha?): throw .conflict("\(path) does not match \(sha)")
        case (let entry?, let sha?):
            if entry.id != sha.lowercased() { throw .conflict("\(path) does not match \(sha)") }
        }
    }

    /// A file cannot stand where the path needs a folder.
    private func checkFolders(of path: String, _ git: GitRepository, _ tip: String) async throws {
        var folder: [Substring] = []
        for part in path.split(separator: "/").dropLast() {
            folder.append(part)
            guard let entry = try await git.entry(folder.joined(separator: "/"), in: tip) else { return }
            if entry.type != .tree { throw GitHubProblem.unprocessable("path contains a malformed path component") }
        }
    }

    private func commit(
        _ changes: [GitChange], _ git: GitRepository, _ branch: String, _ tip: String?, _ text: GitCommitText
    ) async throws -> GitCommit {
        do {
            return try await translating({ error in
                if case .invalidName = error {
                    return .unprocessable("path contains a malformed path component")
                }
                return nil
            }) { () throws(GitError) in
                try await git.commit(changes, on: branch, parent: tip, text: text)
            }
        } catch GitError.refMoved {
            let now = try await git.reference("refs/heads/" + branch)?.objectID ?? GitRepository.noObject
            throw GitHubProblem.conflict("is at \(now) but expected \(tip ?? GitRepository.noObject)")
        }
    }
}
