// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
package import Model

/// Where the kept part of the record begins and where the record ends.
struct AuditHead: Sendable {
    /// The number of the oldest event that is kept. One more than ``sequence`` where none is.
    var first: Int64
    /// The hash of the event before that one.
    var anchor: Data
    /// The number and the hash of the newest event.
    var sequence: Int64
    var hash: Data
    /// The version of the master key that the signature hangs on.
    var keyVersion: Int64
    var signature: Data
}

/// Which events are asked for.
package struct AuditFilter: Sendable {
    package var tenant: TenantID?
    /// An authorization's name.
    package var authorization: String?
    /// Unix time in milliseconds.
    package var since: Int64?

    package init(tenant: TenantID? = nil, authorization: String? = nil, since: Int64? = nil) {
        self.tenant = tenant
        self.authorization = authorization
        self.since = since
    }

    fileprivate var arguments: StatementArguments {
        ["tenant": tenant?.text, "authorization": authorization, "since": since]
    }

    fileprivate static let condition = """
        (:tenant IS NULL OR tenant = :tenant) AND (:authorization IS NULL OR authorization = :authorization)
            AND (:since IS NULL OR time >= :since)
        """
}

extension SQLiteStore {
    private static let auditColumns = """
        sequence, id, time, tenant, actor, user, user_name, action, authorization, authorization_id, forge, repository,
        status, error_code, request_id, source, duration, lost, hash
        """

    /// Events in their order.
    /// - Parameter sequence: of those after it.
    package func auditEntries(
        _ filter: AuditFilter = .init(), after sequence: Int64, limit: Int
    ) async throws(StoreError) -> [AuditEntry] {
        let arguments: StatementArguments = filter.arguments &+ ["after": sequence, "limit": limit]
        return try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(Self.auditColumns) FROM audit_events
                    WHERE sequence > :after AND \(AuditFilter.condition) ORDER BY sequence LIMIT :limit
                    """, arguments: arguments
            ).map { AuditEntry($0) }
        }
    }

    /// The last events, newest first.
    package func newestAuditEntries(
        _ filter: AuditFilter, limit: Int
    ) async throws(StoreError) -> [AuditEntry] {
        let arguments: StatementArguments = filter.arguments &+ ["limit": limit]
        return try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT \(Self.auditColumns) FROM audit_events
                    WHERE \(AuditFilter.condition) ORDER BY sequence DESC LIMIT :limit
                    """, arguments: arguments
            ).map { AuditEntry($0) }
        }
    }

    /// A tenant's events, newest first.
    /// - Parameter marker: the id of an event of the same tenant: of those before it.
    /// - Throws: ``StoreError/Code/notFound`` for a marker that is none.
    func auditPage(of tenant: TenantID, before marker: String?, limit: Int) async throws(StoreError) -> [AuditEntry] {
        try read { database in
            var end = Int64.max
            if let marker {
                let found = try Int64.fetchOne(
                    database.cachedStatement(sql: "SELECT sequence FROM audit_events WHERE id = ? AND tenant = ?"),
                    arguments: [marker, tenant.text])
                guard let found else {
                    throw StoreError(.notFound, "The marker names no event that is kept.")
                }
                end = found
            }
            return try Row.fetchAll(
                database.cachedStatement(
                    sql: """
                        SELECT \(Self.auditColumns) FROM audit_events
                        WHERE tenant = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?
                        """), arguments: [tenant.text, end, limit]
            ).map { AuditEntry($0) }
        }
    }

    /// The record's ends, both as of one moment.
    func auditEnds() async throws(StoreError) -> (head: AuditHead?, last: Int64?) {
        try read { database in
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT first, anchor, h.sequence, hash, key_version, signature,
                        (SELECT max(sequence) FROM audit_events) AS last
                    FROM (SELECT 1) LEFT JOIN audit_head h
                    """)
            guard let row else { return (nil, nil) }
            let first: Int64? = row[0]
            return (first == nil ? nil : AuditHead(row), row["last"])
        }
    }
}

/// The parts of transactions that only the vault puts together.
extension SQLiteStore {
    static func auditHead(in database: Database) throws -> AuditHead? {
        try Row.fetchOne(
            database.cachedStatement(
                sql: "SELECT first, anchor, sequence, hash, key_version, signature FROM audit_head")
        ).map { AuditHead($0) }
    }

    static func set(_ head: AuditHead, in database: Database) throws {
        try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO audit_head (one, first, anchor, sequence, hash, key_version, signature)
                VALUES (1, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [head.first, head.anchor, head.sequence, head.hash, head.keyVersion, head.signature])
    }

    static func insert(_ entry: AuditEntry, in database: Database) throws {
        let event = entry.event
        let values: [(any DatabaseValueConvertible)?] = [
            entry.sequence, entry.id, event.time, event.tenant?.text, event.actor.rawValue, event.userID,
            event.userName, event.action, event.authorization, event.authorizationID, event.forge, event.repository,
            event.status, event.errorCode, event.requestID, event.source, event.duration, event.lost, entry.hash,
        ]
        try database.cachedStatement(
            sql: """
                INSERT INTO audit_events (\(Self.auditColumns))
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: StatementArguments(values))
    }

    static func lastAuditEntry(in database: Database) throws -> AuditEntry? {
        try Row.fetchOne(
            database.cachedStatement(
                sql: "SELECT \(Self.auditColumns) FROM audit_events ORDER BY sequence DESC LIMIT 1")
        ).map { AuditEntry($0) }
    }

    /// The number and the hash of the last of the oldest events, as long as they are from before a time.
    static func lastAuditEntry(
        before time: Int64, from first: Int64, limit: Int, in database: Database
    ) throws -> (sequence: Int64, hash: Data)? {
        let rows = try Row.fetchAll(
            database,
            sql: "SELECT sequence, hash, time FROM audit_events WHERE sequence >= ? ORDER BY sequence LIMIT ?",
            arguments: [first, limit])
        return rows.prefix { ($0["time"] as Int64) < time }.last.map { ($0["sequence"], $0["hash"]) }
    }

    static func deleteAudit(through sequence: Int64, in database: Database) throws -> Int {
        try database.execute(sql: "DELETE FROM audit_events WHERE sequence <= ?", arguments: [sequence])
        return database.changesCount
    }
}

extension AuditHead {
    fileprivate init(_ row: Row) {
        self.init(
            first: row[0], anchor: row[1], sequence: row[2], hash: row[3], keyVersion: row[4], signature: row[5])
    }
}

extension AuditEntry {
    /// A row with words that this Gatehouse does not know gives an event whose hash is another one.
    fileprivate init(_ row: Row) {
        var event = AuditEvent(
            row["action"], time: row["time"], tenant: (row["tenant"] as String?).flatMap { TenantID($0) },
            actor: AuditEvent.Actor(rawValue: row["actor"]) ?? .service, status: row["status"])
        event.userID = row["user"]
        event.userName = row["user_name"]
        event.authorization = row["authorization"]
        event.authorizationID = row["authorization_id"]
        event.forge = row["forge"]
        event.repository = row["repository"]
        event.errorCode = row["error_code"]
        event.requestID = row["request_id"]
        event.source = row["source"]
        event.duration = row["duration"]
        event.lost = row["lost"]
        self.init(sequence: row["sequence"], id: row["id"], event: event, hash: row["hash"])
    }
}
