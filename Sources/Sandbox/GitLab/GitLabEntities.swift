// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Renders what the forge holds as the API's objects.
///
/// The members are those of GitLab's recorded answers and of its description of the API; settings that nothing here uses
/// have the values of a new project on gitlab.com.
struct GitLabEntities: Sendable {
    /// The forge's address without a slash at its end.
    let address: String
    let state: AccountState

    // MARK: Users

    /// https://docs.gitlab.com/api/users/#list-users
    func basicUser(_ user: SandboxUser) -> JSON {
        [
            "id": .integer(user.id), "username": .string(user.login), "public_email": nil, "name": .string(user.name),
            "state": "active", "locked": false, "avatar_url": .string(avatar(of: user)),
            "web_url": .string("\(address)/\(user.login)"),
        ]
    }

    /// The user as others see it on its own.
    func publicUser(_ user: SandboxUser) -> JSON {
        basicUser(user).adding([
            "created_at": .string(GitLabTime.record(user.created)), "bio": "", "location": "", "linkedin": "",
            "twitter": "", "discord": "", "website_url": "", "github": "", "job_title": "", "pronouns": nil,
            "organization": "", "bot": false, "work_information": nil, "followers": 0, "following": 0,
            "is_followed": false, "local_time": nil,
        ])
    }

    /// The user whom a token belongs to.
    /// https://docs.gitlab.com/api/users/#retrieve-the-current-user
    func currentUser(_ user: SandboxUser) -> JSON {
        let seen = JSON.string(GitLabTime.record(user.created))
        return basicUser(user).adding([
            "created_at": seen, "bio": "", "location": "", "skype": "", "linkedin": "", "twitter": "", "discord": "",
            "website_url": "", "organization": "", "job_title": "", "pronouns": nil, "bot": false,
            "work_information": nil, "local_time": nil, "last_sign_in_at": seen, "confirmed_at": seen,
            "last_activity_on": .string(GitLabTime.day(user.created)), "email": .string(user.email), "theme_id": 3,
            "color_scheme_id": 1, "projects_limit": 100_000, "current_sign_in_at": seen, "identities": [],
            "can_create_group": true, "can_create_project": true, "two_factor_enabled": false, "external": false,
            "private_profile": false, "commit_email": .string(user.email), "shared_runners_minutes_limit": nil,
            "extra_shared_runners_minutes_limit": nil, "scim_identities": [],
        ])
    }

    func avatar(of user: SandboxUser) -> String {
        "\(address)/uploads/-/system/user/avatar/\(user.id)/avatar.png"
    }

    // MARK: Namespaces and groups

    /// The short form, as in a project.
    func basicNamespace(_ namespace: GitLabNamespace) -> JSON {
        var avatar: JSON = nil
        if case .user(let id) = namespace.owner { avatar = "/uploads/-/system/user/avatar/\(id)/avatar.png" }
        return [
            "id": .integer(namespace.id), "name": .string(namespace.name), "path": .string(namespace.path),
            "kind": .string(namespace.kind.rawValue), "full_path": .string(namespace.fullPath),
            "parent_id": .optional(namespace.parent), "avatar_url": avatar,
            "web_url": .string(webAddress(of: namespace)),
        ]
    }

    /// https://docs.gitlab.com/api/namespaces/
    func namespace(_ namespace: GitLabNamespace, for user: SandboxUser) -> JSON {
        var entity = basicNamespace(namespace)
        guard state.role(of: user.id, in: namespace.owner) == .owner else { return entity }
        if case .group(let id) = namespace.owner {
            let members = Set(state.groups.filter { state.gitLabGroup($0.id, isWithin: id) }.flatMap(\.members.keys))
            entity = entity.adding(["members_count_with_descendants": .integer(members.count)])
        }
        let projects = state.repositories.count { $0.owner == namespace.owner }
        return entity.adding([
            "root_repository_size": 0, "projects_count": .integer(projects), "billable_members_count": 1,
            "plan": "default", "end_date": nil, "trial_ends_on": nil, "trial": false,
        ])
    }

    /// https://docs.gitlab.com/api/groups/
    func group(_ group: SandboxGroup) -> JSON {
        let names = state.gitLabChain(group).reversed().map(\.name)
        return [
            "id": .integer(group.id), "web_url": .string("\(address)/groups/\(group.fullPath)"),
            "name": .string(group.name), "path": .string(group.path), "description": .string(group.description),
            "visibility": group.isPublic ? "public" : "private", "share_with_group_lock": false,
            "require_two_factor_authentication": false, "two_factor_grace_period": 48,
            "project_creation_level": "developer", "auto_devops_enabled": nil, "subgroup_creation_level": "maintainer",
            "emails_disabled": false, "emails_enabled": true, "mentions_disabled": nil, "lfs_enabled": true,
            "math_rendering_limits_enabled": true, "lock_math_rendering_limits_enabled": false, "default_branch": nil,
            "default_branch_protection": 2, "avatar_url": nil, "request_access_enabled": true,
            "full_name": .string(names.joined(separator: " / ")), "full_path": .string(group.fullPath),
            "created_at": .string(GitLabTime.record(group.created)), "parent_id": .optional(group.parentID),
            "organization_id": 1, "shared_runners_setting": "enabled", "ldap_cn": nil, "ldap_access": nil,
            "wiki_access_level": "enabled", "marked_for_deletion_on": nil,
        ]
    }

    func webAddress(of namespace: GitLabNamespace) -> String {
        namespace.kind == .user ? "\(address)/\(namespace.fullPath)" : "\(address)/groups/\(namespace.fullPath)"
    }
}
