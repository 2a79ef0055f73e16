// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Gitea {
    /// A repository, as far as it is needed.
    struct WireRepository: Decodable {
        struct Owner: Decodable {
            let login: String
        }
        let full_name: String
        let name: String
        let owner: Owner
        let clone_url: String
        let empty: Bool?
    }

    /// The user's own: all, private ones too. An organisation's or another user's: all that the credential can see.
    /// https://docs.gitea.com/api/#tag/user/operation/userCurrentListRepos,
    /// https://docs.gitea.com/api/#tag/organization/operation/orgListRepos and
    /// https://docs.gitea.com/api/#tag/user/operation/userListRepos
    func repositories(in namespace: String) async throws(ForgeError) -> [Repository] {
        guard Self.isName(namespace) else { throw Gitea.notFound(.namespace) }
        if try await isOwn(namespace) {
            // Those of organisations where the user owns all may be among them.
            return try await list(of: WireRepository.self, "/user/repos")
                .filter { $0.owner.login.lowercased() == namespace.lowercased() }.map(Repository.init)
        }
        do {
            return try await list(of: WireRepository.self, "/orgs/\(namespace)/repos").map(Repository.init)
        } catch {
            guard error.code == .notFound else { throw error }
        }
        do {
            return try await list(of: WireRepository.self, "/users/\(namespace)/repos").map(Repository.init)
        } catch {
            throw error.code == .notFound ? Gitea.notFound(.namespace) : error
        }
    }

    /// https://docs.gitea.com/api/#tag/user/operation/createCurrentUserRepo and
    /// https://docs.gitea.com/api/#tag/organization/operation/createOrgRepo
    func createRepository(named name: String, in namespace: String) async throws(ForgeError) -> Repository {
        guard Self.isName(name), ![".git", ".wiki", ".rss", ".atom"].contains(where: name.lowercased().hasSuffix) else {
            throw ForgeError(
                .invalidRequest, .gitea,
                "A Gitea repository's name has 1 to 100 letters, digits, '.', '_' and '-', and does not end in .git or .wiki."
            )
        }
        guard Self.isName(namespace) else { throw Gitea.notFound(.namespace) }
        let path = try await isOwn(namespace) ? "/user/repos" : "/orgs/\(namespace)/repos"
        let call = try Call(.post, path, expecting: [201]).sending(WireDraft(name: name), to: .gitea)
        do {
            return Repository(try await session.value(WireRepository.self, call))
        } catch {
            switch error.code {
            case .notFound: throw Gitea.notFound(.namespace)
            case .conflict, .alreadyExists:
                throw error.becoming(
                    .alreadyExists, "Gitea has a repository of this name there already. Choose another name.")
            default: throw error
            }
        }
    }

    private struct WireDraft: Encodable {
        let name: String
        let `private` = true
        let auto_init = false
    }

    /// A renamed repository is answered by a redirect within the API.
    /// https://docs.gitea.com/api/#tag/repository/operation/repoGet
    func repository(cloneURL: String) async throws(ForgeError) -> Repository {
        guard let address = CloneAddress(cloneURL), let place = place(of: address) else {
            throw ForgeError(
                .invalidCloneURL, .gitea,
                "clone_url must be the address of a repository at \(host.pages), such as \(host.pages)/owner/repository.git."
            )
        }
        return Repository(try await session.value(WireRepository.self, Call(.get, place.path)))
    }

    /// SSH addresses never have the path below which Gitea may be installed.
    private func place(of address: CloneAddress) -> Place? {
        guard address.belongs(to: host) else { return nil }
        var parts = address.path[...]
        if address.transport != .ssh {
            for part in host.pages.split(separator: "/").dropFirst(2) {
                guard parts.first == String(part) else { return nil }
                parts.removeFirst()
            }
        }
        guard parts.count == 2, parts.allSatisfy(Self.isName) else { return nil }
        return Place(owner: parts[parts.startIndex], name: parts[parts.startIndex + 1])
    }
}

extension Repository {
    fileprivate init(_ wire: Gitea.WireRepository) {
        self.init(
            id: wire.full_name, name: wire.name, cloneURL: wire.clone_url,
            namespace: Namespace(id: wire.owner.login, name: wire.owner.login))
    }
}
