// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// https://docs.gitlab.com/api/namespaces/
extension GitLabEmulator {
    /// The user's own namespace and the groups that the user belongs to.
    func namespaces(_ call: GitLabCall) throws -> Response {
        var form = call.form
        let search = form.text("search")?.lowercased()
        let ownedOnly = form.flag("owned_only") ?? false
        let topLevelOnly = form.flag("top_level_only", default: false)
        let paging = GitLabPaging(&form)
        try form.validate()
        let user = try call.user
        let groups = call.state.groups(of: user.id).map { RepositoryOwner.group($0.id) }
        let found = ([.user(user.id)] + groups).compactMap { call.state.gitLabNamespace(of: $0) }
            .filter { namespace in
                (!topLevelOnly || namespace.parent == nil)
                    && (!ownedOnly || call.state.role(of: user.id, in: namespace.owner) == .owner)
                    && (search.map { wanted in
                        [namespace.name, namespace.path, namespace.fullPath].contains {
                            $0.lowercased().contains(wanted)
                        }
                    } ?? true)
            }
            .sorted { $0.id < $1.id }
        return .gitLab(paging.page(found, link: call.link(form))) { call.entities.namespace($0, for: user) }
    }

    func namespace(_ call: GitLabCall) throws -> Response {
        let user = try call.user
        guard let namespace = call.state.gitLabNamespace(call.path["id"]) else {
            throw GitLabRefusal.notFound("Namespace")
        }
        switch namespace.owner {
        case .user(let id):
            guard id == user.id else { throw GitLabRefusal.notFound("Namespace") }
        case .group(let id):
            guard let group = call.state.group(id: id), call.state.maySee(group, as: user.id) else {
                throw GitLabRefusal.notFound("Namespace")
            }
        }
        return .gitLab(call.entities.namespace(namespace, for: user))
    }
}

/// https://docs.gitlab.com/api/groups/
extension GitLabEmulator {
    /// The groups that the user belongs to, and the public ones where no filter leaves them out.
    func groups(_ call: GitLabCall) throws -> Response {
        try groups(call, among: call.state.groups)
    }

    func subgroups(_ call: GitLabCall) throws -> Response {
        let group = try group(of: call)
        return try groups(call, among: call.state.groups.filter { $0.parentID == group.id })
    }

    /// One group, with its projects unless `with_projects=false`.
    func group(_ call: GitLabCall) async throws -> Response {
        var form = call.form
        let withProjects = form.flag("with_projects", default: true)
        try form.validate()
        let group = try group(of: call)
        guard withProjects else { return .gitLab(call.entities.group(group)) }
        let own = call.state.repositories.filter { $0.owner == .group(group.id) }
        let visible = own.filter { call.state.mayRead($0, as: call.identity?.user.id) }.prefix(100)
        let projects = try await render(Array(visible), call: call, simple: false, permissions: false)
        return .gitLab(
            call.entities.group(group)
                .adding([
                    "shared_with_groups": [], "projects": .array(projects), "shared_projects": [],
                    "shared_runners_minutes_limit": nil, "extra_shared_runners_minutes_limit": nil,
                    "prevent_forking_outside_group": nil, "membership_lock": false,
                ]))
    }

    /// The group that the path names, if the user may see it.
    func group(of call: GitLabCall) throws(GitLabRefusal) -> SandboxGroup {
        guard let group = call.state.gitLabGroup(call.path["id"]),
            call.state.maySee(group, as: call.identity?.user.id)
        else { throw .notFound("Group") }
        return group
    }

    private func groups(_ call: GitLabCall, among all: [SandboxGroup]) throws -> Response {
        var form = call.form
        let search = form.text("search")?.lowercased()
        let owned = form.flag("owned", default: false)
        let allAvailable = form.flag("all_available")
        let topLevelOnly = form.flag("top_level_only")
        let least = form.integer("min_access_level")
        if let least, MemberRole(rawValue: least) == nil, ![0, 5, 15].contains(least) {
            form.complain("min_access_level does not have a valid value")
        }
        let order = form.choice("order_by", of: ["name", "path", "id", "similarity"], default: "name")
        let descending = form.choice("sort", of: ["asc", "desc"], default: "asc") == "desc"
        let skipped = Set(
            call.values["skip_groups"]?.arrayValue?.compactMap { $0.intValue ?? Int($0.stringValue ?? "") } ?? [])
        _ = form.flag("statistics", default: false)
        _ = form.flag("with_custom_attributes", default: false)
        let paging = GitLabPaging(&form)
        try form.validate()
        let user = call.identity?.user
        let found = all.filter { group in
            let role = user.flatMap { call.state.role(of: $0.id, inGroup: group.id) }
            if owned { return role == .owner }
            if let least { return role.map { $0.rawValue >= least } ?? false }
            if allAvailable == false, role == nil { return false }
            return call.state.maySee(group, as: user?.id)
        }
        .filter { group in
            !skipped.contains(group.id) && !(topLevelOnly == true && group.parentID != nil)
                && (search.map { group.name.lowercased().contains($0) || group.path.lowercased().contains($0) } ?? true)
        }
        .sorted { one, other in
            let (first, second) = descending ? (other, one) : (one, other)
            switch order {
            case "id": return first.id < second.id
            case "path": return (first.path, first.id) < (second.path, second.id)
            default: return (first.name.lowercased(), first.id) < (second.name.lowercased(), second.id)
            }
        }
        return .gitLab(paging.page(found, link: call.link(form))) { call.entities.group($0) }
    }
}
