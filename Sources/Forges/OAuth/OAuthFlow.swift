// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials
package import Model

/// The authorization code grant with PKCE at one application, and the renewal of what it gave.
///
/// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps and
/// https://docs.gitlab.com/api/oauth2/#authorization-code-with-proof-key-for-code-exchange-pkce and
/// https://developer.atlassian.com/cloud/bitbucket/oauth-2/, which says nothing of PKCE: what an endpoint does not know, it has
/// to pass over (RFC 6749 §3.1).
package struct OAuthFlow: Sendable {
    let application: OAuthApplication
    let upstream: Upstream
    let now: @Sendable () -> Int64

    /// - Parameter now: Unix time in seconds, from which a token's lifetime is counted.
    package init(
        _ application: OAuthApplication, upstream: Upstream,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
    ) {
        self.application = application
        self.upstream = upstream
        self.now = now
    }

    /// The address that a person opens to grant access.
    ///
    /// ServiceStage's parameters come first and in its order, with spaces as `%20`; clients are known to compare the text.
    package func authorizeURL(state: String, verifier: Secret) -> String {
        let parameters = [
            ("client_id", application.clientID), ("redirect_uri", application.redirectURI), ("state", state),
            ("scope", application.scopes.joined(separator: " ")), ("response_type", "code"),
            ("code_challenge", Self.challenge(of: verifier)), ("code_challenge_method", "S256"),
        ]
        return application.authorizeAddress + "?" + Self.encoded(parameters)
    }

    /// A new PKCE code verifier: 43 characters from 32 random bytes.
    /// https://www.rfc-editor.org/rfc/rfc7636#section-4.1
    package static func makeVerifier() -> Secret {
        var generator = SystemRandomNumberGenerator()
        return Secret(base64url((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }))
    }

    /// Turns the code that came back with the user into tokens.
    ///
    /// Throws ``ForgeError/Code/oauthRejected`` for a code that is wrong, used or too old. What only the operator can mend (the
    /// application's id, secret or redirect address) is ``ForgeError/Code/unavailable`` with a sentence that says so.
    package func exchange(code: Secret, verifier: Secret) async throws(ForgeError) -> OAuthTokens {
        guard !code.exposed.isEmpty else { throw refused(.code) }
        let answer = try await ask(
            [
                ("grant_type", "authorization_code"), ("code", code.exposed),
                ("redirect_uri", application.redirectURI), ("code_verifier", verifier.exposed),
            ], for: .code)
        return OAuthTokens(
            accessToken: answer.accessToken, refreshToken: answer.refreshToken, expires: expiry(answer.lifetime),
            scopes: answer.scopes ?? application.scopes)
    }

    /// New tokens for old ones. The refresh token stays the old one where the forge gives no new one.
    ///
    /// Throws ``ForgeError/Code/credentialRejected`` where there is no refresh token or the forge no longer takes it; an outage
    /// or a rate limit is ``ForgeError/Code/unavailable``, ``ForgeError/Code/timedOut`` or ``ForgeError/Code/rateLimited`` and says
    /// nothing about the grant.
    package func refresh(_ tokens: OAuthTokens) async throws(ForgeError) -> OAuthTokens {
        guard let token = tokens.refreshToken else { throw refused(.refreshToken) }
        let answer = try await ask(
            [
                ("grant_type", "refresh_token"), ("refresh_token", token.exposed),
                ("redirect_uri", application.redirectURI),
            ], for: .refreshToken)
        return OAuthTokens(
            accessToken: answer.accessToken, refreshToken: answer.refreshToken ?? token,
            expires: expiry(answer.lifetime), scopes: answer.scopes ?? tokens.scopes)
    }

    private func ask(
        _ parameters: [(String, String)], for grant: OAuthAnswer.Grant
    ) async throws(ForgeError) -> OAuthAnswer.Tokens {
        var headers = [
            Upstream.Header("Accept", "application/json"),
            Upstream.Header("Content-Type", "application/x-www-form-urlencoded"),
        ]
        var all = parameters
        if application.provesByBasic {
            headers.append(basicProof)
        } else {
            all = bodyProof + parameters
        }
        let request = Upstream.Request(
            .post, application.tokenAddress, headers: headers, body: Array(Self.encoded(all).utf8))
        let response = try await upstream.send(request, to: application.host.forge)
        return try OAuthAnswer(response, forge: application.host.forge).tokens(for: grant)
    }

    /// The application's id and secret as Basic authentication.
    var basicProof: Upstream.Header {
        let pair = Data("\(application.clientID):\(application.clientSecret.exposed)".utf8).base64EncodedString()
        return Upstream.Header("Authorization", "Basic " + pair)
    }

    /// The application's id and secret as members of a form.
    var bodyProof: [(String, String)] {
        [("client_id", application.clientID), ("client_secret", application.clientSecret.exposed)]
    }

    private func refused(_ grant: OAuthAnswer.Grant) -> ForgeError {
        grant.refusal(by: application.host.forge)
    }

    /// At most ten years from now: a forge's nonsense must not overflow.
    private func expiry(_ lifetime: Int64?) -> Int64? {
        lifetime.map { now() + min($0, 315_360_000) }
    }

    static func encoded(_ parameters: [(String, String)]) -> String {
        parameters.map { $0.0 + "=" + PercentEncoding.segment($0.1) }.joined(separator: "&")
    }

    /// https://www.rfc-editor.org/rfc/rfc7636#section-4.2
    private static func challenge(of verifier: Secret) -> String {
        base64url(Array(SHA256.hash(data: Data(verifier.exposed.utf8))))
    }

    private static func base64url(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
