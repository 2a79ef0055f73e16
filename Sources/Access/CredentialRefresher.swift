// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Forges
package import Logging
import Metrics
package import Model
package import Storage
import Synchronization

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
    /// Grants that a forge has ended, by the authorizations' ids: who uses one again and again does not reach the forge each time.
    private var refusals: [String: Refusal] = [:]
    /// Authorizations whose new tokens the store does not take.
    private var unsaved: Set<String> = []
    private let ledger: Ledger
    private let revoker: TokenRevoker
    private let audit: AuditRecord
    private let clock: WallClock
    private let patience: Duration
    private let isStopping = Mutex(false)

    private struct Refusal {
        let revision: Int64
        let error: ForgeError
        /// Unix time in milliseconds.
        let end: Int64
    }

    private static let leaseMilliseconds: Int64 = 10_000
    private static let refusalMilliseconds: Int64 = 60_000

    /// - Parameter patience: how long callers wait while the store does not take new tokens.
    package init(
        vault: Vault, sites: OAuthSites, upstream: Upstream, ledger: Ledger, revoker: TokenRevoker, audit: AuditRecord,
        logger: Logger, clock: WallClock = .system, patience: Duration = .seconds(5)
    ) {
        self.vault = vault
        self.sites = sites
        self.upstream = upstream
        self.ledger = ledger
        self.revoker = revoker
        self.audit = audit
        self.logger = logger
        self.clock = clock
        self.patience = patience
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
        isStopping.withLock { $0 = true }
        queue.finish()
    }

    /// The entry with tokens other than those of `stale`: renewed now, or by somebody else already.
    /// - Throws: the forge's refusal. ``ForgeError/Code/credentialRejected`` has by then been written to the status.
    package func entry(after stale: VaultEntry) async throws(ForgeError) -> VaultEntry {
        if let refusal = refusals[stale.authorization.id] {
            if refusal.revision == stale.revision, refusal.end > clock.milliseconds { throw refusal.error }
            refusals[stale.authorization.id] = nil
        }
        if unsaved.contains(stale.authorization.id) { throw Self.unsavable(stale.authorization) }
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

    private func finish(_ stale: VaultEntry) async {
        answer(await renew(stale), to: stale.authorization)
    }

    private func answer(_ outcome: Outcome, to authorization: Authorization) {
        for continuation in waiting.removeValue(forKey: authorization.id) ?? [] {
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
            return await unusable(stale.authorization, error)
        }
    }

    /// What there is to say without a renewal: somebody else has renewed it or authorized anew, or it is gone. nil where it is still
    /// `stale`.
    private func settled(_ stale: VaultEntry) async throws -> Outcome? {
        let authorization = stale.authorization
        guard let current = try await vault.entry(named: authorization.name, of: authorization.tenant),
            current.authorization.id == authorization.id
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
            return await outcome(of: stale, wasCutOff: wasCutOff, tokens: tokens)
        } catch {
            return await unusable(authorization, error)
        }
    }

    private func outcome(of stale: VaultEntry, wasCutOff: Bool, tokens: OAuthTokens) async -> Outcome {
        let authorization = stale.authorization
        do {
            let application = try sites.application(authorization.forge, site: authorization.site)
            let flow = OAuthFlow(application, upstream: upstream, now: { [clock] in clock.seconds })
            let fresh = try await renewed(tokens, by: flow)
            let saved = try await save(fresh, of: stale)
            tell(authorization, "renewed")
            return .renewed(saved)
        } catch let error as ForgeError {
            guard error.code == .credentialRejected else {
                tell(authorization, "failed", error)
                return .failed(error)
            }
            // Refused because it was authorized anew meanwhile, and the old tokens revoked: then there are others.
            if let other = await superseding(stale) { return other }
            tell(authorization, wasCutOff ? "lost" : "refused", error)
            if wasCutOff {
                logger.error(
                    "tokens lost in a renewal that was cut off", metadata: ["authorization": "\(authorization.id)"])
            }
            await ledger.mark(stale, wasCutOff ? .renewalLost : .grantEnded)
            remember(error, of: stale)
            return .failed(error)
        } catch let error as AccessError {
            // The operator has taken the application out of the configuration.
            tell(authorization, "failed", error)
            return .failed(ForgeError(.unavailable, authorization.forge, error.message))
        } catch {
            return await unusable(authorization, error, isLost: true)
        }
    }

    private func superseding(_ stale: VaultEntry) async -> Outcome? {
        do {
            return try await settled(stale)
        } catch {
            return nil
        }
    }

    /// New tokens for old ones; by the refresh token before the last where the forge does not know the last.
    private func renewed(_ tokens: OAuthTokens, by flow: OAuthFlow) async throws(ForgeError) -> OAuthTokens {
        do {
            var fresh = try await flow.refresh(tokens)
            if fresh.refreshToken != tokens.refreshToken { fresh.previousRefreshToken = tokens.refreshToken }
            return fresh
        } catch {
            guard error.code == .credentialRejected, let previous = tokens.previousRefreshToken else { throw error }
            var older = tokens
            older.refreshToken = previous
            older.previousRefreshToken = nil
            return try await flow.refresh(older)
        }
    }

    private func remember(_ error: ForgeError, of stale: VaultEntry) {
        let now = clock.milliseconds
        if refusals.count >= 10_000 { refusals = refusals.filter { $0.value.end > now } }
        refusals[stale.authorization.id] = Refusal(
            revision: stale.revision, error: error, end: now + Self.refusalMilliseconds)
    }

    /// Counts a renewal that has ended, and records it.
    /// - Parameter error: nil where there are new tokens.
    private func tell(_ authorization: Authorization, _ result: String, _ error: (any Error)? = nil) {
        Counter(
            label: "gatehouse_renewals_total",
            dimensions: [("forge", authorization.forge.rawValue), ("result", result)]
        ).increment()
        var event = AuditEvent(
            AuditEvent.renewal, time: clock.milliseconds, tenant: authorization.tenant, actor: .service,
            status: error == nil ? 200 : 400)
        event.authorization = authorization.name.text
        event.authorizationID = authorization.id
        event.forge = authorization.forge.rawValue
        event.errorCode = error.map { ($0 as? ForgeError)?.code.rawValue ?? "failed" }
        audit.note(event)
    }

    /// - Parameter isLost: whether the forge has given new tokens that could not be written. Otherwise nothing has been renewed.
    private func unusable(_ authorization: Authorization, _ error: any Error, isLost: Bool = false) async -> Outcome {
        tell(authorization, "failed", error)
        if (error as? StoreError)?.code == .unsealable {
            await ledger.markUnreadable(authorization.id, error)
            return .failed(
                ForgeError(.credentialRejected, authorization.forge, StatusReason.unreadable.advice))
        }
        let metadata: Logger.Metadata = ["authorization": "\(authorization.id)", "error": "\(error)"]
        if isLost {
            logger.critical("renewed credential lost", metadata: metadata)
        } else {
            logger.warning("renewal not begun", metadata: metadata)
        }
        return .failed(Self.unsavable(authorization))
    }

    private static func unsavable(_ authorization: Authorization) -> ForgeError {
        ForgeError(
            .unavailable, authorization.forge,
            "The credential cannot be renewed now, because the service cannot write to its store. Try again later.")
    }

    /// Writes the new tokens. A write that the store refuses is tried again for as long as the process lives, since the old tokens are
    /// dead; those who wait for the tokens are told after some seconds.
    private func save(_ tokens: OAuthTokens, of entry: VaultEntry) async throws -> VaultEntry {
        let authorization = entry.authorization
        defer { setUnsaved(authorization, false) }
        let begin = ContinuousClock.now
        var attempt = 0
        var lastAttempts = 10
        while true {
            do {
                return try await saveOnce(tokens, of: entry)
            } catch let error as StoreError where error.code == .unavailable {
                attempt += 1
                setUnsaved(authorization, true)
                logger.error(
                    "renewed credential not saved yet",
                    metadata: ["authorization": "\(authorization.id)", "attempt": "\(attempt)", "error": "\(error)"])
                if ContinuousClock.now - begin > patience {
                    answer(.failed(Self.unsavable(authorization)), to: authorization)
                }
                if isStopping.withLock({ $0 }) || Task.isCancelled {
                    lastAttempts -= 1
                    guard lastAttempts > 0 else { throw error }
                }
                // Cancelled: counted above.
                try? await Task.sleep(for: .milliseconds(min(100 << min(attempt, 6), 2_000)))
            }
        }
    }

    private func saveOnce(_ tokens: OAuthTokens, of entry: VaultEntry) async throws -> VaultEntry {
        let authorization = entry.authorization
        do throws(StoreError) {
            try await vault.replace(
                credential: .oauth(tokens), of: authorization.id, tenant: authorization.tenant,
                ifRevision: entry.revision)
        } catch  where error.code == .changed {
            // Authorized again meanwhile: that credential stands, and these tokens are nobody's.
            logger.notice("renewed tokens superseded", metadata: ["authorization": "\(authorization.id)"])
            revoker.submit(.init(authorization, .oauth(tokens), .tokens))
        } catch  where error.code == .notFound {
            // Deleted meanwhile, and what was revoked then were the tokens before these.
            revoker.submit(.init(authorization, .oauth(tokens), .grant))
        } catch {
            throw error
        }
        guard let saved = try await vault.entry(named: authorization.name, of: authorization.tenant),
            saved.authorization.id == authorization.id
        else {
            throw ForgeError(.credentialRejected, authorization.forge, "The authorization has been deleted meanwhile.")
        }
        return saved
    }

    private func setUnsaved(_ authorization: Authorization, _ isUnsaved: Bool) {
        let count = unsaved.count
        if isUnsaved { unsaved.insert(authorization.id) } else { unsaved.remove(authorization.id) }
        if unsaved.count != count { Meter(label: "gatehouse_credentials_unsaved").set(unsaved.count) }
    }
}
