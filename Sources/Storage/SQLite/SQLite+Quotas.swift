// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import GRDB
package import Model

/// What the operator has said a tenant may use. nil for the configured number, 0 for any number.
package struct QuotaExceptions: Sendable, Hashable {
    package var authorizations: Int?
    /// A second.
    package var requests: Int?
    package var burst: Int?
    /// At once.
    package var calls: Int?

    package init(authorizations: Int? = nil, requests: Int? = nil, burst: Int? = nil, calls: Int? = nil) {
        self.authorizations = authorizations
        self.requests = requests
        self.burst = burst
        self.calls = calls
    }
}

extension SQLiteStore {
    package func quotaExceptions(of tenant: TenantID) async throws(StoreError) -> QuotaExceptions {
        try read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT authorizations, requests, burst, calls FROM quotas WHERE tenant = ?")
            return try Row.fetchOne(statement, arguments: [tenant.text])
                .map { QuotaExceptions(authorizations: $0[0], requests: $0[1], burst: $0[2], calls: $0[3]) }
                ?? QuotaExceptions()
        }
    }

    /// - Throws: ``StoreError/Code/notFound`` when the tenant is gone, ``StoreError/Code/invalid`` for a negative number.
    package func set(_ exceptions: QuotaExceptions, of tenant: TenantID) async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql: """
                    INSERT OR REPLACE INTO quotas (tenant, authorizations, requests, burst, calls) VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [
                    tenant.text, exceptions.authorizations, exceptions.requests, exceptions.burst, exceptions.calls,
                ])
        }
    }

    package func authorizationCount(of tenant: TenantID) async throws(StoreError) -> Int {
        try read { database in try Self.authorizationCount(of: tenant, in: database) }
    }

    private static func authorizationCount(of tenant: TenantID, in database: Database) throws -> Int {
        let statement = try database.cachedStatement(sql: "SELECT count(*) FROM authorizations WHERE tenant = ?")
        return try Int.fetchOne(statement, arguments: [tenant.text]) ?? 0
    }

    /// Inside the transaction that inserts, so that two at once do not both find room for one.
    static func requireRoom(for tenant: TenantID, _ configured: Int, in database: Database) throws {
        let statement = try database.cachedStatement(sql: "SELECT authorizations FROM quotas WHERE tenant = ?")
        let quota = try Int.fetchOne(statement, arguments: [tenant.text]) ?? configured
        guard quota > 0, try authorizationCount(of: tenant, in: database) >= quota else { return }
        throw StoreError(.overQuota, "The tenant has \(quota) authorizations, which is its quota.")
    }
}
