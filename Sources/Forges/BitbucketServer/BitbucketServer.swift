// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model

/// Bitbucket Data Center (formerly Bitbucket Server), over its REST API: another product than Bitbucket Cloud, with another API,
/// under the same forge. Written for the versions 8 to 10; also an installation below a path.
///
/// A namespace's id and name are its project's key, `PRJ`, or `~slug` for a user's own; a repository's id is both parts, `PRJ/slug`.
/// https://developer.atlassian.com/server/bitbucket/rest/
struct BitbucketServer: Forge {
    let host: ForgeHost
    let session: Session
    /// Git's own, below the pages: for what the API has no call for.
    private let git: Session
    private let now: @Sendable () -> Int64

    /// - Parameter now: Unix time in seconds, for a commit that is pushed.
    init(
        host: ForgeHost, source: CredentialSource, upstream: Upstream,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
    ) {
        self.host = host
        self.now = now
        let session = { (base: String) in
            Session(
                forge: .bitbucket, base: base, upstream: upstream, source: source,
                authenticate: { (credential) throws(ForgeError) in try BitbucketServer.authenticate(credential) },
                headers: [Upstream.Header("Accept", "application/json")],
                explain: { BitbucketServer.explain($0) },
                refuses: { BitbucketServer.refuses($0) })
        }
        self.session = session(host.api)
        git = session(host.pages + "/scm")
    }

    /// One commit that has no more than this file less, pushed by git.
    func push(
        removalOf location: FileLocation, _ message: String, in place: Place, at tip: String
    ) async throws(ForgeError) {
        let (_, user) = try await user()
        guard let user else {
            throw ForgeError(
                .forbidden, .bitbucket,
                "A project's or repository's own token belongs to no user, who a commit needs. Authorize with a user's token."
            )
        }
        let removal = GitFileRemoval(session: git, repository: "/\(place.key)/\(place.slug).git")
        // A rule of the server's may want that the committer is whoever pushes.
        try await removal.remove(
            location.path, on: location.ref, at: tip,
            GitFileRemoval.Text(
                message: message, name: user.displayName ?? user.name,
                email: user.emailAddress ?? "\(user.slug)@\(Origin(host.pages)?.host ?? "")", time: now()))
    }

    /// There is no call for the current user: every answer names it in a header, and its other facts are then asked for.
    /// The first call needs no rights at all, and is not answered by anything that is no Bitbucket Data Center.
    /// https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-system-maintenance/
    func account() async throws(ForgeError) -> Account {
        let (login, found) = try await user()
        // A project's or a repository's own token belongs to no person.
        guard let found else { return Account(login: login, home: host.pages, avatar: "") }
        return Account(
            login: found.slug, home: host.pages + "/users/" + PercentEncoding.segment(found.slug),
            avatar: found.avatarUrl.map { $0.hasPrefix("/") ? host.pages + $0 : $0 } ?? "")
    }

    /// The user's slug, and what else is known of the user; nil for a token that belongs to nobody.
    func user() async throws(ForgeError) -> (slug: String, user: WireUser?) {
        let user = try await login()
        let segment = try Self.segment(user, of: .namespace)
        guard let found = try await find(Call(.get, "/users/" + segment)) else { return (user, nil) }
        return (user, try session.decode(WireUser.self, found))
    }

    /// The slug of the user whom the credential belongs to.
    func login() async throws(ForgeError) -> String {
        var session = session
        // Without a credential it would be answered, too: to nobody, it speaks against the credential.
        session.refuses = { answer in
            Self.refuses(answer) || (answer.status == 200 && Self.isApplication(answer) && Self.user(in: answer) == nil)
        }
        let answer = try await session.send(Call(.get, "/application-properties"))
        _ = try session.decode(WireApplication.self, answer)
        guard let user = Self.user(in: answer) else {
            throw ForgeError(
                .credentialRejected, .bitbucket,
                "Bitbucket takes the credential for nobody's: it is wrong, expired or revoked. Authorize again.",
                upstreamStatus: answer.status)
        }
        return user
    }

    /// Whether the answer is Bitbucket Data Center's own, not that of a page before it.
    private static func isApplication(_ answer: Upstream.Response) -> Bool {
        do {
            _ = try JSONDecoder().decode(WireApplication.self, from: Data(answer.body))
            return true
        } catch {
            return false
        }
    }

    private struct WireApplication: Decodable {
        let version: String
    }

    /// A user as `/users/{slug}` has it. `slug` is the name in addresses, `name` what the user signs in with.
    struct WireUser: Decodable {
        let name: String
        let slug: String
        let displayName: String?
        let emailAddress: String?
        let avatarUrl: String?
    }

    /// The slug of the user whom Bitbucket takes the request for; nil where it is nobody's. It comes percent-encoded.
    private static func user(in answer: Upstream.Response) -> String? {
        let name = answer.header("X-AUSERNAME")?.removingPercentEncoding ?? ""
        return ["", "anonymous"].contains(name) ? nil : name
    }

    /// HTTP access tokens and OAuth tokens as Bearer; a user's password, or a token in its place, as Basic.
    /// https://confluence.atlassian.com/bitbucketserver/http-access-tokens-939515499.html
    private static func authenticate(_ credential: Credential) throws(ForgeError) -> [Upstream.Header] {
        switch credential {
        case .personal(let token): return [try bearer(token)]
        case .oauth(let tokens): return [try bearer(tokens.accessToken)]
        case .password(let user, let password):
            guard !user.contains(":"), !user.isEmpty else {
                throw ForgeError(
                    .credentialRejected, .bitbucket, "A Bitbucket user name is not empty and has no colon.")
            }
            let pair = Data("\(user):\(password.exposed)".utf8).base64EncodedString()
            return [Upstream.Header("Authorization", "Basic \(pair)")]
        }
    }

    private static func bearer(_ token: Secret) throws(ForgeError) -> Upstream.Header {
        let text = token.exposed
        guard !text.isEmpty, !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw ForgeError(
                .credentialRejected, .bitbucket,
                "A Bitbucket token is not empty and has no spaces or control characters. Copy it again.")
        }
        return Upstream.Header("Authorization", "Bearer \(text)")
    }
}
