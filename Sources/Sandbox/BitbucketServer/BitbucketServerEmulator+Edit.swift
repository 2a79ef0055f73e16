// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// https://developer.atlassian.com/server/bitbucket/rest/v819/api-group-repository/#api-api-latest-projects-projectkey-repos-repositoryslug-browse-path-put
extension BitbucketServerEmulator {
    /// One commit that makes or changes one file. There is no way to remove one.
    func edit(_ call: BitbucketServerCall) async throws -> Response {
        let repository = try call.writable()
        let user = try call.user
        let form = try BitbucketServerMultipart(call.request, try await call.request.bytes())
        guard let branch = form.text("branch") else {
            throw BitbucketServerRefusal.invalid("branch", "The branch must be supplied.")
        }
        guard let content = form.bytes("content") else {
            throw BitbucketServerRefusal.invalid("content", "The content must be supplied.")
        }
        let path = call.path["path"]
        let git = backend.git(repository)
        let base = try await base(branch, form, of: repository)
        let old = try await old(path, at: base.tip ?? base.start, seenAt: form.text("sourceCommitId"), in: repository)
        let blob = try await git.writeBlob(content)
        if let old, old.id == blob {
            throw BitbucketServerRefusal.conflict(
                "The content provided is the same as what already exists. No change was committed.",
                "content.FileContentUnmodifiedException")
        }
        let who = GitSignature.now(name: user.name, email: user.email)
        let message = form.text("message") ?? "\(path) \(old == nil ? "created" : "edited") online with Bitbucket"
        let commit = try await commit(
            .put(path: path, blob: blob, mode: old?.mode ?? "100644"), path, on: branch, base,
            GitCommitText(message: message, author: who, committer: who), in: git)
        try await backend.followPush(to: repository)
        return .bitbucketServer(call.entities.commit(commit))
    }

    private func commit(
        _ change: GitChange, _ path: String, on branch: String, _ base: (tip: String?, start: String?),
        _ text: GitCommitText, in git: GitRepository
    ) async throws -> GitCommit {
        do {
            return try await git.commit(
                [change], on: branch, parent: base.tip, startingAt: base.start, text: text)
        } catch GitError.refMoved {
            throw Self.outOfDate(path)
        }
    }

    /// Where the commit goes: on the branch's tip, on a new branch from another one's, or first in an empty repository.
    private func base(
        _ branch: String, _ form: BitbucketServerMultipart, of repository: SandboxRepository
    ) async throws -> (tip: String?, start: String?) {
        let git = backend.git(repository)
        let name = branch.hasPrefix("refs/heads/") ? String(branch.dropFirst("refs/heads/".count)) : branch
        guard try await git.isValidRefName(name) else {
            throw BitbucketServerRefusal(
                status: 400, context: "branch", message: "'\(name)' is not a valid branch name.",
                exception: "repository.InvalidRefNameException")
        }
        if let tip = try await git.reference("refs/heads/" + name) { return (tip.objectID, nil) }
        if let source = form.text("sourceBranch") {
            guard let start = try await git.reference("refs/heads/" + source) else {
                throw BitbucketServerRefusal.noBranch(source, repository.path)
            }
            return (nil, start.objectID)
        }
        guard try await git.isEmpty() else { throw BitbucketServerRefusal.noBranch(name, repository.path) }
        return (nil, nil)
    }

    /// The file that is changed, held to what the caller has seen; nil for one that is made.
    private func old(
        _ path: String, at base: String?, seenAt source: String?, in repository: SandboxRepository
    ) async throws -> GitTreeEntry? {
        let git = backend.git(repository)
        var present: GitTreeEntry?
        if let base { present = try await git.entry(path, in: base) }
        guard let source else {
            guard present == nil else {
                throw BitbucketServerRefusal.conflict(
                    "The file '\(path)' already exists. Supply a sourceCommitId to edit it.",
                    "content.FileAlreadyExistsException")
            }
            return nil
        }
        guard GitRepository.isAbbreviatedObjectID(source), let seen = try await git.commitID(source) else {
            throw BitbucketServerRefusal.noCommit(source, repository.path)
        }
        guard let then = try await git.entry(path, in: seen) else {
            throw BitbucketServerRefusal.noPath(path, source)
        }
        guard let present, present.id == then.id else { throw Self.outOfDate(path) }
        guard present.type == .blob else {
            throw BitbucketServerRefusal.invalid("path", "The path '\(path)' is not a file.")
        }
        return present
    }

    private static func outOfDate(_ path: String) -> BitbucketServerRefusal {
        .conflict(
            "The file '\(path)' could not be edited because it has changed since you started editing it.",
            "content.FileOutOfDateException")
    }
}
