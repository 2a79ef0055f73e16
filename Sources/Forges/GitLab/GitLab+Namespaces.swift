// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension GitLab {
    /// The user's own namespace, then all groups that the user is a member of, directly or through a group above.
    ///
    /// `GET /namespaces` would give an administrator everybody's, and `GET /groups` alone every public group;
    /// `min_access_level` keeps to the user's own for both kinds of users.
    /// https://docs.gitlab.com/api/groups/#list-groups
    func namespaces() async throws(ForgeError) -> [Namespace] {
        let user = try await account().login
        // The account behind a project's access token has no namespace of its own.
        let own = try await wireNamespace(ofUser: user)
        let groups = try await session.list(
            of: WireNamespace.self, Call(.get, "/groups", query: [("min_access_level", "10"), GitLab.pageSize]))
        return ([own].compactMap(\.self) + groups).map(Namespace.init)
    }

    /// A namespace of either kind, as `/namespaces`, `/groups` and a project's `namespace` have it. A group's id is the
    /// same in all of them; a user's namespace has another id than the user.
    struct WireNamespace: Decodable {
        let id: Int
        let full_path: String
        /// `user` or `group`; `/groups` does not say.
        let kind: String?
    }

    /// The namespace of an id or a full path; nil where `/namespaces` has none, which also holds for a public group
    /// that the user does not belong to. https://docs.gitlab.com/api/namespaces/#retrieve-a-namespace
    func wireNamespace(_ namespace: String) async throws(ForgeError) -> WireNamespace? {
        let call = Call(.get, "/namespaces/" + (try GitLab.segment(namespace, of: .namespace)))
        guard let answer = try await find(call) else { return nil }
        return try session.decode(WireNamespace.self, answer)
    }

    /// A user's own namespace. A name of digits only would be taken for an id: such a user's is searched for.
    private func wireNamespace(ofUser name: String) async throws(ForgeError) -> WireNamespace? {
        guard name.isNumber else { return try await wireNamespace(name) }
        let call = Call(.get, "/namespaces", query: [("search", name), GitLab.pageSize])
        return try await session.list(of: WireNamespace.self, call).first { $0.kind == "user" && $0.full_path == name }
    }

    /// The full path of a namespace's id, or of any group's that the credential can see.
    func fullPath(ofNamespace id: String) async throws(ForgeError) -> String {
        if let namespace = try await wireNamespace(id) { return namespace.full_path }
        let call = Call(
            .get, "/groups/" + (try GitLab.segment(id, of: .namespace)), query: [("with_projects", "false")])
        return try await session.value(WireNamespace.self, call).full_path
    }
}

extension Namespace {
    init(_ wire: GitLab.WireNamespace) {
        self.init(id: String(wire.id), name: wire.full_path)
    }
}
