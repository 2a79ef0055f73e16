// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Gitee {
    /// A repository, as far as it is needed.
    struct WireRepository: Decodable {
        struct Parent: Decodable {
            let path: String
        }
        let full_name: String
        let path: String
        /// An old server may leave it out.
        let namespace: Parent?
        /// Ends with `.git`, and is the address for cloning.
        let html_url: String
        let empty_repo: Bool?
    }

    /// The user's own: all, private ones too. An organisation's or enterprise's: all that the credential can see. Another
    /// user's: the public ones.
    ///
    /// `type=personal` leaves out what the user has made in organisations; Gitee refuses it together with `affiliation`.
    /// https://gitee.com/api/v5/swagger#/getV5UserRepos
    func repositories(in namespace: String) async throws(ForgeError) -> [Repository] {
        guard Self.isName(namespace) else { throw Gitee.notFound(.namespace) }
        if try await isOwn(namespace) {
            return try await list(of: WireRepository.self, "/user/repos", query: [("type", "personal")])
                .map(repository).filter { $0.namespace.id.lowercased() == namespace.lowercased() }
        }
        let places: [(path: String, query: [(name: String, value: String)])] = [
            ("/orgs/\(namespace)/repos", [("type", "all")]),
            ("/enterprises/\(namespace)/repos", [("type", "all"), ("direct", "true")]),
            ("/users/\(namespace)/repos", [("type", "personal")]),
        ]
        for place in places {
            do {
                return try await list(of: WireRepository.self, place.path, query: place.query).map(repository)
            } catch {
                guard error.code == .notFound else { throw error }
            }
        }
        throw Gitee.notFound(.namespace)
    }

    /// Gitee makes an address of its own from a name that cannot be one; so the name must be one.
    /// https://gitee.com/api/v5/swagger#/postV5UserRepos, https://gitee.com/api/v5/swagger#/postV5OrgsOrgRepos,
    /// https://gitee.com/api/v5/swagger#/postV5EnterprisesEnterpriseRepos
    func createRepository(named name: String, in namespace: String) async throws(ForgeError) -> Repository {
        guard Self.isName(name), !name.lowercased().hasSuffix(".git") else {
            throw ForgeError(
                .invalidRequest, .gitee,
                "A Gitee repository's name has 1 to 191 letters, digits, '.', '_' and '-', and does not end in .git.")
        }
        guard Self.isName(namespace) else { throw Gitee.notFound(.namespace) }
        do {
            if try await isOwn(namespace) {
                return try await make("/user/repos", WireDraft(name: name, path: name, private: true))
            }
            if let made = try await makeInOrganization(name, namespace) { return made }
            // An enterprise's `private` is a number: 0 is private, 1 public, 2 for the enterprise.
            return try await make(
                "/enterprises/\(namespace)/repos", WireEnterpriseDraft(name: name, path: name, private: 0))
        } catch {
            if error.code == .notFound { throw Gitee.notFound(.namespace) }
            guard error.isRefusal, try await find(Call(.get, "/repos/\(namespace)/\(name)")) != nil else { throw error }
            throw error.becoming(
                .alreadyExists, "Gitee has a repository of this name there already. Choose another name.")
        }
    }

    /// nil where no organisation is called so.
    private func makeInOrganization(_ name: String, _ organization: String) async throws(ForgeError) -> Repository? {
        do {
            return try await make(
                "/orgs/\(organization)/repos", WireDraft(name: name, path: name, private: true))
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    private func make(_ path: String, _ draft: some Encodable) async throws(ForgeError) -> Repository {
        let call = try Call(.post, path, expecting: [200, 201]).sending(draft, to: .gitee)
        return repository(try await session.value(WireRepository.self, call))
    }

    private struct WireDraft: Encodable {
        let name: String
        let path: String
        let `private`: Bool
    }

    private struct WireEnterpriseDraft: Encodable {
        let name: String
        let path: String
        let `private`: Int
    }

    /// A renamed repository may be found under its old name, and is answered under its new one.
    /// https://gitee.com/api/v5/swagger#/getV5ReposOwnerRepo
    func repository(cloneURL: String) async throws(ForgeError) -> Repository {
        guard let address = CloneAddress(cloneURL), address.belongs(to: host), address.path.count == 2,
            address.path.allSatisfy(Self.isName)
        else {
            throw ForgeError(
                .invalidCloneURL, .gitee,
                "clone_url must be the address of a repository at \(host.pages), such as \(host.pages)/owner/repository.git."
            )
        }
        let place = Place(owner: address.path[0], name: address.path[1])
        return repository(try await session.value(WireRepository.self, Call(.get, place.path)))
    }

    private func repository(_ wire: WireRepository) -> Repository {
        let owner = wire.namespace?.path ?? wire.full_name.split(separator: "/").first.map(String.init) ?? ""
        return Repository(
            id: wire.full_name, name: wire.path,
            cloneURL: wire.html_url.hasSuffix(".git") ? wire.html_url : wire.html_url + ".git",
            namespace: Namespace(id: owner, name: owner))
    }
}
