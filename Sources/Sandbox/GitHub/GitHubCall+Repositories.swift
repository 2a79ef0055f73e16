// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

extension GitHubCall {
    func ownRepositories() throws -> Response {
        let user = try user()
        let query = request.query
        if query["type"] != nil, query["visibility"] != nil || query["affiliation"] != nil {
            throw GitHubProblem.unprocessable(
                "If you specify visibility or affiliation, you cannot specify type.")
        }
        let kind = query["type"] ?? "all"
        let affiliations = Set((query["affiliation"] ?? "owner,collaborator,organization_member").split(separator: ","))
        let visibility = query["visibility"] ?? "all"
        let found = backend.store.read { state in
            state.repositories.filter { repository in
                guard state.role(of: user.id, in: repository) != nil else { return false }
                let isOwn = repository.owner == .user(user.id)
                let isPublic = repository.visibility == .public
                let isShared = !isOwn && repository.collaborators[user.id] != nil
                let ofOrganization: Bool = if case .group = repository.owner { true } else { false }
                let isAffiliated =
                    isOwn && affiliations.contains("owner") || isShared && affiliations.contains("collaborator")
                    || ofOrganization && affiliations.contains("organization_member")
                let isOfKind =
                    switch kind {
                    case "owner": isOwn
                    case "public": isPublic
                    case "private": !isPublic
                    case "member": !isOwn
                    default: true
                    }
                return isAffiliated && isOfKind && (visibility == "all" || isPublic == (visibility == "public"))
            }
        }
        return repositoryList(found, defaultSort: "full_name")
    }

    func userRepositories() throws -> Response {
        let name = parameters["user"]
        guard let owner = backend.store.read({ $0.owner(namespace: name) }) else { throw GitHubProblem.notFound }
        // The private ones are listed elsewhere only.
        let found = backend.store.read { $0.repositories.filter { $0.owner == owner && $0.visibility == .public } }
        return repositoryList(found, defaultSort: "full_name")
    }

    func organizationRepositories() throws -> Response {
        let group = try visibleOrganization()
        let kind = request.query["type"] ?? "all"
        let found = backend.store.read { $0.repositories.filter { $0.owner == .group(group.id) } }.filter {
            switch kind {
            case "public": $0.visibility == .public
            case "private": $0.visibility != .public
            case "forks": false
            default: true
            }
        }
        return repositoryList(found, defaultSort: "created")
    }

    private func repositoryList(_ found: [SandboxRepository], defaultSort: String) -> Response {
        let sort = request.query["sort"] ?? defaultSort
        let isAscending = (request.query["direction"] ?? (sort == "full_name" ? "asc" : "desc")) == "asc"
        let named = found.filter { maySee($0) }.map { repository in
            (repository: repository, name: backend.store.read { $0.fullPath(of: repository) }.lowercased())
        }
        let sorted = named.sorted { one, other in
            let first = isAscending ? one : other
            let second = isAscending ? other : one
            switch sort {
            case "created": return (first.repository.created, first.name) < (second.repository.created, second.name)
            case "updated": return (first.repository.updated, first.name) < (second.repository.updated, second.name)
            case "pushed":
                return (first.repository.pushed ?? 0, first.name) < (second.repository.pushed ?? 0, second.name)
            default: return first.name < second.name
            }
        }
        return list(sorted) { view.listed($0.repository, for: identity, version: version) }
    }

    func createOwnRepository() async throws -> Response {
        try await create(in: .user(try user().id))
    }

    func createOrganizationRepository() async throws -> Response {
        let user = try user()
        let group = try visibleOrganization()
        guard group.members[user.id] != nil else { throw GitHubProblem.notFound }
        return try await create(in: .group(group.id))
    }

    private func create(in owner: RepositoryOwner) async throws -> Response {
        let user = try user()
        let draft = try GitHubRepositoryDraft(try await object())
        guard has("repo") || (!draft.isPrivate && has("public_repo")) else { throw GitHubProblem.notFound }
        let now = AccountStore.now()
        let repository = try await backend.createRepository(defaultBranch: "main") {
            state, id, directory throws(GitHubProblem) in
            let path = state.namespacePath(of: owner) + "/" + draft.name
            guard state.repository(fullPath: path) == nil else { throw GitHubRepositoryDraft.nameTaken }
            // The old name of another repository leads nowhere from now on.
            for index in state.repositories.indices {
                state.repositories[index].formerPaths.removeAll { $0 == path.lowercased() }
            }
            return SandboxRepository(
                id: id, owner: owner, path: draft.name, name: draft.name, description: draft.description,
                visibility: draft.isPrivate ? .private : .public, defaultBranch: "main", directory: directory,
                created: now, updated: now, pushed: nil, settings: draft.settings)
        }
        if draft.makesFirstCommit {
            let text = "# \(draft.name)\n" + (draft.description.map { $0 + "\n" } ?? "")
            let git = backend.git(repository)
            let blob = try await git.writeBlob(Array(text.utf8))
            let author = GitSignature.now(name: user.name, email: user.email)
            _ = try await git.commit(
                [.put(path: "README.md", blob: blob, mode: "100644")], on: "main", parent: nil,
                text: GitCommitText(message: "Initial commit", author: author, committer: author))
            backend.markPushed(repository)
        }
        let made = backend.store.read { $0.repository(id: repository.id) } ?? repository
        let location = "\(view.api)/repos/\(backend.store.read { $0.fullPath(of: made) })"
        return .json(
            view.full(made, for: identity, version: version), status: .created, headers: [.location: location])
    }

