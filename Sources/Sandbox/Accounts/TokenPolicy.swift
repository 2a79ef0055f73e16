// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// How long tokens live and what they look like: as the forge has it, as far as the sandbox's options leave it so.
struct TokenPolicy: Sendable {
    /// Seconds; nil for ever (then there is no refresh token either).
    let accessLifetime: Int64?
    /// Seconds after which an access token is taken for a revoked one, whatever its lifetime; nil for never.
    let revokedAfter: Int64?
    /// Seconds; nil for ever.
    let refreshLifetime: Int64?
    private let hasRefreshTokens: Bool
    private let accessToken: @Sendable () -> String
    private let refreshToken: @Sendable () -> String

    /// - Parameters:
    ///   - accessLifetime: in seconds, the forge's own.
    ///   - refreshLifetime: in seconds, the forge's own; nil for ever.
    ///   - accessToken: makes an access token's text.
    ///   - refreshToken: makes a refresh token's text.
    init(
        accessLifetime: Int64, refreshLifetime: Int64?, options: SandboxOptions,
        accessToken: @escaping @Sendable () -> String, refreshToken: @escaping @Sendable () -> String
    ) {
        self.accessLifetime = options.hasAccessTokenEnd ? options.accessTokenLifetime ?? accessLifetime : nil
        revokedAfter = options.accessTokenRevokedAfter
        self.refreshLifetime = options.refreshTokenLifetime ?? refreshLifetime
        hasRefreshTokens = options.hasAccessTokenEnd && options.hasRefreshTokens
        self.accessToken = accessToken
        self.refreshToken = refreshToken
    }

    /// A new pair in a grant, which begins with it or is renewed.
    func fill(_ grant: inout OAuthGrant, now: Int64) {
        grant.accessToken = KeptSecret(accessToken())
        grant.accessExpires = accessLifetime.map { now + $0 }
        grant.accessRevoked = revokedAfter.map { now + $0 }
        grant.refreshToken = hasRefreshTokens ? KeptSecret(refreshToken()) : nil
        grant.refreshExpires = hasRefreshTokens ? refreshLifetime.map { now + $0 } : nil
        grant.created = now
    }

    /// A new grant with its first pair.
    func grant(id: Int, applicationID: Int, userID: Int, scopes: [String], now: Int64) -> OAuthGrant {
        var grant = OAuthGrant(
            id: id, applicationID: applicationID, userID: userID, scopes: scopes, accessToken: KeptSecret(""),
            created: now)
        fill(&grant, now: now)
        return grant
    }
}
