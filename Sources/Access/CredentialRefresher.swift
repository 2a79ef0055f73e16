// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Forges
package import Logging
package import Model
package import Storage

/// Renews OAuth tokens: one renewal of a credential at a time, and everybody who asked meanwhile gets its result.
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
    private var waiting: [String: [CheckedContinuation<Outcome, Never>]] = [:]

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
        let authorization = stale.authorization
        do {
            guard let current = try await vault.entry(named: authorization.name, of: authorization.tenant),
                current.authorization.id == authorization.id, case .oauth(let tokens) = current.credential
            else {
                return .failed(
                    ForgeError(
                        .credentialRejected, authorization.forge, "The authorization has been deleted meanwhile."))
            }
            if current.credential != stale.credential { return .renewed(current) }
            do {
                let application = try sites.application(authorization.forge, site: authorization.site)
                let fresh = try await OAuthFlow(application, upstream: upstream).refresh(tokens)
                return .renewed(try await save(fresh, of: current))
            } catch let error as ForgeError {
                if error.code == .credentialRejected {
                    try await vault.set(
                        status: .rejected, of: authorization.id, tenant: authorization.tenant,
                        ifRevision: current.revision)
                }
                return .failed(error)
            }
        } catch {
            logger.error(
                "renewed credential not saved or not readable",
                metadata: ["authorization": "\(authorization.id)", "error": "\(error)"])
            return .failed(
                ForgeError(.unavailable, authorization.forge, "The renewed credential could not be stored. Try again."))
        }
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
