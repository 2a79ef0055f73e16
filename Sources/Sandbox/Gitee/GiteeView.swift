// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Builds the bodies of Gitee's answers, member by member in the order of the forge's own.
struct GiteeView: Sendable {
    /// `http://127.0.0.1:9003`
    let address: String
    let state: AccountState

    var api: String { address + "/api/v5" }

    /// `2021-08-06T16:34:48+08:00`, by default in China's time.
    static func time(_ seconds: Int64, offset: Int = 480) -> String {
        Timestamp.local(seconds, offset: offset)
    }

    /// As a user stands in other things.
    func simple(_ user: SandboxUser) -> JSON {
        let url = "\(api)/users/\(user.login)"
        return [
            "id": .integer(user.id), "login": .string(user.login), "name": .string(user.name),
            "avatar_url": .string("\(address)/assets/no_portrait.png"), "url": .string(url),
            "html_url": .string("\(address)/\(user.login)"), "remark": "",
            "followers_url": .string("\(url)/followers"),
            "following_url": .string("\(url)/following_url{/other_user}"),
            "gists_url": .string("\(url)/gists{/gist_id}"), "starred_url": .string("\(url)/starred{/owner}{/repo}"),
            "subscriptions_url": .string("\(url)/subscriptions"), "organizations_url": .string("\(url)/orgs"),
            "repos_url": .string("\(url)/repos"), "events_url": .string("\(url)/events{/privacy}"),
            "received_events_url": .string("\(url)/received_events"), "type": "User",
        ]
    }

    func full(_ user: SandboxUser, isSelf: Bool) -> JSON {
        let open = state.repositories.count { $0.owner == .user(user.id) && $0.visibility == .public }
        return simple(user).removing(["remark"]).adding([
            "blog": nil, "weibo": nil, "bio": "", "public_repos": .integer(open), "public_gists": 0, "followers": 0,
            "following": 0, "stared": 0, "watched": 0, "created_at": .string(Self.time(user.created)),
            "updated_at": .string(Self.time(user.created)),
            "email": isSelf ? .string(user.email) : "未公开邮箱",
        ])
    }

    func organization(_ group: SandboxGroup) -> JSON {
        let url = "\(api)/orgs/\(group.path)"
        return [
            "id": .integer(group.id), "login": .string(group.path), "name": .string(group.name), "url": .string(url),
            "avatar_url": .string("\(address)/assets/no_portrait.png"), "repos_url": .string("\(url)/repos"),
            "events_url": .string("\(url)/events"), "members_url": .string("\(url)/members{/member}"),
            "description": .string(group.description), "follow_count": 0,
        ]
    }

    func enterprise(_ group: SandboxGroup) -> JSON {
        [
            "id": .integer(group.id), "path": .string(group.path), "name": .string(group.name),
            "url": .string("\(api)/enterprises/\(group.path)"),
            "avatar_url": .string("\(address)/assets/no_portrait.png"),
        ]
    }

    func namespace(_ owner: RepositoryOwner) -> JSON {
        switch owner {
        case .user(let id):
            guard let user = state.user(id: id) else { return nil }
            return [
                "id": .integer(user.namespaceID), "type": "personal", "name": .string(user.name),
                "path": .string(user.login), "html_url": .string("\(address)/\(user.login)"),
            ]
        case .group(let id):
            guard let group = state.group(id: id) else { return nil }
            return [
                "id": .integer(group.id), "type": group.isEnterprise == true ? "enterprise" : "group",
                "name": .string(group.name), "path": .string(group.path),
                "html_url": .string("\(address)/\(group.path)"),
            ]
        }
    }

