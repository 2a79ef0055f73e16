// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

/// Bitbucket Cloud, over its REST API, version 2.0. Bitbucket Data Center has an API and an adapter of its own.
///
/// A namespace is a workspace, its id and name are the workspace's slug; a repository's id is its full name,
/// `workspace/slug`. UUIDs in braces are taken in place of either.
/// https://developer.atlassian.com/cloud/bitbucket/rest/intro/
struct Bitbucket: Forge {
    let host: ForgeHost
    let session: Session

    init(host: ForgeHost, source: CredentialSource, upstream: Upstream) {
        self.host = host
        session = Session(
            forge: .bitbucket, base: host.api, upstream: upstream, source: source,
            authenticate: { (credential) throws(ForgeError) in try Login(credential).headers() },
            headers: [Upstream.Header("Accept", "application/json")],
            explain: { Bitbucket.explain($0) })
    }

    /// Bitbucket shows no account to the access tokens of repositories, projects and workspaces. They act for the
    /// workspace that was given with them, or for git's user name of theirs.
    /// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/#api-user-get and
    /// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#access-tokens
    func account() async throws(ForgeError) -> Account {
        let login = try Login(try await session.source.current())
        if case .accessToken(_, let workspace?) = login { return try await account(ofWorkspace: workspace) }
        guard let wire = try await user() else {
            return Account(login: Login.accessTokenUser, home: host.pages, avatar: "")
        }
        guard let name = wire.name else { throw session.nonsense("a user without a name") }
        let home = wire.uuid.map { "\(host.pages)/\(PercentEncoding.segment($0))/" } ?? host.pages
        return Account(login: name, home: wire.links?.html?.href ?? home, avatar: wire.links?.avatar?.href ?? "")
    }

    /// The account behind the credential; nil for an access token, which Bitbucket refuses for what it is. Its being refused so
    /// proves it, as a bad one is answered with 401.
    func user() async throws(ForgeError) -> WireUser? {
        try await userAnswer().user
    }

    /// The same with the answer, whose headers tell of the credential.
    func userAnswer() async throws(ForgeError) -> (user: WireUser?, answer: Upstream.Response) {
        let answer = try await session.send(Call(.get, "/user", expecting: [200, 403]))
        guard answer.status == 403 else { return (try session.decode(WireUser.self, answer), answer) }
        guard case .accessToken = try Login(try await session.source.current()), Refusal(answer).isAboutTheKindOfToken
        else { throw Self.explain(answer) }
        // The session takes a 403 for no proof.
        await session.source.proved(true)
        return (nil, answer)
    }

    private func account(ofWorkspace workspace: String) async throws(ForgeError) -> Account {
        let call = Call(.get, "/workspaces/" + (try Self.segment(workspace, of: .workspace)))
        let wire: WireWorkspace
        do {
            wire = try await session.value(WireWorkspace.self, call)
        } catch {
            // A wrong workspace must not look like a host without this API.
            throw error.code == .notFound
                ? error.becoming(
                    .credentialRejected,
                    "Bitbucket shows this access token no workspace \(Quotation.of(workspace)). Check the part before the colon."
                )
                : error
        }
        return Account(
            login: wire.slug, home: wire.links?.html?.href ?? "\(host.pages)/\(wire.slug)/",
            avatar: wire.links?.avatar?.href ?? "")
    }

    struct WireLink: Decodable {
        let href: String
        let name: String?
    }

    struct WireLinks: Decodable {
        let html: WireLink?
        let avatar: WireLink?
    }

    struct WireUser: Decodable {
        let uuid: String?
        /// What addresses have. Only the user's own account has it, and not always.
        let username: String?
        /// Need not be unique.
        let nickname: String?
        let display_name: String?
        let links: WireLinks?

        var name: String? {
            [username, nickname, display_name].compactMap(\.self).first { !$0.isEmpty }
        }
    }

    struct WireWorkspace: Decodable {
        let slug: String
        let uuid: String?
        let links: WireLinks?
    }
}

/// What all verbs need to make their calls.
extension Bitbucket {
    /// Bitbucket's largest page. https://developer.atlassian.com/cloud/bitbucket/rest/intro/#pagination
    static let pageLength = (name: "pagelen", value: "100")

    /// One segment of a path. Throws ``ForgeError/Code/notFound`` for what no address can name: an empty text, and `.` and
    /// `..`, which a server or proxy would take for a step in the path.
    static func segment(_ text: String, of missing: Missing) throws(ForgeError) -> String {
        guard !["", ".", ".."].contains(text) else { throw notFound(missing) }
        return PercentEncoding.segment(text)
    }

    /// The address of a repository's resources: `/repositories/{workspace}/{slug}`.
    func path(of repository: RepositoryReference) throws(ForgeError) -> String {
        let parts =
            repository.project.contains("/")
            ? repository.project.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            : [repository.namespace, repository.project]
        guard parts.count == 2 else { throw Self.notFound(.repository) }
        return "/repositories/" + (try Self.segment(parts[0], of: .workspace)) + "/"
            + (try Self.segment(parts[1], of: .repository))
    }

    private struct WirePage<Wire: Decodable>: Decodable {
        let values: [Wire]
        let next: String?
    }

    /// All items of a paged list. The address of the next page is in the body and is followed as it stands.
    func list<Wire: Decodable>(of type: Wire.Type = Wire.self, _ call: Call) async throws(ForgeError) -> [Wire] {
        var items: [Wire] = []
        var seen: Set<String> = []
        var next: Call? = call
        while let call = next {
            guard seen.count < Session.pageLimit, seen.insert(call.path).inserted else {
                throw session.nonsense("an endless list")
            }
            let page = try await session.value(WirePage<Wire>.self, call)
            items += page.values
            next = page.next.flatMap { $0.isEmpty ? nil : Call(.get, $0) }
        }
        return items
    }

    /// The answer of a call, or nil where Bitbucket has nothing there.
    func find(_ call: Call) async throws(ForgeError) -> Upstream.Response? {
        do {
            return try await session.send(call)
        } catch {
            // A web page's 404 is no evidence: it has another code.
            guard error.code == .notFound, error.upstreamStatus == 404 else { throw error }
            return nil
        }
    }
}
