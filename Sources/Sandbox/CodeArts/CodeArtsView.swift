// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// What the forge's things look like in the API.
struct CodeArtsView: Sendable {
    /// The forge's address, without a slash at its end.
    let address: String
    let state: AccountState

    /// An id of 32 hexadecimal digits that belongs to a text for ever.
    static func id(of text: String) -> String {
        String(Digest.sha256(Array(text.utf8)).prefix(32))
    }

    /// A user's id at IAM.
    static func id(of user: SandboxUser) -> String {
        id(of: "user \(user.id)")
    }

    /// `2021-11-09T16:35:15.000+08:00`: Huawei's servers tell the time of Beijing.
    static func time(_ seconds: Int64) -> String {
        String(Timestamp.utc(seconds + 8 * 3600).dropLast()) + ".000+08:00"
    }

    /// The id of the project that a group is in: the first part of its path.
    static func projectID(of group: SandboxGroup) -> String {
        group.fullPath.split(separator: "/").first.map(String.init) ?? ""
    }

    func project(of group: SandboxGroup) -> SandboxGroup? {
        state.group(fullPath: Self.projectID(of: group))
    }

    /// The group that owns a repository; every repository has one, be it that of its project.
    func group(of repository: SandboxRepository) -> SandboxGroup? {
        guard case .group(let id) = repository.owner else { return nil }
        return state.group(id: id)
    }

    func httpAddress(_ repository: SandboxRepository) -> String {
        "\(address)/\(state.fullPath(of: repository)).git"
    }

    func sshAddress(_ repository: SandboxRepository) -> String {
        let host = address.split(separator: "/").last?.split(separator: ":").first ?? "localhost"
        return "git@\(host):\(state.fullPath(of: repository)).git"
    }

    func uuid(_ repository: SandboxRepository) -> String {
        repository.settings["uuid"]?.stringValue ?? Self.id(of: "repository \(repository.id)")
    }

    private func role(_ role: MemberRole?) -> Int { role?.rawValue ?? 0 }

    // MARK: Groups

    func group(_ group: SandboxGroup, for user: SandboxUser) -> JSON {
        let above = ancestors(of: group)
        let project = project(of: group)
        return [
            "project_id": .string(Self.projectID(of: group)), "project_name": .optional(project?.name),
            "ancestor_ids": .array(above.map { .integer($0.id) }),
            "ancestor_names": .array(above.map { .string($0.name) }),
            "develop_mode": "normal", "id": .integer(group.id), "name": .string(group.name),
            "path": .string(group.path),
            "group_level": .integer(above.count), "description": .string(group.description),
            "subgroup_count": .integer(state.groups.count { $0.parentID == group.id }),
            "project_count": .integer(state.repositories.count { $0.owner == .group(group.id) }),
            "group_role": .integer(role(state.role(of: user.id, inGroup: group.id))),
            "group_members_count": .integer(group.members.count), "descendant_type": "group",
            "visibility_level": .integer(group.isPublic ? 20 : 0), "visibility": group.isPublic ? "public" : "private",
            "is_project_admin": 0, "is_group_creator": 0, "is_repo_creator": 0, "lfs_enabled": true,
            "full_name": .string((above + [group]).map(\.name).joined(separator: "/")),
            "full_path": .string(group.fullPath), "item_type": "group",
            "parent_id": .optional(above.isEmpty ? nil : group.parentID),
            "my_role": nil, "members": .integer(group.members.count),
            "web_url": .string("\(address)/codehub/group/\(group.id)/home"),
            "created_at": .string(Self.time(group.created)), "sub_group_count": .integer(0), "last_owner": false,
            "starred": false, "roles": [],
        ]
    }

    /// The groups above one, the uppermost first, without the project.
    private func ancestors(of group: SandboxGroup) -> [SandboxGroup] {
        var found: [SandboxGroup] = []
        var next = group.parentID
        while let id = next, let above = state.group(id: id) {
            if above.parentID != nil { found.insert(above, at: 0) }
            next = above.parentID
        }
        return found
    }

    // MARK: Repositories

    /// In the lists of a group or project: without addresses.
    func member(_ repository: SandboxRepository) -> JSON {
        [
            "id": .integer(repository.id), "name": .string(repository.name),
            "namespace": .string(state.namespacePath(of: repository.owner)), "path": .string(repository.path),
            "develop_mode": "normal", "visibility": .string(repository.visibility.rawValue), "security": nil,
            "name_with_namespace": .string(state.fullPath(of: repository)), "archived": .bool(repository.isArchived),
            "status": "0",
        ]
    }

