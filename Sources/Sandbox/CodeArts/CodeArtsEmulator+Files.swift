// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import Hummingbird

extension CodeArtsEmulator {
    /// Bytes from which a file's content is not in the answer any more, but only what it is. Huawei's pages say that there
    /// is such a bound (`is_limited`), and not which.
    private static let contentLimit = 10 << 20

    /// https://support.huaweicloud.com/api-codeartsrepo/ListTrees.html
    func tree(_ call: CodeArtsCall) async throws -> Response {
        let repository = try call.repository()
        let isRecursive = try call.choice("recursive", of: ["true", "false"], default: "false") == "true"
        let entries = try await entries(
            call.request.query["ref"], below: call.request.query["path"] ?? "", isRecursive, call, repository)
        return try call.page(entries, counted: true, call.view.treeEntry)
    }

    private func entries(
        _ ref: String?, below path: String, _ isRecursive: Bool, _ call: CodeArtsCall, _ repository: SandboxRepository
    ) async throws -> [GitTreeEntry] {
        guard let commit = try await call.commit(ref, of: repository) else { return [] }
        do throws(GitError) {
            return try await backend.git(repository).tree(commit, path: path, recursive: isRecursive)
        } catch {
            if case .notFound = error { throw CodeArtsRefusal.notFound }
            throw error
        }
    }

    /// The paths of all files. https://support.huaweicloud.com/api-codeartsrepo/ListFiles.html
    func fileList(_ call: CodeArtsCall) async throws -> Response {
        let repository = try call.repository()
        let text = call.request.query["search"] ?? ""
        let files = try await entries(call.request.query["ref_name"], below: "", true, call, repository).filter {
            $0.type == .blob && (text.isEmpty || $0.path.contains(text))
        }
        return try call.page(files, counted: true) { .string($0.path) }
    }

    private struct File {
        let entry: GitTreeEntry
        let ref: String
        /// The commit that the ref leads to.
        let commit: String
        let git: GitRepository
    }

    private func find(_ call: CodeArtsCall) async throws -> File {
        let repository = try call.repository()
        let path = try call.required("file_path", limit: 10_000)
        let ref = call.request.query["ref"]
        let git = backend.git(repository)
        guard let commit = try await call.commit(ref, of: repository),
            let entry = try await git.entry(path, in: commit), entry.type == .blob
        else { throw CodeArtsRefusal.notFound }
        return File(entry: entry, ref: ref ?? repository.defaultBranch, commit: commit, git: git)
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/ShowFile.html
    func file(_ call: CodeArtsCall) async throws -> Response {
        let file = try await find(call)
        let bytes = try await file.git.blob(file.entry.id)
        let isLimited = bytes.count > Self.contentLimit
        let last = try await file.git.lastCommit(touching: file.entry.path, from: file.commit)
        return .codeArts([
            "name": .string(file.entry.name), "path": .string(file.entry.path), "size": .integer(bytes.count),
            "encoding": "base64", "ref": .string(file.ref), "blob_id": .string(file.entry.id),
            "file_type": .string(Self.type(of: bytes)), "commit": last.map(call.view.fileCommit) ?? nil,
            "content": isLimited ? "" : .base64(bytes), "is_limited": .bool(isLimited),
            "content_sha256": .string(Digest.sha256(bytes)), "last_commit_id": .optional(last?.id),
            "nick_name": nil, "tenant_name": .string(SandboxSeed.domain), "user_name": .string(call.user.login),
        ])
    }

    private static func type(of bytes: [UInt8]) -> String {
        bytes.prefix(8000).contains(0) ? "application/octet-stream" : "text/plain; charset=utf-8"
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/ShowFileRaw.html
    func rawFile(_ call: CodeArtsCall) async throws -> Response {
        let file = try await find(call)
        let bytes = try await file.git.blob(file.entry.id)
        return .bytes(bytes, type: Self.type(of: bytes))
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/ShowBlobs.html
    func blob(_ call: CodeArtsCall) async throws -> Response {
        let id = try call.required("blob_id")
        let git = try call.git
        guard try await git.objectType(id) == .blob else { throw CodeArtsRefusal.notFound }
        let bytes = try await git.blob(id)
        return .codeArts([
            "size": .integer(bytes.count), "encoding": "base64", "content": .base64(bytes), "blob_id": .string(id),
        ])
    }

    // MARK: Changes

    /// https://support.huaweicloud.com/api-codeartsrepo/CreateFile.html
    func createFile(_ call: CodeArtsCall) async throws -> Response {
        let body = try await call.body()
        return try await write(.create, try body.text("file_path", limit: 10_000), body, call, status: .created)
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/UpdateFile.html
    func updateFile(_ call: CodeArtsCall) async throws -> Response {
        let path = try call.required("file_path", limit: 10_000)
        return try await write(.update, path, try await call.body(), call, status: .ok)
    }

    private func write(
        _ kind: CodeArtsFileAction.Kind, _ path: String, _ body: JSON, _ call: CodeArtsCall,
        status: HTTPResponse.Status
    ) async throws -> Response {
        let repository = try call.repository(as: .developer)
        let branch = try body.text("branch", limit: 2000)
        guard body["content"]?.stringValue != nil else { throw CodeArtsRefusal.bad("参数content不能为空") }
        var action = CodeArtsFileAction(kind, path)
        action.content = try CodeArtsFileAction.decode(body)
        action.lastCommitID = body["last_commit_id"]?.stringValue
        var request = CodeArtsCommitRequest(branch: branch, message: try body.text("commit_message", limit: 65_536))
        request.authorName = body["author_name"]?.stringValue
        request.authorEmail = body["author_email"]?.stringValue
        request.actions = [action]
        _ = try await perform(request, in: repository, by: call.user)
        return .codeArts(["file_path": .string(path), "branch": .string(branch)], status: status)
    }

    /// There is no lock. https://support.huaweicloud.com/api-codeartsrepo/DeleteFile.html
    func deleteFile(_ call: CodeArtsCall) async throws -> Response {
        let repository = try call.repository(as: .developer)
        let path = try call.required("file_path", limit: 10_000)
        let branch = try call.required("branch")
        var request = CodeArtsCommitRequest(
            branch: branch, message: call.request.query["commit_message"] ?? "Delete \(path)")
        request.authorName = call.request.query["author_name"]
        request.authorEmail = call.request.query["author_email"]
        request.actions = [CodeArtsFileAction(.delete, path)]
        _ = try await perform(request, in: repository, by: call.user)
        return .codeArts(["status": "success"])
    }
}
