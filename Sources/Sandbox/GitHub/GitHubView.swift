// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Builds the bodies of GitHub's answers, member by member in the order of the forge's own.
struct GitHubView: Sendable {
    let backend: ForgeBackend

    /// Base of the API's addresses, as GitHub Enterprise Server has it.
    var api: String { backend.host + "/api/v3" }
    /// Base of the pages' addresses.
    var web: String { backend.host }

    /// The old form of GitHub's global ids: base64 of `<length>:<type><id>`.
    static func nodeID(_ type: String, _ id: some CustomStringConvertible) -> JSON {
        let digits = String(String(100 + type.utf8.count).dropFirst())
        return .string(Data("\(digits):\(type)\(id)".utf8).base64EncodedString())
    }

    /// `https://docs.github.com/rest/users/users`: the members that every user and organisation has in lists.
    func account(login: String, id: Int, isOrganization: Bool) -> JSON {
        let url = "\(api)/users/\(PercentEncoding.encode(login))"
        return [
            "login": .string(login),
            "id": .integer(id),
            "node_id": Self.nodeID(isOrganization ? "Organization" : "User", id),
            "avatar_url": .string("\(web)/avatars/u/\(id)?"),
            "gravatar_id": "",
            "url": .string(url),
            "html_url": .string("\(web)/\(login)"),
            "followers_url": .string("\(url)/followers"),
            "following_url": .string("\(url)/following{/other_user}"),
            "gists_url": .string("\(url)/gists{/gist_id}"),
            "starred_url": .string("\(url)/starred{/owner}{/repo}"),
            "subscriptions_url": .string("\(url)/subscriptions"),
            "organizations_url": .string("\(url)/orgs"),
            "repos_url": .string("\(url)/repos"),
            "events_url": .string("\(url)/events{/privacy}"),
            "received_events_url": .string("\(url)/received_events"),
            "type": isOrganization ? "Organization" : "User",
            "site_admin": false,
        ]
    }

    func simple(_ user: SandboxUser) -> JSON {
        account(login: user.login, id: user.id, isOrganization: false)
    }

    /// Of an owner: a user or an organisation.
    func owner(_ owner: RepositoryOwner, in state: AccountState) -> JSON {
        switch owner {
        case .user(let id):
            account(login: state.user(id: id)?.login ?? "ghost", id: id, isOrganization: false)
        case .group(let id):
            account(login: state.group(id: id)?.fullPath ?? "ghost", id: id, isOrganization: true)
        }
    }

    /// `GET /users/{username}`; with the private members `GET /user`.
    func full(_ user: SandboxUser, isSelf: Bool) -> JSON {
        let repositories = backend.store.read { state in
            state.repositories.filter { $0.owner == .user(user.id) }
        }
        let publicCount = repositories.count { $0.visibility == .public }
        let shown: JSON = simple(user).adding([
            "name": .string(user.name),
            "company": nil,
            "blog": "",
            "location": nil,
            "email": .string(user.email),
            "hireable": nil,
            "bio": nil,
            "public_repos": .integer(publicCount),
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": .string(Timestamp.utc(user.created)),
            "updated_at": .string(Timestamp.utc(user.created)),
        ])
        guard isSelf else { return shown }
        return shown.adding([
            "private_gists": 0,
            "total_private_repos": .integer(repositories.count - publicCount),
            "owned_private_repos": .integer(repositories.count - publicCount),
            "disk_usage": 0,
            "collaborators": 0,
            "two_factor_authentication": false,
            "plan": ["name": "enterprise", "space": 976_562_499, "collaborators": 0, "private_repos": 999_999],
        ])
    }

    /// As lists of organisations have it: without name and type.
    func simple(_ organization: SandboxGroup) -> JSON {
        let url = "\(api)/orgs/\(PercentEncoding.encode(organization.fullPath))"
        return [
            "login": .string(organization.fullPath),
            "id": .integer(organization.id),
            "node_id": Self.nodeID("Organization", organization.id),
            "url": .string(url),
            "repos_url": .string("\(url)/repos"),
            "events_url": .string("\(url)/events"),
            "hooks_url": .string("\(url)/hooks"),
            "issues_url": .string("\(url)/issues"),
            "members_url": .string("\(url)/members{/member}"),
            "public_members_url": .string("\(url)/public_members{/member}"),
            "avatar_url": .string("\(web)/avatars/u/\(organization.id)?"),
            "description": .string(organization.description),
        ]
    }

    /// `GET /orgs/{org}`
    func full(_ organization: SandboxGroup, isMember: Bool) -> JSON {
        let repositories = backend.store.read { state in
            state.repositories.filter { $0.owner == .group(organization.id) }
        }
        let publicCount = repositories.count { $0.visibility == .public }
        let shown: JSON = simple(organization).adding([
            "name": .string(organization.name),
            "company": .string(organization.name),
            "blog": "",
            "location": "Harbourtown",
            "email": .string("office@\(organization.fullPath).example"),
            "is_verified": false,
            "has_organization_projects": true,
            "has_repository_projects": true,
            "public_repos": .integer(publicCount),
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "html_url": .string("\(web)/\(organization.fullPath)"),
            "created_at": .string(Timestamp.utc(organization.created)),
            "updated_at": .string(Timestamp.utc(organization.created)),
            "archived_at": nil,
            "type": "Organization",
        ])
        guard isMember else { return shown }
        return shown.adding([
            "total_private_repos": .integer(repositories.count - publicCount),
            "owned_private_repos": .integer(repositories.count - publicCount),
            "private_gists": nil,
            "disk_usage": nil,
            "collaborators": nil,
            "billing_email": nil,
            "default_repository_permission": nil,
            "members_can_create_repositories": true,
            "two_factor_requirement_enabled": nil,
            "plan": [
                "name": "enterprise", "space": 976_562_499, "private_repos": 999_999, "filled_seats": 2, "seats": 0,
            ],
        ])
    }

    /// `GET /user/memberships/orgs`
    func membership(of user: SandboxUser, in organization: SandboxGroup) -> JSON {
        let url = "\(api)/orgs/\(PercentEncoding.encode(organization.fullPath))"
        let isOwner = organization.members[user.id] == .owner
        return [
            "url": .string("\(url)/memberships/\(PercentEncoding.encode(user.login))"),
            "state": "active",
            "role": isOwner ? "admin" : "member",
            "organization_url": .string(url),
            "user": simple(user),
            "organization": simple(organization),
        ]
    }
}
