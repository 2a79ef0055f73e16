// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// Branches and tags. https://developer.atlassian.com/cloud/bitbucket/rest/api-group-refs/
extension BitbucketCall {
    /// - Parameter kinds: of `branches` and `tags`.
    func references(_ kinds: [String]) async throws -> Response {
        let repository = try repository()
        let git = git(repository)
        var found: [GitReference] = []
        if kinds.contains("branches") { found += try await git.branches() }
        if kinds.contains("tags") { found += try await git.tags() }
        return try BitbucketPage(self).response(try await rendered(found, of: repository))
    }

    func reference(_ kind: String) async throws -> Response {
        let repository = try repository()
        let found = try await find(kind, in: repository)
        guard let json = try await rendered([found], of: repository).first else { throw BitbucketProblem.notFound }
        return .json(json)
    }

    private func find(_ kind: String, in repository: SandboxRepository) async throws -> GitReference {
        let prefix = kind == "tags" ? "refs/tags/" : "refs/heads/"
        let name = parameters["name"]
        guard let found = try await git(repository).reference(prefix + name) else {
            throw BitbucketProblem(
                404, kind == "tags" ? "Tag \(name) does not exist." : "Branch \(name) does not exist.")
        }
        return found
    }

    /// All refs in two calls of git, whatever their number.
    private func rendered(_ references: [GitReference], of repository: SandboxRepository) async throws -> [JSON] {
        let git = git(repository)
        let commits = Dictionary(
            try await git.commits(Array(Set(references.map(\.peeledID)))).map { ($0.id, $0) }
        ) { first, _ in first }
        let objects = references.filter { $0.objectType == .tag }.map(\.objectID)
        let tags = Dictionary(try await git.tags(objects).map { ($0.id, $0) }) { first, _ in first }
        let view = view
        return references.map { reference in
            let target = commits[reference.peeledID].map { view.commit($0, repository) } ?? nil
            return reference.name.hasPrefix("refs/tags/")
                ? view.tag(reference.shortName, tags[reference.objectID], target, repository)
                : view.branch(reference.shortName, target, repository)
        }
    }

    /// A new ref's name and commit, as a body gives them.
    private func draft(_ body: JSON, in repository: SandboxRepository) async throws -> (name: String, commit: String) {
        guard let name = body["name"]?.stringValue, !name.isEmpty else {
            throw BitbucketProblem.badRequest("name", "required key not provided")
        }
        guard let hash = body["target"]?["hash"]?.stringValue, !hash.isEmpty else {
            throw BitbucketProblem.badRequest("target.hash", "required key not provided")
        }
        guard try await git(repository).isValidRefName(name) else {
            throw BitbucketProblem.badRequest("name", "Invalid name")
        }
        // A name in place of a hash is not taken.
        guard GitRepository.isAbbreviatedObjectID(hash), let commit = try await git(repository).commitID(hash),
            commit.hasPrefix(hash.lowercased())
        else { throw BitbucketProblem(400, "Invalid commit hash: \(hash)") }
        return (name, commit)
    }

    func createBranch() async throws -> Response {
        let (repository, _) = try writable()
        let (name, commit) = try await draft(try await body(), in: repository)
        let taken = BitbucketProblem(400, "Branch \"\(name)\" already exists.")
        try await make("refs/heads/" + name, at: commit, in: git(repository), orElse: taken)
        return try await made("refs/heads/" + name, in: repository)
    }

    /// Always annotated. https://developer.atlassian.com/cloud/bitbucket/rest/api-group-refs/#api-repositories-workspace-repo-slug-refs-tags-post
    func createTag() async throws -> Response {
        let (repository, user) = try writable()
        let body = try await body()
        let (name, commit) = try await draft(body, in: repository)
        let git = git(repository)
        let given = body["message"]?.stringValue ?? ""
        let message = given.isEmpty ? "Added tag \(name) for changeset \(commit.prefix(12))" : given
        let object = try await git.writeTag(
            name, target: commit, type: .commit, message: message, tagger: .now(name: user.name, email: user.email))
        let taken = BitbucketProblem(400, "tag \"\(name)\" already exists")
        try await make("refs/tags/" + name, at: object, in: git, orElse: taken)
        return try await made("refs/tags/" + name, in: repository)
    }

    private func make(
        _ name: String, at target: String, in git: GitRepository, orElse taken: BitbucketProblem
    ) async throws {
        do throws(GitError) {
            try await git.createReference(name, at: target)
        } catch {
            guard case .alreadyExists = error else { throw error }
            throw taken
        }
    }

    private func made(_ name: String, in repository: SandboxRepository) async throws -> Response {
        backend.markPushed(repository)
        guard let reference = try await git(repository).reference(name),
            let json = try await rendered([reference], of: repository).first
        else { throw BitbucketProblem.notFound }
        return .json(json, status: .created)
    }

    func deleteBranch() async throws -> Response {
        let (repository, _) = try writable()
        let branch = try await find("branches", in: repository)
        guard branch.shortName != repository.defaultBranch else {
            throw BitbucketProblem(400, "The main branch cannot be deleted.")
        }
        try await git(repository).deleteReference(branch.name)
        return .empty(.noContent, headers: [.contentType: "text/html; charset=utf-8"])
    }

    func deleteTag() async throws -> Response {
        let (repository, _) = try writable()
        let tag = try await find("tags", in: repository)
        try await git(repository).deleteReference(tag.name)
        return .empty(.noContent, headers: [.contentType: "text/html; charset=utf-8"])
    }
}
