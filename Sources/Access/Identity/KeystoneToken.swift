// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import Model
import Storage

/// The body that answers `POST` and `GET /v3/auth/tokens`.
/// https://docs.openstack.org/api-ref/identity/v3/#password-authentication-with-scoped-authorization
package struct KeystoneToken: Sendable, Hashable, Codable {
    package struct Named: Sendable, Hashable, Codable {
        package let id: String
        package let name: String
    }

    package struct Project: Sendable, Hashable, Codable {
        package let id: String
        package let name: String
        package let domain: Named
    }

    package struct Subject: Sendable, Hashable, Codable {
        package let id: String
        package let name: String
        package let domain: Named
        /// Empty: a password does not expire.
        package let passwordExpiresAt: String

        enum CodingKeys: String, CodingKey {
            case id, name, domain
            case passwordExpiresAt = "password_expires_at"
        }
    }

    package struct Body: Sendable, Hashable, Codable {
        package let methods: [String]
        package let user: Subject
        package let auditIDs: [String]
        package let issuedAt: String
        package let expiresAt: String
        /// Only where the token is scoped to the project.
        package let project: Project?
        /// Only where the token is scoped to the domain.
        package let domain: Named?
        /// As ``catalog`` absent from an unscoped token.
        package let roles: [Named]?
        package let catalog: [Service]?

        enum CodingKeys: String, CodingKey {
            case methods, user, project, domain, roles, catalog
            case auditIDs = "audit_ids"
            case issuedAt = "issued_at"
            case expiresAt = "expires_at"
        }
    }

    package let token: Body

    init(_ record: TokenRecord, _ caller: Caller, catalog: [Service]) {
        let domain = Named(id: caller.tenant.domain, name: caller.tenant.name)
        let scoped = record.scope != .none
        token = Body(
            methods: record.methods,
            user: Subject(id: caller.user.id, name: caller.user.name, domain: domain, passwordExpiresAt: ""),
            // Names the token in logs without being of use in its place.
            auditIDs: [Hexadecimal.encode(Data(digestOf: "audit \(Hexadecimal.encode(record.digest))").prefix(12))],
            issuedAt: Timestamp.microseconds(milliseconds: record.issued),
            expiresAt: Timestamp.microseconds(milliseconds: record.expires),
            project: record.scope == .project
                ? Project(id: caller.tenant.id.text, name: caller.tenant.name, domain: domain) : nil,
            domain: record.scope == .domain ? domain : nil,
            roles: scoped ? [Named(id: "0", name: "member")] : nil,
            catalog: scoped ? catalog : nil)
    }

    package func json() throws(AccessError) -> Data {
        try KeystoneJSON.encode(self)
    }
}

extension KeystoneToken {
    package struct Service: Sendable, Hashable, Codable {
        package struct Endpoint: Sendable, Hashable, Codable {
            package let id: String
            package let interface: String
            package let region: String
            package let regionID: String
            package let url: String

            enum CodingKeys: String, CodingKey {
                case id, interface, region, url
                case regionID = "region_id"
            }
        }

        package let id: String
        package let name: String
        package let type: String
        package let endpoints: [Endpoint]

        /// What stands at this Gatehouse's address: the API itself and this identity service.
        static func all(at address: String, region: String, project: TenantID) -> [Service] {
            [("servicestage", "servicestage", "/v1/\(project)"), ("keystone", "identity", "/v3")].map {
                name, type, path in
                let url = address + path
                let endpoint = Endpoint(
                    id: id(of: "endpoint \(url)"), interface: "public", region: region, regionID: region, url: url)
                return Service(id: id(of: "service \(type)"), name: name, type: type, endpoints: [endpoint])
            }
        }

        /// Always the same for the same thing, as clients may keep it.
        private static func id(of text: String) -> String {
            Hexadecimal.encode(Data(digestOf: text).prefix(16))
        }
    }
}

/// One way of writing for all of Keystone's bodies.
enum KeystoneJSON {
    static func encode(_ value: some Encodable) throws(AccessError) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return try encoder.encode(value)
        } catch {
            throw AccessError(.unavailable, "The answer could not be written.", cause: "\(type(of: error))")
        }
    }
}
