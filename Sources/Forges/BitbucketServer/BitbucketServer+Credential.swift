// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension BitbucketServer {
    /// A user's access tokens are listed with their ends and rights, but nothing tells which of them this one is. The call
    /// that names the user proves it.
    /// https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-authentication/#api-access-tokens-latest-users-userslug-get
    func credentialFacts() async throws(ForgeError) -> CredentialFacts {
        _ = try await login()
        return CredentialFacts()
    }
}
