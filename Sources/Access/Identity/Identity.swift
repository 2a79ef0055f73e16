// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
package import Storage

/// Who the tenants, users, access keys and tokens are, and who makes a request. The embedded identity; with an external Keystone,
/// tokens are that one's: see ``trusting(_:)``.
///
/// Nothing of one's own is cached. A deleted access key, token or user is refused from the next request on, whichever program deleted it.
package struct Identity: Sendable {
    package struct Settings: Sendable {
        /// How long a token lasts, in seconds.
        package var tokenLifetime: Int64
        /// This Gatehouse's own address without a slash at its end, for the service catalog; nil leaves the catalog empty.
        package var endpoint: String?
        /// The region's name in the catalog.
        package var region: String

        package init(tokenLifetime: Int64 = 24 * 60 * 60, endpoint: String? = nil, region: String = "RegionOne") {
            self.tokenLifetime = tokenLifetime
            self.endpoint = endpoint
            self.region = region
        }
    }

    let store: SQLiteStore
    let vault: Vault
    let settings: Settings
    let clock: WallClock
    let passwords: PasswordHashing
    /// nil where tokens are given here.
    let external: ExternalTokens?
    let throttle: SignInThrottle
    let line = SignInLine()

    package init(
        store: SQLiteStore, vault: Vault, settings: Settings = Settings(), clock: WallClock = .system,
        passwords: PasswordHashing = PasswordHashing()
    ) {
        self.init(
            store: store, vault: vault, settings: settings, clock: clock, passwords: passwords, external: nil)
    }

    init(
        store: SQLiteStore, vault: Vault, settings: Settings, clock: WallClock, passwords: PasswordHashing,
        external: ExternalTokens?
    ) {
        self.store = store
        self.vault = vault
        self.settings = settings
        self.clock = clock
        self.passwords = passwords
        self.external = external
        throttle = SignInThrottle(store: store, clock: clock)
    }

    /// Runs one call of the store or the vault; its failure becomes the caller's kind of error.
    func stored<Value: Sendable>(
        _ call: () async throws(StoreError) -> Value
    ) async throws(AccessError) -> Value {
        do {
            return try await call()
        } catch {
            throw AccessError(error)
        }
    }
}
