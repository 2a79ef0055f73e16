// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// https://docs.gitlab.com/api/repository_files/
extension GitLabEmulator {
    /// What the API tells of a file at a ref.
    private struct FileAnswer {
        let path: String
        let bytes: [UInt8]
        let description: JSON
    }

    func file(_ call: GitLabCall) async throws -> Response {
        let found = try await find(call, isRefNeeded: true)
        return Self.described(
            found, .gitLab(found.description.adding(["content": .base64(found.bytes)])))
    }

    /// The answer to `HEAD`: everything but the content, in headers.
    func fileHeaders(_ call: GitLabCall) async throws -> Response {
        let found = try await find(call, isRefNeeded: true)
        return Self.described(found, .empty(.ok, headers: [.contentType: "application/json"]))
    }

    func rawFile(_ call: GitLabCall) async throws -> Response {
        let found = try await find(call, isRefNeeded: false)
        let name = found.path.split(separator: "/").last.map(String.init) ?? found.path
        return Self.described(found, Self.raw(found.bytes, name: name))
    }

    func createFile(_ call: GitLabCall) async throws -> Response {
        try await change(call, .create, status: .created)
    }

    func updateFile(_ call: GitLabCall) async throws -> Response {
        try await change(call, .update, status: .ok)
    }

    /// A `last_commit_id` is not among this operation's parameters and so is passed over, unlike in a commit's actions.
    func deleteFile(_ call: GitLabCall) async throws -> Response {
        _ = try await change(call, .delete, status: .noContent)
        return .empty(.noContent)
    }

    private func change(
        _ call: GitLabCall, _ kind: GitLabFileAction.Kind, status: HTTPResponse.Status
    ) async throws -> Response {
        var form = call.form
        let path = call.path["file_path"]
        if !GitLabFilePath.isAllowed(path) { form.complain(GitLabFilePath.complaint) }
        let branch = form.requiredText("branch", blank: false)
        let message = form.requiredText("commit_message", blank: false)
        var request = GitLabCommitRequest(branch: branch, message: message)
        request.startBranch = form.text("start_branch")
        request.authorEmail = form.text("author_email")
        request.authorName = form.text("author_name")
        var action = GitLabFileAction(kind: kind, path: path)
        if kind != .delete {
            let content = form.requiredText("content")
            let encoding = form.choice("encoding", of: ["base64", "text"], default: "text")
            action.content = GitLabFileAction.decode(content, encoding: encoding)
            action.lastCommitID = form.text("last_commit_id")
            action.isExecutable = form.flag("execute_filemode")
        }
        try form.validate()
        request.actions = [action]
        let (project, user) = try call.project(as: .developer)
        _ = try await perform(request, in: project, by: user, state: call.state, isSingle: true)
        return .gitLab(["file_path": .string(path), "branch": .string(branch)], status: status)
    }

    private func find(_ call: GitLabCall, isRefNeeded: Bool) async throws -> FileAnswer {
        var form = call.form
        let path = call.path["file_path"]
        if !GitLabFilePath.isAllowed(path) { form.complain(GitLabFilePath.complaint) }
        var ref: String?
        if isRefNeeded {
            ref = form.requiredText("ref", blank: false)
        } else {
            ref = form.text("ref")
            if ref?.isEmpty == true { form.complain("ref is empty") }
        }
        try form.validate()
        let (project, git) = try call.code()
        guard let commit = try await commitID(ref ?? "HEAD", of: project) else {
            throw GitLabRefusal.notFound("Commit")
        }
        guard let entry = try await git.entry(path, in: commit), entry.type == .blob else {
            throw GitLabRefusal.notFound("File")
        }
        let bytes = try await git.blob(entry.id)
        let last = try await git.lastCommit(touching: path, from: commit)
        return FileAnswer(
            path: path, bytes: bytes,
            description: [
                "file_name": .string(entry.name), "file_path": .string(path), "size": .integer(bytes.count),
                "encoding": "base64", "content_sha256": .string(Digest.sha256(bytes)), "ref": .optional(ref),
                "blob_id": .string(entry.id), "commit_id": .string(commit),
                "last_commit_id": .string(last?.id ?? commit), "execute_filemode": .bool(entry.mode == "100755"),
            ])
    }

    /// The description's members as `X-Gitlab-…` headers.
    private static func described(_ found: FileAnswer, _ response: Response) -> Response {
        guard case .object(let members) = found.description else { return response }
        var response = response
        for member in members {
            let words = member.key.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }
            guard let name = HTTPField.Name("X-Gitlab-\(words.joined(separator: "-"))") else { continue }
            switch member.value {
            // Header lines hold no line feeds, and everything beyond ASCII arrives as its UTF-8 bytes.
            case .string(let text): response.headers[name] = text.filter { !$0.isNewline }
            case .integer(let number): response.headers[name] = String(number)
            case .bool(let flag): response.headers[name] = String(flag)
            default: continue
            }
        }
        return response
    }
}

/// Which file paths GitLab reads at all.
enum GitLabFilePath {
    static let complaint = "file_path should be a valid file path"

    static func isAllowed(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return !path.hasPrefix("/") && path != "." && !path.contains("\n") && !parts.contains("..")
            && !path.utf8.contains(0)
    }
}
