// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension Bitbucket {
    /// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-get
    func repositories(in namespace: String) async throws(ForgeError) -> [Repository] {
        let path = "/repositories/" + (try Self.segment(namespace, of: .workspace))
        do {
            return try await list(of: WireRepository.self, Call(.get, path, query: [Self.pageLength])).map(repository)
        } catch {
            throw error.saying(Self.notFound(.workspace).message, of: .notFound)
        }
    }

    /// The answer is 200, not 201. One status, 400, is for a taken name, a bad one and a missing right.
    /// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-post
    func createRepository(named name: String, in namespace: String) async throws(ForgeError) -> Repository {
        guard Self.isSlug(name.lowercased()), !name.lowercased().hasSuffix(".git") else {
            throw ForgeError(
                .invalidRequest, .bitbucket,
                "A Bitbucket repository's name has 1 to 62 letters, digits, '.', '_' and '-', and does not end in .git."
            )
        }
        let slug = name.lowercased()
        let path = "/repositories/" + (try Self.segment(namespace, of: .workspace)) + "/" + slug
        let draft = WireDraft(scm: "git", is_private: true, name: slug == name ? nil : name)
        let call = try Call(.post, path, expecting: [200, 201]).sending(draft, to: .bitbucket)
        do {
            return repository(try await session.value(WireRepository.self, call))
        } catch {
            if error.code == .notFound { throw error.becoming(.notFound, Self.notFound(.workspace).message) }
            guard error.code == .invalidRequest, error.upstreamStatus == 400, try await find(Call(.get, path)) != nil
            else { throw error }
            throw error.becoming(.alreadyExists, Self.alreadyExists.message)
        }
    }

    private struct WireDraft: Encodable {
        let scm: String
        let is_private: Bool
        /// Bitbucket takes the slug where there is none.
        let name: String?
    }

    /// A repository that was renamed is found under its old name by a redirect.
    /// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-get
    func repository(cloneURL: String) async throws(ForgeError) -> Repository {
        guard let address = CloneAddress(cloneURL), let path = path(of: address) else {
            throw ForgeError(
                .invalidCloneURL, .bitbucket,
                "The address names no repository of this authorization's host. Give one such as \(host.pages)/workspace/repository.git."
            )
        }
        return repository(try await wireRepository(path))
    }

    func wireRepository(_ path: String) async throws(ForgeError) -> WireRepository {
        do {
            return try await session.value(WireRepository.self, Call(.get, path))
        } catch {
            throw error.saying(Self.notFound(.repository).message, of: .notFound)
        }
    }

    /// nil for another host's address and for one that is no repository's. git over SSH is also at altssh.bitbucket.org, port 443.
    /// https://support.atlassian.com/bitbucket-cloud/docs/use-the-ssh-protocol-with-bitbucket-cloud/
    private func path(of address: CloneAddress) -> String? {
        let isOtherDoor =
            host == .official(.bitbucket) && address.transport == .ssh && address.host == "altssh.bitbucket.org"
        guard address.belongs(to: host) || isOtherDoor else { return nil }
        var parts = address.path[...]
        if address.transport != .ssh {
            for part in host.pages.split(separator: "/").dropFirst(2) {
                guard parts.first == String(part) else { return nil }
                parts.removeFirst()
            }
        }
        let names = parts.map { $0.lowercased() }
        guard names.count == 2, names.allSatisfy({ Self.isSlug($0) || Self.isUUID($0) }) else { return nil }
        return "/repositories/" + names.map(PercentEncoding.segment).joined(separator: "/")
    }

    /// Whether a text can be the slug of a workspace or repository: 1 to 62 lower-case letters, digits, `.`, `_` and `-`.
    static func isSlug(_ text: String) -> Bool {
        let plain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "._-".utf8.contains(byte)
            }
        }
        return plain && (1...62).contains(text.utf8.count) && ![".", ".."].contains(text)
    }

    private static func isUUID(_ text: String) -> Bool {
        text.hasPrefix("{") && text.hasSuffix("}") && UUID(uuidString: String(text.dropFirst().dropLast())) != nil
    }

    /// A repository, as far as it is needed.
    struct WireRepository: Decodable {
        struct Links: Decodable {
            let clone: [WireLink]?
        }
        struct Branch: Decodable {
            let name: String
        }
        let full_name: String
        let links: Links?
        /// null until the first commit.
        let mainbranch: Branch?
    }

    /// The address for cloning has the caller's user name in it, which is left out.
    private func repository(_ wire: WireRepository) -> Repository {
        let parts = wire.full_name.split(separator: "/", maxSplits: 1).map(String.init)
        let workspace = parts.first ?? ""
        let given = wire.links?.clone?.first { $0.name == "https" || $0.name == "http" }?.href
        let address = given.flatMap(Self.withoutUser)
        return Repository(
            id: wire.full_name, name: parts.last ?? "",
            cloneURL: address ?? "\(host.pages)/\(PercentEncoding.path(wire.full_name)).git",
            namespace: Namespace(id: workspace, name: workspace))
    }

    private static func withoutUser(_ address: String) -> String? {
        guard var parts = URLComponents(string: address) else { return nil }
        parts.user = nil
        parts.password = nil
        return parts.string
    }
}
