// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB

/// The proof of one version of the master key.
struct MasterKeyRow: Sendable {
    let version: Int64
    let proof: Data
}

extension SQLiteStore {
    /// Whether a master key has ever been used on this store. From then on no other one is taken, and none is made.
    package func hasMasterKey() async throws(StoreError) -> Bool {
        try await newestMasterKey() != nil
    }

    func newestMasterKey() async throws(StoreError) -> MasterKeyRow? {
        try read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT version, proof FROM master_keys ORDER BY version DESC LIMIT 1")
            return try Row.fetchOne(statement).map { row in MasterKeyRow(version: row[0], proof: row[1]) }
        }
    }

    /// Smallest version first.
    func masterKeys() async throws(StoreError) -> [MasterKeyRow] {
        try read { database in try Self.masterKeys(in: database) }
    }

    /// When each version was first used, Unix time in milliseconds.
    func masterKeyTimes() async throws(StoreError) -> [Int64: Int64] {
        try read { database in
            let rows = try Row.fetchAll(database, sql: "SELECT version, created FROM master_keys")
            return Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
        }
    }

    /// Writes the proof of the first key. Where another program was quicker, its proof stays.
    /// - Returns: what is there now.
    func insertFirstMasterKey(
        _ key: MasterKeyRow, _ audit: AuditHead, created: Int64
    ) async throws(StoreError) -> [MasterKeyRow] {
        try await write { database in
            if try Self.masterKeys(in: database).isEmpty {
                try Self.insert(key, created: created, in: database)
                if try Self.auditHead(in: database) == nil { try Self.set(audit, in: database) }
            }
            return try Self.masterKeys(in: database)
        }
    }

    /// Writes the proof of a next version. Where that version has one already, it stays: another program was quicker.
    func insertMasterKey(_ key: MasterKeyRow, created: Int64) async throws(StoreError) {
        try await write { database in
            guard try !Self.masterKeys(in: database).contains(where: { $0.version == key.version }) else { return }
            try Self.insert(key, created: created, in: database)
        }
    }

    /// Deletes the proof of a version: from then on nothing can be sealed under it.
    /// - Returns: how many values are sealed under it; where there are any, it stays.
    /// - Throws: ``StoreError/Code/invalid`` for the newest version.
    func deleteMasterKey(_ version: Int64, now: Int64) async throws(StoreError) -> Int {
        try await write { database in
            let versions = try Self.masterKeys(in: database).map(\.version)
            guard let newest = versions.last, newest != version else {
                throw StoreError(
                    .invalid,
                    "Version \(version) is the newest of the master key: what is sealed now is sealed under it. "
                        + "`gatehouse key rotate` makes a newer one.")
            }
            try database.execute(sql: "DELETE FROM oauth_states WHERE expires <= ?", arguments: [now])
            var count = 0
            for table in SealedTable.allCases {
                count +=
                    try Int.fetchOne(
                        database, sql: "SELECT count(*) FROM \(table.name) WHERE key_version = ?", arguments: [version])
                    ?? 0
            }
            count +=
                try Int.fetchOne(
                    database, sql: "SELECT count(*) FROM audit_head WHERE key_version = ?", arguments: [version]) ?? 0
            if count == 0 {
                try database.execute(sql: "DELETE FROM master_keys WHERE version = ?", arguments: [version])
            }
            return count
        }
    }

    private static func masterKeys(in database: Database) throws -> [MasterKeyRow] {
        try Row.fetchAll(database, sql: "SELECT version, proof FROM master_keys ORDER BY version")
            .map { row in MasterKeyRow(version: row[0], proof: row[1]) }
    }

    private static func insert(_ key: MasterKeyRow, created: Int64, in database: Database) throws {
        try database.execute(
            sql: "INSERT INTO master_keys (version, proof, created) VALUES (?, ?, ?)",
            arguments: [key.version, key.proof, created])
    }
}
