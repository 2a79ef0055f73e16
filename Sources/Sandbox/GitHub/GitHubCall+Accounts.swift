// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension GitHubCall {
    func root() -> Response {
        .json([
            "current_user_url": .string("\(view.api)/user"),
            "organization_url": .string("\(view.api)/orgs/{org}"),
            "rate_limit_url": .string("\(view.api)/rate_limit"),
            "repository_url": .string("\(view.api)/repos/{owner}/{repo}"),
            "user_url": .string("\(view.api)/users/{user}"),
        ])
    }

    func meta() -> Response {
        .json([
            "verifiable_password_authentication": false, "installed_version": .string(GitHubEmulator.enterpriseVersion),
        ])
    }

    func rateLimit() -> Response {
        let core: JSON = [
            "limit": .integer(rate.limit), "used": .integer(rate.used), "remaining": .integer(rate.remaining),
            "reset": .integer(Int(rate.reset)),
        ]
        let search: JSON = ["limit": 30, "used": 0, "remaining": 30, "reset": .integer(Int(rate.reset))]
        let body: JSON = ["resources": ["core": core, "search": search, "graphql": core]]
        return .json(version == "2022-11-28" ? body.adding(["rate": core]) : body)
    }

    func currentUser() throws -> Response {
        .json(view.full(try user(), isSelf: true))
    }

    func emails() throws -> Response {
        let user = try user()
        guard has("user", "user:email") else { throw GitHubProblem.notFound }
        return .json([["email": .string(user.email), "primary": true, "verified": true, "visibility": "public"]])
    }

    func account() throws -> Response {
        let name = parameters["user"]
        let (user, group) = backend.store.read { ($0.user(login: name), $0.group(fullPath: name)) }
        if let user { return .json(view.full(user, isSelf: false)) }
        guard let group else { throw GitHubProblem.notFound }
        let account = view.account(login: group.fullPath, id: group.id, isOrganization: true)
        return .json(account.adding(view.full(group, isMember: false).removing(["url", "repos_url", "events_url"])))
    }

    func organizations() throws -> Response {
        let user = try user()
        guard has("read:org", "write:org", "admin:org", "user", "repo") else {
            throw GitHubProblem(
                status: .forbidden,
                message: "You need at least read:org scope or user scope to list your organizations.")
        }
        return list(backend.store.read { $0.groups(of: user.id) }, view.simple)
    }

    func userOrganizations() throws -> Response {
        guard let user = backend.store.read({ $0.user(login: parameters["user"]) }) else {
            throw GitHubProblem.notFound
        }
        // Others see public memberships only.
        let isSelf = identity?.user.id == user.id && has("read:org", "write:org", "admin:org", "user")
        return list(backend.store.read { $0.groups(of: user.id) }.filter { isSelf || $0.isPublic }, view.simple)
    }

    func memberships() throws -> Response {
        let user = try user()
        guard has("read:org", "write:org", "admin:org") else {
            throw GitHubProblem(
                status: .forbidden,
                message: "You need at least read:org scope to list your organization memberships.")
        }
        // Nobody has been invited without having come.
        let groups = request.query["state"] == "pending" ? [] : backend.store.read { $0.groups(of: user.id) }
        return list(groups) { view.membership(of: user, in: $0) }
    }

    func membership() throws -> Response {
        let user = try user()
        let group = try visibleOrganization()
        guard has("read:org", "write:org", "admin:org"), group.members[user.id] != nil else {
            throw GitHubProblem.notFound
        }
        return .json(view.membership(of: user, in: group))
    }

    func organization() throws -> Response {
        let group = try visibleOrganization()
        let isMember = identity.map { group.members[$0.user.id] != nil } ?? false
        return .json(view.full(group, isMember: isMember && has("read:org", "write:org", "admin:org", "user", "repo")))
    }

    func members() throws -> Response {
        let group = try visibleOrganization()
        let isMember = identity.map { group.members[$0.user.id] != nil } ?? false
        let users = backend.store.read { state in state.users.filter { group.members[$0.id] != nil } }
        return list(isMember && has("read:org", "write:org", "admin:org") ? users : [], view.simple)
    }

    func visibleOrganization() throws(GitHubProblem) -> SandboxGroup {
        guard let group = backend.store.read({ $0.group(fullPath: parameters["org"]) }) else { throw .notFound }
        return group
    }
}
