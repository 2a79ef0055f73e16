// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Gitee {
    /// Gitee tells nothing of a token, neither its scopes nor its end: the user's own call proves it.
    /// https://gitee.com/api/v5/swagger#/getV5User
    func credentialFacts() async throws(ForgeError) -> CredentialFacts {
        _ = try await account()
        return CredentialFacts()
    }
}
