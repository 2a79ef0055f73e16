// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

extension Vault {
    /// Seconds before their end at which the checker renews tokens that are in use, so that no caller waits for it.
    package static let renewalLead: Int64 = 180

    /// Unix time in milliseconds at which tokens that are in use are to be renewed; nil where they cannot be, and where they
    /// live too shortly for it.
    package func renewalTime(of credential: Credential) -> Int64? {
        guard case .oauth(let tokens) = credential, credential.isRenewable, let expires = tokens.expires,
            expires > clock.seconds + 2 * Self.renewalLead
        else { return nil }
        return (expires - Self.renewalLead) * 1000
    }

    /// What the checker shall look at, the longest due first. Opens no seal.
    package func dueChecks(limit: Int) async throws(StoreError) -> [DueCheck] {
        try await store.dueChecks(now: clock.milliseconds, limit: limit)
    }

    /// Puts a check off.
    /// - Parameter next: Unix time in milliseconds.
    package func setNextCheck(_ next: Int64, of id: String) async throws(StoreError) {
        try await store.setNextCheck(next, of: id, facts: nil)
    }

    /// Puts a check off, and writes what the last one has told.
    /// - Parameters:
    ///   - next: Unix time in milliseconds.
    ///   - expires: when the credential ends, in milliseconds; nil where it has no end or its forge does not tell.
    ///   - scopes: nil where the forge does not tell; what was known stays then.
    package func setNextCheck(
        _ next: Int64, of id: String, expires: Int64?, scopes: [String]?
    ) async throws(StoreError) {
        try await store.setNextCheck(next, of: id, facts: (expires, scopes))
    }

    /// Writes what was seen of several authorizations' use, by their ids.
    package func note(_ sightings: [String: Sighting]) async throws(StoreError) {
        guard !sightings.isEmpty else { return }
        try await store.note(sightings)
    }

    /// Marks an authorization whose row does not open.
    package func setUnreadable(_ id: String) async throws(StoreError) {
        try await store.setUnreadable(id)
    }

    /// Takes or prolongs the checker's lease among all programs that share the store. False where another has it.
    /// - Parameter milliseconds: from now until it ends by itself.
    package func takeCheckerLease(owner: String, milliseconds: Int64) async throws(StoreError) -> Bool {
        let now = clock.milliseconds
        return try await store.takeLease("checker", owner: owner, now: now, until: now + milliseconds) != .held
    }

    package func returnCheckerLease(owner: String) async throws(StoreError) {
        try await store.returnLease("checker", owner: owner)
    }
}
