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
            try Row.fetchOne(database, sql: "SELECT version, proof FROM master_keys ORDER BY version DESC LIMIT 1")
                .map { row in MasterKeyRow(version: row[0], proof: row[1]) }
        }
    }

    /// Writes the proof of the first key. Where another program was quicker, its proof stays and is returned.
    func insertFirstMasterKey(_ key: MasterKeyRow, created: Int64) async throws(StoreError) -> MasterKeyRow {
        try await write { database in
            let present = try Row.fetchOne(
                database, sql: "SELECT version, proof FROM master_keys ORDER BY version DESC LIMIT 1")
            if let present { return MasterKeyRow(version: present[0], proof: present[1]) }
            try database.execute(
                sql: "INSERT INTO master_keys (version, proof, created) VALUES (?, ?, ?)",
                arguments: [key.version, key.proof, created])
            return key
        }
    }
}
