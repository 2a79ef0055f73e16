// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird

extension CodeArtsEmulator {
    /// `since` and `until` leave out the times that they name. There is no number of all.
    /// https://support.huaweicloud.com/api-codeartsrepo/ListCommits_0.html
    func commits(_ call: CodeArtsCall) async throws -> Response {
        let repository = try call.repository()
        let (offset, limit) = try call.bounds()
        guard let start = try await call.commit(call.request.query["ref_name"], of: repository) else {
            return .codeArts(["commits": [], "date_title": []])
        }
        var query = GitHistoryQuery(start: [start])
        query.path = call.request.query["path"].flatMap { $0.isEmpty ? nil : $0 }
        query.author = call.request.query["author"].flatMap { $0.isEmpty ? nil : $0 }
        query.since = call.request.query["since"].flatMap(Timestamp.seconds).map { $0 + 1 }
        query.until = call.request.query["until"].flatMap(Timestamp.seconds).map { $0 - 1 }
        query.skip = offset
        query.limit = limit
        let found = try await backend.git(repository).history(query)
        var days: [(day: String, count: Int)] = []
        for commit in found {
            let day = String(CodeArtsView.time(commit.committer.time).prefix(10))
            if days.last?.day == day { days[days.count - 1].count += 1 } else { days.append((day, 1)) }
        }
        let titles = days.map {
            JSON.object([
                .init(key: "day", value: .string($0.day)), .init(key: "commits_count", value: .integer($0.count)),
            ])
        }
        return .codeArts(["commits": .array(found.map(call.view.commit)), "date_title": .array(titles)])
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/ShowCommit.html
    func commit(_ call: CodeArtsCall) async throws -> Response {
        let repository = try call.repository()
        guard let id = try await call.commit(call.request.query["sha"], of: repository),
            let commit = try await backend.git(repository).commit(id)
        else { throw CodeArtsRefusal.notFound }
        return .codeArts(
            call.view.commit(commit).adding([
                "stats": nil, "status": nil, "last_pipeline": nil, "project_id": .integer(repository.id),
                "merge_request": nil, "code_changes": [],
            ]))
    }

    /// Many files in one commit. https://support.huaweicloud.com/api-codeartsrepo/CreateCommit_0.html
    func createCommit(_ call: CodeArtsCall) async throws -> Response {
        let repository = try call.repository(as: .developer)
        let body = try await call.body()
        var request = CodeArtsCommitRequest(
            branch: try body.text("branch", limit: 2000), message: body["commit_message"]?.stringValue ?? "")
        request.authorName = body["author_name"]?.stringValue
        request.authorEmail = body["author_email"]?.stringValue
        guard let actions = body["actions"]?.arrayValue, !actions.isEmpty else {
            throw CodeArtsRefusal.bad("参数actions不能为空")
        }
        request.actions = try actions.map(CodeArtsFileAction.init)
        let commit = try await perform(request, in: repository, by: call.user)
        return .codeArts(
            call.view.commit(commit).adding(["project_id": .integer(repository.id)]), status: .created)
    }
}

/// One of the changes that a commit makes.
struct CodeArtsFileAction: Sendable {
    enum Kind: String, Sendable { case create, update, delete }

    let kind: Kind
    let path: String
    var content: [UInt8] = []
    /// The commit that the caller saw as the file's last one; nil for no lock.
    var lastCommitID: String?

    init(_ kind: Kind, _ path: String) {
        self.kind = kind
        self.path = path
    }

    /// Of the six kinds of action, those that a client for files needs.
    init(_ body: JSON) throws(CodeArtsRefusal) {
        guard let kind = body["action"]?.stringValue.flatMap(Kind.init) else { throw .bad("参数action不合法") }
        self.init(kind, try body.text("file_path", limit: 10_000))
        if kind != .delete { content = try Self.decode(body) }
    }

    /// `encoding` is text or base64.
    static func decode(_ body: JSON) throws(CodeArtsRefusal) -> [UInt8] {
        let text = body["content"]?.stringValue ?? ""
        guard body["encoding"]?.stringValue == "base64" else { return Array(text.utf8) }
        guard let data = Data(base64Encoded: text) else { throw .bad("参数content不是合法的base64") }
        return Array(data)
    }
}

/// A commit that somebody wants made on a branch.
struct CodeArtsCommitRequest: Sendable {
    let branch: String
    let message: String
    var authorName: String?
    var authorEmail: String?
    var actions: [CodeArtsFileAction] = []

    init(branch: String, message: String) {
        self.branch = branch
        self.message = message
    }
}

extension CodeArtsEmulator {
    /// Makes the commit. A branch must be there, but in an empty repository.
    func perform(
        _ request: CodeArtsCommitRequest, in repository: SandboxRepository, by user: SandboxUser
    ) async throws -> GitCommit {
        let git = backend.git(repository)
        let tip = try await git.reference("refs/heads/" + request.branch)?.objectID
        let isEmpty = try await git.isEmpty()
        if tip == nil {
            guard isEmpty else { throw CodeArtsRefusal.notFound }
            guard try await git.isValidRefName(request.branch) else { throw CodeArtsRefusal.bad("分支名称不合法") }
        }
        var changes: [GitChange] = []
        for action in request.actions {
            changes.append(try await change(action, at: tip, in: git))
        }
        let committer = GitSignature.now(name: user.login, email: user.email)
        var author = committer
        if let name = request.authorName, let email = request.authorEmail, !name.isEmpty, !email.isEmpty {
            author = .now(name: name, email: email)
        }
        let text = GitCommitText(message: request.message, author: author, committer: committer)
        do throws(GitError) {
            let commit = try await git.commit(changes, on: request.branch, parent: tip, text: text)
            if isEmpty { try await backend.followFirstCommit(to: repository, on: request.branch) }
            backend.markPushed(repository)
            return commit
        } catch {
            switch error {
            case .refMoved: throw CodeArtsRefusal.bad("分支已更新，请刷新后重试")
            case .invalidName: throw CodeArtsRefusal.bad("文件路径不合法")
            default: throw error
            }
        }
    }

    private func change(
        _ action: CodeArtsFileAction, at tip: String?, in git: GitRepository
    ) async throws -> GitChange {
        let parts = action.path.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." || $0.lowercased() == ".git" }),
            !action.path.utf8.contains(0)
        else { throw CodeArtsRefusal.bad("文件路径不合法") }
        var entry: GitTreeEntry?
        if let tip { entry = try await git.entry(action.path, in: tip) }
        if action.kind == .create {
            guard entry == nil else { throw CodeArtsRefusal.bad("文件已存在") }
        } else {
            guard let entry, entry.type == .blob, let tip else { throw CodeArtsRefusal.notFound }
            if let expected = action.lastCommitID, !expected.isEmpty {
                let last = try await git.lastCommit(touching: action.path, from: tip)
                guard last?.id == expected else { throw CodeArtsRefusal.bad("文件已被修改，请刷新后重试") }
            }
            if action.kind == .delete { return .remove(path: action.path) }
        }
        return .put(path: action.path, blob: try await git.writeBlob(action.content), mode: entry?.mode ?? "100644")
    }
}

extension ForgeBackend {
    /// The branch of a repository's first commit is its default branch.
    func followFirstCommit(to repository: SandboxRepository, on branch: String) async throws(GitError) {
        try await git(repository).setDefaultBranch(branch)
        store.update { state in
            guard let index = state.repositories.firstIndex(where: { $0.id == repository.id }) else { return }
            state.repositories[index].defaultBranch = branch
        }
    }
}
