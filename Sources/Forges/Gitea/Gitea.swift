// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

/// Gitea and Forgejo, over the API version 1 that both have: gitea.com, codeberg.org and self-hosted, also below a path.
///
/// A namespace's id and name are its user's or organisation's name; a repository's id is its full name, `owner/repo`.
/// https://docs.gitea.com/development/api-usage, https://forgejo.org/docs/latest/user/api-usage/
struct Gitea: Forge {
    let host: ForgeHost
    let session: Session

    init(host: ForgeHost, source: CredentialSource, upstream: Upstream) {
        self.host = host
        session = Session(
            forge: .gitea, base: host.api, upstream: upstream, source: source,
            authenticate: { (credential) throws(ForgeError) in try Gitea.authenticate(credential) },
            headers: [Upstream.Header("Accept", "application/json")], explain: { Gitea.explain($0) })
    }

    /// https://docs.gitea.com/api/#tag/user/operation/userGetCurrent
    func account() async throws(ForgeError) -> Account {
        let wire = try await session.value(WireUser.self, Call(.get, "/user"))
        // Servers before Gitea 1.22 do not tell the page's address.
        let home = wire.html_url.flatMap { $0.isEmpty ? nil : $0 }
        return Account(
            login: wire.login, home: home ?? host.pages + "/" + PercentEncoding.segment(wire.login),
            avatar: wire.avatar_url ?? "")
    }

    private struct WireUser: Decodable {
        let login: String
        let html_url: String?
        let avatar_url: String?
    }

    /// A password is refused where the account has a second factor: a personal token stands in its place then.
    /// https://docs.gitea.com/development/api-usage#authentication
    private static func authenticate(_ credential: Credential) throws(ForgeError) -> [Upstream.Header] {
        switch credential {
        case .personal(let token):
            return [Upstream.Header("Authorization", "token " + (try plain(token)))]
        case .oauth(let tokens):
            return [Upstream.Header("Authorization", "Bearer " + (try plain(tokens.accessToken)))]
        case .password(let user, let password):
            guard !user.isEmpty, !user.contains(":") else {
                throw ForgeError(.credentialRejected, .gitea, "A Gitea user name is not empty and has no colon.")
            }
            let pair = Data("\(user):\(password.exposed)".utf8).base64EncodedString()
            return [Upstream.Header("Authorization", "Basic " + pair)]
        }
    }

    private static func plain(_ token: Secret) throws(ForgeError) -> String {
        let text = token.exposed
        guard !text.isEmpty, !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw ForgeError(
                .credentialRejected, .gitea,
                "A Gitea token is not empty and has no spaces or control characters. Copy it again.")
        }
        return text
    }
}

extension Gitea {
    /// A repository's place in the API.
    struct Place: Sendable {
        let owner: String
        let name: String

        /// Holds nothing that would need encoding.
        var path: String { "/repos/\(owner)/\(name)" }
    }

    /// The repository that a caller named by its name in a namespace, or by its full name.
    func place(_ repository: RepositoryReference) throws(ForgeError) -> Place {
        let parts =
            repository.project.contains("/")
            ? repository.project.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            : [repository.namespace, repository.project]
        guard parts.count == 2, parts.allSatisfy(Self.isName) else { throw Gitea.notFound(.repository) }
        return Place(owner: parts[0], name: parts[1])
    }

    /// Whether the text may be the name of a user, an organisation or a repository: up to 100 ASCII letters, digits,
    /// `.`, `_` and `-`.
    static func isName(_ text: String) -> Bool {
        let plain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return plain && (1...100).contains(text.utf8.count) && text != "." && text != ".."
    }

    /// The answer of a call, or nil where Gitea has nothing there.
    func find(_ call: Call) async throws(ForgeError) -> Upstream.Response? {
        do {
            return try await session.send(call)
        } catch {
            // A web page's 404 is no evidence: it has another code.
            guard error.code == .notFound, error.upstreamStatus == 404 else { throw error }
            return nil
        }
    }

    /// Whether a repository has no commit yet.
    func isEmpty(_ place: Place) async throws(ForgeError) -> Bool {
        try await session.value(WireRepository.self, Call(.get, place.path)).empty ?? false
    }
}
