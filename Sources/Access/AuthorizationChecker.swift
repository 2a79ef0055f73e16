// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
package import Logging
import Metrics
import Model
import Storage
import Synchronization

/// Proves each authorization at its forge now and then, so that a dead one is known before somebody needs it; learns when a
/// credential ends, and warns in time; renews the tokens that are in use before a caller would have to wait for it.
///
/// When an authorization is looked at next stands in the store. Of all programs that share the store, the one with the
/// checker's lease looks. A forge that limits or fails is left alone for a while, and says nothing about a credential.
package final class AuthorizationChecker: Sendable {
    package struct Pace: Sendable {
        /// Seconds from one proof of an authorization to the next, give or take a fifth, so that they spread.
        package let interval: Int64
        /// Seconds before a credential's end from which on each check warns of it.
        package let warning: Int64

        package init(interval: Int64, warning: Int64) {
            self.interval = interval
            self.warning = warning
        }
    }

    private let broker: Broker
    private let pace: Pace
    private let logger: Logger
    private let owner = RandomText.hexadecimal()
    private let state = Mutex(State())

    private struct State {
        /// Hosts that are left alone, with the time until which, in milliseconds.
        var resting: [String: Int64] = [:]
        /// Until when the lease is surely ours, in milliseconds.
        var leaseEnd: Int64 = 0
    }

    private static let batch = 32
    private static let hostsAtOnce = 4
    private static let leaseMilliseconds: Int64 = 120_000

    package init(broker: Broker, pace: Pace, logger: Logger) {
        self.broker = broker
        self.pace = pace
        self.logger = logger
    }

    /// Looks at what is due until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let isBusy = await round()
            // Cancelled: the loop ends.
            try? await Task.sleep(for: isBusy ? .seconds(1) : .milliseconds(Int.random(in: 4_000...6_000)))
        }
        do {
            try await broker.vault.returnCheckerLease(owner: owner)
        } catch {
            logger.debug("the checker's lease was not returned", metadata: ["error": "\(error)"])
        }
    }

    /// Looks at what is due now, a few dozen at most.
    /// - Returns: whether there may be more.
    package func round() async -> Bool {
        do {
            let due = try await broker.vault.dueChecks(limit: Self.batch)
            guard !due.isEmpty, try await hasLease() else { return false }
            var lines = Dictionary(grouping: due, by: \.host).values.map { $0 }[...]
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<Self.hostsAtOnce {
                    if let line = lines.popFirst() { group.addTask { await self.check(line) } }
                }
                while await group.next() != nil {
                    if let line = lines.popFirst() { group.addTask { await self.check(line) } }
                }
            }
            return due.count == Self.batch
        } catch {
            logger.warning("checks not made", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// Takes or prolongs the lease, where it is not surely ours for half of its time.
    private func hasLease() async throws(StoreError) -> Bool {
        let now = broker.clock.milliseconds
        if state.withLock({ $0.leaseEnd }) > now + Self.leaseMilliseconds / 2 { return true }
        let isOurs = try await broker.vault.takeCheckerLease(owner: owner, milliseconds: Self.leaseMilliseconds)
        state.withLock { $0.leaseEnd = isOurs ? now + Self.leaseMilliseconds : 0 }
        return isOurs
    }

    /// One after the other: they are at one host. The lease is held for as long as it takes, or the rest is left to whoever has it.
    private func check(_ line: [DueCheck]) async {
        do {
            for due in line {
                guard !Task.isCancelled, try await hasLease() else { return }
                await check(due)
            }
        } catch {
            logger.warning("checks not made", metadata: ["error": "\(error)"])
        }
    }

    private func check(_ due: DueCheck) async {
        do {
            let now = broker.clock.milliseconds
            if let rest = state.withLock({ $0.resting[due.host] }), rest > now {
                return try await broker.vault.setNextCheck(rest + jitter(of: 600), of: due.id)
            }
            guard let entry = try await broker.vault.entry(named: due.name, of: due.tenant),
                entry.authorization.id == due.id
            else { return }
            try await prove(entry)
        } catch {
            if (error as? StoreError)?.code == .unsealable {
                await broker.ledger.markUnreadable(due.id, error)
            } else {
                logger.warning("check not made", metadata: ["authorization": "\(due.id)", "error": "\(error)"])
            }
            await putOff(due.id)
        }
    }

    private func putOff(_ id: String) async {
        do {
            try await broker.vault.setNextCheck(broker.clock.milliseconds + regular(), of: id)
        } catch {
            logger.warning("check not put off", metadata: ["authorization": "\(id)", "error": "\(error)"])
        }
    }

    private func prove(_ entry: VaultEntry) async throws {
        let authorization = entry.authorization
        let now = broker.clock.milliseconds
        do {
            let current = try await renewedAhead(entry)
            let facts = try await broker.open(current).credentialFacts()
            let expires = (facts.expires ?? current.credential.end).map { $0 * 1000 }
            warn(of: expires, authorization)
            try await broker.vault.setNextCheck(
                next(after: current, ending: expires), of: authorization.id, expires: expires, scopes: facts.scopes)
            count(authorization, "good")
        } catch let error as ForgeError {
            count(authorization, error.code.rawValue)
            try await broker.vault.setNextCheck(now + pause(after: error, at: authorization), of: authorization.id)
        }
    }

    /// An entry whose tokens are near their end, renewed where somebody uses them; what lies idle is renewed by its next proof.
    private func renewedAhead(_ entry: VaultEntry) async throws(ForgeError) -> VaultEntry {
        guard case .oauth(let tokens) = entry.credential, tokens.refreshToken != nil, let expires = tokens.expires,
            expires <= broker.clock.seconds + Vault.renewalLead + 60, isInUse(entry)
        else { return entry }
        return try await broker.refresher.entry(after: entry)
    }

    /// Whether a caller has used it since it got its tokens.
    private func isInUse(_ entry: VaultEntry) -> Bool {
        broker.ledger.lastUse(of: entry).map { $0 >= entry.authorization.updated } ?? false
    }

    /// - Parameter expires: when the credential ends: its status is to be true then, not a day later.
    private func next(after entry: VaultEntry, ending expires: Int64?) -> Int64 {
        let now = broker.clock.milliseconds
        var regular = now + regular()
        if let expires, expires > now { regular = min(regular, expires + 1_000) }
        return min(regular, broker.vault.renewalTime(of: entry.credential) ?? .max)
    }

    /// Milliseconds until the next look, by what the forge said.
    private func pause(after error: ForgeError, at authorization: Authorization) -> Int64 {
        switch error.code {
        case .rateLimited:
            let seconds = Int64(error.retryAfter ?? 300)
            rest(authorization.host, seconds)
            return seconds * 1000 + jitter(of: 600)
        case .unavailable, .timedOut:
            rest(authorization.host, 60)
            return max(300, pace.interval / 24) * 1000 + jitter(of: 300)
        default:
            return regular()
        }
    }

    private func rest(_ host: String, _ seconds: Int64) {
        let now = broker.clock.milliseconds
        state.withLock { state in
            if state.resting.count >= 1_000 { state.resting = state.resting.filter { $0.value > now } }
            state.resting[host] = now + seconds * 1000
        }
    }

    private func regular() -> Int64 {
        Int64.random(in: pace.interval * 800...pace.interval * 1200)
    }

    private func jitter(of seconds: Int64) -> Int64 {
        Int64.random(in: 0...seconds * 1000)
    }

    private func warn(of expires: Int64?, _ authorization: Authorization) {
        guard let expires, expires - broker.clock.milliseconds < pace.warning * 1000 else { return }
        logger.warning(
            "credential ends soon",
            metadata: [
                "authorization": "\(authorization.id)", "name": "\(authorization.name)",
                "tenant": "\(authorization.tenant.text)", "forge": "\(authorization.forge.rawValue)",
                "expires": "\(Timestamp.microseconds(milliseconds: expires))",
            ])
    }

    private func count(_ authorization: Authorization, _ result: String) {
        Counter(
            label: "gatehouse_checks_total", dimensions: [("forge", authorization.forge.rawValue), ("result", result)]
        ).increment()
    }
}
