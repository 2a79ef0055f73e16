// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Access
package import Forges
package import Foundation
import GRDB
package import Logging
package import Model
package import Storage
import Synchronization

/// The rooms joined as in service, over a store in a folder of its own and a network that is stubbed.
package final class TestHouse: Sendable {
    package let directory: URL
    package let store: SQLiteStore
    package let vault: Vault
    package let identity: Identity
    package let refresher: CredentialRefresher
    package let ledger: Ledger
    package let revoker: TokenRevoker
    package let audit: AuditRecord
    package let permission: Permission
    package let broker: Broker
    /// A tenant's user, and another tenant's.
    package let caller: Caller
    package let stranger: Caller
    package let clock: TestClock

    package static let applications = [
        OAuthApplication(
            host: .official(.github), site: nil, clientID: "client-1", clientSecret: Secret("canary-client-secret"),
            redirectURI: "https://gate.example.org/oauth/callback", scopes: ["repo"]),
        OAuthApplication(
            host: .official(.gitlab), site: nil, clientID: "client-2", clientSecret: Secret("canary-client-secret"),
            redirectURI: "https://gate.example.org/oauth/callback", scopes: ["api"]),
        OAuthApplication(
            host: .official(.gitlab), site: "intl", clientID: "client-3", clientSecret: Secret("canary-client-secret"),
            redirectURI: "https://gate.example.org/oauth/callback", scopes: ["api"]),
    ]

    package init(
        network: StubNetwork, usualHosts: [ForgeID: String] = [:], busyTimeout: Double = 5,
        patience: Duration = .seconds(5), revocationLimit: Duration = .seconds(60),
        quota: Quota = .unlimited, quotaPatience: Duration = .seconds(10),
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "gatehouse-house-\(UUID().uuidString)")
        clock = TestClock()
        store = try SQLiteStore(path: directory.appending(path: "store.sqlite").path, busyTimeout: busyTimeout)
        vault = try await Vault(
            store: store,
            masterKey: try MasterKey(text: String(repeating: "00112233445566778899aabbccddeeff", count: 2)),
            clock: clock.wall)
        identity = Identity(
            store: store, vault: vault, settings: .init(endpoint: "https://gate.example.org"), clock: clock.wall,
            passwords: PasswordHashing(cost: .init(logRounds: 1, blockSize: 8, parallelism: 1)))
        let upstream = network.upstream
        let sites = OAuthSites(Self.applications)
        ledger = Ledger(vault: vault, logger: logger, clock: clock.wall)
        revoker = TokenRevoker(
            vault: vault, sites: sites, upstream: upstream, logger: logger, limit: revocationLimit,
            clock: clock.wall)
        audit = AuditRecord(vault: vault, logger: logger, clock: clock.wall)
        refresher = CredentialRefresher(
            vault: vault, sites: sites, upstream: upstream, ledger: ledger, revoker: revoker, audit: audit,
            logger: logger, clock: clock.wall, patience: patience)
        permission = Permission(store: store)
        broker = Broker(
            vault: vault, identity: identity, upstream: upstream, sites: sites, refresher: refresher,
            ledger: ledger, revoker: revoker, audit: audit, permission: permission, usualHosts: usualHosts,
            clock: clock.wall, quota: quota, patience: quotaPatience)
        caller = try await Self.makeCaller("acme", identity)
        stranger = try await Self.makeCaller("rival", identity)
    }

    /// Another process on the same store: a broker with a refresher of its own.
    package func neighbour(
        over network: StubNetwork, quota: Quota = .unlimited
    ) -> (broker: Broker, refresher: CredentialRefresher) {
        let sites = OAuthSites(Self.applications)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let ledger = Ledger(vault: vault, logger: logger, clock: clock.wall)
        let revoker = TokenRevoker(
            vault: vault, sites: sites, upstream: network.upstream, logger: logger, clock: clock.wall)
        let audit = AuditRecord(vault: vault, logger: logger, clock: clock.wall)
        let refresher = CredentialRefresher(
            vault: vault, sites: sites, upstream: network.upstream, ledger: ledger, revoker: revoker, audit: audit,
            logger: logger, clock: clock.wall)
        return (
            Broker(
                vault: vault, identity: identity, upstream: network.upstream, sites: sites, refresher: refresher,
                ledger: ledger, revoker: revoker, audit: audit, permission: permission, clock: clock.wall, quota: quota),
            refresher
        )
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    /// The password of both users.
    package static let password = Secret("canary-user-password")

    private static func makeCaller(_ name: String, _ identity: Identity) async throws -> Caller {
        let tenant = try await identity.createTenant(named: name)
        return Caller(
            user: try await identity.createUser(named: "alice", password: password, in: tenant), tenant: tenant)
    }

    /// Leave to act in the caller's own tenant.
    package func grant(_ action: Action = .listTags, to caller: Caller? = nil) async throws -> Grant {
        let caller = caller ?? self.caller
        return try await Grant.authorise(caller, to: action, in: caller.tenant.id.text, by: permission)
    }

    /// Stores a policy of the operator's.
    package func save(_ document: String, as name: String) async throws {
        let now = clock.wall.milliseconds
        try await store.save(
            StoredPolicy(name: name, document: document, created: now, updated: now), mayReplace: true)
    }

    /// Gives the caller one policy, and none but it.
    package func restrict(by document: String) async throws {
        try await save(document, as: "restriction")
        _ = try await store.attach(policy: "restriction", isStored: true, to: caller.user)
    }

    /// Runs a body while renewals are served.
    package func serving<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        async let service: Void = refresher.run()
        do {
            let value = try await body()
            refresher.stop()
            await service
            return value
        } catch {
            refresher.stop()
            await service
            throw error
        }
    }

    /// Stores an authorization without asking a forge.
    package func store(
        _ credential: Credential, named name: String, forge: ForgeID = .github, of caller: Caller? = nil,
        site: String? = nil, status: AuthorizationStatus = .normal
    ) async throws {
        guard let name = AuthorizationName(name) else { throw CocoaError(.formatting) }
        let now = clock.wall.milliseconds
        try await vault.insert(
            Authorization(
                id: RandomText.hexadecimal(), tenant: (caller ?? self.caller).tenant.id, name: name, forge: forge,
                mode: credential.mode, host: ForgeHost.official(forge).shown,
                account: Account(login: "octavia", home: "https://example.org/octavia", avatar: ""), site: site,
                created: now, updated: now, status: status),
            credential: credential)
    }

    /// Runs SQL past the store, as somebody with the file in hand would.
    package func sql(_ sql: String) throws {
        try DatabaseQueue(path: directory.appending(path: "store.sqlite").path).write { try $0.execute(sql: sql) }
    }

    /// Every byte that the house has written.
    package func everythingOnDisk() throws -> Data {
        try store.close()
        let files = try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
        return try files.reduce(into: Data()) { $0 += try Data(contentsOf: $1) }
    }
}

/// A clock that stands at noon of 2025-01-02 UTC until it is moved.
package final class TestClock: Sendable {
    private let time = Mutex<Int64>(1_735_819_200_000)

    package var wall: WallClock { WallClock { self.time.withLock { $0 } } }

    package func advance(seconds: Int64) {
        time.withLock { $0 += seconds * 1000 }
    }
}
