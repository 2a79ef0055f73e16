// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Gitea {
    /// Tokens have no end, and are listed with their scopes to a password only, without a sign of which is which: the user's
    /// own call proves whatever credential it is.
    /// https://docs.gitea.com/api/#tag/user/operation/userGetTokens
    func credentialFacts() async throws(ForgeError) -> CredentialFacts {
        _ = try await account()
        return CredentialFacts()
    }
}
