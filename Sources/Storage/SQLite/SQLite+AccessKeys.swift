// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import GRDB
package import Model

/// An access key as a list shows it; the secret key is not part of it.
package struct AccessKey: Sendable, Hashable {
    /// The public half, `AK`.
    package let id: String
    package let tenant: TenantID
    /// The id of the user who signs with it.
    package let user: String
    /// Unix time in milliseconds.
    package let created: Int64
    /// nil for a permanent key.
    package let temporary: Temporary?

    package init(id: String, tenant: TenantID, user: String, created: Int64, temporary: Temporary? = nil) {
        self.id = id
        self.tenant = tenant
        self.user = user
        self.created = created
        self.temporary = temporary
    }

    /// What a temporary key has more.
    package struct Temporary: Sendable, Hashable {
        /// Unix time in milliseconds; from then on the key is refused.
        package let expires: Int64
        /// The SHA-256 of the security token that every request with the key carries, 32 bytes.
        package let tokenDigest: Data

        package init(expires: Int64, tokenDigest: Data) {
            self.expires = expires
            self.tokenDigest = tokenDigest
        }

        /// The columns `expires` and `token`.
        init?(expires: Int64?, token: Data?) {
            guard let expires, let token else { return nil }
            self.init(expires: expires, tokenDigest: token)
        }
    }
}

/// An access key with its sealed secret and whom it stands for.
struct AccessKeyRow: Sendable {
    let key: AccessKey
    let keyVersion: Int64
    let sealed: Data
    let user: User
    let tenant: Tenant
}

extension SQLiteStore {
    /// Whose access key it is; nil where there is none (any more).
    package func owner(ofAccessKey id: String) async throws(StoreError) -> User? {
        try await accessKey(id)?.user
    }

    /// - Parameter end: temporary keys that ended before it are forgotten.
    func insert(
        _ key: AccessKey, sealed: Data, keyVersion: Int64, forgettingEndedBefore end: Int64
    ) async throws(StoreError) {
        try await write { database in
            try database.cachedStatement(sql: "DELETE FROM access_keys WHERE expires < ?").execute(arguments: [end])
            try database.cachedStatement(
                sql: """
                    INSERT INTO access_keys (id, tenant, user, created, key_version, sealed, expires, token)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(arguments: [
                key.id, key.tenant.text, key.user, key.created, keyVersion, sealed, key.temporary?.expires,
                key.temporary?.tokenDigest,
            ])
        }
    }

    func accessKey(_ id: String) async throws(StoreError) -> AccessKeyRow? {
        try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT \(User.columns), \(Tenant.columns), k.created, k.key_version, k.sealed, k.expires, k.token
                    FROM access_keys k JOIN users u ON u.id = k.user JOIN tenants t ON t.id = k.tenant
                    WHERE k.id = ? AND u.tenant = k.tenant
                    """)
            return try Row.fetchOne(statement, arguments: [id]).map { row in
                let user = try User(row)
                return AccessKeyRow(
                    key: AccessKey(
                        id: id, tenant: user.tenant, user: user.id, created: row[10],
                        temporary: AccessKey.Temporary(expires: row[13], token: row[14])),
                    keyVersion: row[11], sealed: row[12], user: user, tenant: try Tenant(row, at: 5))
            }
        }
    }

    /// The permanent ones, oldest first.
    package func accessKeys(of user: User) async throws(StoreError) -> [AccessKey] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT id, created FROM access_keys WHERE tenant = ? AND user = ? AND expires IS NULL
                    ORDER BY created, rowid
                    """,
                arguments: [user.tenant.text, user.id])
            return rows.map { row in AccessKey(id: row[0], tenant: user.tenant, user: user.id, created: row[1]) }
        }
    }

    /// The key's next signature is already refused when this returns. False where there was none.
    /// - Parameter tenant: whose key it must be; nil for any.
    package func deleteAccessKey(_ id: String, of tenant: TenantID?) async throws(StoreError) -> Bool {
        try await write { database in
            try database.cachedStatement(sql: "DELETE FROM access_keys WHERE id = ? AND tenant = ifnull(?, tenant)")
                .execute(arguments: [id, tenant?.text])
            return database.changesCount > 0
        }
    }
}
