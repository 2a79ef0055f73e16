// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension GiteeCall {
    func currentUser() throws -> Response {
        .json(view.full(try user, isSelf: true))
    }

    func account() throws -> Response {
        guard let found = state.user(login: path["user"]) else { throw GiteeRefusal.notFound("User") }
        return .json(view.full(found, isSelf: false))
    }

    /// The groups that a user belongs to: enterprises, or organisations.
    private func groups(of user: SandboxUser, areEnterprises: Bool) throws -> [SandboxGroup] {
        let managed = try fields.flag("admin") ?? false
        return state.groups(of: user.id).filter { group in
            guard (group.isEnterprise == true) == areEnterprises else { return false }
            return !managed || state.role(of: user.id, inGroup: group.id).map { $0 >= .maintainer } ?? false
        }
    }

    func organizations() throws -> Response {
        page(try groups(of: try user, areEnterprises: false), view.organization)
    }

    func userOrganizations() throws -> Response {
        guard let found = state.user(login: path["user"]) else { throw GiteeRefusal.notFound("User") }
        return page(try groups(of: found, areEnterprises: false).filter(\.isPublic), view.organization)
    }

    func enterprises() throws -> Response {
        page(try groups(of: try user, areEnterprises: true), view.enterprise)
    }

    func organization() throws -> Response {
        guard let group = group(path["org"], isEnterprise: false) else { throw GiteeRefusal.notFound("Group") }
        return .json(view.organization(group))
    }

    /// An organisation or enterprise by its path, if the user may see it.
    func group(_ path: String, isEnterprise: Bool) -> SandboxGroup? {
        guard let group = state.group(fullPath: path), (group.isEnterprise == true) == isEnterprise else { return nil }
        let isMember = identity.flatMap { state.role(of: $0.user.id, inGroup: group.id) } != nil
        return isMember || !isEnterprise ? group : nil
    }

    private func allNamespaces() throws -> [JSON] {
        let user = try user
        let owners = [RepositoryOwner.user(user.id)] + state.groups(of: user.id).map { .group($0.id) }
        return owners.map(view.namespace)
    }

    /// Without pages.
    func namespaces() throws -> Response {
        _ = try fields.word("mode", of: ["project", "intrant", "all"])
        return .json(.array(try allNamespaces()))
    }

    func namespace() throws -> Response {
        let wanted = try fields.required("path")
        guard let found = try allNamespaces().first(where: { $0["path"]?.stringValue == wanted }) else {
            throw GiteeRefusal.notFound("Namespace")
        }
        return .json(found)
    }
}
