// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension BitbucketServer {
    /// https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-project/#api-api-latest-projects-projectkey-repos-get
    func repositories(in namespace: String) async throws(ForgeError) -> [Repository] {
        do {
            let path = try Self.path(ofProject: namespace) + "/repos"
            return try await list(of: WireRepository.self, path).map(repository)
        } catch {
            // A user's own project is made with the first repository in it.
            guard error.code == .notFound, error.upstreamStatus == 404, namespace.hasPrefix("~"),
                try await find(Call(.get, "/users/" + namespace.dropFirst())) != nil
            else { throw error }
            return []
        }
    }

    /// https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-project/#api-api-latest-projects-projectkey-repos-post
    func createRepository(named name: String, in namespace: String) async throws(ForgeError) -> Repository {
        let call = try Call(.post, Self.path(ofProject: namespace) + "/repos", expecting: [200, 201])
            .sending(WireDraft(name: name, scmId: "git", forkable: true, public: false), to: .bitbucket)
        do {
            return repository(try await session.value(WireRepository.self, call))
        } catch {
            // The description has 409 for nothing else here.
            throw error.upstreamStatus == 409 ? error.becoming(.alreadyExists, Self.alreadyExists.message) : error
        }
    }

    private struct WireDraft: Encodable {
        let name: String
        let scmId: String
        let forkable: Bool
        let `public`: Bool
    }

    /// https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-project/#api-api-latest-projects-projectkey-repos-repositoryslug-get
    func repository(cloneURL: String) async throws(ForgeError) -> Repository {
        guard let address = CloneAddress(cloneURL), let place = place(of: address) else {
            throw ForgeError(
                .invalidCloneURL, .bitbucket,
                "The address names no repository of this authorization's host. Give one such as \(host.pages)/scm/PROJECT/repository.git."
            )
        }
        return repository(try await session.value(WireRepository.self, Call(.get, place.path)))
    }

    /// The repository to which an address leads; nil for another host's address and for one that is no repository's. HTTP
    /// addresses have the path below which Bitbucket may be installed, and `scm`; SSH addresses have neither.
    private func place(of address: CloneAddress) -> Place? {
        guard address.belongs(to: host) else { return nil }
        var parts = address.path[...]
        if address.transport != .ssh {
            for part in host.pages.split(separator: "/").dropFirst(2).map(String.init) + ["scm"] {
                guard parts.first == part else { return nil }
                parts.removeFirst()
            }
        }
        guard parts.count == 2, let key = parts.first, let slug = parts.last, Self.isKey(key), Self.isName(slug) else {
            return nil
        }
        return Place(key: key, slug: slug)
    }

    /// A repository. What its page has beside it, such as `public` and `archived`, is not needed.
    struct WireRepository: Decodable {
        struct Links: Decodable {
            let clone: [Link]?
        }

        struct Link: Decodable {
            let href: String
            let name: String?
        }

        let slug: String
        let project: WireProject
        let links: Links?
    }

    private func repository(_ wire: WireRepository) -> Repository {
        let namespace = Namespace(wire.project)
        // An administrator may have switched HTTP off, and the link for it with it. Older servers put the user into it.
        let link = wire.links?.clone?.first { $0.href.hasPrefix("http") }.flatMap { Self.withoutUser($0.href) }
        return Repository(
            id: namespace.id + "/" + wire.slug, name: wire.slug,
            cloneURL: link ?? "\(host.pages)/scm/\(namespace.id.lowercased())/\(wire.slug).git", namespace: namespace)
    }

    private static func withoutUser(_ address: String) -> String? {
        guard var parts = URLComponents(string: address) else { return nil }
        parts.user = nil
        parts.password = nil
        return parts.string
    }
}