    func repository(_ place: SandboxRepository, isEmpty: Bool, as user: SandboxUser?) -> JSON {
        let path = state.fullPath(of: place)
        let url = "\(api)/repos/\(path)"
        let web = "\(address)/\(path)"
        let owner = owner(of: place)
        let person: JSON = owner.map(simple) ?? nil
        let role = user.flatMap { state.role(of: $0.id, in: place) }
        let namespace = namespace(place.owner)
        let isEnterprise = namespace["type"] == "enterprise"
        let addresses: JSON = [
            "html_url": .string("\(web).git"), "ssh_url": .string("git@127.0.0.1:\(path).git"),
            "forks_url": .string("\(url)/forks"), "keys_url": .string("\(url)/keys{/key_id}"),
            "collaborators_url": .string("\(url)/collaborators{/collaborator}"), "hooks_url": .string("\(url)/hooks"),
            "branches_url": .string("\(url)/branches{/branch}"), "tags_url": .string("\(url)/tags"),
            "blobs_url": .string("\(url)/blobs{/sha}"), "stargazers_url": .string("\(url)/stargazers"),
            "contributors_url": .string("\(url)/contributors"), "commits_url": .string("\(url)/commits{/sha}"),
            "comments_url": .string("\(url)/comments{/number}"),
            "issue_comment_url": .string("\(url)/issues/comments{/number}"),
            "issues_url": .string("\(url)/issues{/number}"), "pulls_url": .string("\(url)/pulls{/number}"),
            "milestones_url": .string("\(url)/milestones{/number}"),
            "notifications_url": .string("\(url)/notifications{?since,all,participating}"),
            "labels_url": .string("\(url)/labels{/name}"), "releases_url": .string("\(url)/releases{/id}"),
        ]
        let head: JSON = [
            "id": .integer(place.id), "full_name": .string(path),
            "human_name": .string("\(namespace["name"]?.stringValue ?? "")/\(place.name)"), "url": .string(url),
            "namespace": namespace, "path": .string(place.path), "name": .string(place.name), "owner": person,
            "assigner": person, "description": .string(place.description ?? ""),
            "private": .bool(place.visibility == .private), "public": .bool(place.visibility == .public),
            "internal": .bool(place.visibility == .internal), "fork": false,
        ]
        return head.adding(addresses).adding([
            "recommend": false, "gvp": false, "homepage": .string(web), "language": nil, "forks_count": 0,
            "stargazers_count": 0, "watchers_count": 1,
            "default_branch": isEmpty ? nil : .string(place.defaultBranch), "open_issues_count": 0,
            "has_issues": place.settings["has_issues"] ?? true, "has_wiki": place.settings["has_wiki"] ?? true,
            "issue_comment": false, "can_comment": true, "pull_requests_enabled": true, "has_page": false,
            "license": nil, "outsourced": false, "project_creator": .optional(owner?.login),
            "members": .array(owner.map { [.string($0.login)] } ?? []),
            "pushed_at": place.pushed.map { .string(Self.time($0)) } ?? nil,
            "created_at": .string(Self.time(place.created)), "updated_at": .string(Self.time(place.updated)),
            "parent": nil, "paas": nil, "stared": false, "watched": true,
            "permission": [
                "pull": .bool(place.visibility == .public || role != nil),
                "push": .bool(role.map { $0 >= .developer } ?? false),
                "admin": .bool(role.map { $0 >= .maintainer } ?? false),
            ],
            "relation": role == nil ? "normal" : "master", "assignees_number": 1, "testers_number": 1,
            "assignee": .array([person].filter { !$0.isNull }), "testers": .array([person].filter { !$0.isNull }),
            "status": place.isArchived ? "关闭" : "开始", "empty_repo": .bool(isEmpty), "programs": [],
            "enterprise": isEnterprise ? namespace : nil,
        ])
    }

    /// A person, at organisations and enterprises as well.
    private func owner(of place: SandboxRepository) -> SandboxUser? {
        switch place.owner {
        case .user(let id): state.user(id: id)
        case .group(let id):
            state.group(id: id)?.members.filter { $0.value == .owner }.keys.min().flatMap { state.user(id: $0) }
        }
    }
}
