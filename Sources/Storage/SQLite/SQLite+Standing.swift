// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import GRDB
package import Model

/// An authorization that the checker shall look at.
package struct DueCheck: Sendable, Hashable {
    package let id: String
    package let tenant: TenantID
    package let name: AuthorizationName
    package let host: String
}

/// What was seen of an authorization's use. Times are Unix times in milliseconds.
package struct Sighting: Sendable, Hashable {
    /// When a caller last used it.
    package var used: Int64?
    /// When the forge last accepted its credential.
    package var proved: Int64?

    package init(used: Int64? = nil, proved: Int64? = nil) {
        self.used = used
        self.proved = proved
    }
}

/// How many authorizations of all tenants fare how.
package struct AuthorizationCounts: Sendable, Hashable {
    package var byStatus: [AuthorizationStatus: Int]
    /// Those of the status normal that end before the time asked for.
    package var ending: Int
}

extension SQLiteStore {
    /// - Parameter time: Unix time in milliseconds.
    package func authorizationCounts(endingBefore time: Int64) async throws(StoreError) -> AuthorizationCounts {
        try read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT status, count(*), sum(ifnull(expires < ?, 0)) FROM authorizations GROUP BY status")
            var counts = AuthorizationCounts(byStatus: [.normal: 0, .expired: 0, .rejected: 0], ending: 0)
            for row in try Row.fetchAll(statement, arguments: [time]) {
                guard let status = AuthorizationStatus(rawValue: row[0]) else { continue }
                counts.byStatus[status] = row[1]
                if status == .normal { counts.ending = row[2] }
            }
            return counts
        }
    }

    /// The longest due first.
    func dueChecks(now: Int64, limit: Int) async throws(StoreError) -> [DueCheck] {
        try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT id, tenant, name, host FROM authorizations WHERE next_check <= ? ORDER BY next_check LIMIT ?
                    """)
            return try Row.fetchAll(statement, arguments: [now, limit]).compactMap { row in
                // A row that somebody has written past us and that means nothing must not stop the others.
                guard let tenant = TenantID(row[1]), let name = AuthorizationName(row[2]) else { return nil }
                return DueCheck(id: row[0], tenant: tenant, name: name, host: row[3])
            }
        }
    }

    /// Puts a check off, and writes what the last one has told.
    /// - Parameter facts: nil where nothing was learnt; end and scopes stay as they are then.
    func setNextCheck(
        _ next: Int64, of id: String, facts: (expires: Int64?, scopes: [String]?)?
    ) async throws(StoreError) {
        let scopes = facts?.scopes?.joined(separator: " ")
        let expires = facts?.expires
        let isKnown = facts != nil
        try await write { database in
            try database.cachedStatement(sql: "UPDATE authorizations SET next_check = ? WHERE id = ?")
                .execute(arguments: [next, id])
            guard isKnown else { return }
            try database.cachedStatement(
                sql: "UPDATE authorizations SET expires = ?, scopes = ifnull(?, scopes) WHERE id = ?"
            ).execute(arguments: [expires, scopes, id])
        }
    }

    /// Writes the sightings in one transaction. Those of authorizations that are gone are passed over, and none goes back in time.
    func note(_ sightings: [String: Sighting]) async throws(StoreError) {
        try await write { database in
            let statement = try database.cachedStatement(
                sql: """
                    UPDATE authorizations SET used = nullif(max(ifnull(used, 0), ?), 0),
                        proved = nullif(max(ifnull(proved, 0), ?), 0) WHERE id = ?
                    """)
            for (id, sighting) in sightings {
                try statement.execute(arguments: [sighting.used ?? 0, sighting.proved ?? 0, id])
            }
        }
    }

    /// Marks an authorization whose row does not open, whatever its revision says.
    func setUnreadable(_ id: String) async throws(StoreError) {
        try await write { database in
            try database.cachedStatement(sql: "UPDATE authorizations SET status = ?, reason = ? WHERE id = ?")
                .execute(
                    arguments: [
                        AuthorizationStatus.rejected.rawValue, StatusReason.unreadable.rawValue, id,
                    ])
        }
    }
}
