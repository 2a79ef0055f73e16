// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import Model

/// An OAuth flow that has begun, as it is stored.
struct OAuthStateRow: Sendable {
    /// The SHA-256 of the state's text, 32 bytes.
    let digest: Data
    let tenant: TenantID
    let user: String
    let forge: ForgeID
    let site: String?
    let name: AuthorizationName?
    /// Unix time in milliseconds.
    let expires: Int64
    let keyVersion: Int64
    let sealed: Data
}

/// Only the vault calls these.
extension SQLiteStore {
    static let oauthColumns = "digest, tenant, user, forge, site, name, expires, key_version, sealed"

    /// Stores a flow and forgets all that have ended.
    /// - Throws: ``StoreError/Code/notFound`` when the user is gone.
    func insert(_ state: OAuthStateRow, now: Int64) async throws(StoreError) {
        guard !(state.site ?? "").utf8.contains(0) else {
            throw StoreError(.invalid, "The tag holds a NUL character.")
        }
        try await write { database in
            try database.cachedStatement(sql: "DELETE FROM oauth_states WHERE expires <= ?").execute(arguments: [now])
            try database.cachedStatement(
                sql: "INSERT INTO oauth_states (\(Self.oauthColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            ).execute(arguments: [
                state.digest, state.tenant.text, state.user, state.forge.rawValue, state.site, state.name?.text,
                state.expires, state.keyVersion, state.sealed,
            ])
        }
    }

    /// nil for one that is unknown, used or has ended.
    func oauthState(digest: Data, now: Int64) async throws(StoreError) -> OAuthStateRow? {
        try read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT \(Self.oauthColumns) FROM oauth_states WHERE digest = ? AND expires > ?")
            return try Row.fetchOne(statement, arguments: [digest, now]).map { row in try OAuthStateRow(row) }
        }
    }

    /// Takes a flow out, so that of two who come at once only one gets it. One that is bound to something else than what is
    /// expected stays.
    func takeOAuthState(
        digest: Data, expecting: OAuthStateBinding?, now: Int64
    ) async throws(StoreError) -> OAuthStateRow? {
        try await write { database in
            let read = try database.cachedStatement(
                sql: "SELECT \(Self.oauthColumns) FROM oauth_states WHERE digest = ? AND expires > ?")
            guard let row = try Row.fetchOne(read, arguments: [digest, now]) else { return nil }
            let state = try OAuthStateRow(row)
            if let expecting, expecting != OAuthStateBinding(tenant: state.tenant, forge: state.forge, site: state.site)
            {
                return nil
            }
            try database.cachedStatement(sql: "DELETE FROM oauth_states WHERE digest = ?").execute(arguments: [digest])
            return state
        }
    }
}

extension OAuthStateRow {
    /// `SQLiteStore.oauthColumns`.
    init(_ row: Row) throws {
        guard let forge = ForgeID(rawValue: row[3]) else {
            throw StoreError(.unsealable, "An OAuth state names a forge that this Gatehouse does not know.")
        }
        self.init(
            digest: row[0], tenant: try TenantID(row, at: 1), user: row[2], forge: forge, site: row[4],
            name: (row[5] as String?).flatMap { AuthorizationName($0) }, expires: row[6], keyVersion: row[7],
            sealed: row[8])
    }
}
