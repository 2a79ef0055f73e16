// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension CodeArts {
    /// IAM tells the password's end with every token. What the user may do is told by no call.
    /// https://support.huaweicloud.com/intl/en-us/api-iam/iam_30_0001.html
    func credentialFacts() async throws(ForgeError) -> CredentialFacts {
        _ = try await account()
        return CredentialFacts(expires: try await identity.passwordEnd(over: passwords))
    }
}