    /// In the user's own list.
    func listed(_ repository: SandboxRepository, for user: SandboxUser) -> JSON {
        let group = group(of: repository)
        return member(repository).adding([
            "star_count": 0, "forks_count": 0, "open_issues_count": 0, "open_merge_requests_count": 0, "starred": false,
            "last_activity_at": .string(Self.time(repository.updated)), "forked_from_repository": nil,
            "permissions": .integer(role(state.role(of: user.id, in: repository))), "member_count": 1,
            "uuid": .string(uuid(repository)), "description": .optional(repository.description),
            "last_repository_updated_at": .string(Self.time(repository.pushed ?? repository.created)),
            "ssh_url_to_repo": .string(sshAddress(repository)), "http_url_to_repo": .string(httpAddress(repository)),
            "active_statistic": [], "project_name": .optional(group.flatMap(project)?.name),
            "project_id": .optional(group.map(Self.projectID)), "project_is_delete": false,
            "creator_id": .integer(user.id),
        ])
    }

    /// On its own.
    func repository(_ repository: SandboxRepository, isEmpty: Bool) -> JSON {
        let group = group(of: repository)
        return [
            "id": .integer(repository.id), "description": .optional(repository.description),
            "name": .string(repository.name), "name_with_namespace": .string(state.fullPath(of: repository)),
            "path": .string(repository.path), "path_with_namespace": .string(state.fullPath(of: repository)),
            "created_at": .string(Self.time(repository.created)), "updated_at": .string(Self.time(repository.updated)),
            "archived": .bool(repository.isArchived), "ssh_url_to_repo": .string(sshAddress(repository)),
            "http_url_to_repo": .string(httpAddress(repository)), "project_id": .optional(group.map(Self.projectID)),
            "project_name": .optional(group.flatMap(project)?.name), "develop_mode": "normal",
            "default_branch": isEmpty ? nil : .string(repository.defaultBranch), "star_count": 0, "forks_count": 0,
            "open_issues_count": 0, "open_merge_requests_count": 0,
            "last_activity_at": .string(Self.time(repository.updated)),
            "namespace": [
                "id": .optional(group?.id), "name": .optional(group?.name), "path": .optional(group?.path),
                "develop_mode": "normal", "kind": "group", "full_path": .optional(group?.fullPath),
                "full_name": .optional(group?.name), "parent_id": .optional(group?.parentID), "visibility_level": 0,
            ],
            "empty_repo": .bool(isEmpty), "starred": false, "visibility": .string(repository.visibility.rawValue),
            "uuid": .string(uuid(repository)), "import_status": "none", "repo_type": "normal", "merge_method": "merge",
        ]
    }

    /// As version 2 has it.
    func version2(_ repository: SandboxRepository, for user: SandboxUser) -> JSON {
        [
            "repository_id": .integer(repository.id), "repository_uuid": .string(uuid(repository)),
            "repository_name": .string(repository.path),
            "group_name": .string(state.namespacePath(of: repository.owner)),
            "project_uuid": .optional(group(of: repository).map(Self.projectID)), "project_is_deleted": "false",
            "https_url": .string(httpAddress(repository)), "ssh_url": .string(sshAddress(repository)),
            "web_url": .string("\(address)/codehub/project/\(repository.id)/home"),
            "creator_name": .string(user.login), "domain_name": .string(SandboxSeed.domain),
            "iam_user_uuid": .string(Self.id(of: user)), "is_owner": 1, "lfs_size": "0M", "repository_size": "0M",
            "star": false, "status": 0, "userRole": .integer(role(state.role(of: user.id, in: repository))),
            "visibility_level": .integer(repository.visibility == .private ? 0 : 20),
            "created_at": .string(Self.time(repository.created)), "updated_at": .string(Self.time(repository.updated)),
        ]
    }

    /// A webhook; its token is masked.
    func hook(_ hook: SandboxHook) -> JSON {
        [
            "url": .string(hook.url), "push_events": .bool(hook.events.contains("push_events")),
            "push_events_branch_regex_filter": hook.settings["push_events_branch_regex_filter"] ?? nil,
            "note_plain_text_filter": [], "tag_push_events": .bool(hook.events.contains("tag_push_events")),
            "merge_requests_events": .bool(hook.events.contains("merge_requests_events")),
            "note_events": .bool(hook.events.contains("note_events")), "token": hook.secret == nil ? nil : "******",
            "token_type": hook.settings["token_type"] ?? "X-Repo-Token", "name": hook.settings["name"] ?? "",
            "description": hook.settings["description"] ?? "", "event_cfgs": [], "project_cfgs": [], "branch_cfgs": [],
            "id": .integer(hook.id), "created_at": .string(Self.time(hook.created)),
            "updated_at": .string(Self.time(hook.updated)), "service": nil,
        ]
    }
}
