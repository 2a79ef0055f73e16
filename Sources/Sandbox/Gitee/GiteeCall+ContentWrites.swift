// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import Hummingbird

extension GiteeCall {
    func createFile() async throws -> Response {
        let (place, git, user) = try writable()
        let bytes = try decoded()
        let text = try commitText(user)
        let (branch, tip) = try await branch(of: place, git)
        let path = path["path"]
        if let tip {
            if try await git.entry(path, in: tip) != nil { throw GiteeRefusal(400, "文件名已存在") }
            try await checkFolders(of: path, git, tip)
        }
        return try await write(bytes, mode: "100644", place, git, branch, tip, text, status: .created)
    }

    func updateFile() async throws -> Response {
        let (place, git, user) = try writable()
        let bytes = try decoded()
        let sha = try fields.required("sha")
        let text = try commitText(user)
        let (branch, tip) = try await branch(of: place, git)
        guard let tip, let entry = try await git.entry(path["path"], in: tip), entry.type == .blob else {
            throw GiteeRefusal.notFound("File")
        }
        guard entry.id == sha else { throw GiteeRefusal(400, "文件 SHA 不匹配") }
        return try await write(bytes, mode: entry.mode, place, git, branch, tip, text, status: .ok)
    }

    func deleteFile() async throws -> Response {
        let (place, git, user) = try writable()
        let sha = try fields.required("sha")
        let text = try commitText(user)
        let (branch, tip) = try await branch(of: place, git)
        guard let tip, let entry = try await git.entry(path["path"], in: tip), entry.type == .blob else {
            throw GiteeRefusal.notFound("File")
        }
        guard entry.id == sha else { throw GiteeRefusal(400, "文件 SHA 不匹配") }
        let commit = try await commit([.remove(path: entry.path)], git, branch, tip, text)
        backend.markPushed(place)
        return .json(["content": nil, "commit": GiteeRepositoryView(view: view, place: place).made(commit)])
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
        let shown = GiteeRepositoryView(view: view, place: place)
        let entry = GitTreeEntry(mode: mode, type: .blob, id: blob, size: bytes.count, path: path)
        return .json(
            ["content": shown.entry(entry, ref: branch), "commit": shown.made(commit)],
            status: status)
    }

    private func decoded() throws(GiteeRefusal) -> [UInt8] {
        guard let data = Data(base64Encoded: try fields.required("content").filter({ !$0.isWhitespace })) else {
            throw GiteeRefusal(400, "content is not base64")
        }
        return Array(data)
    }

    /// The author is the user, unless named; the committer is Gitee itself, unless named.
    private func commitText(_ user: SandboxUser) throws(GiteeRefusal) -> GitCommitText {
        let message = try fields.required("message")
        guard !message.isEmpty else { throw .missing("message") }
        return GitCommitText(
            message: message, author: try named("author", user.name, user.email),
            committer: try named("committer", "Gitee", "noreply@gitee.com"))
    }

    private func named(_ who: String, _ name: String, _ email: String) throws(GiteeRefusal) -> GitSignature {
        var (givenName, givenEmail) = (try fields.text(who + "_name"), try fields.text(who + "_email"))
        if givenName == nil { givenName = try fields.text(who + "[name]") }
        if givenEmail == nil { givenEmail = try fields.text(who + "[email]") }
        return .now(name: givenName ?? name, email: givenEmail ?? email)
    }

    /// The branch to write to, and its tip; nil where the repository is empty and this is its first commit.
    private func branch(of place: SandboxRepository, _ git: GitRepository) async throws -> (String, String?) {
        let name = try fields.text("branch").flatMap { $0.isEmpty ? nil : $0 } ?? place.defaultBranch
        let protected = place.settings["protected_branches"]?.arrayValue?.contains(.string(name)) ?? false
        if protected, state.role(of: try user.id, in: place).map({ $0 < .maintainer }) ?? true {
            throw GiteeRefusal(403, "403 Forbidden: protected branch")
        }
        if let reference = try await git.reference("refs/heads/" + name) { return (name, reference.objectID) }
        guard try await git.isEmpty() else { throw GiteeRefusal.notFound("Branch") }
        return (name, nil)
    }

    /// A file cannot stand where the path needs a folder.
    private func checkFolders(of path: String, _ git: GitRepository, _ tip: String) async throws {
        var folder: [Substring] = []
        for part in path.split(separator: "/").dropLast() {
            folder.append(part)
            guard let entry = try await git.entry(folder.joined(separator: "/"), in: tip) else { return }
            if entry.type != .tree { throw GiteeRefusal(400, "路径不合法") }
        }
    }

    private func commit(
        _ changes: [GitChange], _ git: GitRepository, _ branch: String, _ tip: String?, _ text: GitCommitText
    ) async throws -> GitCommit {
        do {
            return try await git.commit(changes, on: branch, parent: tip, text: text)
        } catch GitError.refMoved {
            throw GiteeRefusal(409, "409 Conflict: the branch has moved")
        }
    }
}
