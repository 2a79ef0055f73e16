// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// A token that a person has made at the forge's settings page.
struct PersonalToken: Sendable, Codable, Hashable {
    let id: Int
    let userID: Int
    var name: String
    let token: KeptSecret
    var scopes: [String]
    /// Unix time in seconds; nil for one that lives for ever.
    var expires: Int64?
    /// Seconds that it lives from its first use, where its end is not known yet.
    var lifetime: Int64?
    var isRevoked = false
    /// Requests an hour, where this token has a limit of its own.
    var rateLimit: Int?
    /// Whether every request runs into the secondary limit.
    var isThrottled = false
    /// Unix time in seconds.
    var created: Int64

    /// Whether its life begins with its first use, and there was none.
    var isYetToLive: Bool { lifetime != nil && expires == nil }

    mutating func beginToLive(now: Int64) {
        if isYetToLive { expires = lifetime.map { now + $0 } }
    }
}

/// An application that is registered for OAuth.
struct OAuthApplication: Sendable, Codable, Hashable {
    let id: Int
    var name: String
    let clientID: String
    let clientSecret: KeptSecret
    /// Where codes may be sent. Any address on the same scheme, host, port and path counts; an entry that ends with
    /// `:*` stands for every port and path of that host.
    var redirectURIs: [String]
    var scopes: [String]
}

/// A code that an application may change once for tokens.
struct AuthorizationCode: Sendable, Codable, Hashable {
    let code: KeptSecret
    let applicationID: Int
    let userID: Int
    let redirectURI: String
    let scopes: [String]
    /// PKCE: the S256 challenge (or the plain one).
    let challenge: String?
    let challengeMethod: PKCEMethod
    /// Unix time in seconds.
    let expires: Int64
    /// The grant that came of it. A code that is used twice ends that grant (RFC 6749 §4.1.2).
    var grantID: Int?
}

/// An access token with its refresh token, as one application holds them for one user.
struct OAuthGrant: Sendable, Codable, Hashable {
    let id: Int
    let applicationID: Int
    let userID: Int
    let scopes: [String]
    var accessToken: KeptSecret
    /// Unix time in seconds; nil for one that lives for ever.
    var accessExpires: Int64?
    /// Unix time in seconds from which the access token is refused, whatever its end; nil for never.
    var accessRevoked: Int64?
    var refreshToken: KeptSecret?
    var refreshExpires: Int64?
    /// Unix time in seconds: when the present pair was made.
    var created: Int64
    var isRevoked = false
}

/// A browser that has opened a page; signed in or not yet.
struct SignInSession: Sendable, Codable, Hashable {
    /// The cookie's value.
    let id: KeptSecret
    /// The hidden field that forms must send back.
    let formToken: KeptSecret
    var userID: Int?
}

/// What a presented token proves.
struct Identity: Sendable, Hashable {
    enum Source: Sendable, Hashable {
        case personal(tokenID: Int)
        case oauth(grantID: Int, applicationID: Int)
    }

    let user: SandboxUser
    let scopes: Set<String>
    let source: Source
    /// Unix time in seconds.
    let expires: Int64?
    /// Requests an hour, where this token has a limit of its own.
    let rateLimit: Int?
    /// Whether every request runs into the secondary limit.
    let isThrottled: Bool

    /// One key for each token, for counters. Not the token itself.
    var key: String {
        switch source {
        case .personal(let id): "personal-\(id)"
        case .oauth(let id, _): "oauth-\(id)"
        }
    }
}

/// Why a presented token proves nothing.
enum TokenRefusal: Error, Sendable, Equatable {
    case unknown
    case expired
    case revoked
}
