// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// A tenant's identifier: the `project_id` of the API's paths, 32 lower-case hexadecimal digits.
package struct TenantID: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    /// nil when the text is not 32 lower-case hexadecimal digits.
    package init?(_ text: String) {
        let allowed = text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard allowed, text.utf8.count == 32 else { return nil }
        self.text = text
    }

    package var description: String { text }
}

/// One customer of this Gatehouse: an account with one project. In Keystone's words, a domain and the project in it,
/// both of the tenant's name. Or a project of an external Keystone, known from a token.
package struct Tenant: Sendable, Hashable {
    /// Also the Keystone project's id.
    package let id: TenantID
    /// The Keystone domain's id, 32 lower-case hexadecimal digits where the tenant was made here.
    package let domain: String
    /// Unique over all tenants that were made here; a project's is unique in its domain only.
    package let name: String
    /// Unix time in milliseconds.
    package let created: Int64
    /// The name of the domain that the project belongs to at an external Keystone; nil for a tenant that was made here.
    package let externalDomain: String?

    package init(id: TenantID, domain: String, name: String, created: Int64, externalDomain: String? = nil) {
        self.id = id
        self.domain = domain
        self.name = name
        self.created = created
        self.externalDomain = externalDomain
    }

    /// Whether it is a project of an external Keystone.
    package var isExternal: Bool { externalDomain != nil }
}

/// Somebody who may call: a user of one tenant.
package struct User: Sendable, Hashable {
    /// 32 lower-case hexadecimal digits; an external Keystone's up to 64 letters, digits, `-` and `_`. A user of such a
    /// Keystone may be in several tenants.
    package let id: String
    package let tenant: TenantID
    /// Unique in the tenant, where the user was made here.
    package let name: String
    /// Unix time in milliseconds.
    package let created: Int64
    /// The Keystone roles that the user has in the tenant's project, as far as they are known without a token: at an external
    /// Keystone those that it told last.
    package let roles: [String]

    package init(id: String, tenant: TenantID, name: String, created: Int64, roles: [String] = ["member"]) {
        self.id = id
        self.tenant = tenant
        self.name = name
        self.created = created
        self.roles = roles
    }
}

/// Who makes a request, proved by a token or a signature.
package struct Caller: Sendable, Hashable {
    package let user: User
    package let tenant: Tenant
    /// The names of the Keystone roles that the user has in the tenant's project.
    package let roles: [String]

    package init(user: User, tenant: Tenant, roles: [String] = ["member"]) {
        self.user = user
        self.tenant = tenant
        self.roles = roles
    }
}
