// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// One of the changes that a commit makes.
struct GitLabFileAction: Sendable {
    enum Kind: String, Sendable, CaseIterable { case create, update, move, delete, chmod }

    let kind: Kind
    let path: String
    /// Where a moved file was.
    var previousPath: String?
    /// nil leaves a moved file as it was.
    var content: [UInt8]?
    /// The commit that the caller saw as the file's last one; nil for no lock.
    var lastCommitID: String?
    var isExecutable: Bool?

    init(kind: Kind, path: String) {
        self.kind = kind
        self.path = path
    }

    /// GitLab's base64 passes over characters that do not belong in it.
    static func decode(_ content: String, encoding: String) -> [UInt8] {
        guard encoding == "base64" else { return Array(content.utf8) }
        return Array(Data(base64Encoded: content, options: .ignoreUnknownCharacters) ?? Data())
    }
}

/// A commit that somebody wants made on a branch.
struct GitLabCommitRequest: Sendable {
    let branch: String
    let message: String
    /// Where a new branch begins.
    var startBranch: String?
    var startSHA: String?
    var authorEmail: String?
    var authorName: String?
    var actions: [GitLabFileAction] = []
    /// Whether a branch that is there already is set to the new commit.
    var force = false

    init(branch: String, message: String) {
        self.branch = branch
        self.message = message
    }
}

extension GitLabEmulator {
    /// Makes the commit. Whatever stands against it is a 400 with one sentence.
    /// - Parameter isSingle: whether the request is one of the files API, which words a stale lock in its own way.
    func perform(
        _ request: GitLabCommitRequest, in project: SandboxRepository, by user: SandboxUser, state: AccountState,
        isSingle: Bool
    ) async throws -> GitCommit {
        let git = backend.git(project)
        guard state.mayPush(to: request.branch, of: project, as: user.id) else {
            throw GitLabRefusal.badRequest("You are not allowed to push into this branch")
        }
        let (tip, start) = try await tips(of: request, in: git)
        var stage = GitLabStage(git: git, base: start)
        for action in request.actions {
            if let start { try await checkLock(of: action, at: start, in: git, isSingle: isSingle) }
        }
        for action in request.actions { try await stage.apply(action) }
        let committer = GitSignature.now(name: user.name, email: user.email)
        var author = committer
        if let name = request.authorName, let email = request.authorEmail, !name.isEmpty, !email.isEmpty {
            author = .now(name: name, email: email)
        }
        let text = GitCommitText(message: request.message, author: author, committer: committer)
        do throws(GitError) {
            let commit = try await git.commit(stage.changes, on: request.branch, from: tip, onto: start, text: text)
            backend.markPushed(project)
            return commit
        } catch {
            switch error {
            case .refMoved:
                throw GitLabRefusal.badRequest(
                    "Could not update refs/heads/\(request.branch). Please refresh and try again.")
            case .invalidName:
                throw GitLabRefusal.badRequest("invalid path: '\(request.actions.first?.path ?? "")'")
            default: throw error
            }
        }
    }

    /// The branch's tip (nil where it is to be made) and the commit to build on (nil in an empty repository).
    private func tips(
        of request: GitLabCommitRequest, in git: GitRepository
    ) async throws -> (tip: String?, start: String?) {
        let branch = try await git.reference("refs/heads/" + request.branch)?.objectID
        let isEmpty = try await git.isEmpty()
        let name = request.startBranch.flatMap { $0.isEmpty ? nil : $0 } ?? request.branch
        var start: String?
        if let sha = request.startSHA {
            guard GitRepository.isObjectID(sha) else { throw GitLabRefusal.badRequest("Invalid start_sha '\(sha)'") }
            start = try await git.commit(sha)?.id
            if start == nil { throw GitLabRefusal.badRequest("Cannot find start_sha '\(sha)'") }
        } else {
            start = try await git.reference("refs/heads/" + name)?.objectID
            if start == nil, !isEmpty {
                throw GitLabRefusal.badRequest("You can only create or edit files when you are on a branch")
            }
        }
        let isElsewhere = name != request.branch || request.startSHA != nil
        if isElsewhere, branch != nil, !request.force {
            throw GitLabRefusal.badRequest(
                "A branch called '\(request.branch)' already exists. Switch to that branch in order to make changes")
        }
        if isElsewhere || branch == nil, try await !GitLabRefName.isAllowed(request.branch, in: git) {
            throw GitLabRefusal.badRequest(
                "Something went wrong when we tried to create '\(request.branch)' for you: Branch name is invalid")
        }
        return (branch, start)
    }

    private func checkLock(
        of action: GitLabFileAction, at start: String, in git: GitRepository, isSingle: Bool
    ) async throws {
        guard let expected = action.lastCommitID, [.update, .move, .delete].contains(action.kind) else { return }
        let path = action.previousPath ?? action.path
        guard let last = try await git.lastCommit(touching: path, from: start), last.id != expected else { return }
        throw GitLabRefusal.badRequest(
            isSingle
                ? "You are attempting to update a file that has changed since you started editing it."
                : "The file has changed since you started editing it: \(path)")
    }
}

extension GitRepository {
    /// Makes a commit on a branch; one that does not follow from the branch's tip takes its place all the same.
    /// - Parameters:
    ///   - tip: where the branch is; nil where it is to be made.
    ///   - start: the new commit's parent; nil for none.
    func commit(
        _ changes: [GitChange], on branch: String, from tip: String?, onto start: String?, text: GitCommitText
    ) async throws(GitError) -> GitCommit {
        guard let tip, tip != start else {
            return try await commit(changes, on: branch, parent: tip, startingAt: start, text: text)
        }
        let tree = try await writeTree(changes, onto: start)
        let id = try await writeCommit(tree: tree, parents: start.map { [$0] } ?? [], text: text)
        try await updateReference("refs/heads/" + branch, to: id, from: tip)
        guard let commit = try await commit(id) else { throw .notFound(id) }
        return commit
    }
}
