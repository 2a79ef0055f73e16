// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Logging
import Metrics
import Model
package import Storage
import Synchronization

/// What is seen of the authorizations. A status that changes is written at once; the times of last use and last proof are
/// written every few seconds, all together, since a write for each request would cost more than the request.
package final class Ledger: Sendable {
    private let vault: Vault
    private let clock: WallClock
    private let logger: Logger
    private let seen = Mutex<[String: Sighting]>([:])

    /// Between two writes of what was seen; what a killed process has seen in that time is not known afterwards.
    private static let pause = Duration.seconds(15)

    package init(vault: Vault, logger: Logger, clock: WallClock = .system) {
        self.vault = vault
        self.clock = clock
        self.logger = logger
    }

    /// Writes what was seen until the task is cancelled, and once more then.
    package func run() async {
        while !Task.isCancelled {
            // Cancelled: the loop ends.
            try? await Task.sleep(for: Self.pause)
            await write()
        }
    }

    /// Writes what was seen so far. What the store does not take is kept for the next time.
    package func write() async {
        let sightings = seen.withLock { seen in
            defer { seen = [:] }
            return seen
        }
        guard !sightings.isEmpty else { return }
        let isWritable = Meter(label: "gatehouse_store_writable")
        do {
            try await vault.note(sightings)
            isWritable.set(1)
        } catch {
            isWritable.set(0)
            logger.warning("times of use not saved", metadata: ["error": "\(error)"])
            seen.withLock { $0.merge(sightings) { new, old in new.merged(with: old) } }
        }
    }

    /// A caller uses the authorization.
    func noteUse(of authorization: Authorization) {
        let now = clock.milliseconds
        seen.withLock { $0[authorization.id, default: Sighting()].used = now }
    }

    /// When a caller last used it, as far as this process knows.
    func lastUse(of entry: VaultEntry) -> Int64? {
        let seen = seen.withLock { $0[entry.authorization.id]?.used }
        return [seen, entry.standing.used].compactMap { $0 }.max()
    }

    /// What the store knows, with what has not been written yet.
    func completed(_ standing: Standing, of id: String) -> Standing {
        guard let seen = seen.withLock({ $0[id] }) else { return standing }
        let all = Sighting(used: standing.used, proved: standing.proved).merged(with: seen)
        var standing = standing
        standing.used = all.used
        standing.proved = all.proved
        return standing
    }

    /// The forge has accepted the credential.
    func accepted(_ entry: VaultEntry) async {
        let now = clock.milliseconds
        seen.withLock { $0[entry.authorization.id, default: Sighting()].proved = now }
        await mark(entry, nil)
    }

    /// The forge has refused the credential.
    func refused(_ entry: VaultEntry) async {
        let isOver = entry.standing.expires.map { $0 <= clock.milliseconds } ?? false
        await mark(entry, isOver ? .expired : .refused)
    }

    /// Writes a status where it differs. A store that fails here fails nobody's request: the next use tells again.
    func mark(_ entry: VaultEntry, _ reason: StatusReason?) async {
        let authorization = entry.authorization
        let status = reason?.status ?? .normal
        guard authorization.status != status || entry.standing.reason != reason else { return }
        do {
            try await vault.set(
                reason: reason, of: authorization.id, tenant: authorization.tenant, ifRevision: entry.revision)
        } catch  where [.changed, .notFound].contains(error.code) {
            // Replaced or deleted meanwhile: this status is no longer anybody's.
            return
        } catch {
            logger.warning(
                "status not saved",
                metadata: ["authorization": "\(authorization.id)", "status": "\(status.rawValue)", "error": "\(error)"])
            return
        }
        tell(authorization, reason)
    }

    /// Marks an authorization whose row does not open.
    func markUnreadable(_ id: String, _ error: any Error) async {
        logger.error("stored credential does not open", metadata: ["authorization": "\(id)", "error": "\(error)"])
        do {
            try await vault.setUnreadable(id)
        } catch {
            logger.warning(
                "status not saved", metadata: ["authorization": "\(id)", "status": "2", "error": "\(error)"])
        }
    }

    private func tell(_ authorization: Authorization, _ reason: StatusReason?) {
        let metadata: Logger.Metadata = [
            "authorization": "\(authorization.id)", "name": "\(authorization.name)",
            "tenant": "\(authorization.tenant.text)", "forge": "\(authorization.forge.rawValue)",
        ]
        guard let reason else {
            logger.notice("authorization works again", metadata: metadata)
            return
        }
        Counter(
            label: "gatehouse_authorizations_ended_total",
            dimensions: [("forge", authorization.forge.rawValue), ("reason", reason.rawValue)]
        ).increment()
        logger.warning(
            "authorization has ended", metadata: metadata.merging(["reason": "\(reason.rawValue)"]) { $1 })
    }
}

extension Sighting {
    fileprivate func merged(with other: Sighting) -> Sighting {
        Sighting(
            used: [used, other.used].compactMap { $0 }.max(), proved: [proved, other.proved].compactMap { $0 }.max())
    }
}
