// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/
extension BitbucketCall {
    func repositories() async throws -> Response {
        let owner = try owner()
        let caller = login?.identity.user.id
        var found = state.repositories.filter { $0.owner == owner && state.mayRead($0, as: caller) }
        if let role = request.query["role"] {
            guard let wanted = Self.roles[role] else { throw BitbucketProblem.badRequest("role", "Invalid role") }
            found = found.filter { repository in
                caller.flatMap { state.role(of: $0, in: repository) }.map { $0 >= wanted } ?? false
            }
        }
        var entries: [JSON] = []
        for repository in found {
            entries.append(view.repository(repository, isEmpty: try await git(repository).isEmpty()))
        }
        return try BitbucketPage(self).response(entries)
    }

    private static let roles: [String: MemberRole] = [
        "owner": .owner, "admin": .maintainer, "contributor": .developer, "member": .guest,
    ]

    func readRepository() async throws -> Response {
        let repository = try repository()
        return .json(view.repository(repository, isEmpty: try await git(repository).isEmpty()))
    }

    /// 200, as Bitbucket has it.
    func createRepository() async throws -> Response {
        let owner = try owner()
        let user = try user
        let body = try await body()
        let slug = parameters["repo_slug"].lowercased()
        guard Self.isSlug(slug) else { throw BitbucketProblem.badRequest("slug", "Invalid slug") }
        guard mayCreate(in: owner, as: user) else {
            throw BitbucketProblem(400, "You do not have the privilege to create repositories in this workspace.")
        }
        let (name, scm) = (body["name"]?.stringValue ?? slug, body["scm"]?.stringValue ?? "git")
        guard scm == "git" else { throw BitbucketProblem.badRequest("scm", "Only git is supported.") }
        guard Self.slug(of: name) == slug else {
            throw BitbucketProblem.badRequest("name", "The name does not make this slug.")
        }
        if let project = body["project"],
            project["key"]?.stringValue ?? BitbucketView.projectKey != BitbucketView.projectKey
        {
            throw BitbucketProblem.badRequest("project", "Project not found.")
        }
        let isPrivate = body["is_private"]?.boolValue ?? true
        let description = body["description"]?.stringValue
        let now = AccountStore.now()
        let made = try await backend.createRepository(defaultBranch: "main") {
            (state, id, directory) throws(BitbucketProblem) in
            let full = state.namespacePath(of: owner) + "/" + slug
            guard state.repository(fullPath: full) == nil else { throw Self.taken }
            return SandboxRepository(
                id: id, owner: owner, path: slug, name: name, description: description,
                visibility: isPrivate ? .private : .public, defaultBranch: "main", directory: directory, created: now,
                updated: now)
        }
        return .json(view.repository(made, isEmpty: true))
    }

    private static let taken = BitbucketProblem(
        400, "Repository with this Slug and Owner already exists.",
        fields: ["name": ["You already have a repository with this name."]])

    private func mayCreate(in owner: RepositoryOwner, as user: SandboxUser) -> Bool {
        switch owner {
        case .user(let id): id == user.id
        case .group(let id): state.role(of: user.id, inGroup: id).map { $0 >= .developer } ?? false
        }
    }

    /// A new name makes a new slug; the old address leads to the new one.
    func updateRepository() async throws -> Response {
        let repository = try administered()
        let body = try await body()
        let name = body["name"]?.stringValue ?? repository.name
        let slug = body["name"] == nil ? repository.path : Self.slug(of: name)
        guard Self.isSlug(slug) else { throw BitbucketProblem.badRequest("name", "Invalid name") }
        let former = view.fullName(repository)
        let changed = try backend.store.update { state throws(BitbucketProblem) -> SandboxRepository in
            guard let index = state.repositories.firstIndex(where: { $0.id == repository.id }) else { throw .notFound }
            let full = state.namespacePath(of: repository.owner) + "/" + slug
            guard state.repository(fullPath: full).map({ $0.id == repository.id }) ?? true else { throw Self.taken }
            if slug != repository.path { state.repositories[index].formerPaths.append(former) }
            state.repositories[index].path = slug
            state.repositories[index].name = name
            if let text = body["description"]?.stringValue { state.repositories[index].description = text }
            if let flag = body["is_private"]?.boolValue {
                state.repositories[index].visibility = flag ? .private : .public
            }
            state.repositories[index].updated = AccountStore.now()
            return state.repositories[index]
        }
        return .json(
            view.repository(changed, isEmpty: try await git(changed).isEmpty()),
            headers: slug == repository.path ? [:] : [.location: view.address(of: changed)])
    }

    func deleteRepository() throws -> Response {
        try backend.deleteRepository(try administered())
        return .empty(.noContent)
    }

    /// What Bitbucket makes of a name: lower-case, anything strange as `-`.
    static func slug(of name: String) -> String {
        String(
            name.lowercased().map { character in
                character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
                    ? character : "-"
            })
    }

    static func isSlug(_ text: String) -> Bool {
        (1...62).contains(text.utf8.count) && slug(of: text) == text && text != "." && text != ".."
            && !text.hasSuffix(".git")
    }
}
