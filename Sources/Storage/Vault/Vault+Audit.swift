// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
package import Model

/// What came of appending.
package struct AuditAppend: Sendable {
    /// The number of the newest event.
    package let sequence: Int64
    /// Whether the record before was found cut or changed. An event says so from now on.
    package let isBroken: Bool
}

extension Vault {
    /// Appends events to the record, in one transaction: whoever else appends comes before or after it.
    ///
    /// The end of the record is checked first. A record that was cut or changed there is not signed as if it were whole: an
    /// event is put before the new ones that says so, and ``verifyAudit(expecting:progress:)`` tells of it.
    /// - Parameter seen: the number of an event that the caller knows to have been there.
    package func append(_ events: [AuditEvent], seen: Int64 = 0) async throws(StoreError) -> AuditAppend {
        let now = clock.milliseconds
        return try await sealing { (key) async throws(StoreError) in
            try await store.write { [keychain] database in
                let (end, isBroken) = try Self.auditEnd(in: database, keychain, seen: seen)
                var head = end
                var events = events
                if isBroken {
                    events.insert(AuditEvent(AuditEvent.breach, time: now, tenant: nil, actor: .service), at: 0)
                }
                for event in events {
                    head.sequence += 1
                    let id = RandomText.hexadecimal()
                    head.hash = AuditChain.hash(after: head.hash, sequence: head.sequence, id: id, event)
                    try SQLiteStore.insert(
                        AuditEntry(sequence: head.sequence, id: id, event: event, hash: head.hash), in: database)
                }
                try Self.sign(head, under: key, in: database)
                return AuditAppend(sequence: head.sequence, isBroken: isBroken)
            }
        }
    }

    /// Deletes the oldest events, those from before a time. What is kept can be verified as before.
    /// - Parameter time: Unix time in milliseconds.
    /// - Returns: how many were deleted. None of a record whose end does not fit: what shows it must stay.
    package func cutAudit(before time: Int64, batch: Int = 1000) async throws(StoreError) -> Int {
        var total = 0
        while true {
            let count = try await sealing { (key) async throws(StoreError) in
                try await store.write { [keychain] database in
                    let (end, isBroken) = try Self.auditEnd(in: database, keychain, seen: 0)
                    var head = end
                    guard !isBroken,
                        let last = try SQLiteStore.lastAuditEntry(
                            before: time, from: head.first, limit: batch, in: database)
                    else { return 0 }
                    let count = try SQLiteStore.deleteAudit(through: last.sequence, in: database)
                    head.first = last.sequence + 1
                    head.anchor = last.hash
                    try Self.sign(head, under: key, in: database)
                    return count
                }
            }
            total += count
            guard count == batch else { return total }
        }
    }

    /// Some of a tenant's events, newest first.
    /// - Parameter marker: the id of the last event of the page before; nil for the newest.
    /// - Throws: ``StoreError/Code/notFound`` for a marker that is none of the tenant's.
    package func auditPage(
        of tenant: TenantID, before marker: String?, limit: Int
    ) async throws(StoreError) -> [AuditEntry] {
        try await store.auditPage(of: tenant, before: marker, limit: limit)
    }

    /// The ends of a record without events. A store has them from the beginning on, so that one whose record was deleted as a whole
    /// is not taken for a new one.
    static func emptyAudit(under key: SealingKey) -> AuditHead {
        var head = AuditHead(
            first: 1, anchor: AuditChain.origin, sequence: 0, hash: AuditChain.origin, keyVersion: key.version,
            signature: Data())
        head.signature = AuditChain.signature(of: head, under: key)
        return head
    }

    /// For a store of the time before there was a record.
    func beginAudit() async throws(StoreError) {
        try await sealing { (key) async throws(StoreError) in
            try await store.write { database in
                guard try SQLiteStore.auditHead(in: database) == nil,
                    try SQLiteStore.lastAuditEntry(in: database) == nil
                else { return }
                try SQLiteStore.set(Self.emptyAudit(under: key), in: database)
            }
        }
    }

    /// Signs the end of the record under the newest version of the master key. One that is not authentic stays as it is.
    func signAuditAnew() async throws(StoreError) {
        try await sealing { (key) async throws(StoreError) in
            try await store.write { [keychain] database in
                guard let head = try SQLiteStore.auditHead(in: database), head.keyVersion != key.version,
                    try Self.isAuthentic(head, keychain)
                else { return }
                try Self.sign(head, under: key, in: database)
            }
        }
    }

    private static func sign(_ head: AuditHead, under key: SealingKey, in database: Database) throws {
        var head = head
        head.keyVersion = key.version
        head.signature = AuditChain.signature(of: head, under: key)
        try SQLiteStore.set(head, in: database)
    }

    /// - Throws: ``StoreError/Code/masterKeyRefused`` without the version of the master key that it was signed under.
    static func isAuthentic(_ head: AuditHead, _ keychain: Keychain) throws(StoreError) -> Bool {
        guard let key = try keychain.key(head.keyVersion) else {
            throw StoreError(
                .masterKeyRefused,
                "The record is signed under version \(head.keyVersion) of the master key, which this process does not have. "
                    + "Start it again with that version.")
        }
        return AuditChain.isAuthentic(head, under: key)
    }

    /// Where the next event goes, and whether what is there is what was signed.
    private static func auditEnd(
        in database: Database, _ keychain: Keychain, seen: Int64
    ) throws -> (head: AuditHead, isBroken: Bool) {
        let head = try SQLiteStore.auditHead(in: database)
        let last = try SQLiteStore.lastAuditEntry(in: database)
        guard let head else {
            let new = AuditHead(
                first: (last?.sequence ?? seen) + 1, anchor: last?.hash ?? AuditChain.origin,
                sequence: max(last?.sequence ?? 0, seen), hash: last?.hash ?? AuditChain.origin, keyVersion: 0,
                signature: Data())
            return (new, true)
        }
        let isWhole =
            last.map { $0.sequence == head.sequence && $0.hash == head.hash }
            ?? (head.first == head.sequence + 1 && head.anchor == head.hash)
        let isAuthentic = try isAuthentic(head, keychain)
        if isWhole, head.sequence >= seen, isAuthentic { return (head, false) }
        var broken = head
        broken.sequence = max(head.sequence, last?.sequence ?? 0, seen)
        broken.hash = last?.hash ?? head.hash
        return (broken, true)
    }
}
