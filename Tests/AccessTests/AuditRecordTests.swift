// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Model
import Storage
import TestSupport
import Testing

@testable import Access

/// What is kept in memory of the record, and what becomes of it.
@Suite struct AuditRecordTests {
    private func event(_ number: Int, of house: TestHouse) -> AuditEvent {
        var event = AuditEvent("ListTags", time: Int64(number), tenant: house.caller.tenant.id, actor: .user)
        event.requestID = "\(number)"
        return event
    }

    @Test func `a use is written at the next write, before the change that came after it`() async throws {
        let house = try await TestHouse(network: StubNetwork { _ in .json("{}") })
        house.audit.note(event(1, of: house))
        #expect(try await house.store.auditEntries(after: 0, limit: 10).isEmpty)
        try await house.audit.write(event(2, of: house))
        #expect(try await house.store.auditEntries(after: 0, limit: 10).map(\.event.requestID) == ["1", "2"])
    }

    @Test func `what the store does not take is kept, and what is too much is counted`() async throws {
        let logs = LogRecorder()
        let house = try await TestHouse(network: StubNetwork { _ in .json("{}") }, busyTimeout: 0)
        let record = AuditRecord(vault: house.vault, logger: logs.logger, capacity: 8)
        try house.sql("ALTER TABLE audit_head RENAME TO away")
        for number in 1...3 { record.note(event(number, of: house)) }
        await record.flush()
        await #expect(throws: StoreError.self) { try await record.write(event(4, of: house)) }
        for number in 5...20 { record.note(event(number, of: house)) }
        #expect(logs.lines.joined().contains("the record cannot be written") && logs.lines.joined().contains("dropped"))
        try house.sql("ALTER TABLE away RENAME TO audit_head")
        await record.flush()
        let entries = try await house.store.auditEntries(after: 0, limit: 100)
        let gap = try #require(entries.first)
        #expect(gap.event.action == AuditEvent.gap && gap.event.tenant == house.caller.tenant.id)
        // Each event is there or counted.
        #expect(Int(gap.event.lost ?? 0) + entries.count - 1 == 20)
        #expect(entries.last?.event.requestID == "20")
        #expect(try await house.vault.verifyAudit().fault == nil)
    }

    @Test func `a record whose end went back under a running process shows`() async throws {
        let logs = LogRecorder()
        let house = try await TestHouse(network: StubNetwork { _ in .json("{}") })
        let record = AuditRecord(vault: house.vault, logger: logs.logger)
        try await record.write(event(1, of: house))
        try house.sql("DELETE FROM audit_events; DELETE FROM audit_head")
        try await record.write(event(2, of: house))
        #expect(logs.lines.joined().contains("cut or changed outside of Gatehouse"))
        #expect(try await house.vault.verifyAudit().fault != nil)
    }

    @Test func `events that are too old are deleted, and none where they are kept for ever`() async throws {
        let house = try await TestHouse(network: StubNetwork { _ in .json("{}") })
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let forever = AuditRecord(vault: house.vault, logger: logger, clock: house.clock.wall)
        let month = AuditRecord(vault: house.vault, logger: logger, retentionDays: 30, clock: house.clock.wall)
        var old = event(1, of: house)
        old.time = house.clock.wall.milliseconds
        try await forever.write(old)
        house.clock.advance(seconds: 30 * 86_400 + 1)
        var new = event(2, of: house)
        new.time = house.clock.wall.milliseconds
        try await forever.write(new)
        await forever.cut()
        #expect(try await house.store.auditEntries(after: 0, limit: 10).count == 2)
        await month.cut()
        #expect(try await house.store.auditEntries(after: 0, limit: 10).map(\.event) == [new])
        #expect(try await house.vault.verifyAudit().fault == nil)
    }
}
