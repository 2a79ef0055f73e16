// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Forges
import Model

extension House {
    /// What speaks to the forges, over one set of connections: for serving, and for a command that needs a forge.
    struct Works: Sendable {
        let ledger: Ledger
        let revoker: TokenRevoker
        let refresher: CredentialRefresher
        let audit: AuditRecord
        let broker: Broker

        init(_ house: House, over connections: UpstreamConnections) {
            let (configuration, logger, vault) = (house.configuration, house.logger, house.vault)
            let upstream = connections.upstream(
                policy: configuration.networkPolicy, identities: configuration.identities)
            let sites = OAuthSites(configuration.applications)
            ledger = Ledger(vault: vault, logger: logger)
            revoker = TokenRevoker(vault: vault, sites: sites, upstream: upstream, logger: logger)
            audit = house.audit
            refresher = CredentialRefresher(
                vault: vault, sites: sites, upstream: upstream, ledger: ledger, revoker: revoker, audit: audit,
                logger: logger)
            broker = Broker(
                vault: vault, identity: house.identity, upstream: upstream, sites: sites, refresher: refresher,
                ledger: ledger, revoker: revoker, audit: audit, permission: house.permission,
                usualHosts: configuration.usualHosts, quota: configuration.quota)
        }
    }

    /// Lets a command act at the forges. What it leaves to be revoked is revoked before this returns, as far as the time limit goes.
    func withWorks(_ body: (Works) async throws -> Void) async throws {
        let connections = UpstreamConnections(limits: configuration.limits)
        let works = Works(self, over: connections)
        do {
            async let revocations: Void = works.revoker.run()
            do {
                try await body(works)
            } catch {
                works.revoker.stop()
                await revocations
                throw error
            }
            works.revoker.stop()
            await revocations
        } catch {
            // The first failure is the one to tell.
            try? await connections.shutdown()
            throw error
        }
        try await connections.shutdown()
    }

    /// The operator's leave to act for a tenant.
    func operatorGrant(_ action: Action, in tenant: Tenant) -> Grant {
        .authorise(operatorOf: vault, to: action, in: tenant)
    }
}
