// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension GitLab {
    /// Projects of a group, or of a user. Those marked for deletion are among them, as at GitLab itself: they can be
    /// read until they are gone.
    /// https://docs.gitlab.com/api/groups/#list-projects, https://docs.gitlab.com/api/projects/#list-a-users-projects
    func repositories(in namespace: String) async throws(ForgeError) -> [Repository] {
        // Only groups have a slash in their path.
        if namespace.contains("/") { return try await repositories(ofGroup: namespace) }
        if let known = try await wireNamespace(namespace) {
            return known.kind == "user"
                ? try await repositories(ofUser: known.full_path)
                : try await repositories(ofGroup: String(known.id))
        }
        // Somebody else's namespace, or a public group that the user does not belong to.
        do {
            return try await repositories(ofGroup: namespace)
        } catch {
            // A number would be taken for a user's own id, which is not the id of that user's namespace.
            guard error.code == .notFound, !namespace.isNumber else { throw error }
            return try await repositories(ofUser: namespace)
        }
    }

    private func repositories(ofGroup group: String) async throws(ForgeError) -> [Repository] {
        let path = "/groups/" + (try GitLab.segment(group, of: .namespace)) + "/projects"
        return try await list(path, [("with_shared", "false"), ("include_subgroups", "false")])
    }

    /// By keyset: offsets end at 50,000 projects here. https://docs.gitlab.com/api/rest/#keyset-based-pagination
    private func repositories(ofUser user: String) async throws(ForgeError) -> [Repository] {
        var name = user
        if user.isNumber {
            // A name of digits only would be taken for an id.
            let call = Call(.get, "/users", query: [("username", user)])
            guard let known = try await session.value([WireUserID].self, call).first else {
                throw GitLab.notFound(.namespace)
            }
            name = String(known.id)
        }
        let path = "/users/" + (try GitLab.segment(name, of: .namespace)) + "/projects"
        return try await list(path, [("pagination", "keyset")])
    }

    private struct WireUserID: Decodable {
        let id: Int
    }

    private func list(
        _ path: String, _ filter: [(name: String, value: String)]
    ) async throws(ForgeError) -> [Repository] {
        let order = [(name: "order_by", value: "id"), ("sort", "asc"), ("simple", "true"), GitLab.pageSize]
        let call = Call(.get, path, query: filter + order)
        return try await session.list(of: WireProject.self, call).map(Repository.init)
    }

    /// https://docs.gitlab.com/api/projects/#create-a-project
    func createRepository(named name: String, in namespace: String) async throws(ForgeError) -> Repository {
        var id = Int(namespace)
        if !namespace.isNumber {
            guard let known = try await wireNamespace(namespace) else { throw GitLab.notFound(.namespace) }
            id = known.id
        }
        guard let id else { throw GitLab.notFound(.namespace) }
        // Without a path GitLab makes one of the name, in lower case: only where the name cannot be the path itself.
        let draft = WireDraft(
            name: name, path: GitLab.isPathPart(name) ? name : nil, namespace_id: id, visibility: "private",
            initialize_with_readme: false)
        let answer = try await session.send(
            try GitLab.call(.post, "/projects", sending: draft, expecting: [201, 400]))
        guard answer.status == 400 else { return Repository(try session.decode(WireProject.self, answer)) }
        guard GitLab.Refusal(answer).fields.contains("namespace") else { throw GitLab.explain(answer) }
        // "is not valid": there is none, or the user may not make a project in it.
        if try await wireNamespace(namespace) == nil { throw GitLab.notFound(.namespace) }
        throw ForgeError(
            .forbidden, .gitlab, "GitLab does not let the user make projects in this namespace. Ask for a higher role.",
            upstreamStatus: 400)
    }

    private struct WireDraft: Encodable {
        let name: String
        let path: String?
        let namespace_id: Int
        let visibility: String
        let initialize_with_readme: Bool
    }

    /// A project, as far as it is needed. `simple=true` leaves out the last two.
    struct WireProject: Decodable {
        let id: Int
        let path: String
        let path_with_namespace: String
        let http_url_to_repo: String
        let namespace: WireNamespace?
        let default_branch: String?
        let empty_repo: Bool?
    }
}

extension Repository {
    init(_ wire: GitLab.WireProject) {
        // Old servers leave the namespace out of the simple form; its full path is as good a name for it as its id.
        let parent = wire.path_with_namespace.split(separator: "/").dropLast().joined(separator: "/")
        self.init(
            id: String(wire.id), name: wire.path, cloneURL: wire.http_url_to_repo,
            namespace: wire.namespace.map(Namespace.init) ?? Namespace(id: parent, name: parent))
    }
}
