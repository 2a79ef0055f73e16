// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

/// An external Keystone in the place of the tokens of one's own.
extension Identity {
    /// The same identity, which takes tokens of an external Keystone and no others. Access keys sign as before.
    package func trusting(_ external: ExternalTokens) -> Identity {
        Identity(
            store: store, vault: vault, settings: settings, clock: clock, passwords: passwords, external: external)
    }

    /// Who bears a token, whatever its scope is; one of an external Keystone must be scoped to a project.
    /// - Throws: as ``session(token:)`` and ``caller(token:)``.
    package func callerOfAnyScope(token: String) async throws(AccessError) -> Caller {
        if external != nil { return try await caller(token: token) }
        return try await session(token: token).caller
    }

    /// Refuses what belongs to the Keystone where there is an external one.
    func requireOwnTokens() throws(AccessError) {
        guard let external else { return }
        throw AccessError(
            .forbidden,
            "This Gatehouse gives, checks and revokes no tokens: they are those of the Keystone at \(external.address). Sign in there, and send its token in X-Auth-Token."
        )
    }

    func requireOwn(_ user: User, of tenant: Tenant) throws(AccessError) {
        guard tenant.isExternal else { return }
        throw AccessError(
            .invalidRequest,
            "\(tenant.name) is a project of an external Keystone, and so are its users: change \(user.name) there.")
    }
}
