// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension BitbucketServerEmulator {
    /// Needs no credential; with one, its headers tell whose it is.
    func properties(_ call: BitbucketServerCall) -> Response {
        .bitbucketServer([
            "version": .string(Self.version), "buildNumber": "8019007", "buildDate": "1722470400000",
            "displayName": "Bitbucket",
        ])
    }

    func users(_ call: BitbucketServerCall) throws -> Response {
        _ = try call.user
        let filter = (call.request.query["filter"] ?? "").lowercased()
        let found = call.state.users.filter { user in
            filter.isEmpty || [user.login, user.name, user.email].contains { $0.lowercased().contains(filter) }
        }
        let paging = try BitbucketServerPaging(call.request.query)
        return .bitbucketServer(paging.page(of: found) { call.entities.user($0) })
    }

    func user(_ call: BitbucketServerCall) throws -> Response {
        _ = try call.user
        guard let found = call.state.user(login: call.path["user"]) else {
            throw BitbucketServerRefusal.noUser(call.path["user"])
        }
        return .bitbucketServer(call.entities.user(found))
    }

    /// The projects that the user can see, by name; users' own are not among them.
    func projects(_ call: BitbucketServerCall) throws -> Response {
        let name = (call.request.query["name"] ?? "").lowercased()
        let found = call.state.groups.filter { group in
            mayView(group, call) && (name.isEmpty || group.name.lowercased().contains(name))
        }
        let paging = try BitbucketServerPaging(call.request.query)
        return .bitbucketServer(
            paging.page(of: found.sorted { $0.name < $1.name }) { call.entities.project(.group($0.id)) })
    }

    func project(_ call: BitbucketServerCall) throws -> Response {
        let owner = try call.owner()
        if case .group(let id) = owner, let group = call.state.group(id: id), !mayView(group, call) {
            throw BitbucketServerRefusal.unauthorised
        }
        // A user's own project is there once something is in it.
        if case .user = owner, !call.state.repositories.contains(where: { $0.owner == owner }) {
            throw BitbucketServerRefusal.noProject(call.path["key"])
        }
        return .bitbucketServer(call.entities.project(owner))
    }

    private func mayView(_ group: SandboxGroup, _ call: BitbucketServerCall) -> Bool {
        group.isPublic
            || call.state.repositories.contains {
                $0.owner == .group(group.id) && call.state.mayRead($0, as: call.caller?.user.id)
            } || (call.caller.map { call.state.role(of: $0.user.id, inGroup: group.id) != nil } ?? false)
    }
}
