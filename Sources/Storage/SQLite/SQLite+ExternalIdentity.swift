// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import GRDB
package import Model

/// A user in a project, as an external Keystone tells it.
package struct ExternalMember: Sendable, Hashable {
    package let tenant: Tenant
    package let user: User
    /// Whether the roles are all that the user has in the project. A token may have fewer, one of an application credential or a
    /// trust; what is known of the user then stays.
    package let hasAllRoles: Bool

    package init(tenant: Tenant, user: User, hasAllRoles: Bool) {
        self.tenant = tenant
        self.user = user
        self.hasAllRoles = hasAllRoles
    }
}

extension SQLiteStore {
    /// Puts down a project and a user of an external Keystone where they are not known, or under another name. Nothing is written
    /// where nothing has changed.
    /// - Throws: ``StoreError/Code/alreadyExists`` where a tenant or a user that was made here has the id.
    package func remember(_ member: ExternalMember) async throws(StoreError) {
        if try isKnown(member) { return }
        try await write { database in
            try Self.write(member.tenant, to: database)
            try Self.write(member, to: database)
        }
    }

    private func isKnown(_ member: ExternalMember) throws(StoreError) -> Bool {
        let (tenant, user) = (member.tenant, member.user)
        return try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT \(User.columns), \(Tenant.columns) FROM users u JOIN tenants t ON t.id = u.tenant
                    WHERE u.tenant = ? AND u.id = ? AND u.password IS NULL
                    """)
            guard let row = try Row.fetchOne(statement, arguments: [tenant.id.text, user.id]) else { return false }
            let (knownUser, known) = (try User(row), try Tenant(row, at: 5))
            return known.domain == tenant.domain && known.name == tenant.name
                && known.externalDomain == tenant.externalDomain && knownUser.name == user.name
                && (!member.hasAllRoles || knownUser.roles == user.roles)
        }
    }

    private static func write(_ tenant: Tenant, to database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO tenants (id, domain, name, created, external_domain) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE
                SET domain = excluded.domain, name = excluded.name, external_domain = excluded.external_domain
                WHERE external_domain IS NOT NULL
                """,
            arguments: [tenant.id.text, tenant.domain, tenant.name, tenant.created, tenant.externalDomain])
        guard database.changesCount > 0 else {
            throw StoreError(.alreadyExists, "A tenant that was made here has the id of the Keystone's project.")
        }
    }

    private static func write(_ member: ExternalMember, to database: Database) throws {
        let user = member.user
        try database.execute(
            sql: """
                INSERT INTO users (id, tenant, name, created, roles) VALUES (?1, ?2, ?3, ?4, ?5)
                ON CONFLICT (tenant, id) DO UPDATE SET name = excluded.name, roles = iif(?6, excluded.roles, roles)
                WHERE password IS NULL
                """,
            arguments: [
                user.id, member.tenant.id.text, user.name, user.created, user.roles.joined(separator: "\n"),
                member.hasAllRoles,
            ])
        guard database.changesCount > 0 else {
            throw StoreError(.alreadyExists, "A user who was made here has the id of the Keystone's user.")
        }
    }
}
