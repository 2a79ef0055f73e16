// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// What opens a forge for one user. Lives sealed in the vault and, opened, only between the vault and an adapter.
package enum Credential: Sendable, Hashable {
    /// A token that the user made in the forge's settings.
    case personal(Secret)
    /// The tokens of an OAuth grant.
    case oauth(OAuthTokens)
    /// A user name and a password, or whatever the forge takes in a password's place.
    case password(user: String, password: Secret)

    package var mode: AuthorizationMode {
        switch self {
        case .personal: .personal
        case .oauth: .oauth
        case .password: .password
        }
    }

    /// Unix time in seconds at which it ends unless somebody acts; nil where it can be renewed, and where no end is known.
    package var end: Int64? {
        guard case .oauth(let tokens) = self, tokens.refreshToken == nil else { return nil }
        return tokens.expires
    }

    /// Whether new tokens can be had for it without its user.
    package var isRenewable: Bool {
        guard case .oauth(let tokens) = self else { return false }
        return tokens.refreshToken != nil
    }
}

/// The tokens of an OAuth grant, as a forge's token endpoint answered them.
package struct OAuthTokens: Sendable, Hashable {
    package var accessToken: Secret
    /// nil where the forge's tokens do not expire or cannot be renewed.
    package var refreshToken: Secret?
    /// Unix time in seconds at which the access token ends; nil when the forge names no end.
    package var expires: Int64?
    package var scopes: [String]
    /// The refresh token that these tokens were got with, where it was another one. Some forges end it only when the new tokens are used:
    /// should they never have got into force there, it still renews the grant.
    package var previousRefreshToken: Secret?

    package init(accessToken: Secret, refreshToken: Secret?, expires: Int64?, scopes: [String]) {
        self.accessToken = accessToken
        self.refreshToken = refreshToken
        self.expires = expires
        self.scopes = scopes
    }
}
