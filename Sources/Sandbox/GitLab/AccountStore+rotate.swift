// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

extension AccountStore {
    /// Changes a refresh token for a new pair, as GitLab does: the old pair stays known as a revoked one, so that whoever
    /// still uses its access token is told that it was revoked, not that it was never there.
    /// https://docs.gitlab.com/api/oauth2/
    /// - Parameter endsAccessToken: whether the old access token ends, too, or lives to its own end.
    func rotate(
        _ refreshToken: String, clientID: String, clientSecret: String, policy: TokenPolicy,
        endsAccessToken: Bool = true
    ) throws(OAuthRefusal) -> OAuthGrant {
        let now = Self.now()
        return try update { state throws(OAuthRefusal) in
            guard let application = state.application(clientID: clientID),
                application.clientSecret.text == clientSecret
            else { throw .invalidClient }
            guard
                let index = state.grants.firstIndex(where: { $0.refreshToken?.text == refreshToken }),
                state.grants[index].applicationID == application.id, !state.grants[index].isRevoked,
                state.grants[index].refreshExpires.map({ $0 > now }) ?? true
            else { throw .invalidRefreshToken }
            if endsAccessToken {
                state.grants[index].isRevoked = true
            } else {
                state.grants[index].refreshToken = nil
            }
            let old = state.grants[index]
            let grant = policy.grant(
                id: state.makeID(), applicationID: old.applicationID, userID: old.userID, scopes: old.scopes, now: now)
            state.grants.append(grant)
            // A code that is used again must end what has come of it, however often that was renewed.
            for index in state.codes.indices where state.codes[index].grantID == old.id {
                state.codes[index].grantID = grant.id
            }
            return grant
        }
    }

    /// Ends the grant that an access or refresh token of this application belongs to; does nothing for another token.
    /// - Throws: ``OAuthRefusal/invalidClient``.
    func revoke(_ token: String, clientID: String, clientSecret: String) throws(OAuthRefusal) {
        try update { state throws(OAuthRefusal) in
            guard let application = state.application(clientID: clientID),
                application.clientSecret.text == clientSecret
            else { throw .invalidClient }
            for grant in state.grants where grant.applicationID == application.id {
                if grant.accessToken.text == token || grant.refreshToken?.text == token { state.revokeGrant(grant.id) }
            }
        }
    }
}
