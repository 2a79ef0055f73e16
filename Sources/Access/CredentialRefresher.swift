// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Forges
package import Logging
package import Model
package import Storage

/// Renews OAuth tokens: one renewal of a credential at a time, over all tasks and all processes that share the store, and
/// everybody who asked meanwhile gets its result. Many forges take a refresh token once: of two who send it, the second
/// is refused, and some then end the whole grant.
///
/// Among processes, a lease in the store says who renews. Its owner prolongs it while it works; when the owner is killed, the
/// next one has it after ``leaseMilliseconds``.
///
/// Renewals run inside ``run()``, not in the request that asked: a caller that goes away must not cut off a renewal between
/// the forge's answer, which ends the old tokens, and the write of the new ones.
package actor CredentialRefresher {
    private enum Outcome: Sendable {
        case renewed(VaultEntry)
        case failed(ForgeError)
    }

    private let vault: Vault
    private let sites: OAuthSites
    private let upstream: Upstream
    private let logger: Logger
    private let jobs: AsyncStream<VaultEntry>
    private let queue: AsyncStream<VaultEntry>.Continuation
    /// This process, among those that share the store.
    private let owner = RandomText.hexadecimal()
    private var waiting: [String: [CheckedContinuation<Outcome, Never>]] = [:]

    private static let leaseMilliseconds: Int64 = 10_000

    package init(vault: Vault, sites: OAuthSites, upstream: Upstream, logger: Logger) {
        self.vault = vault
        self.sites = sites
        self.upstream = upstream
        self.logger = logger
        (jobs, queue) = AsyncStream.makeStream()
    }

    /// Works until ``stop()``; renewals that have begun or wait are finished.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await stale in jobs {
                group.addTask { await self.finish(stale) }
            }
        }
    }

    /// Ends ``run()``. A renewal asked for later fails.
    package nonisolated func stop() {
        queue.finish()
    }

    /// The entry with tokens other than those of `stale`: renewed now, or by somebody else already.
    /// - Throws: the forge's refusal. ``ForgeError/Code/credentialRejected`` has by then been written to the status.
    package func entry(after stale: VaultEntry) async throws(ForgeError) -> VaultEntry {
        let outcome = await withCheckedContinuation { (continuation: CheckedContinuation<Outcome, Never>) in
            let id = stale.authorization.id
            if waiting[id] != nil {
                waiting[id]?.append(continuation)
            } else if case .enqueued = queue.yield(stale) {
                waiting[id] = [continuation]
            } else {
                continuation.resume(
                    returning: .failed(
                        ForgeError(.unavailable, stale.authorization.forge, "This service is shutting down. Try again.")
                    ))
            }
        }
        switch outcome {
        case .renewed(let entry): return entry
        case .failed(let error): throw error
        }
    }

    /// Records that a status could not be written.
    nonisolated func report(_ error: any Error, status: AuthorizationStatus, of authorization: Authorization) {
        logger.warning(
            "status not saved",
            metadata: ["authorization": "\(authorization.id)", "status": "\(status.rawValue)", "error": "\(error)"])
    }

    private func finish(_ stale: VaultEntry) async {
        let outcome = await renew(stale)
        for continuation in waiting.removeValue(forKey: stale.authorization.id) ?? [] {
            continuation.resume(returning: outcome)
        }
    }

    private func renew(_ stale: VaultEntry) async -> Outcome {
        do {
            var pause = 10
            while true {
                if let done = try await settled(stale) { return done }
                let answer = try await vault.takeRenewal(
                    of: stale.authorization.id, owner: owner, milliseconds: Self.leaseMilliseconds)
                if answer != .held { return try await renewUnderLease(stale, wasCutOff: answer == .takenOver) }
                try await Task.sleep(for: .milliseconds(pause))
                pause = min(2 * pause, 200)
            }
        } catch {
            return unusable(stale.authorization, error)
        }
    }

    /// What there is to say without a renewal: somebody else has renewed it, or it is gone. nil where it is still `stale`.
    private func settled(_ stale: VaultEntry) async throws -> Outcome? {
        let authorization = stale.authorization
        guard let current = try await vault.entry(named: authorization.name, of: authorization.tenant),
            current.authorization.id == authorization.id, case .oauth = current.credential
        else {
            return .failed(
                ForgeError(.credentialRejected, authorization.forge, "The authorization has been deleted meanwhile."))
        }
        return current.credential == stale.credential ? nil : .renewed(current)
    }

    /// - Parameter wasCutOff: whether an earlier renewal of this credential never ended.
    private func renewUnderLease(_ stale: VaultEntry, wasCutOff: Bool) async throws -> Outcome {
        let id = stale.authorization.id
        let outcome = await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.prolong(id) }
            let outcome = await self.renewAlone(stale, wasCutOff: wasCutOff)
            group.cancelAll()
            return outcome
        }
        do {
            try await vault.returnRenewal(of: id, owner: owner)
        } catch {
            // It ends by itself.
            logger.warning("lease not returned", metadata: ["authorization": "\(id)", "error": "\(error)"])
        }
        return outcome
    }

    private func prolong(_ id: String) async {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: .milliseconds(Self.leaseMilliseconds / 3))
                _ = try await vault.takeRenewal(of: id, owner: owner, milliseconds: Self.leaseMilliseconds)
            } catch is CancellationError {
                return
            } catch {
                logger.warning("lease not prolonged", metadata: ["authorization": "\(id)", "error": "\(error)"])
            }
        }
    }

    private func renewAlone(_ stale: VaultEntry, wasCutOff: Bool) async -> Outcome {
        let authorization = stale.authorization
        do {
            // The one before may have finished between the look and the lease.
            if let done = try await settled(stale) { return done }
            guard case .oauth(let tokens) = stale.credential else {
                return .failed(
                    ForgeError(.credentialRejected, authorization.forge, "The credential is no OAuth token."))
            }
            if wasCutOff {
                logger.warning(
                    "a renewal was cut off", metadata: ["authorization": "\(authorization.id)"])
            }
            do {
                let application = try sites.application(authorization.forge, site: authorization.site)
                let fresh = try await OAuthFlow(application, upstream: upstream).refresh(tokens)
                return .renewed(try await save(fresh, of: stale))
            } catch let error as ForgeError {
                if error.code == .credentialRejected {
                    try await vault.set(
                        status: .rejected, of: authorization.id, tenant: authorization.tenant,
                        ifRevision: stale.revision)
                    logger.error(
                        wasCutOff ? "tokens lost in a renewal that was cut off" : "grant ended by its forge",
                        metadata: ["authorization": "\(authorization.id)"])
                }
                return .failed(error)
            }
        } catch {
            return unusable(authorization, error)
        }
    }

    private func unusable(_ authorization: Authorization, _ error: any Error) -> Outcome {
        logger.error(
            "renewed credential not saved or not readable",
            metadata: ["authorization": "\(authorization.id)", "error": "\(error)"])
        return .failed(
            ForgeError(.unavailable, authorization.forge, "The renewed credential could not be stored. Try again."))
    }

    /// Writes the new tokens. A write that the store refuses is tried again for some time: the old tokens are dead.
    private func save(_ tokens: OAuthTokens, of entry: VaultEntry) async throws -> VaultEntry {
        let authorization = entry.authorization
        var attempt = 0
        while true {
            do {
                _ = try await vault.replace(
                    credential: .oauth(tokens), of: authorization.id, tenant: authorization.tenant,
                    ifRevision: entry.revision)
                guard let saved = try await vault.entry(named: authorization.name, of: authorization.tenant) else {
                    throw StoreError(.notFound, "The authorization has been deleted meanwhile.")
                }
                return saved
            } catch let error as StoreError where error.code == .unavailable && attempt < 10 {
                attempt += 1
                logger.error(
                    "renewed credential not saved yet",
                    metadata: ["authorization": "\(authorization.id)", "attempt": "\(attempt)", "error": "\(error)"])
                try await Task.sleep(for: .milliseconds(100 << attempt))
            }
        }
    }
}
