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
}

/// Only the vault calls these: it alone makes and opens what `sealed` holds.
extension SQLiteStore {
    static let columns = "id, name, forge, mode, host, home, user, avatar, site, created, updated, status"

    /// - Throws: ``StoreError/Code/alreadyExists``, ``StoreError/Code/notFound`` (no such tenant),
    ///   ``StoreError/Code/invalid``.
    func insert(_ row: AuthorizationRow) async throws(StoreError) {
        let authorization = row.authorization
        // SQLite would cut such a text off, and the row would not open again under what it was sealed with.
        let texts = [authorization.host, authorization.home, authorization.user, authorization.avatar]
        guard (texts + [authorization.site ?? ""]).allSatisfy({ !$0.utf8.contains(0) }) else {
            throw StoreError(.invalid, "An authorization's address, user or tag holds a NUL character.")
        }
        try await write { database in
            try database.cachedStatement(
                sql: """
                    INSERT INTO authorizations (tenant, \(Self.columns), key_version, revision, sealed)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(arguments: [
                authorization.tenant.text, authorization.id, authorization.name.text, authorization.forge.rawValue,
                authorization.mode.rawValue, authorization.host, authorization.home, authorization.user,
                authorization.avatar, authorization.site, authorization.created, authorization.updated,
                authorization.status.rawValue, row.keyVersion, row.revision, row.sealed,
            ])
        }
    }

    /// Oldest first.
    func authorizations(of tenant: TenantID) async throws(StoreError) -> [Authorization] {
        try read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT \(Self.columns) FROM authorizations WHERE tenant = ? ORDER BY number")
            let rows = try Row.fetchCursor(statement, arguments: [tenant.text])
            var authorizations: [Authorization] = []
            while let row = try rows.next() {
                authorizations.append(try Authorization(row, of: tenant))
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
                    SELECT \(Self.columns), key_version, revision, sealed FROM authorizations
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
                    SELECT \(Self.columns), key_version, revision, sealed FROM authorizations WHERE tenant = ? AND id = ?
                    """)
            return try Row.fetchOne(statement, arguments: [tenant.text, id])
                .map { row in try AuthorizationRow(row, of: tenant) }
        }
    }

    /// Writes the next credential where the last one is still that of the revision before it.
    /// - Throws: ``StoreError/Code/changed``, ``StoreError/Code/notFound``.
    func update(_ row: AuthorizationRow) async throws(StoreError) {
        let authorization = row.authorization
        try await write { database in
            try database.cachedStatement(
                sql: """
                    UPDATE authorizations SET sealed = ?, key_version = ?, revision = ?, updated = ?, status = ?
                    WHERE tenant = ? AND id = ? AND revision = ?
                    """
            ).execute(arguments: [
                row.sealed, row.keyVersion, row.revision, authorization.updated, authorization.status.rawValue,
                authorization.tenant.text, authorization.id, row.revision - 1,
            ])
            guard database.changesCount == 0 else { return }
            throw try Self.lostRace(in: database, id: authorization.id, of: authorization.tenant)
        }
    }

    /// Writes only what differs: telling the same status again and again costs no write to the disk.
    /// - Throws: ``StoreError/Code/changed``, ``StoreError/Code/notFound``.
    func set(
        status: AuthorizationStatus, of id: String, tenant: TenantID, ifRevision revision: Int64
    ) async throws(StoreError) {
        try await write { database in
            let read = try database.cachedStatement(
                sql: "SELECT status FROM authorizations WHERE tenant = ? AND id = ? AND revision = ?")
            guard let present = try Int.fetchOne(read, arguments: [tenant.text, id, revision]) else {
                throw try Self.lostRace(in: database, id: id, of: tenant)
            }
            guard present != status.rawValue else { return }
            try database.cachedStatement(sql: "UPDATE authorizations SET status = ? WHERE tenant = ? AND id = ?")
                .execute(arguments: [status.rawValue, tenant.text, id])
        }
    }

    /// False where there was none.
    func deleteAuthorization(named name: AuthorizationName, of tenant: TenantID) async throws(StoreError) -> Bool {
        try await write { database in
            try database.cachedStatement(sql: "DELETE FROM authorizations WHERE tenant = ? AND name = ?")
                .execute(arguments: [tenant.text, name.text])
            return database.changesCount > 0
        }
    }

    private static func lostRace(in database: Database, id: String, of tenant: TenantID) throws -> StoreError {
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
        let id: String = row[0]
        guard let name = AuthorizationName(row[1]), let forge = ForgeID(rawValue: row[2]),
            let mode = AuthorizationMode(rawValue: row[3]), let status = AuthorizationStatus(rawValue: row[11])
        else {
            throw StoreError(.unsealable, "The authorization \(id) holds a word that this Gatehouse does not know.")
        }
        self.init(
            id: id, tenant: tenant, name: name, forge: forge, mode: mode, host: row[4],
            account: Account(login: row[6], home: row[5], avatar: row[7]), site: row[8],
            created: row[9], updated: row[10], status: status)
    }
}

extension AuthorizationRow {
    /// `SQLiteStore.columns`, then key_version, revision, sealed.
    init(_ row: Row, of tenant: TenantID) throws {
        self.init(
            authorization: try Authorization(row, of: tenant), keyVersion: row[12], revision: row[13], sealed: row[14])
    }
}
