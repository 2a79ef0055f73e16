// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Bitbucket's JSON for what the sandbox knows.
struct BitbucketView: Sendable {
    let host: String
    let state: AccountState
    /// Whose name stands in addresses for cloning.
    let caller: SandboxUser?

    var api: String { host + "/2.0" }

    static func link(_ address: String) -> JSON { ["href": .string(address)] }

    static func encoded(_ uuid: String) -> String { PercentEncoding.encode(uuid) }

    /// With microseconds, as Bitbucket keeps its own times.
    static func time(_ seconds: Int64) -> String {
        String(Timestamp.utc(seconds).dropLast()) + ".000000+00:00"
    }

    /// git's times have no fraction.
    static func gitTime(_ signature: GitSignature) -> JSON {
        .string(String(Timestamp.utc(signature.time).dropLast()) + "+00:00")
    }

    /// Another's account: without the user name.
    func user(_ user: SandboxUser) -> JSON {
        let uuid = BitbucketUUID.user(user.id)
        return [
            "display_name": .string(user.name),
            "links": [
                "self": Self.link("\(api)/users/\(Self.encoded(uuid))"),
                "avatar": Self.link("\(host)/account/\(user.login)/avatar/"),
                "html": Self.link("\(host)/\(Self.encoded(uuid))/"),
            ],
            "type": "user", "uuid": .string(uuid), "account_id": .string("557058:\(user.id)"),
            "nickname": .string(user.login),
        ]
    }

    /// The account that asks.
    func ownUser(_ user: SandboxUser) -> JSON {
        let uuid = Self.encoded(BitbucketUUID.user(user.id))
        let links = (self.user(user)["links"] ?? [:]).adding([
            "repositories": Self.link("\(api)/repositories/\(uuid)"), "snippets": Self.link("\(api)/snippets/\(uuid)"),
            "hooks": Self.link("\(api)/workspaces/\(uuid)/hooks"),
        ])
        return self.user(user).adding([
            "links": links, "created_on": .string(Self.time(user.created)), "has_2fa_enabled": nil,
            "username": .string(user.login), "is_staff": false, "account_status": "active", "website": nil,
            "location": nil,
        ])
    }

    func slug(_ owner: RepositoryOwner) -> String { state.namespacePath(of: owner).lowercased() }

    func workspaceName(_ owner: RepositoryOwner) -> String {
        switch owner {
        case .user(let id): state.user(id: id)?.name ?? ""
        case .group(let id): state.group(id: id)?.name ?? ""
        }
    }

    private func workspaceLinks(_ owner: RepositoryOwner) -> JSON {
        let slug = slug(owner)
        return [
            "avatar": Self.link("\(host)/workspaces/\(slug)/avatar/?ts=1700000000"),
            "html": Self.link("\(host)/\(slug)/"), "self": Self.link("\(api)/workspaces/\(slug)"),
        ]
    }

    /// As it stands in other things.
    func workspace(_ owner: RepositoryOwner) -> JSON {
        [
            "type": "workspace", "uuid": .string(BitbucketUUID.workspace(of: owner)),
            "name": .string(workspaceName(owner)), "slug": .string(slug(owner)), "links": workspaceLinks(owner),
        ]
    }

    func fullWorkspace(_ owner: RepositoryOwner) -> JSON {
        let base = "\(api)/workspaces/\(slug(owner))"
        let links = workspaceLinks(owner).adding([
            "repositories": Self.link("\(api)/repositories/\(slug(owner))"),
            "projects": Self.link(base + "/projects"), "members": Self.link(base + "/members"),
            "owners": Self.link(base + "/members?q=permission%3D%22owner%22"), "hooks": Self.link(base + "/hooks"),
            "snippets": Self.link("\(api)/snippets/\(slug(owner))"),
        ])
        return workspace(owner).adding([
            "links": links, "is_private": false, "is_privacy_enforced": false,
            "created_on": .string(Self.time(created(owner))),
        ])
    }

    private func created(_ owner: RepositoryOwner) -> Int64 {
        switch owner {
        case .user(let id): state.user(id: id)?.created ?? 0
        case .group(let id): state.group(id: id)?.created ?? 0
        }
    }

    /// One entry of the caller's workspaces: with no name.
    func access(_ owner: RepositoryOwner, isAdministrator: Bool) -> JSON {
        let slug = slug(owner)
        return [
            "type": "workspace_access", "administrator": .bool(isAdministrator),
            "workspace": [
                "type": "workspace_base", "uuid": .string(BitbucketUUID.workspace(of: owner)), "slug": .string(slug),
                "links": [
                    "avatar": Self.link("\(host)/workspaces/\(slug)/avatar/"),
                    "self": Self.link("\(api)/workspaces/\(slug)"),
                ],
            ],
        ]
    }

    func membership(_ owner: RepositoryOwner, of user: SandboxUser, isAdministrator: Bool) -> JSON {
        [
            "type": "workspace_membership", "permission": isAdministrator ? "owner" : "member",
            "last_accessed": nil, "added_on": .string(Self.time(created(owner))), "user": self.user(user),
            "workspace": workspace(owner),
            "links": [
                "self": Self.link(
                    "\(api)/workspaces/\(slug(owner))/members/\(Self.encoded(BitbucketUUID.user(user.id)))")
            ],
        ]
    }

    /// Each workspace has one project.
    static let projectKey = "PROJ"

    func project(_ owner: RepositoryOwner, isWhole: Bool = false) -> JSON {
        let slug = slug(owner)
        let id: Int
        switch owner {
        case .user(let number), .group(let number): id = number
        }
        let short: JSON = [
            "type": "project", "key": .string(Self.projectKey), "uuid": .string(BitbucketUUID.project(id)),
            "name": "Untitled project",
            "links": [
                "self": Self.link("\(api)/workspaces/\(slug)/projects/\(Self.projectKey)"),
                "html": Self.link("\(host)/\(slug)/workspace/projects/\(Self.projectKey)"),
                "avatar": Self.link("\(host)/\(slug)/workspace/projects/\(Self.projectKey)/avatar/32"),
            ],
        ]
        guard isWhole else { return short }
        return short.adding([
            "description": "", "is_private": true, "has_publicly_visible_repos": false,
            "created_on": .string(Self.time(created(owner))), "updated_on": .string(Self.time(created(owner))),
            "workspace": workspace(owner),
        ])
    }
}
