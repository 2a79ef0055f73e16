// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import Model

/// An authorization with its sealed credential.
struct AuthorizationRow: Sendable {
    let authorization: Authorization
    let keyVersion: Int64
    /// Counts the credentials that this authorization has had, from 1.
    let revision: Int64
    let sealed: Data
    let standing: Standing
    /// Unix time in milliseconds at which the checker looks at it; 0 for at once. Written, not read.
    var nextCheck: Int64 = 0
    /// What may go through it, as JSON; nil for anything. Read, and written by itself only.
    var usePolicy: String?
}

/// A row that has just been deleted; nil where it held words that this Gatehouse does not know.
struct DeletedRow: Sendable {
    let row: AuthorizationRow?
}

/// Only the vault calls these: it alone makes and opens what `sealed` holds.
extension SQLiteStore {
    static let columns = "id, name, forge, mode, host, home, user, avatar, site, created, updated, status"
    private static let writtenColumns =
        "\(columns), key_version, revision, sealed, reason, proved, used, expires, scopes"
    static let rowColumns = "\(writtenColumns), use_policy"

    /// - Parameter quota: how many authorizations the tenant may have, where its own quota does not say; 0 for any number.
    /// - Throws: ``StoreError/Code/alreadyExists``, ``StoreError/Code/notFound`` (no such tenant),
    ///   ``StoreError/Code/overQuota``, ``StoreError/Code/invalid``.
    func insert(_ row: AuthorizationRow, quota: Int = 0) async throws(StoreError) {
        let authorization = row.authorization
        try Self.checkTexts(of: authorization)
        try await write { database in
            try Self.requireRoom(for: authorization.tenant, quota, in: database)
            try database.cachedStatement(
                sql: """
                    INSERT INTO authorizations (tenant, \(Self.writtenColumns), next_check)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(arguments: [
                authorization.tenant.text, authorization.id, authorization.name.text, authorization.forge.rawValue,
                authorization.mode.rawValue, authorization.host, authorization.home, authorization.user,
                authorization.avatar, authorization.site, authorization.created, authorization.updated,
                authorization.status.rawValue, row.keyVersion, row.revision, row.sealed,
                row.standing.reason?.rawValue, row.standing.proved, row.standing.used, row.standing.expires,
                row.standing.scopes?.joined(separator: " "), row.nextCheck,
            ])
        }
    }

    /// SQLite would cut a text with a NUL off, and the row would not open again under what it was sealed with.
    static func checkTexts(of authorization: Authorization) throws(StoreError) {
        let texts = [authorization.host, authorization.home, authorization.user, authorization.avatar]
        guard (texts + [authorization.site ?? ""]).allSatisfy({ !$0.utf8.contains(0) }) else {
            throw StoreError(.invalid, "An authorization's address, user or tag holds a NUL character.")
        }
    }

    /// Oldest first. A row with words that nobody here knows, which somebody has written past us, is left out, so that the others
    /// are seen; who asks for it by its name is told.
    func authorizations(of tenant: TenantID) async throws(StoreError) -> [Authorization] {
        try read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT \(Self.columns) FROM authorizations WHERE tenant = ? ORDER BY number")
            let rows = try Row.fetchCursor(statement, arguments: [tenant.text])
            var authorizations: [Authorization] = []
            while let row = try rows.next() {
                do {
                    authorizations.append(try Authorization(row, of: tenant))
                } catch is StoreError {
                    continue
                }
            }
            return authorizations
        }
    }

    func authorization(
        named name: AuthorizationName, of tenant: TenantID
    ) async throws(StoreError) -> AuthorizationRow? {
        try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT \(Self.rowColumns) FROM authorizations
                    WHERE tenant = ? AND name = ?
                    """)
            return try Row.fetchOne(statement, arguments: [tenant.text, name.text])
                .map { row in try AuthorizationRow(row, of: tenant) }
        }
    }

