// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import GRDB
package import Model

/// A user as a sign-in needs it.
package struct UserLogin: Sendable {
    package let user: User
    package let tenant: Tenant
    /// A hash with its parameters.
    package let passwordHash: String
}

/// How a sign-in names a domain, which is a tenant.
package enum DomainReference: Sendable, Hashable {
    case id(String)
    case name(String)
}

/// How a sign-in names a user.
package enum UserReference: Sendable, Hashable {
    case id(String)
    case name(String, domain: DomainReference)
}

extension SQLiteStore {
    /// - Throws: ``StoreError/Code/alreadyExists``, ``StoreError/Code/invalid``.
    package func insert(_ tenant: Tenant) async throws(StoreError) {
        try await write { database in
            try database.cachedStatement(sql: "INSERT INTO tenants (id, domain, name, created) VALUES (?, ?, ?, ?)")
                .execute(arguments: [tenant.id.text, tenant.domain, tenant.name, tenant.created])
        }
    }

    /// Oldest first.
    package func tenants() async throws(StoreError) -> [Tenant] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT \(Tenant.columns) FROM tenants t ORDER BY t.number")
                .map { row in try Tenant(row) }
        }
    }

    /// The tenant that was made here with a name, the projects of an external Keystone that have it, and what has it as its id.
    package func tenants(called name: String) async throws(StoreError) -> [Tenant] {
        try read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT \(Tenant.columns) FROM tenants t WHERE t.name = ?1 OR t.id = ?1 ORDER BY t.number")
            return try Row.fetchAll(statement, arguments: [name]).map { row in try Tenant(row) }
        }
    }

    package func tenant(_ id: TenantID) async throws(StoreError) -> Tenant? {
        try read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT \(Tenant.columns) FROM tenants t WHERE t.id = ?")
            return try Row.fetchOne(statement, arguments: [id.text]).map { row in try Tenant(row) }
        }
    }

    /// Deletes a tenant and all that it has, its sealed credentials included. False where there was none.
    package func deleteTenant(_ id: TenantID) async throws(StoreError) -> Bool {
        try await write { database in
            try database.cachedStatement(sql: "DELETE FROM tenants WHERE id = ?").execute(arguments: [id.text])
            return database.changesCount > 0
        }
    }

    /// - Throws: ``StoreError/Code/alreadyExists``, ``StoreError/Code/notFound`` (no such tenant),
    ///   ``StoreError/Code/invalid``.
    package func insert(_ user: User, passwordHash: String) async throws(StoreError) {
        try await write { database in
            try database.cachedStatement(
                sql: "INSERT INTO users (id, tenant, name, password, created) VALUES (?, ?, ?, ?, ?)"
            ).execute(arguments: [user.id, user.tenant.text, user.name, passwordHash, user.created])
        }
    }

    /// Oldest first.
    package func users(of tenant: TenantID) async throws(StoreError) -> [User] {
        try read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT \(User.columns) FROM users u WHERE u.tenant = ? ORDER BY u.number")
            return try Row.fetchAll(statement, arguments: [tenant.text]).map { row in try User(row) }
        }
    }

    /// The users of a tenant that have a name, or have it as their id. More than one only where an external Keystone has users of
    /// one name in several domains.
    package func users(called name: String, of tenant: TenantID) async throws(StoreError) -> [User] {
        try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT \(User.columns) FROM users u WHERE u.tenant = ?1 AND (u.name = ?2 OR u.id = ?2)
                    ORDER BY u.number
                    """)
            return try Row.fetchAll(statement, arguments: [tenant.text, name]).map { row in try User(row) }
        }
    }

    /// A user and the tenant; nil where there is none (any more).
    package func member(_ id: String, of tenant: TenantID) async throws(StoreError) -> (user: User, tenant: Tenant)? {
        try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT \(User.columns), \(Tenant.columns) FROM users u JOIN tenants t ON t.id = u.tenant
                    WHERE u.tenant = ? AND u.id = ?
                    """)
            return try Row.fetchOne(statement, arguments: [tenant.text, id]).map { row in
                (try User(row), try Tenant(row, at: 5))
            }
        }
    }

    /// Those only who have a password: none of an external Keystone.
    package func login(_ reference: UserReference) async throws(StoreError) -> UserLogin? {
        let condition: String
        let arguments: StatementArguments
        switch reference {
        case .id(let id): (condition, arguments) = ("u.id = ?", [id])
        case .name(let name, .id(let domain)):
            (condition, arguments) = ("u.name = ? AND t.domain = ?", [name, domain])
        case .name(let name, .name(let domain)):
            (condition, arguments) = ("u.name = ? AND t.name = ?", [name, domain])
        }
        return try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT \(User.columns), \(Tenant.columns), u.password
                    FROM users u JOIN tenants t ON t.id = u.tenant
                    WHERE \(condition) AND u.password IS NOT NULL AND t.external_domain IS NULL
                    """)
            return try Row.fetchOne(statement, arguments: arguments).map { row in
                UserLogin(user: try User(row), tenant: try Tenant(row, at: 5), passwordHash: row[10])
            }
        }
    }

    /// Changes a user's password; the user's tokens and temporary access keys end with the old one.
    /// - Throws: ``StoreError/Code/notFound``.
    package func setPasswordHash(_ hash: String, of user: User) async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql: "UPDATE users SET password = ? WHERE tenant = ? AND id = ? AND password IS NOT NULL",
                arguments: [hash, user.tenant.text, user.id])
            guard database.changesCount > 0 else { throw StoreError(.notFound, "There is no such user.") }
            try database.execute(
                sql: "DELETE FROM tokens WHERE tenant = ? AND user = ?", arguments: [user.tenant.text, user.id])
            try database.execute(
                sql: "DELETE FROM access_keys WHERE tenant = ? AND user = ? AND expires IS NOT NULL",
                arguments: [user.tenant.text, user.id])
        }
    }

    /// Deletes a user with the user's access keys, tokens and unfinished OAuth flows. False where there was none.
    package func deleteUser(_ id: String, of tenant: TenantID) async throws(StoreError) -> Bool {
        try await write { database in
            try database.cachedStatement(sql: "DELETE FROM users WHERE tenant = ? AND id = ?")
                .execute(arguments: [tenant.text, id])
            return database.changesCount > 0
        }
    }
}

extension Tenant {
    static let columns = "t.id, t.domain, t.name, t.created, t.external_domain"

    /// The five ``columns``, from a position on.
    init(_ row: Row, at start: Int = 0) throws {
        self.init(
            id: try TenantID(row, at: start), domain: row[start + 1], name: row[start + 2], created: row[start + 3],
            externalDomain: row[start + 4])
    }
}

extension User {
    static let columns = "u.id, u.tenant, u.name, u.created, u.roles"

    /// The five ``columns``, from a position on.
    init(_ row: Row, at start: Int = 0) throws {
        let told: String? = row[start + 4]
        self.init(
            id: row[start], tenant: try TenantID(row, at: start + 1), name: row[start + 2], created: row[start + 3],
            roles: told?.split(separator: "\n").map(String.init) ?? ["member"])
    }
}

extension TenantID {
    init(_ row: Row, at position: Int) throws {
        guard let id = TenantID(row[position] as String) else {
            throw StoreError(.unsealable, "A row names a tenant by what is no tenant's id. Restore a backup.")
        }
        self = id
    }
}
