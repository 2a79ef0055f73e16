// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

/// Gitee, over its API version 5: gitee.com and Gitee's private edition.
///
/// A namespace's id and name are its path (a user's login); a repository's id is its full name, `owner/repo`. Most of
/// what is told here of errors is in no page of Gitee's: each verb finds out afterwards what stood against it.
/// https://gitee.com/api/v5/swagger
struct Gitee: Forge {
    let host: ForgeHost
    let session: Session
    /// Git's own way in, for what the API has no call for.
    let push: GitPush

    init(host: ForgeHost, source: CredentialSource, upstream: Upstream) {
        self.host = host
        // Without one Gitee answers 403.
        let agent = Upstream.Header("User-Agent", "gatehouse")
        session = Session(
            forge: .gitee, base: host.api, upstream: upstream, source: source,
            authenticate: { (credential) throws(ForgeError) in try Gitee.authenticate(credential) },
            headers: [Upstream.Header("Accept", "application/json"), agent], explain: { Gitee.explain($0) })
        push = GitPush(
            session: Session(
                forge: .gitee, base: host.pages, upstream: upstream, source: source,
                authenticate: { (credential) throws(ForgeError) in try Gitee.authenticateGit(credential) },
                headers: [agent], explain: { Gitee.explain($0) }),
            noun: "tag")
    }

    /// https://gitee.com/api/v5/swagger#/getV5User
    func account() async throws(ForgeError) -> Account {
        Account(try await session.value(WireUser.self, Call(.get, "/user")))
    }

    struct WireUser: Decodable {
        let login: String
        let html_url: String
        let avatar_url: String?
    }

    /// Gitee's pages have the token as a parameter, `access_token`, of the query or the form. A header is taken as well,
    /// and is written into no log: `token` is Gitee's own word, `Bearer` OAuth's.
    private static func authenticate(_ credential: Credential) throws(ForgeError) -> [Upstream.Header] {
        switch credential {
        case .personal(let token): [Upstream.Header("Authorization", "token " + (try plain(token)))]
        case .oauth(let tokens): [Upstream.Header("Authorization", "Bearer " + (try plain(tokens.accessToken)))]
        case .password: throw noPassword
        }
    }

    /// Git takes either kind of token as a password, the user being called `oauth2`.
    private static func authenticateGit(_ credential: Credential) throws(ForgeError) -> [Upstream.Header] {
        let token: Secret
        switch credential {
        case .personal(let secret): token = secret
        case .oauth(let tokens): token = tokens.accessToken
        case .password: throw noPassword
        }
        let pair = Data("oauth2:\(try plain(token))".utf8).base64EncodedString()
        return [Upstream.Header("Authorization", "Basic " + pair)]
    }

    private static func plain(_ token: Secret) throws(ForgeError) -> String {
        let text = token.exposed
        guard !text.isEmpty, !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw ForgeError(
                .credentialRejected, .gitee,
                "A Gitee token is not empty and has no spaces or control characters. Copy it again.")
        }
        return text
    }

    private static let noPassword = ForgeError(
        .unsupported, .gitee, "Gitee's API takes no password. Authorize with a personal access token or by OAuth.")
}

extension Account {
    fileprivate init(_ wire: Gitee.WireUser) {
        self.init(login: wire.login, home: wire.html_url, avatar: wire.avatar_url ?? "")
    }
}

extension Gitee {
    /// A repository's place in the API.
    struct Place: Sendable {
        let owner: String
        let name: String

        /// Holds nothing that would need encoding.
        var path: String { "/repos/\(owner)/\(name)" }
        /// The same below the pages' address.
        var gitPath: String { "/\(owner)/\(name).git" }
    }

    /// The repository that a caller named by its name in a namespace, or by its full name.
    func place(_ repository: RepositoryReference) throws(ForgeError) -> Place {
        let parts =
            repository.project.contains("/")
            ? repository.project.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            : [repository.namespace, repository.project]
        guard parts.count == 2, parts.allSatisfy(Self.isName) else { throw Gitee.notFound(.repository) }
        return Place(owner: parts[0], name: parts[1])
    }

    /// Whether the text may be the path of a user, an organisation, an enterprise or a repository: up to 191 ASCII
    /// letters, digits, `.`, `_` and `-`.
    static func isName(_ text: String) -> Bool {
        let plain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return plain && (1...191).contains(text.utf8.count) && text != "." && text != ".."
    }

    /// The answer of a call, or nil where Gitee has nothing there.
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
        try await session.value(WireRepository.self, Call(.get, place.path)).empty_repo ?? false
    }
}