    func authorization(id: String, of tenant: TenantID) async throws(StoreError) -> AuthorizationRow? {
        try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT \(Self.rowColumns) FROM authorizations WHERE tenant = ? AND id = ?
                    """)
            return try Row.fetchOne(statement, arguments: [tenant.text, id])
                .map { row in try AuthorizationRow(row, of: tenant) }
        }
    }

    /// Writes the next credential where the last one is still that of the revision before it, and what its standing has to say of
    /// end and scopes. The next check is not put off by it.
    /// - Throws: ``StoreError/Code/changed``, ``StoreError/Code/notFound``.
    func update(_ row: AuthorizationRow) async throws(StoreError) {
        let authorization = row.authorization
        try await write { database in
            try database.cachedStatement(
                sql: """
                    UPDATE authorizations SET sealed = ?, key_version = ?, revision = ?, updated = ?, status = ?, reason = ?,
                        expires = ?, scopes = ?, next_check = min(next_check, ?)
                    WHERE tenant = ? AND id = ? AND revision = ?
                    """
            ).execute(arguments: [
                row.sealed, row.keyVersion, row.revision, authorization.updated, authorization.status.rawValue,
                row.standing.reason?.rawValue, row.standing.expires, row.standing.scopes?.joined(separator: " "),
                row.nextCheck, authorization.tenant.text, authorization.id, row.revision - 1,
            ])
            guard database.changesCount == 0 else { return }
            throw try Self.lostRace(in: database, id: authorization.id, of: authorization.tenant)
        }
    }

    /// Writes only what differs: telling the same again and again costs no write to the disk.
    /// - Parameter reason: nil for the status normal.
    /// - Throws: ``StoreError/Code/changed``, ``StoreError/Code/notFound``.
    func set(
        reason: StatusReason?, of id: String, tenant: TenantID, ifRevision revision: Int64
    ) async throws(StoreError) {
        try await write { database in
            let read = try database.cachedStatement(
                sql: "SELECT status, reason FROM authorizations WHERE tenant = ? AND id = ? AND revision = ?")
            guard let present = try Row.fetchOne(read, arguments: [tenant.text, id, revision]) else {
                throw try Self.lostRace(in: database, id: id, of: tenant)
            }
            let status = (reason?.status ?? .normal).rawValue
            guard present[0] != status || present[1] != reason?.rawValue else { return }
            try database.cachedStatement(
                sql: "UPDATE authorizations SET status = ?, reason = ? WHERE tenant = ? AND id = ?"
            ).execute(arguments: [status, reason?.rawValue, tenant.text, id])
        }
    }

    /// Deletes an authorization and gives what was deleted; nil where there was none.
    func deleteAuthorization(
        named name: AuthorizationName, of tenant: TenantID
    ) async throws(StoreError) -> DeletedRow? {
        try await write { database in
            let read = try database.cachedStatement(
                sql: "SELECT \(Self.rowColumns) FROM authorizations WHERE tenant = ? AND name = ?")
            guard let row = try Row.fetchOne(read, arguments: [tenant.text, name.text]) else { return nil }
            try database.cachedStatement(sql: "DELETE FROM authorizations WHERE tenant = ? AND name = ?")
                .execute(arguments: [tenant.text, name.text])
            do {
                return DeletedRow(row: try AuthorizationRow(row, of: tenant))
            } catch is StoreError {
                return DeletedRow(row: nil)
            }
        }
    }

    static func lostRace(in database: Database, id: String, of tenant: TenantID) throws -> StoreError {
        let statement = try database.cachedStatement(sql: "SELECT 1 FROM authorizations WHERE tenant = ? AND id = ?")
        guard try Int.fetchOne(statement, arguments: [tenant.text, id]) != nil else {
            return StoreError(.notFound, "The authorization has been deleted.")
        }
        return StoreError(.changed, "The credential has been replaced since it was read.")
    }
}

extension Authorization {
    /// The columns in the order of `SQLiteStore.columns`.
    fileprivate init(_ row: Row, of tenant: TenantID) throws {
        let shown: String = row[1]
        guard let name = AuthorizationName(row[1]), let forge = ForgeID(rawValue: row[2]),
            let mode = AuthorizationMode(rawValue: row[3]), let status = AuthorizationStatus(rawValue: row[11])
        else {
            throw StoreError(.unsealable, "The authorization \(shown) holds a word that this Gatehouse does not know.")
        }
        self.init(
            id: row[0], tenant: tenant, name: name, forge: forge, mode: mode, host: row[4],
            account: Account(login: row[6], home: row[5], avatar: row[7]), site: row[8],
            created: row[9], updated: row[10], status: status)
    }
}

extension AuthorizationRow {
    /// The columns in the order of `SQLiteStore.rowColumns`.
    init(_ row: Row, of tenant: TenantID) throws {
        self.init(
            authorization: try Authorization(row, of: tenant), keyVersion: row[12], revision: row[13], sealed: row[14],
            standing: Standing(
                reason: (row[15] as String?).flatMap(StatusReason.init), proved: row[16], used: row[17],
                expires: row[18],
                scopes: (row[19] as String?)?.split(separator: " ").map(String.init)),
            usePolicy: row[20])
    }
}
