// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension CodeArts {
    /// The lists of a group and of a project are complete, but have no addresses; the user's own list has them. What is
    /// only in the former is asked for one by one.
    /// https://support.huaweicloud.com/api-codeartsrepo/ListGroupRepositories.html
    func repositories(in namespace: String) async throws(ForgeError) -> [Repository] {
        let order = [(name: "order_by", value: "id"), ("sort", "asc")]
        let known = try await listed()
        let group = namespace.isProjectID ? nil : try await group(namespace)
        let members: [WireMember]
        if namespace.isProjectID {
            members = try await list(of: WireMember.self, "/v4/projects/\(namespace)/repositories", order)
        } else if let group {
            members = try await list(of: WireMember.self, "/v4/groups/\(group.id)/repositories", order)
        } else {
            // No group of the user's: a place that only its repositories tell of.
            let found = known.compactMap(Repository.init).filter {
                $0.namespace.name.lowercased() == namespace.lowercased()
            }
            guard !found.isEmpty else { throw CodeArts.notFound(.namespace) }
            return found
        }
        let addresses = Dictionary(known.map { ($0.id, $0) }) { first, _ in first }
        var repositories: [Repository] = []
        for member in members {
            let wire: WireRepository? =
                if let listed = addresses[member.id] { listed } else { try await repository(id: member.id) }
            guard let repository = wire.flatMap(Repository.init) else { continue }
            // A list may hold what is in groups below.
            let place = repository.namespace.name.lowercased()
            if place == (group?.path ?? namespace).lowercased() { repositories.append(repository) }
        }
        return repositories
    }

    private struct WireMember: Decodable {
        let id: Int
    }

    /// The repositories that the user has a part in.
    /// https://support.huaweicloud.com/api-codeartsrepo/ListCurrentUserRepositories.html
    func listed() async throws(ForgeError) -> [WireRepository] {
        try await list(of: WireRepository.self, "/v4/user/repositories", [("order_by", "created_at"), ("sort", "asc")])
    }

    /// One of a list that is gone by now is nil.
    private func repository(id: Int) async throws(ForgeError) -> WireRepository? {
        try await find(WireRepository.self, Call(.get, "/v4/repositories/\(id)"))
    }

    /// A call of version 1, since version 4 has none; and one of version 2, since its answer is an id of another kind.
    /// What stood against it is asked for afterwards: Huawei's codes are not documented.
    /// https://support.huaweicloud.com/api-codeartsrepo/CreateRepository.html
    func createRepository(named name: String, in namespace: String) async throws(ForgeError) -> Repository {
        let place = try await place(namespace)
        let draft = WireDraft(
            name: name, project_uuid: place.project, group_id: place.group, visibility_level: 0, enable_readme: 0)
        let made: WireMade
        do throws(ForgeError) {
            let call = try CodeArts.call(.post, "/v1/repositories", sending: draft, expecting: [200, 201])
            made = try await result(WireMade.self, call)
        } catch {
            guard [.invalidRequest, .conflict].contains(error.code), error.upstreamStatus != nil else { throw error }
            if try await id(ofRepository: name, in: place.path) != nil {
                throw error.becoming(.alreadyExists, CodeArts.alreadyExists.message)
            }
            throw error.saying(
                "CodeArts Repo does not make this repository. A name begins with a letter, and has letters, digits, - and _ only.",
                of: .invalidRequest)
        }
        guard made.repository_uuid.isProjectID else { throw session.nonsense("a repository without its id") }
        let wire = try await result(WireCreated.self, Call(.get, "/v2/repositories/\(made.repository_uuid)"))
        guard let path = RepositoryPath(address: wire.https_url) else {
            throw session.nonsense("a repository without its address")
        }
        return Repository(
            id: String(wire.repository_id), name: path.name, cloneURL: wire.https_url,
            namespace: Namespace(path: path.namespace))
    }

    private struct WireDraft: Encodable {
        let name: String
        let project_uuid: String?
        let group_id: Int?
        /// 0 is private.
        let visibility_level: Int
        /// 0 is none: the repository stays empty.
        let enable_readme: Int
    }

    private struct WireMade: Decodable {
        let repository_uuid: String
    }

    private struct WireCreated: Decodable {
        let repository_id: Int
        let https_url: String
    }

    /// Where a repository can be made: in a group, or directly in a project.
    private func place(
        _ namespace: String
    ) async throws(ForgeError) -> (project: String?, group: Int?, path: String) {
        if namespace.isProjectID { return (namespace, nil, namespace) }
        if let group = try await group(namespace) { return (group.project_id, group.id, group.path) }
        let name = namespace.lowercased()
        guard let neighbour = try await listed().first(where: { $0.path?.namespace.lowercased() == name }),
            let project = neighbour.project_id
        else { throw CodeArts.notFound(.namespace) }
        return (project, nil, namespace)
    }

    /// A repository, as `/v4/user/repositories` and `/v4/repositories/{id}` have it. The address tells the path:
    /// it is the one member that Huawei describes alike everywhere.
    struct WireRepository: Decodable {
        let id: Int
        let http_url_to_repo: String?
        let project_id: String?
        let default_branch: String?
        let empty_repo: Bool?

        var path: RepositoryPath? { http_url_to_repo.flatMap(RepositoryPath.init) }
    }
}

/// Where a repository is, by its address for cloning.
struct RepositoryPath: Hashable, Sendable {
    let namespace: String
    let name: String

    init?(address: String) {
        guard let parts = CloneAddress(address)?.path, parts.count >= 2, let last = parts.last else { return nil }
        namespace = parts.dropLast().joined(separator: "/")
        name = last
    }
}

extension Repository {
    init?(_ wire: CodeArts.WireRepository) {
        guard let address = wire.http_url_to_repo, let path = wire.path else { return nil }
        self.init(
            id: String(wire.id), name: path.name, cloneURL: address, namespace: Namespace(path: path.namespace))
    }
}
