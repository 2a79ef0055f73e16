// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension GiteeCall {
    /// A page of repositories: only those on it are looked into.
    private func list(_ all: [SandboxRepository]) async throws -> Response {
        let sort = try fields.word("sort", of: ["created", "updated", "pushed", "full_name"]) ?? "full_name"
        let direction = try fields.word("direction", of: ["asc", "desc"]) ?? (sort == "full_name" ? "asc" : "desc")
        var sorted = all.sorted { one, other in
            switch sort {
            case "created": (one.created, one.id) < (other.created, other.id)
            case "updated": (one.updated, one.id) < (other.updated, other.id)
            case "pushed": (one.pushed ?? 0, one.id) < (other.pushed ?? 0, other.id)
            default: state.fullPath(of: one) < state.fullPath(of: other)
            }
        }
        if direction == "desc" { sorted.reverse() }
        let page = Page(request.query, defaultSize: 20)
        var items: [JSON] = []
        for place in page.slice(sorted) { items.append(try await shown(place)) }
        return Self.list(items, page, total: sorted.count)
    }

    private func shown(_ place: SandboxRepository) async throws -> JSON {
        view.repository(place, isEmpty: try await backend.git(place).isEmpty(), as: identity?.user)
    }

    /// `type` and `visibility` or `affiliation` exclude one another.
    func ownRepositories() async throws -> Response {
        let user = try user
        let type = try fields.word("type", of: ["owner", "personal", "member", "public", "private", "all"])
        let visibility = try fields.word("visibility", of: ["public", "private", "all"])
        let affiliation = try fields.text("affiliation")?.split(separator: ",").map(String.init)
        if type != nil, visibility != nil || affiliation != nil {
            throw GiteeRefusal(422, "type 不能与 visibility 或 affiliation 参数一并使用")
        }
        let search = try fields.text("q")?.lowercased() ?? ""
        let all = state.repositories.filter { place in
            guard let role = state.role(of: user.id, in: place), mayRead(place) else { return false }
            guard search.isEmpty || state.fullPath(of: place).lowercased().contains(search) else { return false }
            let isOwn = place.owner == .user(user.id)
            switch type {
            case "owner", "personal": if !isOwn { return false }
            case "member": if isOwn { return false }
            case "public": if place.visibility != .public { return false }
            case "private": if place.visibility != .private { return false }
            default: break
            }
            switch visibility {
            case "public": if place.visibility != .public { return false }
            case "private": if place.visibility != .private { return false }
            default: break
            }
            guard let affiliation else { return true }
            let isMember = if case .group = place.owner { true } else { false }
            return affiliation.contains { word in
                switch word {
                case "owner": isOwn
                case "collaborator": place.collaborators[user.id] != nil
                case "organization_member", "enterprise_member": isMember
                case "admin": role >= .maintainer
                default: false
                }
            }
        }
        return try await list(all)
    }

    func userRepositories() async throws -> Response {
        guard let user = state.user(login: path["user"]) else { throw GiteeRefusal.notFound("User") }
        let type = try fields.word("type", of: ["owner", "personal", "member", "all"]) ?? "all"
        return try await list(
            state.repositories.filter { place in
                guard place.visibility == .public, state.role(of: user.id, in: place) != nil else { return false }
                let isOwn = place.owner == .user(user.id)
                return type == "all" || (type == "member") != isOwn
            })
    }

    private func repositories(of group: SandboxGroup) throws -> [SandboxRepository] {
        let type = try fields.word("type", of: ["all", "public", "internal", "private"]) ?? "all"
        return state.repositories.filter { place in
            place.owner == .group(group.id) && mayRead(place) && (type == "all" || place.visibility.rawValue == type)
        }
    }

    func organizationRepositories() async throws -> Response {
        guard let group = group(path["org"], isEnterprise: false) else { throw GiteeRefusal.notFound("Group") }
        return try await list(repositories(of: group))
    }

    func enterpriseRepositories() async throws -> Response {
        guard let group = group(path["enterprise"], isEnterprise: true) else {
            throw GiteeRefusal.notFound("Enterprise")
        }
        let search = try fields.text("search")?.lowercased() ?? ""
        return try await list(
            repositories(of: group).filter { search.isEmpty || $0.path.lowercased().contains(search) })
    }

    func showRepository() async throws -> Response {
        .json(try await shown(try repository().place))
    }

    func deleteRepository() throws -> Response {
        let place = try repository().place
        guard state.role(of: try user.id, in: place) == .owner else { throw GiteeRefusal.forbidden }
        try backend.deleteRepository(place)
        return .empty()
    }

    func createOwnRepository() async throws -> Response {
        let user = try user
        var owner = RepositoryOwner.user(user.id)
        if let namespace = try fields.text("namespace"), !namespace.isEmpty {
            guard let found = state.owner(namespace: namespace) else { throw GiteeRefusal.notFound("Namespace") }
            owner = found
        }
        if let enterprise = try fields.text("enterprise"), !enterprise.isEmpty {
            guard let group = group(enterprise, isEnterprise: true) else { throw GiteeRefusal.notFound("Enterprise") }
            owner = .group(group.id)
        }
        // A person's own can only be made private, whatever is asked for.
        let visibility = owner == .user(user.id) ? .private : try wantedVisibility()
        return try await create(in: owner, visibility)
    }

    func createOrganizationRepository() async throws -> Response {
        guard let group = group(path["org"], isEnterprise: false) else { throw GiteeRefusal.notFound("Group") }
        return try await create(in: .group(group.id), wantedVisibility())
    }

    /// Here `private` is a number: 0 private, 1 public, 2 for the enterprise.
    func createEnterpriseRepository() async throws -> Response {
        guard let group = group(path["enterprise"], isEnterprise: true) else {
            throw GiteeRefusal.notFound("Enterprise")
        }
        let number = try fields.number("private") ?? 0
        guard (0...2).contains(number) else { throw GiteeRefusal(400, "private does not have a valid value") }
        return try await create(in: .group(group.id), [.private, .public, .internal][number])
    }

    /// `public` (0 private, 1 public, 2 internal) wins over `private`.
    private func wantedVisibility() throws(GiteeRefusal) -> RepositoryVisibility {
        if let number = try fields.number("public") {
            guard (0...2).contains(number) else { throw GiteeRefusal(400, "public does not have a valid value") }
            return [.private, .public, .internal][number]
        }
        return try fields.flag("private") ?? false ? .private : .public
    }

    private func create(in owner: RepositoryOwner, _ visibility: RepositoryVisibility) async throws -> Response {
        let user = try user
        if case .group(let id) = owner {
            guard let role = state.role(of: user.id, inGroup: id), role >= .developer else {
                throw GiteeRefusal.forbidden
            }
        } else if owner != .user(user.id) {
            throw GiteeRefusal.forbidden
        }
        let name = try fields.required("name")
        let path = try fields.text("path").flatMap { $0.isEmpty ? nil : $0 } ?? name.lowercased()
        guard !name.isEmpty, name.count <= 191 else { throw GiteeRefusal(400, field: "name", "仓库名称不合法") }
        guard Self.isPath(path) else {
            throw GiteeRefusal(400, field: "path", "只允许字母、数字或者下划线(_)、中划线(-)、英文句号(.)，必须以字母或数字开头，且长度为2~191个字符")
        }
        let description = try fields.text("description")
        let settings = [
            "has_issues": try fields.flag("has_issues") ?? true, "has_wiki": try fields.flag("has_wiki") ?? true,
        ]
        .mapValues(JSON.bool)
        let now = AccountStore.now()
        let place = try await backend.createRepository(defaultBranch: "master") { state, id, directory in
            guard state.repository(fullPath: state.namespacePath(of: owner) + "/" + path) == nil else {
                throw GiteeRefusal(400, field: "base", "已存在同地址仓库（忽略大小写）")
            }
            return SandboxRepository(
                id: id, owner: owner, path: path, name: name, description: description, visibility: visibility,
                defaultBranch: "master", directory: directory, created: now, updated: now, settings: settings)
        }
        if try fields.flag("auto_init") ?? false {
            let git = backend.git(place)
            let blob = try await git.writeBlob(Array("# \(name)\n".utf8))
            let text = GitCommitText(
                message: "Initial commit", author: .now(name: user.name, email: user.email),
                committer: .now(name: "Gitee", email: "noreply@gitee.com"))
            _ = try await git.commit(
                [.put(path: "README.md", blob: blob, mode: "100644")], on: "master", parent: nil, text: text)
        }
        let made = GiteeCall(
            backend: backend, request: request, path: self.path, identity: identity, fields: fields,
            state: backend.store.read { $0 })
        return .json(try await made.shown(place), status: .created)
    }

    private static func isPath(_ text: String) -> Bool {
        guard let first = text.utf8.first, (2...191).contains(text.utf8.count), !text.lowercased().hasSuffix(".git")
        else { return false }
        let isLetter: (UInt8) -> Bool = {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
        }
        return isLetter(first) && text.utf8.allSatisfy { isLetter($0) || "_-.".utf8.contains($0) }
    }
}
