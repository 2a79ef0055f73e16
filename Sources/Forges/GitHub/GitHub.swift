// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

/// GitHub: github.com, Enterprise Cloud with data residency and Enterprise Server.
///
/// A namespace's id and name are its login; a repository's id is its full name, `owner/repo`.
/// https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api
struct GitHub: Forge {
    let host: ForgeHost
    let session: Session

    /// - Parameter now: Unix time in seconds, against which GitHub's rate limit's end is read.
    init(
        host: ForgeHost, source: CredentialSource, upstream: Upstream,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
    ) {
        self.host = host
        session = Session(
            forge: .github, base: host.api, upstream: upstream, source: source,
            authenticate: Self.authenticate,
            headers: [
                Upstream.Header("Accept", "application/vnd.github+json"),
                Upstream.Header("X-GitHub-Api-Version", "2022-11-28"),
            ],
            explain: { response in GitHubAnswer(response, host: host, now: now()).error })
    }

    /// https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api
    @Sendable private static func authenticate(_ credential: Credential) throws(ForgeError) -> [Upstream.Header] {
        switch credential {
        case .personal(let token): return [try bearer(token)]
        case .oauth(let tokens): return [try bearer(tokens.accessToken)]
        case .password(let user, let password):
            guard !user.contains(":"), !user.isEmpty else {
                throw ForgeError(.credentialRejected, .github, "A GitHub user name is not empty and has no colon.")
            }
            let pair = Data("\(user):\(password.exposed)".utf8).base64EncodedString()
            return [Upstream.Header("Authorization", "Basic \(pair)")]
        }
    }

    /// A token of whatever length and form, as long as a header can carry it.
    private static func bearer(_ token: Secret) throws(ForgeError) -> Upstream.Header {
        let text = token.exposed
        guard !text.isEmpty, !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw ForgeError(
                .credentialRejected, .github,
                "A GitHub token is not empty and has no spaces or control characters. Copy it again.")
        }
        return Upstream.Header("Authorization", "Bearer \(text)")
    }
}

extension GitHub {
    /// A repository's place in the API.
    struct Place: Sendable {
        let owner: String
        let name: String

        var fullName: String { owner + "/" + name }
        /// Holds nothing that would need encoding.
        var path: String { "/repos/" + fullName }
        /// For sentences.
        var quoted: String { Quotation.of(fullName) }

        func missing(_ what: String) -> String {
            "GitHub has no \(what) in the repository \(quoted), or the credential may not see it."
        }
    }

    /// The repository that a caller named by its name in a namespace, or by its full name.
    func place(_ repository: RepositoryReference) throws(ForgeError) -> Place {
        let parts =
            repository.project.contains("/")
            ? repository.project.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            : [repository.namespace, repository.project]
        guard parts.count == 2, parts.allSatisfy(Self.isName) else {
            throw ForgeError(
                .notFound, .github,
                "\(Quotation.of(parts.joined(separator: "/"))) names no repository at GitHub, where it would be owner/repository."
            )
        }
        return Place(owner: parts[0], name: parts[1])
    }

    /// Whether the text may be the name of a user, an organisation or a repository: up to 100 ASCII letters, digits, `.`, `_`, `-`.
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

    /// Makes a call; `missing` is the sentence for a 404.
    func send(
        _ call: Call, missing: @autoclosure () -> String
    ) async throws(ForgeError) -> Upstream.Response {
        do {
            return try await session.send(call)
        } catch {
            throw error.saying(missing(), of: .notFound)
        }
    }

    /// Reads a list to its end, a hundred items a page; `missing` is the sentence for a 404.
    func list<Wire: Decodable>(
        of type: Wire.Type = Wire.self, _ path: String, query: [(name: String, value: String)] = [],
        missing: @autoclosure () -> String
    ) async throws(ForgeError) -> [Wire] {
        do {
            return try await session.list(of: type, Call(.get, path, query: query + [("per_page", "100")]))
        } catch {
            throw error.saying(missing(), of: .notFound)
        }
    }

    /// Reads one thing; `missing` is the sentence for a 404.
    func value<Wire: Decodable>(
        _ type: Wire.Type = Wire.self, _ call: Call, missing: @autoclosure () -> String
    ) async throws(ForgeError) -> Wire {
        try session.decode(type, try await send(call, missing: missing()))
    }
}
