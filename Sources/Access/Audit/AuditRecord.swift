// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Logging
import Metrics
package import Model
package import Storage
import Synchronization

/// Takes events and brings them into the store's record.
///
/// An event of a change is in the store before the change is acknowledged. Events of uses are collected and written every second, all
/// together: a transaction for each would cost more than the request.
package final class AuditRecord: Sendable {
    fileprivate struct Pending {
        var events: [AuditEvent] = []
        /// How many were dropped, by tenant, since the store last took events.
        var dropped: [TenantID: Int64] = [:]
        /// The newest event that this process knows to be in the store.
        var seen: Int64 = 0
        var isFailing = false
    }

    private let vault: Vault
    private let clock: WallClock
    private let logger: Logger
    private let retention: Int64
    private let capacity: Int
    private let pending = Mutex(Pending())

    /// - Parameters:
    ///   - retentionDays: how long events are kept; 0 for ever.
    ///   - capacity: how many events are kept in memory while the store takes none.
    package init(
        vault: Vault, logger: Logger, retentionDays: Int = 0, capacity: Int = 20_000, clock: WallClock = .system
    ) {
        self.vault = vault
        self.logger = logger
        self.clock = clock
        retention = Int64(retentionDays) * 86_400_000
        self.capacity = max(capacity, 1)
    }

    /// Unix time in milliseconds.
    package var now: Int64 { clock.milliseconds }

    /// Writes what was noted until the task is cancelled, and once more then. Deletes what is too old, every hour.
    package func run() async {
        var sinceCut = Int.max
        while !Task.isCancelled {
            // Cancelled: the loop ends.
            try? await Task.sleep(for: .seconds(1))
            await flush()
            if sinceCut >= 3600 {
                await cut()
                sinceCut = 0
            }
            sinceCut += 1
        }
    }

    /// Takes the event of a use. It is in the store a second later.
    package func note(_ event: AuditEvent) {
        let excess = pending.withLock { pending in
            pending.events.append(event)
            return pending.drop(over: capacity)
        }
        told(excess)
    }

    /// Writes the event of a change, with what was noted before it. It is on the disk when this returns.
    /// - Throws: where the store does not take it. It is kept then, and written as soon as the store takes it.
    package func write(_ event: AuditEvent) async throws(StoreError) {
        try await append(event)
    }

    /// Writes what was noted. What the store does not take is kept for the next time.
    package func flush() async {
        do {
            try await append(nil)
        } catch {
            // It has been told, and the next second tries again.
        }
    }

    /// Deletes what is older than the retention time.
    package func cut() async {
        guard retention > 0 else { return }
        do {
            let count = try await vault.cutAudit(before: clock.milliseconds - retention)
            if count > 0 { logger.info("old events deleted from the record", metadata: ["count": "\(count)"]) }
        } catch {
            logger.warning("old events not deleted from the record", metadata: ["error": "\(error)"])
        }
    }

    private func append(_ last: AuditEvent?) async throws(StoreError) {
        let taken = pending.withLock { pending in
            let taken = pending
            pending.events = []
            pending.dropped = [:]
            return taken
        }
        let events = gaps(taken.dropped) + taken.events + (last.map { [$0] } ?? [])
        guard !events.isEmpty else { return }
        do throws(StoreError) {
            let done = try await vault.append(events, seen: taken.seen)
            pending.withLock { pending in
                pending.seen = max(pending.seen, done.sequence)
                pending.isFailing = false
            }
            Meter(label: "gatehouse_audit_pending").set(pending.withLock { $0.events.count })
            if done.isBroken { breach() }
        } catch {
            keep(taken, last, after: error)
            throw error
        }
    }

    /// Puts back what the store has not taken, before what has come since.
    private func keep(_ taken: Pending, _ last: AuditEvent?, after error: StoreError) {
        let (excess, count, isNew) = pending.withLock { pending in
            pending.events = taken.events + (last.map { [$0] } ?? []) + pending.events
            pending.dropped.merge(taken.dropped) { $0 + $1 }
            let isNew = !pending.isFailing
            pending.isFailing = true
            let excess = pending.drop(over: capacity)
            return (excess, pending.events.count, isNew)
        }
        Counter(label: "gatehouse_audit_failures_total").increment()
        Meter(label: "gatehouse_audit_pending").set(count)
        if isNew {
            logger.error("the record cannot be written", metadata: ["error": "\(error)", "pending": "\(count)"])
        }
        told(excess)
    }

    private func told(_ excess: Int) {
        guard excess > 0 else { return }
        Counter(label: "gatehouse_audit_dropped_total").increment(by: excess)
        logger.error("events of the record dropped", metadata: ["count": "\(excess)"])
    }

    private func breach() {
        Counter(label: "gatehouse_audit_breaks_total").increment()
        logger.critical("the record was cut or changed outside of Gatehouse: `gatehouse audit verify` says where")
    }

    private func gaps(_ dropped: [TenantID: Int64]) -> [AuditEvent] {
        dropped.sorted { $0.key.text < $1.key.text }.map { tenant, count in
            var event = AuditEvent(AuditEvent.gap, time: now, tenant: tenant, actor: .service)
            event.lost = count
            return event
        }
    }
}

extension AuditRecord.Pending {
    /// Drops the oldest events over a number, an eighth of it at once: the log gets a line for many.
    fileprivate mutating func drop(over capacity: Int) -> Int {
        guard events.count > capacity else { return 0 }
        let count = events.count - capacity + capacity / 8
        for event in events.prefix(count) {
            guard let tenant = event.tenant else { continue }
            dropped[tenant, default: 0] += event.action == AuditEvent.gap ? event.lost ?? 1 : 1
        }
        events.removeFirst(count)
        return count
    }
}
