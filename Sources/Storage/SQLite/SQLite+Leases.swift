// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import GRDB

/// What became of asking for a lease.
package enum LeaseAnswer: Sendable, Hashable {
    /// It is the owner's until its end, new or prolonged.
    case granted
    /// It is the owner's; the one before neither gave it back nor prolonged it: killed, or cut off from the store.
    case takenOver
    /// Another has it.
    case held
}

extension SQLiteStore {
    /// Takes or prolongs a lease: the right to work on something, of one owner among all programs that have the file open.
    /// - Parameters:
    ///   - now: Unix time in milliseconds.
    ///   - until: when it ends by itself.
    func takeLease(_ name: String, owner: String, now: Int64, until: Int64) async throws(StoreError) -> LeaseAnswer {
        try await write { database in
            let read = try database.cachedStatement(sql: "SELECT owner, expires FROM leases WHERE name = ?")
            let present = try Row.fetchOne(read, arguments: [name]).map {
                (owner: $0[0] as String, end: $0[1] as Int64)
            }
            if let present, present.owner != owner, present.end > now { return .held }
            try database.cachedStatement(
                sql: """
                    INSERT INTO leases (name, owner, expires) VALUES (?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires = excluded.expires
                    """
            ).execute(arguments: [name, owner, until])
            return present.map { $0.owner == owner } ?? true ? .granted : .takenOver
        }
    }

    /// Gives a lease back. One that is another's by now stays.
    func returnLease(_ name: String, owner: String) async throws(StoreError) {
        try await write { database in
            try database.cachedStatement(sql: "DELETE FROM leases WHERE name = ? AND owner = ?")
                .execute(arguments: [name, owner])
        }
    }
}
