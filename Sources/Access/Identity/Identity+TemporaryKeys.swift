// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Model
package import Storage

/// A new temporary access key with its secrets, which are shown this once and never again.
package struct IssuedTemporaryKey: Sendable {
    package let key: AccessKey
    package let secret: Secret
    /// What goes into `X-Security-Token`.
    package let token: Secret
    package let caller: Caller

    package var accessKeyID: String { key.id }
}

extension Identity {
    /// Before the random part of a security token.
    static let securityTokenPrefix = "gatests_"

    /// Makes a temporary access key for the bearer of a token: `POST /v3.0/OS-CREDENTIAL/securitytokens`, answered 201.
    ///
    /// It outlives the token, as at the cloud; it ends with its time, with its user, and with the user's password.
    /// - Parameter header: the value of `X-Auth-Token`.
    /// - Throws: ``AccessError/Code/unauthenticated``, ``AccessError/Code/tokenExpired``,
    ///   ``AccessError/Code/invalidRequest`` for two different tokens, ``AccessError/Code/unavailable``.
    package func issueTemporaryKey(
        _ request: TemporaryKeyRequest, header: String?
    ) async throws(AccessError) -> IssuedTemporaryKey {
        try requireOwnTokens()
        guard let token = request.token?.exposed ?? header else {
            throw AccessError(.unauthenticated, "Send a token in X-Auth-Token, or in auth.identity.token.id.")
        }
        guard header == nil || header == token else {
            throw AccessError(
                .invalidRequest, "X-Auth-Token and auth.identity.token.id are two different tokens. Send one of them.")
        }
        let caller = try await session(token: token).caller
        let user = caller.user
        let now = clock.milliseconds
        let text = Self.securityTokenPrefix + RandomText.base64URL(byteCount: 48)
        let key = AccessKey(
            id: Self.makeAccessKeyID(), tenant: user.tenant, user: user.id, created: now,
            temporary: AccessKey.Temporary(
                expires: now + request.duration * 1000, tokenDigest: Data(digestOf: text)))
        let secret = Self.makeSecretKey()
        try await stored { () async throws(StoreError) in try await vault.insert(key, secret: secret) }
        return IssuedTemporaryKey(key: key, secret: secret, token: Secret(text), caller: caller)
    }
}
