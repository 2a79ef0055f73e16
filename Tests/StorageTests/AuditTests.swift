// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Model
import Testing

@testable import Storage

/// The record: one chain, and everything that does not fit it.
@Suite struct AuditTests {
    private static func events(_ count: Int, in fixture: Fixture, from start: Int = 0) -> [AuditEvent] {
        (start..<start + count).map { number in
            var event = AuditEvent(
                "ListBranches", time: fixture.clock.milliseconds + Int64(number),
                tenant: fixture.tenants[number % 2].id,
                actor: .user)
            event.userID = fixture.users[number % 2].id
            event.userName = "tom"
            event.authorization = "main"
            event.repository = "octavia/harbour-\(number)"
            event.requestID = "request-\(number)"
            return event
        }
    }

    /// Ten events in three transactions.
    private static func withRecord(_ body: (Fixture) async throws -> Void) async throws {
        try await Fixture.with { fixture in
            for (start, count) in [(0, 4), (4, 1), (5, 5)] {
                _ = try await fixture.vault.append(events(count, in: fixture, from: start))
            }
            try await body(fixture)
        }
    }

    @Test func `a record that nobody has touched is whole, an empty one too`() async throws {
        try await Fixture.with { fixture in
            let empty = try await fixture.vault.verifyAudit()
            #expect(empty.fault == nil && empty.count == 0)
        }
        try await Self.withRecord { fixture in
            let verdict = try await fixture.vault.verifyAudit()
            #expect(verdict.fault == nil, "\(verdict.fault?.message ?? "")")
            #expect((verdict.count, verdict.first, verdict.sequence) == (10, 1, 10))
            let entries = try await fixture.store.auditEntries(after: 0, limit: 100)
            #expect(entries.map(\.event) == Self.events(10, in: fixture))
            #expect(entries.map(\.sequence) == Array(1...10))
        }
    }

