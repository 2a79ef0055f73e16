// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Why a token request is refused, in the words of RFC 6749 §5.2; each forge answers it in its own way.
enum OAuthRefusal: Error, Sendable, Equatable {
    /// Unknown client or wrong client secret.
    case invalidClient
    /// Unknown, used or expired code, or another client's.
    case invalidCode
    /// Not the address that the code was sent to.
    case redirectMismatch
    /// No verifier, or not the one behind the challenge.
    case verifierMismatch
    /// Unknown, used or expired refresh token, or another client's.
    case invalidRefreshToken
}

extension AccountStore {
    /// Whom a token belongs to: a personal one or an OAuth access token.
    func identify(_ token: String) throws(TokenRefusal) -> Identity {
        let now = Self.now()
        let isNew = read { state in state.tokens.contains { $0.token.text == token && $0.isYetToLive } }
        if isNew {
            update { state in
                for index in state.tokens.indices where state.tokens[index].token.text == token {
                    state.tokens[index].beginToLive(now: now)
                }
            }
        }
        return try read { state -> Result<Identity, TokenRefusal> in
            if let found = state.tokens.first(where: { $0.token.text == token }) {
                if found.isRevoked { return .failure(.revoked) }
                if let expires = found.expires, expires <= now { return .failure(.expired) }
                guard let user = state.user(id: found.userID) else { return .failure(.unknown) }
                return .success(
                    Identity(
                        user: user, scopes: Set(found.scopes), source: .personal(tokenID: found.id),
                        expires: found.expires, rateLimit: found.rateLimit, isThrottled: found.isThrottled))
            }
            if let found = state.grants.first(where: { $0.accessToken.text == token }) {
                if found.isRevoked { return .failure(.revoked) }
                if let expires = found.accessExpires, expires <= now { return .failure(.expired) }
                if let revoked = found.accessRevoked, revoked <= now { return .failure(.revoked) }
                guard let user = state.user(id: found.userID) else { return .failure(.unknown) }
                return .success(
                    Identity(
                        user: user, scopes: Set(found.scopes),
                        source: .oauth(grantID: found.id, applicationID: found.applicationID),
                        expires: found.accessExpires, rateLimit: nil, isThrottled: false))
            }
            return .failure(.unknown)
        }.get()
    }

    /// Makes a code that the application can change for tokens within ten minutes.
    func issueCode(
        for application: OAuthApplication,
        user: Int,
        redirectURI: String,
        scopes: [String],
        challenge: String?,
        challengeMethod: PKCEMethod,
        text: String = RandomText.hexadecimal(40)
    ) -> String {
        let code = AuthorizationCode(
            code: KeptSecret(text), applicationID: application.id, userID: user, redirectURI: redirectURI,
            scopes: scopes, challenge: challenge, challengeMethod: challengeMethod, expires: Self.now() + 600)
        update { state in
            // A day is enough to see that a code is used twice.
            state.codes.removeAll { $0.expires < code.expires - 86_400 }
            state.codes.append(code)
        }
        return text
    }

    /// Changes a code for tokens, once.
    /// - Parameter redirectURI: nil where the client sends none; GitHub does not ask for it.
    func exchange(
        code: String,
        clientID: String,
        clientSecret: String,
        redirectURI: String?,
        verifier: String?,
        policy: TokenPolicy
    ) throws(OAuthRefusal) -> OAuthGrant {
        let now = Self.now()
        // A code used a second time must end its grant, so refusals that change the state come out as values.
        let result = update { state -> Result<OAuthGrant, OAuthRefusal> in
            guard let application = state.application(clientID, secret: clientSecret) else {
                return .failure(.invalidClient)
            }
            guard
                let index = state.codes.firstIndex(where: { $0.code.text == code }),
                state.codes[index].applicationID == application.id
            else { return .failure(.invalidCode) }
            let found = state.codes[index]
            if let grantID = found.grantID {
                state.revokeGrant(grantID)
                return .failure(.invalidCode)
            }
            guard found.expires > now else { return .failure(.invalidCode) }
            if let redirectURI, redirectURI != found.redirectURI { return .failure(.redirectMismatch) }
            if let challenge = found.challenge {
                guard let verifier, found.challengeMethod.verifies(verifier, against: challenge) else {
                    return .failure(.verifierMismatch)
                }
            }
            let grant = policy.grant(
                id: state.makeID(), applicationID: application.id, userID: found.userID, scopes: found.scopes, now: now)
            state.codes[index].grantID = grant.id
            state.grants.append(grant)
            return .success(grant)
        }
        return try result.get()
    }

    /// Changes a refresh token for a new pair. Both old tokens are dead from then on.
    func refresh(
        _ refreshToken: String,
        clientID: String,
        clientSecret: String,
        policy: TokenPolicy
    ) throws(OAuthRefusal) -> OAuthGrant {
        let now = Self.now()
        return try update { state throws(OAuthRefusal) in
            guard let application = state.application(clientID, secret: clientSecret) else { throw .invalidClient }
            guard
                let index = state.grants.firstIndex(where: { $0.refreshToken?.text == refreshToken }),
                state.grants[index].applicationID == application.id,
                !state.grants[index].isRevoked,
                state.grants[index].refreshExpires.map({ $0 > now }) ?? true
            else { throw .invalidRefreshToken }
            policy.fill(&state.grants[index], now: now)
            return state.grants[index]
        }
    }

    /// The application that proves itself with its id and secret.
    func application(_ clientID: String, secret: String) -> OAuthApplication? {
        read { $0.application(clientID, secret: secret) }
    }

    /// Ends the pair that an access token of an application belongs to, or everything that its user has granted the application.
    /// - Returns: false where the application has no such token that is good.
    func revoke(accessToken: String, of application: OAuthApplication, wholeGrant: Bool) -> Bool {
        let now = Self.now()
        return update { state in
            guard
                let found = state.grants.first(where: {
                    $0.accessToken.text == accessToken && $0.applicationID == application.id && !$0.isRevoked
                }), found.accessExpires.map({ $0 > now }) ?? true
            else { return false }
            for grant in state.grants where grant.applicationID == application.id && grant.userID == found.userID {
                if wholeGrant || grant.id == found.id { state.revokeGrant(grant.id) }
            }
            return true
        }
    }

    /// Unix time in seconds.
    static func now() -> Int64 {
        Int64(Date().timeIntervalSince1970)
    }
}

extension AccountState {
    func application(clientID: String) -> OAuthApplication? {
        applications.first { $0.clientID == clientID }
    }

    fileprivate func application(_ clientID: String, secret: String) -> OAuthApplication? {
        application(clientID: clientID).flatMap { $0.clientSecret.text == secret ? $0 : nil }
    }

    /// Ends a grant: its access and refresh token are dead.
    mutating func revokeGrant(_ id: Int) {
        guard let index = grants.firstIndex(where: { $0.id == id }) else { return }
        grants[index].isRevoked = true
    }
}

extension OAuthApplication {
    /// Whether a code may be sent to this address.
    func allows(redirectURI: String) -> Bool {
        redirectURIs.contains { registered in
            if registered == redirectURI { return true }
            guard registered.hasSuffix(":*") else { return false }
            // `http://127.0.0.1:*` is every port and path of that host, and nothing that merely begins alike.
            let rest = redirectURI.dropFirst(registered.count - 1)
            let port = rest.prefix { $0.isASCII && $0.isNumber }
            return redirectURI.hasPrefix(registered.dropLast()) && !port.isEmpty
                && (rest.dropFirst(port.count).first.map { $0 == "/" || $0 == "?" } ?? true)
        }
    }
}
