// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

extension GitHubView {
    /// What the caller may do with a repository, as its `permissions` say it.
    func permissions(_ role: MemberRole?, isPublic: Bool) -> JSON {
        let role = role ?? (isPublic ? .guest : nil)
        return [
            "admin": .bool(role.map { $0 >= .maintainer } ?? false),
            "maintain": .bool(role.map { $0 >= .maintainer } ?? false),
            "push": .bool(role.map { $0 >= .developer } ?? false),
            "triage": .bool(role.map { $0 >= .developer } ?? false),
            "pull": .bool(role != nil),
        ]
    }

    /// A repository as lists have it.
    /// https://docs.github.com/en/rest/repos/repos#list-repositories-for-the-authenticated-user
    func listed(_ repository: SandboxRepository, for identity: Identity?, version: String) -> JSON {
        let (fullName, owner, role) = backend.store.read { state in
            (
                state.fullPath(of: repository), self.owner(repository.owner, in: state),
                identity.flatMap { state.role(of: $0.user.id, in: repository) }
            )
        }
        let isPublic = repository.visibility == .public
        let clone = "\(web)/\(fullName)"
        let authority = web.split(separator: "/").last.map(String.init) ?? ""
        let machine = authority.split(separator: ":").first.map(String.init) ?? ""
        var body: JSON = [
            "id": .integer(repository.id),
            "node_id": Self.nodeID("Repository", repository.id),
            "name": .string(repository.path),
            "full_name": .string(fullName),
            "private": .bool(!isPublic),
            "owner": owner,
            "html_url": .string(clone),
            "description": .optional(repository.description),
            "fork": false,
        ]
        body = body.adding(addresses(of: fullName))
        body = body.adding([
            "created_at": .string(Timestamp.utc(repository.created)),
            "updated_at": .string(Timestamp.utc(repository.updated)),
            "pushed_at": .string(Timestamp.utc(repository.pushed ?? repository.created)),
            "git_url": .string("git://\(authority)/\(fullName).git"),
            "ssh_url": .string("git@\(machine):\(fullName).git"),
            "clone_url": .string("\(clone).git"),
            "svn_url": .string(clone),
            "homepage": repository.settings["homepage"] ?? nil,
            "size": .integer(repository.pushed == nil ? 0 : 12),
            "stargazers_count": 0,
            "watchers_count": 0,
            "language": nil,
            "has_issues": repository.settings["has_issues"] ?? true,
            "has_projects": repository.settings["has_projects"] ?? true,
            "has_downloads": true,
            "has_wiki": repository.settings["has_wiki"] ?? true,
            "has_pages": false,
            "has_discussions": false,
            "forks_count": 0,
            "mirror_url": nil,
            "archived": .bool(repository.isArchived),
            "disabled": false,
            "open_issues_count": 0,
            "license": nil,
            "allow_forking": true,
            "is_template": false,
            "web_commit_signoff_required": false,
            "topics": [],
            "visibility": isPublic ? "public" : "private",
            "forks": 0,
            "open_issues": 0,
            "watchers": 0,
            "default_branch": .string(repository.defaultBranch),
            "permissions": permissions(role, isPublic: isPublic),
        ])
        // https://docs.github.com/en/rest/about-the-rest-api/breaking-changes
        return version == "2022-11-28" ? body : body.removing(["has_downloads"])
    }

    /// A repository alone.
    /// https://docs.github.com/en/rest/repos/repos#get-a-repository
    func full(_ repository: SandboxRepository, for identity: Identity?, version: String) -> JSON {
        var body = listed(repository, for: identity, version: version).adding([
            "temp_clone_token": "",
            "allow_squash_merge": true,
            "allow_merge_commit": true,
            "allow_rebase_merge": true,
            "allow_auto_merge": false,
            "delete_branch_on_merge": false,
            "allow_update_branch": false,
        ])
        if case .group = repository.owner {
            body = body.adding(["organization": backend.store.read { owner(repository.owner, in: $0) }])
        }
        return body.adding(["network_count": 0, "subscribers_count": 1])
    }

    private func addresses(of fullName: String) -> JSON {
        let url = "\(api)/repos/\(fullName)"
        let rest: [(String, String)] = [
            ("forks", "/forks"), ("keys", "/keys{/key_id}"), ("collaborators", "/collaborators{/collaborator}"),
            ("teams", "/teams"), ("hooks", "/hooks"), ("issue_events", "/issues/events{/number}"),
            ("events", "/events"), ("assignees", "/assignees{/user}"), ("branches", "/branches{/branch}"),
            ("tags", "/tags"), ("blobs", "/git/blobs{/sha}"), ("git_tags", "/git/tags{/sha}"),
            ("git_refs", "/git/refs{/sha}"), ("trees", "/git/trees{/sha}"), ("statuses", "/statuses/{sha}"),
            ("languages", "/languages"), ("stargazers", "/stargazers"), ("contributors", "/contributors"),
            ("subscribers", "/subscribers"), ("subscription", "/subscription"), ("commits", "/commits{/sha}"),
            ("git_commits", "/git/commits{/sha}"), ("comments", "/comments{/number}"),
            ("issue_comment", "/issues/comments{/number}"), ("contents", "/contents/{+path}"),
            ("compare", "/compare/{base}...{head}"), ("merges", "/merges"), ("archive", "/{archive_format}{/ref}"),
            ("downloads", "/downloads"), ("issues", "/issues{/number}"), ("pulls", "/pulls{/number}"),
            ("milestones", "/milestones{/number}"),
            ("notifications", "/notifications{?since,all,participating}"), ("labels", "/labels{/name}"),
            ("releases", "/releases{/id}"), ("deployments", "/deployments"),
        ]
        let members = rest.map { JSON.Member(key: $0.0 + "_url", value: .string(url + $0.1)) }
        return .object([JSON.Member(key: "url", value: .string(url))] + members)
    }
}