    func getRepository() throws -> Response {
        let scopes: Set<String> = ["admin:repo_hook", "write:repo_hook", "read:repo_hook", "delete_repo"]
        return .json(view.full(try repository(or: scopes), for: identity, version: version))
    }

    func deleteRepository() throws -> Response {
        let repository = try repository(or: ["delete_repo"])
        let user = try user()
        guard has("delete_repo"), backend.store.read({ $0.mayAdminister(repository, as: user.id) }) else {
            throw GitHubProblem.notAdministrator
        }
        try backend.deleteRepository(repository)
        return .empty()
    }

    func updateRepository() async throws -> Response {
        let repository = try repository()
        let user = try user()
        guard has("repo") || (repository.visibility == .public && has("public_repo")) else {
            throw GitHubProblem.notFound
        }
        guard backend.store.read({ $0.mayAdminister(repository, as: user.id) }) else {
            throw GitHubProblem.notAdministrator
        }
        let body = try await object()
        let name = try body.optionalString("name").map(GitHubRepositoryDraft.sanitized)
        let isArchived = try body.optionalBool("archived")
        if repository.isArchived, isArchived != false { throw GitHubProblem.archived }
        let branch = try body.optionalString("default_branch")
        if let branch, branch != repository.defaultBranch {
            let git = backend.git(repository)
            guard try await git.reference("refs/heads/" + branch) != nil else {
                throw GitHubProblem.validationFailed("Repository", field: "default_branch", code: "invalid")
            }
            try await git.setDefaultBranch(branch)
        }
        let isPrivate = try body.optionalBool("private")
        let description = try body.optionalString("description")
        let settings = try GitHubRepositoryDraft.settings(body)
        let changed = try backend.store.update { state throws(GitHubProblem) -> SandboxRepository in
            guard let index = state.repositories.firstIndex(where: { $0.id == repository.id }) else { throw .notFound }
            var changed = state.repositories[index]
            let namespace = state.namespacePath(of: changed.owner)
            if let name, name != changed.path {
                if let other = state.repository(fullPath: namespace + "/" + name), other.id != changed.id {
                    throw GitHubRepositoryDraft.nameTaken
                }
                changed.formerPaths.append((namespace + "/" + changed.path).lowercased())
                changed.formerPaths.removeAll { $0 == (namespace + "/" + name).lowercased() }
                changed.path = name
                changed.name = name
            }
            if let isArchived { changed.isArchived = isArchived }
            if let branch { changed.defaultBranch = branch }
            if let isPrivate { changed.visibility = isPrivate ? .private : .public }
            if let description { changed.description = description }
            changed.settings.merge(settings) { $1 }
            changed.updated = AccountStore.now()
            state.repositories[index] = changed
            return changed
        }
        return .json(view.full(changed, for: identity, version: version))
    }
}

/// What a request to make a repository asks for.
struct GitHubRepositoryDraft: Sendable {
    let name: String
    let description: String?
    let isPrivate: Bool
    let makesFirstCommit: Bool
    let settings: [String: JSON]

    init(_ body: JSON) throws(GitHubProblem) {
        let wanted = try body.requiredString("name")
        name = Self.sanitized(wanted)
        guard !name.isEmpty, name != ".", name != ".." else {
            throw .validationFailed(
                "Repository", field: "name", code: "custom", sentence: "name is invalid",
                message: "Repository creation failed.")
        }
        guard name.count <= 100 else {
            throw .validationFailed(
                "Repository", field: "name", code: "custom", sentence: "name is too long (maximum is 100 characters)",
                message: "Repository creation failed.")
        }
        description = try body.optionalString("description")
        let visibility = try body.optionalString("visibility")
        let flag = try body.optionalBool("private") ?? false
        isPrivate = visibility.map { $0 != "public" } ?? flag
        makesFirstCommit = try body.optionalBool("auto_init") ?? false
        settings = try Self.settings(body)
    }

    static func settings(_ body: JSON) throws(GitHubProblem) -> [String: JSON] {
        var settings: [String: JSON] = [:]
        for key in ["has_issues", "has_projects", "has_wiki"] {
            if let flag = try body.optionalBool(key) { settings[key] = .bool(flag) }
        }
        if let homepage = try body.optionalString("homepage") { settings["homepage"] = .string(homepage) }
        return settings
    }

    /// GitHub puts a dash for every run of characters that it does not take.
    static func sanitized(_ name: String) -> String {
        var result = ""
        for character in name {
            let isKept =
                character.isASCII && (character.isLetter || character.isNumber) || "._-".contains(character)
            if isKept { result.append(character) } else if result.last != "-" { result.append("-") }
        }
        return result
    }

    static let nameTaken = GitHubProblem.validationFailed(
        "Repository", field: "name", code: "custom", sentence: "name already exists on this account",
        message: "Repository creation failed.")
}
