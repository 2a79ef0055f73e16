// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension GitHub {
    private struct WireRepository: Decodable {
        struct Owner: Decodable {
            let login: String
        }
        let name: String
        let full_name: String
        let owner: Owner
        /// Optional in the short form that organisations' and users' lists have.
        let clone_url: String?
    }

    private struct WireDraft: Encodable {
        let name: String
        let `private` = true
    }

    /// The user's own: all, private ones too. An organisation's: all that the credential can see. Another user's: the public ones,
    /// then those that this user collaborates on.
    /// https://docs.github.com/en/rest/repos/repos#list-repositories-for-the-authenticated-user
    func repositories(in namespace: String) async throws(ForgeError) -> [Repository] {
        let missing = "GitHub has no user or organisation \(Quotation.of(namespace)), or the credential may not see it."
        guard Self.isName(namespace) else { throw ForgeError(.notFound, .github, missing) }
        if try await isOwn(namespace) { return try await repositories(affiliation: "owner", owner: namespace) }
        do {
            return try await list(of: WireRepository.self, "/orgs/\(namespace)/repos", missing: missing).map(repository)
        } catch {
            guard error.code == .notFound else { throw error }
        }
        let open = try await list(of: WireRepository.self, "/users/\(namespace)/repos", missing: missing).map(
            repository)
        let known = Set(open.map(\.id))
        let shared = try await repositories(affiliation: "collaborator", owner: namespace)
        return open + shared.filter { !known.contains($0.id) }
    }

    private func repositories(affiliation: String, owner: String) async throws(ForgeError) -> [Repository] {
        let all = try await list(
            of: WireRepository.self, "/user/repos", query: [("affiliation", affiliation)],
            missing: "GitHub does not list the user's repositories.")
        return all.filter { $0.owner.login.lowercased() == owner.lowercased() }.map(repository)
    }

    /// https://docs.github.com/en/rest/repos/repos#create-a-repository-for-the-authenticated-user and
    /// https://docs.github.com/en/rest/repos/repos#create-an-organization-repository
    func createRepository(named name: String, in namespace: String) async throws(ForgeError) -> Repository {
        // GitHub itself would make a repository of another name, with `-` for each character that it does not like.
        guard Self.isName(name), !name.lowercased().hasSuffix(".git") else {
            throw ForgeError(
                .invalidRequest, .github,
                "A GitHub repository's name has 1 to 100 letters, digits, '.', '_' and '-', and does not end in .git.")
        }
        let missing = "GitHub has no organisation \(Quotation.of(namespace)) in which this user may make a repository."
        guard Self.isName(namespace) else { throw ForgeError(.notFound, .github, missing) }
        let path = try await isOwn(namespace) ? "/user/repos" : "/orgs/\(namespace)/repos"
        let call = try Call(.post, path, expecting: [201]).sending(WireDraft(name: name), to: .github)
        do {
            return repository(try await value(WireRepository.self, call, missing: missing))
        } catch {
            throw error.saying(
                "GitHub has a repository \(Quotation.of(name)) in \(Quotation.of(namespace)) already.",
                of: .alreadyExists)
        }
    }

    /// A renamed repository is found under its old name, and answered under its new one.
    /// https://docs.github.com/en/rest/repos/repos#get-a-repository
    func repository(cloneURL: String) async throws(ForgeError) -> Repository {
        guard let address = CloneAddress(cloneURL), address.belongs(to: host), address.path.count == 2,
            address.path.allSatisfy(Self.isName)
        else {
            throw ForgeError(
                .invalidCloneURL, .github,
                "clone_url must be the address of a repository at \(host.pages), such as \(host.pages)/owner/repository.git."
            )
        }
        let place = Place(owner: address.path[0], name: address.path[1])
        return repository(
            try await value(
                WireRepository.self, Call(.get, place.path),
                missing: "GitHub has no repository \(place.quoted), or the credential may not see it."))
    }

    private func repository(_ wire: WireRepository) -> Repository {
        Repository(
            id: wire.full_name, name: wire.name,
            cloneURL: wire.clone_url ?? "\(host.pages)/\(PercentEncoding.path(wire.full_name)).git",
            namespace: Namespace(id: wire.owner.login, name: wire.owner.login))
    }
}
