// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Forges
import Foundation
import Logging
import Metrics
import Model
import ServiceLifecycle
import Storage
import UnixSignals
import Web

/// Makes the rooms and joins them, once, from top to bottom.
struct House: Sendable {
    let configuration: ServiceConfiguration
    let logger: Logger
    let store: SQLiteStore
    let vault: Vault
    let identity: Identity
    let audit: AuditRecord
    let permission: Permission

    /// Opens the store and the vault. Makes both, and the master key's file, where the store is new.
    /// - Parameter passwordCost: what a new password's hash costs; the recommended cost, but for a sandbox.
    /// - Throws: a ``StoreError`` whose message says why the store or its key cannot be used.
    init(
        _ configuration: ServiceConfiguration, passwordCost: PasswordHashing.Cost = .recommended
    ) async throws {
        self.configuration = configuration
        logger = configuration.makeLogger()
        let isNew = !FileManager.default.fileExists(atPath: configuration.storePath)
        store = try SQLiteStore(path: configuration.storePath)
        if isNew { logger.notice("made a new store", metadata: ["path": "\(configuration.storePath)"]) }
        if case .file(let path) = configuration.masterKey { try Self.makeFolder(of: path) }
        vault = try await Vault(store: store, keys: configuration.masterKey)
        identity = Identity(
            store: store, vault: vault,
            settings: .init(tokenLifetime: configuration.tokenLifetime, endpoint: configuration.publicURL),
            passwords: PasswordHashing(cost: passwordCost))
        permission = Permission(store: store, roles: configuration.roles)
        audit = AuditRecord(vault: vault, logger: logger, retentionDays: configuration.auditRetention)
    }

    /// Serves until the process is told to stop, then finishes what has begun.
    /// - Parameters:
    ///   - companions: services that start before the API and stop after it.
    ///   - onListening: called once with the port, when requests are taken.
    func serve(
        beside companions: [any Service] = [], onListening: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let connections = UpstreamConnections(limits: configuration.limits)
        do {
            try await withIdentity { identity in
                try await serve(beside: companions, over: connections, identity, onListening: onListening)
            }
        } catch {
            try await connections.shutdown()
            throw error
        }
        try await connections.shutdown()
        try store.close()
    }

    /// Makes the master key's folder, open to its user only, where it is absent.
    private static func makeFolder(of path: String) throws {
        let folder = URL(filePath: path).deletingLastPathComponent().path
        guard !FileManager.default.fileExists(atPath: folder) else { return }
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ServiceConfiguration.Invalid(description: "The folder \(folder) for the master key cannot be made.")
        }
    }

    private static func answers(_ store: SQLiteStore) async -> Bool {
        do {
            try await store.ping()
            return true
        } catch {
            return false
        }
    }

    /// The listener for metrics, where one is set up.
    private var metrics: [any Service] {
        guard let port = configuration.metricsPort else { return [] }
        let registry = Self.registry
        Meter(label: "gatehouse_credentials_unsaved").set(0)
        let service = MetricsService(host: configuration.metricsHost, port: port, logger: logger) {
            [store, configuration] in
            let end = WallClock.system.milliseconds + configuration.checkWarning * 1000
            do {
                let counts = try await store.authorizationCounts(endingBefore: end)
                for (status, count) in counts.byStatus {
                    Meter(label: "gatehouse_authorizations", dimensions: [("status", String(status.rawValue))]).set(
                        count)
                }
                Meter(label: "gatehouse_authorizations_ending").set(counts.ending)
                Meter(label: "gatehouse_store_up").set(1)
            } catch {
                Meter(label: "gatehouse_store_up").set(0)
            }
            return registry.text()
        }
        return [service.service]
    }

    private static let registry: PrometheusRegistry = {
        let registry = PrometheusRegistry()
        MetricsSystem.bootstrap(registry)
        return registry
    }()

    private func serve(
        beside companions: [any Service], over connections: UpstreamConnections, _ identity: Identity,
        onListening: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let works = Works(self, over: connections)
        let checker = AuthorizationChecker(
            broker: works.broker,
            pace: .init(interval: configuration.checkInterval, warning: configuration.checkWarning), logger: logger)
        let web = try WebService(
            broker: works.broker, identity: identity, publicURL: configuration.publicURL,
            door: configuration.door, isReady: { [store] in await Self.answers(store) },
            listen: configuration.listen,
            logger: logger, onListening: onListening)
        let group = ServiceGroup(
            configuration: .init(
                services: companions + [
                    UntilCancelled { await works.ledger.run() }, UntilCancelled { await works.audit.run() },
                    UntilDone(work: works.revoker.run, stop: works.revoker.stop),
                    UntilDone(work: works.refresher.run, stop: works.refresher.stop),
                ] + (configuration.checkInterval > 0 ? [UntilCancelled { await checker.run() }] : []) + metrics
                    + [web.service],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }
}

/// Work that is asked to end when the service group shuts down, and then finishes what has begun.
private struct UntilDone: Service {
    let work: @Sendable () async -> Void
    let stop: @Sendable () -> Void

    func run() async throws {
        await withGracefulShutdownHandler {
            await work()
        } onGracefulShutdown: {
            stop()
        }
    }
}

/// Work that is cancelled when the service group shuts down.
private struct UntilCancelled: Service {
    let work: @Sendable () async -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown { await work() }
    }
}
