// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import Model

/// The tables that hold sealed values.
package enum SealedTable: CaseIterable, Sendable, Hashable {
    case authorizations
    case accessKeys
    case oauthStates

    var name: String {
        switch self {
        case .authorizations: "authorizations"
        case .accessKeys: "access_keys"
        case .oauthStates: "oauth_states"
        }
    }

    /// The column by which its rows are gone through.
    fileprivate var position: String {
        switch self {
        case .authorizations: "number"
        case .accessKeys: "rowid"
        case .oauthStates: "digest"
        }
    }
}

/// What a sealed value is, for the operator. Nothing of what is inside.
package struct SealedLabel: Sendable, Hashable {
    package let table: SealedTable
    /// The authorization's name, the access key's id; of a flow nothing that can be told.
    package let name: String
    /// The tenant's name.
    package let tenant: String
}

/// One sealed value with all that it is bound to.
struct SealedRow: Sendable {
    let label: SealedLabel
    /// Where it stands in its table.
    let position: DatabaseValue
    let keyVersion: Int64
    let sealed: Data
    /// nil where the row has words that this Gatehouse does not know: then it cannot be opened.
    let context: SealContext?
}

/// A value that has been sealed anew.
struct ResealedRow: Sendable {
    let old: SealedRow
    let sealed: Data
}

/// Only the vault calls these.
extension SQLiteStore {
    /// Some rows of a table in its order.
    /// - Parameters:
    ///   - version: of those that are not sealed under it; nil for all.
    ///   - position: of those that come after it; nil from the beginning.
    func sealedRows(
        of table: SealedTable, notUnder version: Int64?, after position: DatabaseValue?, limit: Int
    ) async throws(StoreError) -> [SealedRow] {
        let columns =
            switch table {
            case .authorizations: Self.rowColumns
            case .accessKeys: "id, user, created, expires, token, key_version, sealed"
            case .oauthStates: Self.oauthColumns
            }
        let after = position == nil ? "" : "AND \(table.position) > :position"
        let other = version == nil ? "" : "AND key_version <> :version"
        let sql = """
            SELECT \(columns), \(table.position) AS row_position, tenant AS row_tenant,
                (SELECT name FROM tenants WHERE id = tenant) AS tenant_name
            FROM \(table.name) WHERE 1 \(after) \(other) ORDER BY \(table.position) LIMIT :limit
            """
        var arguments: [String: (any DatabaseValueConvertible)?] = ["limit": limit]
        if let position { arguments["position"] = position }
        if let version { arguments["version"] = version }
        let statement = StatementArguments(arguments)
        return try read { database in
            try Row.fetchAll(database, sql: sql, arguments: statement).map { try SealedRow($0, of: table) }
        }
    }

    /// How many values are sealed under each version.
    /// - Parameter now: flows that have ended by then are left out.
    func sealedCounts(now: Int64) async throws(StoreError) -> [Int64: [SealedTable: Int]] {
        try read { database in
            var counts: [Int64: [SealedTable: Int]] = [:]
            for table in SealedTable.allCases {
                let alive = table == .oauthStates ? "WHERE expires > \(now)" : ""
                let rows = try Row.fetchAll(
                    database, sql: "SELECT key_version, count(*) FROM \(table.name) \(alive) GROUP BY key_version")
                for row in rows { counts[row[0], default: [:]][table] = row[1] }
            }
            return counts
        }
    }

    /// Puts values that were sealed anew in the place of the old ones, in one transaction. A value that has changed meanwhile
    /// stays as it is: a renewed credential is never overwritten.
    /// - Returns: how many were put in place.
    func reseal(
        _ rows: [ResealedRow], in table: SealedTable, under version: Int64
    ) async throws(StoreError) -> Int {
        try await write { database in
            let statement = try database.cachedStatement(
                sql: """
                    UPDATE \(table.name) SET sealed = ?, key_version = ?
                    WHERE \(table.position) = ? AND key_version = ? AND sealed = ?
                    """)
            var count = 0
            for row in rows {
                try statement.execute(arguments: [
                    row.sealed, version, row.old.position, row.old.keyVersion, row.old.sealed,
                ])
                count += database.changesCount
            }
            return count
        }
    }

    func deleteEndedOAuthStates(now: Int64) async throws(StoreError) {
        try await write { database in
            try database.execute(sql: "DELETE FROM oauth_states WHERE expires <= ?", arguments: [now])
        }
    }
}

extension SealedRow {
    fileprivate init(_ row: Row, of table: SealedTable) throws {
        let id: String = row["row_tenant"]
        let context: SealContext?
        do {
            context = try TenantID(id).map { try Self.context(row, of: table, $0) }
        } catch is StoreError {
            context = nil
        }
        let name: String =
            switch table {
            case .authorizations: row["name"]
            case .accessKeys: row["id"]
            case .oauthStates: "an unfinished OAuth flow"
            }
        self.init(
            label: SealedLabel(table: table, name: name, tenant: row["tenant_name"] ?? id),
            position: row["row_position"], keyVersion: row["key_version"], sealed: row["sealed"], context: context)
    }

    private static func context(_ row: Row, of table: SealedTable, _ tenant: TenantID) throws -> SealContext {
        switch table {
        case .authorizations:
            let authorization = try AuthorizationRow(row, of: tenant)
            return SealContext(authorization.authorization, revision: authorization.revision)
        case .accessKeys:
            return SealContext(
                AccessKey(
                    id: row["id"], tenant: tenant, user: row["user"], created: row["created"],
                    temporary: AccessKey.Temporary(expires: row["expires"], token: row["token"])))
        case .oauthStates:
            return SealContext(try OAuthStateRow(row))
        }
    }
}
