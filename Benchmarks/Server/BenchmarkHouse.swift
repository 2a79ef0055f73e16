// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Forges
import Foundation
import Logging
import Model
import ServiceLifecycle
import Storage
import UnixSignals
import Web

/// Where the measured Gatehouse listens, and who may ask it.
struct BenchmarkHouse: Sendable {
    let port: Int
    let project: String
    let token: String
    let accessKey: String
    let secretKey: String
}

/// Serves a Gatehouse with one tenant, one user and ten authorizations at the stub, until it is told to stop.
/// - Parameter onListening: called once with where it listens and who may ask.
func serveGatehouse(
    stubPort: Int, directory: URL, logger: Logger,
    onListening: @escaping @Sendable (BenchmarkHouse) -> Void
) async throws {
    let store = try SQLiteStore(path: directory.appending(path: "store.sqlite").path)
    let vault = try await Vault(store: store, keys: .file(directory.path + "/key"))
    let identity = Identity(store: store, vault: vault)
    let tenant = try await identity.createTenant(named: "bench")
    let password = Identity.makePassword()
    let user = try await identity.createUser(named: "bench", password: password, in: tenant)
    let token = try await identity.issue(
        KeystoneAuthRequest(method: .password(.id(user.id), password), scope: nil)
    ).token
    let access = try await identity.createAccessKey(for: user)
    let host = try ForgeHost.candidates(.github, address: "http://127.0.0.1:\(stubPort)")[0]
    for number in 0..<10 {
        guard let name = AuthorizationName("bench-\(number)") else { continue }
        let now = WallClock.system.milliseconds
        try await vault.insert(
            Authorization(
                id: RandomText.hexadecimal(), tenant: tenant.id, name: name, forge: .github, mode: .personal,
                host: host.shown,
                account: Account(
                    login: "octavia", home: "http://127.0.0.1/octavia", avatar: "http://127.0.0.1/avatars/octavia"),
                site: nil, created: now, updated: now, status: .normal),
            credential: .personal(Secret("token-\(number)")))
    }
    let connections = UpstreamConnections(limits: .init())
    let upstream = connections.upstream(policy: NetworkPolicy(trusted: [host], allowances: []))
    let sites = OAuthSites([])
    let ledger = Ledger(vault: vault, logger: logger)
    let audit = AuditRecord(vault: vault, logger: logger)
    let revoker = TokenRevoker(vault: vault, sites: sites, upstream: upstream, logger: logger)
    let refresher = CredentialRefresher(
        vault: vault, sites: sites, upstream: upstream, ledger: ledger, revoker: revoker, audit: audit,
        logger: logger)
    let broker = Broker(
        vault: vault, identity: identity, upstream: upstream, sites: sites, refresher: refresher, ledger: ledger,
        revoker: revoker, audit: audit, permission: Permission(store: store),
        // Counted as in service, and never reached.
        quota: Quota(authorizations: 1000, requests: 1_000_000, burst: 1_000_000, calls: 10_000))
    let web = try WebService(
        broker: broker, identity: identity, publicURL: "http://127.0.0.1", isReady: { true },
        listen: .init(host: "127.0.0.1", port: 0, certificate: nil, key: nil), logger: logger,
        onListening: {
            onListening(
                BenchmarkHouse(
                    port: $0, project: tenant.id.text, token: token.exposed, accessKey: access.key.id,
                    secretKey: access.secret.exposed))
        })
    try await ServiceGroup(
        configuration: .init(
            services: [Recording(record: audit), web.service], gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger)
    ).run()
    try await connections.shutdown()
}

/// Writes the record while requests are served, as in service.
private struct Recording: Service {
    let record: AuditRecord

    func run() async throws {
        await cancelWhenGracefulShutdown { await record.run() }
    }
}
