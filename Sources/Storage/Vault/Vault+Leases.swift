// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

extension Vault {
    /// Takes or prolongs the right to renew an authorization's credential, among all programs that share the store.
    /// - Parameters:
    ///   - id: the authorization's.
    ///   - owner: who asks: a text of its own for each process.
    ///   - milliseconds: from now until it ends by itself.
    /// - Throws: ``StoreError/Code/unavailable``.
    package func takeRenewal(
        of id: String, owner: String, milliseconds: Int64
    ) async throws(StoreError) -> LeaseAnswer {
        let now = clock.milliseconds
        return try await store.takeLease("renewal \(id)", owner: owner, now: now, until: now + milliseconds)
    }

    /// Gives it back.
    /// - Throws: ``StoreError/Code/unavailable``.
    package func returnRenewal(of id: String, owner: String) async throws(StoreError) {
        try await store.returnLease("renewal \(id)", owner: owner)
    }
}
