// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// What a project's object needs to know from its repository.
struct GitLabRepositoryFacts: Sendable {
    let isEmpty: Bool
    /// nil while the repository is empty.
    let defaultBranch: String?
    /// The path of a README at the root of the default branch.
    let readme: String?
}

/// https://docs.gitlab.com/api/projects/
extension GitLabEntities {
    /// What `simple=true` leaves of a project, and what those see who have no token.
    func simpleProject(_ project: SandboxRepository, _ facts: GitLabRepositoryFacts) -> JSON {
        let path = state.fullPath(of: project)
        let namespace = state.gitLabNamespace(of: project.owner)
        let readme = facts.readme.map { "\(address)/\(path)/-/blob/\(facts.defaultBranch ?? "")/\($0)" }
        return [
            "id": .integer(project.id), "description": .optional(project.description), "name": .string(project.name),
            "name_with_namespace": .string("\(namespace?.fullName ?? "") / \(project.name)"),
            "path": .string(project.path), "path_with_namespace": .string(path),
            "created_at": .string(GitLabTime.record(project.created)), "default_branch": .optional(facts.defaultBranch),
            "tag_list": [], "topics": [], "ssh_url_to_repo": .string("git@\(hostName):\(path).git"),
            "http_url_to_repo": .string("\(address)/\(path).git"), "web_url": .string("\(address)/\(path)"),
            "readme_url": .optional(readme), "forks_count": 0, "avatar_url": nil, "star_count": 0,
            "last_activity_at": .string(GitLabTime.record(max(project.updated, project.pushed ?? 0))),
            "namespace": namespace.map { basicNamespace($0) } ?? nil,
        ]
    }

    /// A project's whole object.
    /// - Parameter user: whose permissions and secrets it shows; nil for neither.
    func project(
        _ project: SandboxRepository, _ facts: GitLabRepositoryFacts, for user: SandboxUser?, permissions: Bool = true
    ) -> JSON {
        var entity = simpleProject(project, facts)
            .adding(["container_registry_image_prefix": .string("\(hostName)/\(state.fullPath(of: project))")])
            .adding(["_links": links(project), "packages_enabled": true, "empty_repo": .bool(facts.isEmpty)])
            .adding(["archived": .bool(project.isArchived), "visibility": .string(project.visibility.rawValue)])
        if case .user(let id) = project.owner, let owner = state.user(id: id) {
            entity = entity.adding(["owner": basicUser(owner)])
        }
        entity = entity.adding(settings(project))
        guard let user, let role = state.role(of: user.id, in: project) else { return entity }
        if role >= .maintainer {
            entity = entity.adding(["runners_token": nil])
        }
        return permissions ? entity.adding(["permissions": self.permissions(project, user)]) : entity
    }

    /// `project_access` is a membership of the project itself, `group_access` one of its group or of a group above. The
    /// owner of a user's namespace is a member of the project.
    private func permissions(_ project: SandboxRepository, _ user: SandboxUser) -> JSON {
        let own = project.owner == .user(user.id) ? MemberRole.owner : project.collaborators[user.id]
        var inherited: MemberRole?
        if case .group(let id) = project.owner { inherited = state.role(of: user.id, inGroup: id) }
        func access(_ role: MemberRole?) -> JSON {
            role.map { ["access_level": .integer($0.rawValue), "notification_level": 3] } ?? nil
        }
        return ["project_access": access(own), "group_access": access(inherited)]
    }

    private func links(_ project: SandboxRepository) -> JSON {
        let own = "\(address)/api/v4/projects/\(project.id)"
        return [
            "self": .string(own), "issues": .string("\(own)/issues"),
            "merge_requests": .string("\(own)/merge_requests"),
            "repo_branches": .string("\(own)/repository/branches"), "labels": .string("\(own)/labels"),
            "events": .string("\(own)/events"), "members": .string("\(own)/members"),
            "cluster_agents": .string("\(own)/cluster_agents"),
        ]
    }

    private func settings(_ project: SandboxRepository) -> JSON {
        [
            "resolve_outdated_diff_discussions": false, "repository_object_format": "sha1", "issues_enabled": true,
            "merge_requests_enabled": true, "wiki_enabled": true, "jobs_enabled": true, "snippets_enabled": true,
            "container_registry_enabled": true, "service_desk_enabled": false, "service_desk_address": nil,
            "can_create_merge_request_in": true, "issues_access_level": "enabled",
            "repository_access_level": "enabled", "merge_requests_access_level": "enabled",
            "forking_access_level": "enabled", "wiki_access_level": "enabled", "builds_access_level": "enabled",
            "snippets_access_level": "enabled",
            "pages_access_level": project.visibility == .public ? "enabled" : "private",
            "analytics_access_level": "enabled", "container_registry_access_level": "enabled",
            "security_and_compliance_access_level": "private", "releases_access_level": "enabled",
            "environments_access_level": "enabled", "feature_flags_access_level": "enabled",
            "infrastructure_access_level": "enabled", "monitor_access_level": "enabled",
            "model_experiments_access_level": "enabled", "model_registry_access_level": "enabled",
            "emails_disabled": false, "emails_enabled": true, "shared_runners_enabled": true, "lfs_enabled": true,
            "creator_id": .integer(creator(of: project)), "import_url": nil, "import_type": nil,
            "import_status": "none",
            "import_error": nil, "open_issues_count": 0, "description_html": "",
            "updated_at": .string(GitLabTime.record(max(project.updated, project.pushed ?? 0))),
            "ci_default_git_depth": 20,
            "ci_forward_deployment_enabled": true, "ci_job_token_scope_enabled": false, "ci_separated_caches": true,
            "build_git_strategy": "fetch", "keep_latest_artifact": true, "restrict_user_defined_variables": false,
            "group_runners_enabled": true, "auto_cancel_pending_pipelines": "enabled", "build_timeout": 3600,
            "auto_devops_enabled": false, "auto_devops_deploy_strategy": "continuous", "ci_config_path": "",
            "public_jobs": true, "shared_with_groups": [], "only_allow_merge_if_pipeline_succeeds": false,
            "allow_merge_on_skipped_pipeline": nil, "request_access_enabled": true,
            "only_allow_merge_if_all_discussions_are_resolved": false, "remove_source_branch_after_merge": true,
            "printing_merge_request_link_enabled": true, "merge_method": "merge", "squash_option": "default_off",
            "enforce_auth_checks_on_uploads": true, "suggestion_commit_message": nil, "merge_commit_template": nil,
            "squash_commit_template": nil, "issue_branch_template": nil, "autoclose_referenced_issues": true,
            "external_authorization_classification_label": "", "requirements_enabled": false,
            "security_and_compliance_enabled": true, "compliance_frameworks": [], "mirror": false,
            "issues_template": nil, "merge_requests_template": nil, "merge_pipelines_enabled": false,
            "merge_trains_enabled": false, "marked_for_deletion_at": nil, "marked_for_deletion_on": nil,
        ]
    }

    private func creator(of project: SandboxRepository) -> Int {
        switch project.owner {
        case .user(let id): id
        case .group(let id): state.group(id: id)?.members.filter { $0.value == .owner }.keys.min() ?? 1
        }
    }

    /// The host without a port, as in an address for SSH.
    private var hostName: String {
        let authority = address.split(separator: "/").dropFirst().first ?? ""
        return String(authority.prefix { $0 != ":" })
    }
}
