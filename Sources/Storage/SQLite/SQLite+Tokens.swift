// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import GRDB
package import Model

/// An issued token as it is stored: never the token, only its digest.
package struct TokenRecord: Sendable, Hashable {
    package enum Scope: String, Sendable, Hashable {
        case project
        case domain
        case none
    }

    /// The SHA-256 of the token's text, 32 bytes.
    package let digest: Data
    package let scope: Scope
    /// How the token was got, Keystone's `methods`.
    package let methods: [String]
    /// Unix time in milliseconds.
    package let issued: Int64
    /// Unix time in milliseconds; from then on the token is refused.
    package let expires: Int64

    package init(digest: Data, scope: Scope, methods: [String], issued: Int64, expires: Int64) {
        self.digest = digest
        self.scope = scope
        self.methods = methods
        self.issued = issued
        self.expires = expires
    }
}

/// A stored token and whom it stands for.
package struct TokenEntry: Sendable {
    package let token: TokenRecord
    package let user: User
    package let tenant: Tenant
}

extension SQLiteStore {
    /// Stores a token, and forgets those that ended before a time.
    /// - Throws: ``StoreError/Code/notFound`` when the user is gone.
    package func insert(
        _ token: TokenRecord, of user: User, forgettingEndedBefore end: Int64
    ) async throws(StoreError) {
        try await write { database in
            try database.cachedStatement(sql: "DELETE FROM tokens WHERE expires < ?").execute(arguments: [end])
            try database.cachedStatement(
                sql: """
                    INSERT INTO tokens (digest, tenant, user, scope, methods, issued, expires) VALUES (?, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(arguments: [
                token.digest, user.tenant.text, user.id, token.scope.rawValue, token.methods.joined(separator: " "),
                token.issued, token.expires,
            ])
        }
    }

    /// Expired tokens are found too, for as long as they are not forgotten: a caller is told that its token ended.
    package func token(digest: Data) async throws(StoreError) -> TokenEntry? {
        try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT \(User.columns), \(Tenant.columns), k.scope, k.methods, k.issued, k.expires
                    FROM tokens k JOIN users u ON u.id = k.user JOIN tenants t ON t.id = k.tenant
                    WHERE k.digest = ? AND u.tenant = k.tenant
                    """)
            return try Row.fetchOne(statement, arguments: [digest]).map { row in
                TokenEntry(
                    token: TokenRecord(
                        digest: digest,
                        // The schema knows three words; anything else would be read as the weakest.
                        scope: TokenRecord.Scope(rawValue: row[10]) ?? .none,
                        methods: (row[11] as String).split(separator: " ").map(String.init),
                        issued: row[12], expires: row[13]),
                    user: try User(row), tenant: try Tenant(row, at: 5))
            }
        }
    }

    /// The token is already refused when this returns. False where there was none.
    package func deleteToken(digest: Data) async throws(StoreError) -> Bool {
        try await write { database in
            try database.cachedStatement(sql: "DELETE FROM tokens WHERE digest = ?").execute(arguments: [digest])
            return database.changesCount > 0
        }
    }
}
