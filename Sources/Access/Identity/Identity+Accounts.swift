// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model
package import Storage

/// A new access key with its secret, which is shown this once and never again.
package struct IssuedAccessKey: Sendable {
    package let key: AccessKey
    package let secret: Secret
}

/// What the command line does. Every name is 1 to 64 characters with no control character and no space at its ends.
extension Identity {
    /// Makes a tenant: a Keystone domain and its one project, both of the tenant's name.
    /// - Throws: ``AccessError/Code/alreadyExists``, ``AccessError/Code/invalidRequest``.
    package func createTenant(named name: String) async throws(AccessError) -> Tenant {
        try check(name: name, of: "tenant")
        guard let id = TenantID(RandomText.hexadecimal()) else {
            throw AccessError(.unavailable, "No id could be made.")
        }
        let tenant = Tenant(id: id, domain: RandomText.hexadecimal(), name: name, created: clock.milliseconds)
        do throws(StoreError) {
            try await store.insert(tenant)
        } catch  where error.code == .alreadyExists {
            throw AccessError(.alreadyExists, "There is a tenant named \(name) already. Choose another name.")
        } catch {
            throw AccessError(error)
        }
        return tenant
    }

    /// Oldest first.
    package func tenants() async throws(AccessError) -> [Tenant] {
        try await stored { () async throws(StoreError) in try await store.tenants() }
    }

    /// - Parameter name: the tenant's name or its id, the project id.
    /// - Throws: ``AccessError/Code/notFound``, ``AccessError/Code/invalidRequest`` for a name that several have: projects of an
    ///   external Keystone, in several domains.
    package func tenant(named name: String) async throws(AccessError) -> Tenant {
        let tenants = try await stored { () async throws(StoreError) in try await store.tenants(called: name) }
        guard let tenant = tenants.first else { throw AccessError(.notFound, "There is no tenant named \(name).") }
        guard tenants.count == 1 else {
            throw AccessError(
                .invalidRequest,
                "There are \(tenants.count) tenants named \(name). Give the project id of the one that is meant: "
                    + tenants.map { "\($0.id) (\($0.externalDomain ?? "made here"))" }.joined(separator: ", ") + ".")
        }
        return tenant
    }

    /// Deletes a tenant with its users, access keys, tokens and authorizations, credentials included.
    /// - Throws: ``AccessError/Code/notFound``.
    package func delete(_ tenant: Tenant) async throws(AccessError) {
        let done = try await stored { () async throws(StoreError) in try await store.deleteTenant(tenant.id) }
        guard done else { throw AccessError(.notFound, "There is no tenant named \(tenant.name) any more.") }
    }

    /// - Parameter password: 8 to 128 characters.
    /// - Throws: ``AccessError/Code/alreadyExists``, ``AccessError/Code/notFound`` when the tenant is gone,
    ///   ``AccessError/Code/invalidRequest``.
    package func createUser(
        named name: String, password: Secret, in tenant: Tenant
    ) async throws(AccessError) -> User {
        try check(name: name, of: "user")
        let user = User(id: RandomText.hexadecimal(), tenant: tenant.id, name: name, created: clock.milliseconds)
        try requireOwn(user, of: tenant)
        let hash = try await hash(password)
        do throws(StoreError) {
            try await store.insert(user, passwordHash: hash)
        } catch  where error.code == .alreadyExists {
            throw AccessError(.alreadyExists, "\(tenant.name) has a user named \(name) already. Choose another name.")
        } catch {
            throw AccessError(error)
        }
        return user
    }

    /// Oldest first.
    package func users(of tenant: Tenant) async throws(AccessError) -> [User] {
        try await stored { () async throws(StoreError) in try await store.users(of: tenant.id) }
    }

