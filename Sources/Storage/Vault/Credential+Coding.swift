// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

/// How a credential is written before it is sealed: JSON with a version, so that an old seal can be read for ever.
extension Credential {
    private struct Written: Codable {
        var version = 1
        var mode: AuthorizationMode
        var token: String?
        var user: String?
        var password: String?
        var access: String?
        var refresh: String?
        var previousRefresh: String?
        var expires: Int64?
        var scopes: [String]?
    }

    func encoded() throws(StoreError) -> Data {
        let written =
            switch self {
            case .personal(let token):
                Written(mode: .personal, token: token.exposed)
            case .oauth(let tokens):
                Written(
                    mode: .oauth, access: tokens.accessToken.exposed, refresh: tokens.refreshToken?.exposed,
                    previousRefresh: tokens.previousRefreshToken?.exposed, expires: tokens.expires,
                    scopes: tokens.scopes)
            case .password(let user, let password):
                Written(mode: .password, user: user, password: password.exposed)
            }
        do {
            return try JSONEncoder().encode(written)
        } catch {
            // The library's error would quote what it could not encode.
            throw StoreError(.invalid, "The credential cannot be written.")
        }
    }

    /// - Throws: ``StoreError/Code/unsealable`` for what a newer version wrote.
    init(encoded: Data) throws(StoreError) {
        let written: Written
        do {
            written = try JSONDecoder().decode(Written.self, from: encoded)
        } catch {
            throw Self.unreadable
        }
        guard written.version == 1 else { throw Self.unreadable }
        switch written.mode {
        case .personal:
            guard let token = written.token else { throw Self.unreadable }
            self = .personal(Secret(token))
        case .oauth:
            guard let access = written.access else { throw Self.unreadable }
            var tokens = OAuthTokens(
                accessToken: Secret(access), refreshToken: written.refresh.map { Secret($0) },
                expires: written.expires, scopes: written.scopes ?? [])
            tokens.previousRefreshToken = written.previousRefresh.map { Secret($0) }
            self = .oauth(tokens)
        case .password:
            guard let user = written.user, let password = written.password else { throw Self.unreadable }
            self = .password(user: user, password: Secret(password))
        }
    }

    private static var unreadable: StoreError {
        StoreError(.unsealable, "A credential opens but is written in a way that this Gatehouse does not know.")
    }
}
