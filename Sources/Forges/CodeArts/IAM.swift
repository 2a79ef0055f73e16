// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

/// Where an installation's tokens come from, where it is not at Huawei Cloud.
package struct IAMService: Hashable, Sendable {
    /// The address of the Identity and Access Management service, no slash at its end.
    package let address: String
    /// The name of the project that tokens are asked for; nil for the user's whole domain.
    package let project: String?

    package init(address: String, project: String?) {
        self.address = address
        self.project = project
    }
}

/// Identity and Access Management: turns the user and password of an authorization into the token that the API wants.
/// https://support.huaweicloud.com/intl/en-us/api-iam/iam_30_0001.html
struct IAM: Sendable {
    let service: IAMService
    let upstream: Upstream

    /// A region's own IAM; what the operator has set for an installation; else the installation's own origin.
    init(host: ForgeHost, upstream: Upstream) {
        self.upstream = upstream
        if let region = Origin(host.api).flatMap({ CodeArtsRegion(host: $0.host) }) {
            service = IAMService(address: region.identity, project: region.name)
        } else {
            service = upstream.identities[host] ?? IAMService(address: host.api, project: nil)
        }
    }

    /// A source of tokens over a source of passwords. A token that the forge refuses is changed for another one once.
    /// - Parameter proves: whether to sign in although a token is known: that one stays good for a while after the password
    ///   was changed, and proves nothing about it.
    func source(over passwords: CredentialSource, proves: Bool = false) -> CredentialSource {
        CredentialSource(
            current: { () throws(ForgeError) in
                .personal(try await token(over: passwords) { proves ? upstream.iamTokens.known($0) : nil })
            },
            renewed: { (refused) throws(ForgeError) in
                guard case .personal(let token) = refused else { return nil }
                return .personal(try await self.token(over: passwords) { _ in token })
            },
            proved: passwords.proved)
    }

    /// When the password ends, as IAM told with the newest token; nil where it has told none, or no end.
    func passwordEnd(over passwords: CredentialSource) async throws(ForgeError) -> Int64? {
        guard case .password(let user, let password) = try await passwords.current() else { return nil }
        return upstream.iamTokens.passwordEnd(key(user, password))
    }

    private func key(_ user: String, _ password: Secret) -> IAMTokens.Key {
        upstream.iamTokens.key(
            address: service.address, scope: service.project ?? "", user: user, password: password)
    }

    private func token(
        over passwords: CredentialSource, otherThan refused: (IAMTokens.Key) -> Secret?
    ) async throws(ForgeError) -> Secret {
        guard case .password(let user, let password) = try await passwords.current() else {
            throw ForgeError(
                .unsupported, .devcloud,
                "CodeArts Repo's API takes no personal or OAuth token. Authorize with a password.")
        }
        let login = try Login(user: user, password: password, project: service.project)
        let key = key(user, password)
        do throws(ForgeError) {
            return try await upstream.iamTokens.token(for: key, otherThan: refused(key)) { () throws(ForgeError) in
                try await login.send(to: service.address, upstream)
            }
        } catch {
            if error.code == .credentialRejected { await passwords.proved(false) }
            throw error
        }
    }
}

/// One request for a token.
private struct Login {
    private let body: WireRequest

    init(user: String, password: Secret, project: String?) throws(ForgeError) {
        let parts = user.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else {
            throw ForgeError(
                .invalidRequest, .devcloud,
                "user must be the account's name and the user's name with a slash between them, such as acme/alice.")
        }
        // An account is also its own first user, of the same name.
        let domain = WireName(name: parts[0])
        let person = WireRequest.Person(
            name: parts[parts.count - 1], password: password.exposed, domain: domain)
        body = WireRequest(
            identity: .init(methods: ["password"], password: .init(user: person)),
            scope: project.map { .init(project: WireName(name: $0), domain: nil) }
                ?? .init(project: nil, domain: domain))
    }

    /// A redirect is not followed: the password is for this address alone.
    func send(to address: String, _ upstream: Upstream) async throws(ForgeError) -> IAMToken {
        let call = try Call(.post, "/v3/auth/tokens").sending(["auth": body], to: .devcloud)
        let request = Upstream.Request(
            .post, address + "/v3/auth/tokens?nocatalog=true",
            headers: [Upstream.Header("Accept", "application/json")] + call.headers, body: call.body)
        let answer = try await upstream.send(request, to: .devcloud)
        guard answer.status == 201 else { throw Self.explain(answer) }
        guard let token = answer.header("X-Subject-Token"), !token.isEmpty, !CodeArts.Refusal(answer).isPage else {
            throw ForgeError(
                .unavailable, .devcloud, "IAM answered without a token. Check the host, then try again later.",
                upstreamStatus: answer.status)
        }
        let said = Self.facts(in: answer)
        // An hour where the answer names no end, which it does in Huawei's own cloud.
        return IAMToken(
            text: Secret(token),
            expires: said?.expires_at.flatMap(Timestamp.seconds) ?? Int64(Date().timeIntervalSince1970) + 3600,
            passwordExpires: said?.user?.password_expires_at.flatMap(Timestamp.seconds))
    }

    /// What stands with the token; nil where nothing does that is understood.
    private static func facts(in answer: Upstream.Response) -> WireAnswer.Token? {
        do {
            return try JSONDecoder().decode(WireAnswer.self, from: Data(answer.body)).token
        } catch {
            return nil
        }
    }

    /// IAM has errors of two forms, neither of which is needed: `{"error": {"code", "message", "title"}}` and
    /// `{"error_code", "error_msg"}`.
    private static func explain(_ answer: Upstream.Response) -> ForgeError {
        let refusal = CodeArts.Refusal(answer)
        let (code, sentence): (ForgeError.Code, String) =
            switch answer.status {
            case 429: (.rateLimited, "IAM's limit of logins is reached. Wait, then try again.")
            case _ where refusal.isPage:
                (.unavailable, "A web page answered instead of IAM. Check the host, and what stands before it.")
            case 401:
                (
                    .credentialRejected,
                    "IAM rejects the user or the password. The user is the account's and the user's name with a slash between them. Authorize again."
                )
            case 403:
                (
                    .forbidden,
                    "IAM forbids the user to get a token: it may be locked, or have no programmatic access. Ask the account's administrator."
                )
            case 400, 413, 422:
                (
                    .invalidRequest,
                    "IAM does not understand the user or the project. The user is the account's and the user's name with a slash between them."
                )
            case 500...: (.unavailable, "IAM failed (\(answer.status)). Try again later.")
            default:
                (
                    .unavailable,
                    "There is no IAM at this host (\(answer.status)). Check host; the operator can name another one (forges.devcloud.iam)."
                )
            }
        return ForgeError(
            code, .devcloud, sentence, upstreamStatus: answer.status, upstreamRequestID: CodeArts.requestID(of: answer),
            retryAfter: CodeArts.retryAfter(in: answer))
    }
}

private struct WireName: Encodable {
    let name: String
}

/// Its names are IAM's.
private struct WireRequest: Encodable {
    struct Identity: Encodable {
        let methods: [String]
        let password: Password
    }

    struct Password: Encodable {
        let user: Person
    }

    struct Person: Encodable {
        let name: String
        let password: String
        let domain: WireName
    }

    struct Scope: Encodable {
        let project: WireName?
        let domain: WireName?
    }

    let identity: Identity
    let scope: Scope
}

private struct WireAnswer: Decodable {
    struct Token: Decodable {
        let expires_at: String?
        let user: User?
    }

    struct User: Decodable {
        /// Empty, or nothing, where the password has no end.
        let password_expires_at: String?
    }

    let token: Token
}
