// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// The user, projects and groups. A project is a group without one above it, and in no list of groups.
extension CodeArtsEmulator {
    /// https://support.huaweicloud.com/api-codeartsrepo/ShowUserEmails.html
    func emails(_ call: CodeArtsCall) -> Response {
        let user = call.user
        return .codeArts([
            "id": .integer(user.id), "name": .string(user.login), "username": .string(CodeArtsView.id(of: user)),
            "state": "active", "created_at": .string(CodeArtsView.time(user.created)),
            "updated_at": .string(CodeArtsView.time(user.created)), "last_activity_on": nil,
            "commit_email": .string(user.email), "is_default": true,
        ])
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/ListGroups.html
    func groups(_ call: CodeArtsCall) throws -> Response {
        let order = try call.choice(
            "order_by", of: ["name", "path", "id", "created_at", "updated_at"], default: "created_at")
        let isDescending = try call.choice("sort", of: ["asc", "desc"], default: "desc") == "desc"
        var found = call.state.groups(of: call.user.id).filter { $0.parentID != nil }
        if let text = call.request.query["search"]?.lowercased() {
            found = found.filter { $0.name.lowercased().contains(text) || $0.path.lowercased().contains(text) }
        }
        found.sort { one, other in
            switch order {
            case "name": one.name < other.name
            case "path": one.fullPath < other.fullPath
            default: one.id < other.id
            }
        }
        if isDescending { found.reverse() }
        return try call.page(found.map { call.view.group($0, for: call.user) })
    }

    /// The project that the path names, if the user may see it.
    private func project(_ call: CodeArtsCall, _ name: String = "project_id") throws(CodeArtsRefusal) -> SandboxGroup {
        guard let project = call.state.group(fullPath: call.path[name]), project.parentID == nil,
            Self.sees(project, call)
        else { throw .notFound }
        return project
    }

    /// Whoever is in one of its groups sees a project.
    private static func sees(_ project: SandboxGroup, _ call: CodeArtsCall) -> Bool {
        call.state.groups(of: call.user.id).contains { CodeArtsView.projectID(of: $0) == project.path }
    }

    private func group(
        _ call: CodeArtsCall, id: Int?
    ) throws(CodeArtsRefusal) -> SandboxGroup {
        guard let id, let group = call.state.group(id: id), group.parentID != nil,
            call.state.role(of: call.user.id, inGroup: group.id) != nil
        else { throw .notFound }
        return group
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/ShowGroup.html
    func group(_ call: CodeArtsCall) throws -> Response {
        let project = try project(call)
        let group = try group(call, id: call.path.integer("group_id"))
        guard CodeArtsView.projectID(of: group) == project.path else { throw CodeArtsRefusal.notFound }
        let whole = call.view.group(group, for: call.user)
        return .codeArts([
            "creator_id": nil, "project_id": .string(project.path), "created_at": whole["created_at"] ?? nil,
            "description": .string(group.description), "full_name": whole["full_name"] ?? nil,
            "ancestor_ids": whole["ancestor_ids"] ?? nil, "ancestor_names": whole["ancestor_names"] ?? nil,
            "id": .integer(group.id), "members_count": .integer(group.members.count), "name": .string(group.name),
            "repository_count": whole["project_count"] ?? nil, "star_count": 0, "starred": false,
            "subgroup_count": whole["subgroup_count"] ?? nil, "visibility": whole["visibility"] ?? nil, "sum": nil,
        ])
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/ListManageableGroups.html
    func manageableGroups(_ call: CodeArtsCall) throws -> Response {
        let project = try project(call)
        let found = call.state.groups(of: call.user.id).filter { group in
            group.parentID != nil && CodeArtsView.projectID(of: group) == project.path
                && (call.state.role(of: call.user.id, inGroup: group.id) ?? .guest) >= .maintainer
        }
        return try call.page(
            found.map { group in
                let whole = call.view.group(group, for: call.user)
                return [
                    "full_name": whole["full_name"] ?? nil, "id": .integer(group.id), "name": .string(group.name),
                    "full_path": .string(group.fullPath), "path": .string(group.path),
                    "visibility": whole["visibility"] ?? nil,
                ]
            })
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/CreateGroup.html
    func createGroup(_ call: CodeArtsCall) async throws -> Response {
        let body = try await call.body()
        let name = try body.text("name", limit: 256)
        let project = try project(call)
        let parent = try body["parent_id"].map { try group(call, id: $0.intValue) } ?? project
        guard (call.state.role(of: call.user.id, inGroup: parent.id) ?? .guest) >= .maintainer else {
            throw CodeArtsRefusal.forbidden
        }
        guard CodeArtsName.isAllowed(name) else { throw CodeArtsRefusal.bad("代码组名称不合法") }
        let made = try backend.store.update { state throws(CodeArtsRefusal) in
            let path = parent.fullPath + "/" + name
            guard state.group(fullPath: path) == nil, state.repository(fullPath: path) == nil else {
                throw .bad("代码组名称已存在")
            }
            return state.addGroup(name, name: name, members: [:], parent: parent, now: AccountStore.now())
        }
        let view = CodeArtsView(address: backend.host, state: backend.store.read { $0 })
        return .codeArts(
            [
                "description": body["description"] ?? "",
                "full_name": view.group(made, for: call.user)["full_name"] ?? nil,
                "id": .integer(made.id), "name": .string(name), "visibility": body["visibility"] ?? "public",
            ], status: .created)
    }

    // MARK: Repositories of a place

    /// https://support.huaweicloud.com/api-codeartsrepo/ListGroupRepositories.html
    func groupRepositories(_ call: CodeArtsCall) throws -> Response {
        let group = try group(call, id: call.path.integer("group_id"))
        return try members(call) { $0 == .group(group.id) }
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/ListProjectRepositories.html
    func projectRepositories(_ call: CodeArtsCall) throws -> Response {
        let project = try project(call)
        return try members(call) { owner in
            guard case .group(let id) = owner, let group = call.state.group(id: id) else { return false }
            return CodeArtsView.projectID(of: group) == project.path
        }
    }

    private func members(_ call: CodeArtsCall, _ belongs: (RepositoryOwner) -> Bool) throws -> Response {
        let found = call.state.repositories.filter { belongs($0.owner) && call.state.mayRead($0, as: call.user.id) }
        let orders = ["id", "name", "created_at", "updated_at"]
        return try call.page(try Self.sorted(found, call, orders, default: "updated_at").map(call.view.member))
    }

    static func sorted(
        _ repositories: [SandboxRepository], _ call: CodeArtsCall, _ orders: [String], default fallback: String
    ) throws(CodeArtsRefusal) -> [SandboxRepository] {
        let order = try call.choice("order_by", of: orders, default: fallback)
        let isDescending = try call.choice("sort", of: ["asc", "desc"], default: "desc") == "desc"
        var found = repositories
        if let text = call.request.query["search"]?.lowercased() {
            found = found.filter { $0.name.lowercased().contains(text) }
        }
        found.sort { one, other in
            switch order {
            case "name": one.name < other.name
            case "updated_at": (one.updated, one.id) < (other.updated, other.id)
            default: one.id < other.id
            }
        }
        return isDescending ? found.reversed() : found
    }
}

/// What CodeArts Repo takes as the name of a repository or group: a letter first, then letters, digits, `-` and `_`.
enum CodeArtsName {
    static func isAllowed(_ name: String) -> Bool {
        guard let first = name.utf8.first, isLetter(first) else { return false }
        return name.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