    /// - Parameter name: the user's name or id.
    /// - Throws: ``AccessError/Code/notFound``, ``AccessError/Code/invalidRequest`` for a name that several have.
    package func user(named name: String, of tenant: Tenant) async throws(AccessError) -> User {
        let users = try await stored { () async throws(StoreError) in
            try await store.users(called: name, of: tenant.id)
        }
        guard let user = users.first else {
            throw AccessError(
                .notFound,
                "\(tenant.name) has no user named \(name)."
                    + (tenant.isExternal ? " Users of the Keystone are known here from their first request on." : ""))
        }
        guard users.count == 1 else {
            throw AccessError(
                .invalidRequest,
                "\(tenant.name) has \(users.count) users named \(name). Give the id of the one that is meant: "
                    + users.map(\.id).joined(separator: ", ") + ".")
        }
        return user
    }

    /// Changes the password; all tokens and temporary access keys of the user end.
    /// - Throws: ``AccessError/Code/notFound``, ``AccessError/Code/invalidRequest``.
    package func setPassword(_ password: Secret, of user: User) async throws(AccessError) {
        if let tenant = try await member(user)?.tenant { try requireOwn(user, of: tenant) }
        let hash = try await hash(password)
        try await stored { () async throws(StoreError) in try await store.setPasswordHash(hash, of: user) }
    }

    /// Deletes a user with the user's access keys, tokens and unfinished OAuth flows.
    /// - Throws: ``AccessError/Code/notFound``.
    package func delete(_ user: User) async throws(AccessError) {
        let done = try await stored { () async throws(StoreError) in
            try await store.deleteUser(user.id, of: user.tenant)
        }
        guard done else { throw AccessError(.notFound, "There is no user named \(user.name) any more.") }
    }

    /// Makes an access key: an AK of 20 upper-case letters and digits, an SK of 40 letters and digits.
    /// - Throws: ``AccessError/Code/notFound`` when the user is gone.
    package func createAccessKey(for user: User) async throws(AccessError) -> IssuedAccessKey {
        let key = AccessKey(
            id: Self.makeAccessKeyID(), tenant: user.tenant, user: user.id, created: clock.milliseconds)
        let secret = Self.makeSecretKey()
        try await stored { () async throws(StoreError) in try await vault.insert(key, secret: secret) }
        return IssuedAccessKey(key: key, secret: secret)
    }

    static func makeAccessKeyID() -> String {
        RandomText.drawn(from: upper + digits, count: 20)
    }

    static func makeSecretKey() -> Secret {
        Secret(RandomText.drawn(from: upper + upper.lowercased() + digits, count: 40))
    }

    private static let upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    private static let digits = "0123456789"

    /// The permanent ones, oldest first.
    package func accessKeys(of user: User) async throws(AccessError) -> [AccessKey] {
        try await stored { () async throws(StoreError) in try await store.accessKeys(of: user) }
    }

    /// - Parameter tenant: whose key it must be; nil for any, as the operator may.
    /// - Throws: ``AccessError/Code/notFound``.
    package func deleteAccessKey(_ id: String, of tenant: Tenant? = nil) async throws(AccessError) {
        let done = try await stored { () async throws(StoreError) in
            try await store.deleteAccessKey(id, of: tenant?.id)
        }
        guard done else { throw AccessError(.notFound, "There is no such access key.") }
    }

    private func member(_ user: User) async throws(AccessError) -> (user: User, tenant: Tenant)? {
        try await stored { () async throws(StoreError) in try await store.member(user.id, of: user.tenant) }
    }

    private func hash(_ password: Secret) async throws(AccessError) -> String {
        guard (8...128).contains(password.exposed.unicodeScalars.count) else {
            throw AccessError(.invalidRequest, "A password has 8 to 128 characters.")
        }
        return try await passwords.hash(password)
    }

    private func check(name: String, of noun: String) throws(AccessError) {
        let scalars = name.unicodeScalars
        let plain = scalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
            default: true
            }
        }
        guard (1...64).contains(scalars.count), plain, name.first?.isWhitespace == false,
            name.last?.isWhitespace == false
        else {
            throw AccessError(
                .invalidRequest,
                "The name of a \(noun) has 1 to 64 characters, no control characters, and no space at either end.")
        }
    }
}
