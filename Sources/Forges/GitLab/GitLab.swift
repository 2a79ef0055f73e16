// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

/// GitLab, over its REST API, version 4: gitlab.com and self-managed, also an installation below a path.
///
/// One folder for one forge: each verb stands in the file of its noun, with the wire structs that only it needs below.
/// What GitLab's pages leave open, and what its servers do beside them, stands where the code depends on it.
/// https://docs.gitlab.com/api/rest/
struct GitLab: Forge {
    let host: ForgeHost
    let session: Session

    init(host: ForgeHost, source: CredentialSource, upstream: Upstream) {
        self.host = host
        session = Session(
            forge: .gitlab, base: host.api, upstream: upstream, source: source,
            authenticate: { (credential) throws(ForgeError) in try GitLab.authenticate(credential) },
            headers: [Upstream.Header("Accept", "application/json")],
            explain: { GitLab.explain($0) })
    }

    /// https://docs.gitlab.com/api/users/#retrieve-the-current-user
    func account() async throws(ForgeError) -> Account {
        Account(try await session.value(WireUser.self, Call(.get, "/user")))
    }

    struct WireUser: Decodable {
        let username: String
        let web_url: String
        let avatar_url: String?
    }

    /// https://docs.gitlab.com/api/rest/authentication/
    private static func authenticate(_ credential: Credential) throws(ForgeError) -> [Upstream.Header] {
        switch credential {
        case .personal(let token): [Upstream.Header("PRIVATE-TOKEN", token.exposed)]
        case .oauth(let tokens): [Upstream.Header("Authorization", "Bearer " + tokens.accessToken.exposed)]
        case .password:
            throw ForgeError(
                .unsupported, .gitlab,
                "GitLab's API takes no password. Authorize with a personal access token or by OAuth.")
        }
    }
}

extension Account {
    fileprivate init(_ wire: GitLab.WireUser) {
        self.init(login: wire.username, home: wire.web_url, avatar: wire.avatar_url ?? "")
    }
}

/// What all verbs need to make their calls.
extension GitLab {
    /// GitLab's largest page. https://docs.gitlab.com/api/rest/#pagination
    static let pageSize = (name: "per_page", value: "100")

    /// One segment of a path, its slashes as `%2F` and its dots as `%2E`: a name such as `app.json` must not be taken
    /// for a format. Throws ``ForgeError/Code/notFound`` for what no address can name: an empty text, and `.` and `..`,
    /// which a server or proxy would take for a step in the path, and so for another resource.
    static func segment(_ text: String, of missing: Missing) throws(ForgeError) -> String {
        guard !["", ".", ".."].contains(text) else { throw notFound(missing) }
        return PercentEncoding.segment(text).split(separator: ".", omittingEmptySubsequences: false)
            .joined(separator: "%2E")
    }

    /// A call with a JSON body.
    static func call(
        _ method: Upstream.Method, _ path: String, sending body: some Encodable, expecting expected: Set<Int>
    ) throws(ForgeError) -> Call {
        do {
            return Call(
                method, path, headers: [Upstream.Header("Content-Type", "application/json")],
                body: Array(try JSONEncoder().encode(body)), expecting: expected)
        } catch {
            throw ForgeError(.invalidRequest, .gitlab, "The request cannot be written as JSON. Check its texts.")
        }
    }

    /// The answer of a call, or nil where GitLab has nothing there.
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

extension String {
    /// Whether the text is a number, as GitLab's ids are. ASCII digits only.
    var isNumber: Bool {
        !isEmpty && utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
