// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import GRDB
package import Model

/// A policy of the operator's.
package struct StoredPolicy: Sendable, Hashable {
    package let name: String
    /// JSON.
    package let document: String
    /// Unix time in milliseconds.
    package let created: Int64
    package let updated: Int64

    package init(name: String, document: String, created: Int64, updated: Int64) {
        self.name = name
        self.document = document
        self.created = created
        self.updated = updated
    }
}

/// A policy that a user has, by its name.
package struct AttachedPolicy: Sendable, Hashable {
    package let name: String
    /// nil where no policy of this name stands in the store: one of the system's, or one that is gone.
    package let document: String?

    package init(name: String, document: String?) {
        self.name = name
        self.document = document
    }
}

/// Whom a policy is attached to.
package struct PolicyHolder: Sendable, Hashable {
    package let tenant: String
    package let user: String
}

extension SQLiteStore {
    /// How many policies the operator may make, and how many a user may have.
    package static let policyLimit = 500
    package static let attachmentLimit = 20

    /// - Parameter mayReplace: whether one of the same name is replaced.
    /// - Returns: whether one was replaced.
    /// - Throws: ``StoreError/Code/alreadyExists``, ``StoreError/Code/invalid`` for one too many.
    @discardableResult
    package func save(_ policy: StoredPolicy, mayReplace: Bool) async throws(StoreError) -> Bool {
        try await write { database in
            let known = try Int.fetchOne(
                database, sql: "SELECT 1 FROM policies WHERE name = ?", arguments: [policy.name])
            if known != nil {
                guard mayReplace else {
                    throw StoreError(.alreadyExists, "There is a policy named \(policy.name) already.")
                }
                try database.execute(
                    sql: "UPDATE policies SET document = ?, updated = ? WHERE name = ?",
                    arguments: [policy.document, policy.updated, policy.name])
                return true
            }
            let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM policies") ?? 0
            guard count < Self.policyLimit else {
                throw StoreError(.invalid, "There are \(count) policies already, and no more may be made.")
            }
            try database.execute(
                sql: "INSERT INTO policies (name, document, created, updated) VALUES (?, ?, ?, ?)",
                arguments: [policy.name, policy.document, policy.created, policy.updated])
            return false
        }
    }

    package func policy(named name: String) async throws(StoreError) -> StoredPolicy? {
        try read { database in
            let statement = try database.cachedStatement(
                sql: "SELECT name, document, created, updated FROM policies WHERE name = ?")
            return try Row.fetchOne(statement, arguments: [name]).map(StoredPolicy.init)
        }
    }

    /// By their names.
    package func policies() async throws(StoreError) -> [StoredPolicy] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT name, document, created, updated FROM policies ORDER BY name")
                .map(StoredPolicy.init)
        }
    }

    /// Deletes a policy that nobody has. False where there was none.
    /// - Throws: ``StoreError/Code/invalid`` where a user has it.
    package func deletePolicy(named name: String) async throws(StoreError) -> Bool {
        try await write { database in
            let users = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM policy_attachments WHERE policy = ?", arguments: [name])
            guard users == 0 else {
                throw StoreError(
                    .invalid,
                    "The policy \(name) is attached to \(users ?? 0) user\(users == 1 ? "" : "s"). Detach it first.")
            }
            try database.execute(sql: "DELETE FROM policies WHERE name = ?", arguments: [name])
            return database.changesCount > 0
        }
    }

    /// The policies of a user, by their names.
    package func attachedPolicies(of user: String, in tenant: TenantID) async throws(StoreError) -> [AttachedPolicy] {
        try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT a.policy, p.document FROM policy_attachments a LEFT JOIN policies p ON p.name = a.policy
                    WHERE a.tenant = ? AND a.user = ? ORDER BY a.policy
                    """)
            return try Row.fetchAll(statement, arguments: [tenant.text, user]).map { row in
                AttachedPolicy(name: row[0], document: row[1])
            }
        }
    }

    /// The policies that any user has, by their names.
    package func attachedPolicyNames() async throws(StoreError) -> [String] {
        try read { database in
            try String.fetchAll(database, sql: "SELECT DISTINCT policy FROM policy_attachments ORDER BY policy")
        }
    }

    /// Whom a policy is attached to, by names.
    package func holders(ofPolicy name: String) async throws(StoreError) -> [PolicyHolder] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT t.name, u.name FROM policy_attachments a
                    JOIN tenants t ON t.id = a.tenant JOIN users u ON u.tenant = a.tenant AND u.id = a.user
                    WHERE a.policy = ? ORDER BY t.name, u.name
                    """, arguments: [name]
            ).map { PolicyHolder(tenant: $0[0], user: $0[1]) }
        }
    }

    /// - Parameter isStored: whether the policy must stand in the store; false for one of the system's.
    /// - Returns: false where the user has it already.
    /// - Throws: ``StoreError/Code/notFound`` where user or policy are gone, ``StoreError/Code/invalid`` for one too many.
    package func attach(policy name: String, isStored: Bool, to user: User) async throws(StoreError) -> Bool {
        try await write { database in
            if isStored {
                let known = try Int.fetchOne(database, sql: "SELECT 1 FROM policies WHERE name = ?", arguments: [name])
                guard known != nil else { throw StoreError(.notFound, "There is no policy named \(name).") }
            }
            let count = try Int.fetchOne(
                database, sql: "SELECT count(*) FROM policy_attachments WHERE tenant = ? AND user = ?",
                arguments: [user.tenant.text, user.id])
            guard (count ?? 0) < Self.attachmentLimit else {
                throw StoreError(
                    .invalid,
                    "\(user.name) has \(Self.attachmentLimit) policies, and cannot have more. Detach one first.")
            }
            try database.execute(
                sql: "INSERT INTO policy_attachments (tenant, user, policy) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                arguments: [user.tenant.text, user.id, name])
            return database.changesCount > 0
        }
    }

    /// False where the user did not have it.
    package func detach(policy name: String, from user: User) async throws(StoreError) -> Bool {
        try await write { database in
            try database.execute(
                sql: "DELETE FROM policy_attachments WHERE tenant = ? AND user = ? AND policy = ?",
                arguments: [user.tenant.text, user.id, name])
            return database.changesCount > 0
        }
    }

    /// The authorizations whose use-policy is of a kind, as `NAME of TENANT`, so many at most.
    package func authorizations(
        upTo limit: Int, whoseUsePolicy isMeant: (String) -> Bool
    ) async throws(StoreError) -> [String] {
        try read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT a.use_policy, a.name, t.name FROM authorizations a JOIN tenants t ON t.id = a.tenant
                    WHERE a.use_policy IS NOT NULL
                    """)
            var found: [String] = []
            while found.count < limit, let row = try rows.next() {
                if isMeant(row[0]) { found.append("\(row[1] as String) of \(row[2] as String)") }
            }
            return found
        }
    }

    /// - Parameter document: nil for none.
    /// - Returns: false where the tenant has no such authorization.
    func setUsePolicy(
        _ document: String?, of name: AuthorizationName, tenant: TenantID
    ) async throws(StoreError) -> Bool {
        try await write { database in
            try database.execute(
                sql: "UPDATE authorizations SET use_policy = ? WHERE tenant = ? AND name = ?",
                arguments: [document, tenant.text, name.text])
            return database.changesCount > 0
        }
    }
}

extension StoredPolicy {
    fileprivate init(_ row: Row) {
        self.init(name: row[0], document: row[1], created: row[2], updated: row[3])
    }
}
