// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

extension BitbucketCall {
    /// Where a commit goes, and on what.
    private struct Target {
        let branch: String
        /// The branch's tip; nil for a branch that is made.
        let tip: String?
        /// What a new branch begins with; nil in an empty repository.
        let start: String?
    }

    /// One commit of whatever the form says; an existing file is overwritten.
    /// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-source/#api-repositories-workspace-repo-slug-src-post
    func createCommit() async throws -> Response {
        let (repository, user) = try writable()
        let form = try await BitbucketCommitForm(request)
        let git = git(repository)
        let target = try await target(form, in: repository)
        let changes = try await changes(form, onto: target.tip ?? target.start, in: git)
        let author = try Self.author(form.author) ?? .now(name: user.name, email: user.email)
        let text = GitCommitText(
            message: form.message ?? Self.message(changes), author: author,
            committer: .now(name: user.name, email: user.email))
        let made = try await commit(changes, target, text, in: git)
        try await backend.followPush(to: repository)
        return .empty(
            .created,
            headers: [
                .location: "\(view.address(of: repository))/commit/\(made.id)",
                .contentType: "text/html; charset=utf-8",
            ])
    }

    private func commit(
        _ changes: [GitChange], _ target: Target, _ text: GitCommitText, in git: GitRepository
    ) async throws -> GitCommit {
        do throws(GitError) {
            return try await git.commit(
                changes, on: target.branch, parent: target.tip, startingAt: target.start, text: text)
        } catch {
            switch error {
            case .refMoved: throw Self.isNotTip
            case .failed(command: "update-index", _, _), .failed(command: "write-tree", _, _):
                throw BitbucketProblem(400, "Bad request", detail: "A path is a file's and a directory's at once.")
            default: throw error
            }
        }
    }

    private static let isNotTip = BitbucketProblem(409, "The parent commit is not the branch's latest one.")

    private func target(_ form: BitbucketCommitForm, in repository: SandboxRepository) async throws -> Target {
        let git = git(repository)
        guard form.parents.count < 2 else {
            throw BitbucketProblem.badRequest("parents", "Only one parent is accepted.")
        }
        let isEmpty = try await git.isEmpty()
        let branch = form.branch ?? repository.defaultBranch
        guard try await git.isValidRefName(branch) else { throw BitbucketProblem.badRequest("branch", "Invalid name") }
        if isEmpty {
            guard form.parents.isEmpty else { throw Self.isNotTip }
            return Target(branch: branch, tip: nil, start: nil)
        }
        var parent: String?
        if let text = form.parents.first {
            guard GitRepository.isAbbreviatedObjectID(text), let found = try await git.commitID(text) else {
                throw BitbucketProblem.badRequest("parents", "No such commit")
            }
            parent = found
        }
        if let tip = try await git.reference("refs/heads/" + branch)?.objectID {
            guard parent == nil || parent == tip else { throw Self.isNotTip }
            return Target(branch: branch, tip: tip, start: nil)
        }
        let main = try await git.reference("refs/heads/" + repository.defaultBranch)?.objectID
        return Target(branch: branch, tip: nil, start: parent ?? main)
    }

    private func changes(
        _ form: BitbucketCommitForm, onto base: String?, in git: GitRepository
    ) async throws -> [GitChange] {
        var changes: [GitChange] = []
        for path in Set(form.listed).subtracting(form.files.map(\.path)).sorted() {
            var entry: GitTreeEntry?
            if let base { entry = try await git.entry(path, in: base) }
            guard let entry, entry.type != .tree else {
                throw BitbucketProblem(400, "Bad request", fields: ["files": .string(path)])
            }
            changes.append(.remove(path: path))
        }
        for file in form.files {
            guard !file.path.isEmpty else { throw BitbucketProblem.badRequest("files", "A file has no path.") }
            let mode = ["executable": "100755", "link": "120000"][file.attribute ?? ""] ?? "100644"
            changes.append(.put(path: file.path, blob: try await git.writeBlob(file.bytes), mode: mode))
        }
        return changes
    }

    /// `Erik van Zijst <erik@example.com>`
    private static func author(_ text: String?) throws(BitbucketProblem) -> GitSignature? {
        guard let text else { return nil }
        guard let open = text.lastIndex(of: "<"), text.hasSuffix(">") else {
            throw .badRequest("author", "Not of the form: Name <email>")
        }
        let email = text[text.index(after: open)...].dropLast()
        return .now(name: text[..<open].trimmed, email: String(email))
    }

    private static func message(_ changes: [GitChange]) -> String {
        let names = changes.map { change in
            switch change {
            case .put(let path, _, _), .remove(let path): path
            }
        }
        return "\(names.first ?? "Commit") edited online with Bitbucket"
    }
}
