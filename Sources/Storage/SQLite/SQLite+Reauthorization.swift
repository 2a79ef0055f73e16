// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import GRDB
import Model

/// Only the vault calls these.
extension SQLiteStore {
    /// Writes another credential with all that hangs on it, and what its standing says but its last use, where the last one is still that of the revision before it.
    /// - Throws: ``StoreError/Code/changed``, ``StoreError/Code/notFound``, ``StoreError/Code/invalid``.
    func reauthorize(_ row: AuthorizationRow) async throws(StoreError) {
        let authorization = row.authorization
        try Self.checkTexts(of: authorization)
        try await write { database in
            try database.cachedStatement(
                sql: """
                    UPDATE authorizations SET mode = ?, host = ?, home = ?, user = ?, avatar = ?, site = ?, sealed = ?,
                        key_version = ?, revision = ?, updated = ?, status = ?, reason = ?, proved = ?, expires = ?,
                        scopes = ?, next_check = ?
                    WHERE tenant = ? AND id = ? AND revision = ?
                    """
            ).execute(arguments: [
                authorization.mode.rawValue, authorization.host, authorization.home, authorization.user,
                authorization.avatar, authorization.site, row.sealed, row.keyVersion, row.revision,
                authorization.updated, authorization.status.rawValue, row.standing.reason?.rawValue,
                row.standing.proved, row.standing.expires, row.standing.scopes?.joined(separator: " "), row.nextCheck,
                authorization.tenant.text, authorization.id, row.revision - 1,
            ])
            guard database.changesCount == 0 else { return }
            throw try Self.lostRace(in: database, id: authorization.id, of: authorization.tenant)
        }
    }

    func sitesWithOAuth(of forge: ForgeID, host: String, user: String) async throws(StoreError) -> [String?] {
        try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT DISTINCT site FROM authorizations
                    WHERE mode = 'oauth' AND forge = ? AND host = ? AND user = ? COLLATE NOCASE
                    """)
            return try Optional<String>.fetchAll(statement, arguments: [forge.rawValue, host, user])
        }
    }
}
