// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model
import Storage

extension Identity {
    /// The caller that a user is, for what the user has begun and a browser ends; nil when the user is gone.
    /// - Throws: ``AccessError/Code/unavailable``.
    package func caller(userID: String, of tenant: TenantID) async throws(AccessError) -> Caller? {
        let member = try await stored { () async throws(StoreError) in try await store.member(userID, of: tenant) }
        return member.map { Caller(user: $0.user, tenant: $0.tenant, roles: $0.user.roles) }
    }

    /// A password of 144 random bits, for a user who has named none.
    package static func makePassword() -> Secret {
        Secret(RandomText.base64URL(byteCount: 18))
    }
}
