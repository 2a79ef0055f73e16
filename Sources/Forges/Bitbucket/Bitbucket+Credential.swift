// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Bitbucket {
    /// The headers of every answer have the credential's scopes; its end is told by nothing. An access token may not ask
    /// for the user, and is proved by how that is refused.
    /// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#authentication
    func credentialFacts() async throws(ForgeError) -> CredentialFacts {
        let (_, answer) = try await userAnswer()
        return CredentialFacts(scopes: CredentialFacts.scopes(in: answer))
    }
}