    struct Forgery: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sql: String
        /// The first event that does not fit; nil where all fit and the signature does not.
        let found: Int64?
    }

    static let forgeries: [Forgery] =
        [
            "time = time + 1", "tenant = NULL", "actor = 'operator'", "user = 'x'", "user_name = 'x'", "action = 'x'",
            "authorization = NULL", "authorization = ''", "authorization_id = 'x'", "forge = 'x'", "repository = 'x'",
            "status = 403", "error_code = 'x'", "request_id = 'x'", "source = 'x'", "duration = 7", "lost = 1",
            "id = '00000000000000000000000000000000'", "hash = zeroblob(32)",
            "authorization = 'mainx', repository = NULL",
        ].map {
            Forgery(testDescription: $0, sql: "UPDATE audit_events SET \($0) WHERE sequence = 4", found: 4)
        } + [
            Forgery(testDescription: "one deleted", sql: "DELETE FROM audit_events WHERE sequence = 5", found: 5),
            Forgery(testDescription: "the first deleted", sql: "DELETE FROM audit_events WHERE sequence = 1", found: 1),
            Forgery(testDescription: "the tail cut", sql: "DELETE FROM audit_events WHERE sequence > 7", found: 8),
            Forgery(testDescription: "all deleted", sql: "DELETE FROM audit_events", found: 1),
            Forgery(
                testDescription: "two exchanged",
                sql: """
                    UPDATE audit_events SET sequence = 100 WHERE sequence = 3;
                    UPDATE audit_events SET sequence = 3 WHERE sequence = 6;
                    UPDATE audit_events SET sequence = 6 WHERE sequence = 100;
                    """, found: 3),
            Forgery(
                testDescription: "one put in at the end",
                sql: """
                    INSERT INTO audit_events SELECT 11, '00000000000000000000000000000000', time, tenant, actor, user, user_name, action,
                    authorization, authorization_id, forge, repository, status, error_code, request_id, source, duration, lost, hash
                    FROM audit_events WHERE sequence = 10
                    """, found: 11),
            Forgery(
                testDescription: "the tail cut, and the head set to what is left",
                sql: """
                    DELETE FROM audit_events WHERE sequence > 7;
                    UPDATE audit_head SET sequence = 7, hash = (SELECT hash FROM audit_events WHERE sequence = 7);
                    """, found: nil),
            Forgery(
                testDescription: "the beginning cut, and the head set to what is left",
                sql: """
                    UPDATE audit_head SET first = 4, anchor = (SELECT hash FROM audit_events WHERE sequence = 3);
                    DELETE FROM audit_events WHERE sequence < 4;
                    """, found: nil),
            Forgery(testDescription: "the head deleted", sql: "DELETE FROM audit_head", found: nil),
            Forgery(
                testDescription: "the signature changed", sql: "UPDATE audit_head SET signature = zeroblob(32)",
                found: nil),
        ]

    @Test(arguments: forgeries) func `what was done to the record shows, and where`(forgery: Forgery) async throws {
        try await Self.withRecord { fixture in
            try fixture.sql(forgery.sql)
            let fault = try #require(try await fixture.vault.verifyAudit().fault)
            #expect(fault.sequence == forgery.found, "\(fault.message)")
        }
    }

    @Test(arguments: forgeries) func `writing on does not make it whole again`(forgery: Forgery) async throws {
        try await Self.withRecord { fixture in
            try fixture.sql(forgery.sql)
            let seen: Int64 = 10
            for start in [10, 12] {
                _ = try await fixture.vault.append(Self.events(2, in: fixture, from: start), seen: seen)
            }
            #expect(try await fixture.vault.verifyAudit().fault != nil)
            #expect(
                try await fixture.store.newestAuditEntries(.init(), limit: 1).first?.event.requestID == "request-13")
        }
    }

    @Test func `a record that was written anew without the master key does not fit`() async throws {
        try await Self.withRecord { fixture in
            var entries = try await fixture.store.auditEntries(after: 0, limit: 100)
            entries.remove(at: 3)
            let kept = entries
            let head = try #require(try await fixture.store.auditEnds().head)
            let forged = SealingKey(version: 1, key: MasterKey.random().key)
            try await fixture.store.write { database in
                _ = try SQLiteStore.deleteAudit(through: 10, in: database)
                var new = head
                (new.sequence, new.hash) = (0, AuditChain.origin)
                for entry in kept {
                    new.sequence += 1
                    new.hash = AuditChain.hash(after: new.hash, sequence: new.sequence, id: entry.id, entry.event)
                    try SQLiteStore.insert(
                        AuditEntry(sequence: new.sequence, id: entry.id, event: entry.event, hash: new.hash),
                        in: database)
                }
                new.signature = AuditChain.signature(of: new, under: forged)
                try SQLiteStore.set(new, in: database)
            }
            let fault = try #require(try await fixture.vault.verifyAudit().fault)
            #expect(fault.sequence == nil && fault.message.contains("written anew"), "\(fault.message)")
        }
    }

    @Test func `a store that was put back shows against a mark that was kept elsewhere`() async throws {
        try await Self.withRecord { fixture in
            let mark = try #require(AuditMark(try await fixture.vault.verifyAudit().mark))
            #expect(try await fixture.vault.verifyAudit(expecting: mark).fault == nil)
            let later = try #require(AuditMark("11:" + String(repeating: "0", count: 64)))
            #expect(try await fixture.vault.verifyAudit(expecting: later).fault?.sequence == 11)
            let other = try #require(AuditMark("9:" + String(repeating: "0", count: 64)))
            #expect(try await fixture.vault.verifyAudit(expecting: other).fault?.sequence == 9)
        }
    }

    @Test func `the oldest are cut by age, and the rest stays whole`() async throws {
        try await Self.withRecord { fixture in
            let end = fixture.clock.milliseconds + 6
            #expect(try await fixture.vault.cutAudit(before: end, batch: 4) == 6)
            let verdict = try await fixture.vault.verifyAudit()
            #expect(verdict.fault == nil, "\(verdict.fault?.message ?? "")")
            #expect((verdict.count, verdict.first, verdict.sequence) == (4, 7, 10))
            // One more than the operator has cut shows.
            try fixture.sql("DELETE FROM audit_events WHERE sequence = 7")
            #expect(try await fixture.vault.verifyAudit().fault?.sequence == 7)
            #expect(try await fixture.vault.cutAudit(before: .max) == 4 - 1)
        }
    }

    @Test func `a record that was cut to nothing goes on`() async throws {
        try await Self.withRecord { fixture in
            #expect(try await fixture.vault.cutAudit(before: .max, batch: 3) == 10)
            #expect(try await fixture.vault.verifyAudit().fault == nil)
            #expect(try await !fixture.vault.append(Self.events(1, in: fixture), seen: 10).isBroken)
            let verdict = try await fixture.vault.verifyAudit()
            #expect(verdict.fault == nil && verdict.first == 11 && verdict.count == 1)
        }
    }

    @Test func `writers on several connections make one chain`() async throws {
        try await Fixture.with { fixture in
            let other = try SQLiteStore(path: fixture.path)
            let neighbour = try await Vault(store: other, masterKey: fixture.key, clock: fixture.clock.wall)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<8 {
                    let vault = writer % 2 == 0 ? fixture.vault : neighbour
                    group.addTask {
                        for round in 0..<20 {
                            _ = try await vault.append(
                                Self.events(3, in: fixture, from: writer * 1000 + round * 3))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let verdict = try await fixture.vault.verifyAudit()
            #expect(verdict.fault == nil && verdict.count == 8 * 20 * 3, "\(verdict.fault?.message ?? "")")
            try other.close()
        }
    }

    @Test func `a store of the time before the record begins one, and one that lost it does not`() async throws {
        try await Fixture.inTemporaryDirectory { directory in
            let (path, key) = (directory + "/store.sqlite", MasterKey.random())
            let old = try DatabasePool(path: path)
            try SQLiteSchema.migrator.migrate(old, upTo: "7 temporary keys")
            let proof = try Vault.proof(of: SealingKey(version: 1, key: key.key)).proof
            try await old.write {
                try $0.execute(sql: "INSERT INTO master_keys VALUES (1, ?, 1)", arguments: [proof])
            }
            try old.close()
            for count in 0..<3 {
                let store = try SQLiteStore(path: path)
                let vault = try await Vault(store: store, masterKey: key)
                let verdict = try await vault.verifyAudit()
                #expect(verdict.fault == nil && verdict.count == count, "\(verdict.fault?.message ?? "")")
                let event = AuditEvent("DeleteTag", time: 1, tenant: nil, actor: .operator)
                #expect(try await !vault.append([event]).isBroken)
                try store.close()
            }
            for _ in 1...2 {
                let store = try SQLiteStore(path: path)
                try await store.write { try $0.execute(sql: "DELETE FROM audit_events; DELETE FROM audit_head") }
                let vault = try await Vault(store: store, masterKey: key)
                #expect(try await vault.verifyAudit().fault?.message.contains("was deleted") == true)
                try store.close()
            }
        }
    }

    @Test func `the record is signed anew by a rotation, and verified under the new key alone`() async throws {
        try await Fixture.inTemporaryDirectory { directory in
            let store = try SQLiteStore(path: directory + "/store.sqlite")
            let keys = KeySource.file(directory + "/key")
            let vault = try await Vault(store: store, keys: keys)
            _ = try await vault.append([AuditEvent("DeleteTag", time: 1, tenant: nil, actor: .operator)])
            #expect(try await vault.beginRotation().version == 2)
            _ = try await vault.reseal(pause: .zero)
            _ = try await vault.retire(1)
            let later = try await Vault(store: store, keys: keys)
            #expect(try await later.verifyAudit().fault == nil)
            #expect(try await !later.append([AuditEvent("DeleteTag", time: 2, tenant: nil, actor: .operator)]).isBroken)
            #expect(try await later.verifyAudit().count == 2)
            try store.close()
        }
    }

    @Test func `a key is not retired while a record that does not fit is signed under it`() async throws {
        try await Fixture.inTemporaryDirectory { directory in
            let store = try SQLiteStore(path: directory + "/store.sqlite")
            let vault = try await Vault(store: store, keys: .file(directory + "/key"))
            _ = try await vault.append([AuditEvent("DeleteTag", time: 1, tenant: nil, actor: .operator)])
            try await store.write { try $0.execute(sql: "UPDATE audit_head SET sequence = 9") }
            _ = try await vault.beginRotation()
            _ = try await vault.reseal(pause: .zero)
            #expect(try await code { _ = try await vault.retire(1) } == .invalid)
            #expect(try await vault.verifyAudit().fault != nil)
            try store.close()
        }
    }

    @Test func `a tenant's page holds its own events only, newest first, and no other's marker leads anywhere`()
        async throws
    {
        try await Self.withRecord { fixture in
            let (mine, other) = (fixture.tenants[0].id, fixture.tenants[1].id)
            let all = try await fixture.vault.auditPage(of: mine, before: nil, limit: 100)
            #expect(all.compactMap(\.event.requestID) == [8, 6, 4, 2, 0].map { "request-\($0)" })
            let rest = try await fixture.vault.auditPage(of: mine, before: all[1].id, limit: 2)
            #expect(rest == Array(all[2..<4]))
            #expect(
                try await code { _ = try await fixture.vault.auditPage(of: other, before: all[1].id, limit: 2) }
                    == .notFound)
        }
    }
}
