// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Model

/// The body that answers `GET /v3/projects` and `GET /v3/auth/projects`: the caller's one project, or none.
/// https://docs.openstack.org/api-ref/identity/v3/#list-projects
package struct KeystoneProjects: Sendable, Hashable, Encodable {
    struct Project: Sendable, Hashable, Encodable {
        let id: String
        let name: String
        let domainID: String
        let parentID: String
        let description = ""
        let enabled = true
        let isDomain = false
        let links: SelfLink

        enum CodingKeys: String, CodingKey {
            case id, name, description, enabled, links
            case domainID = "domain_id"
            case parentID = "parent_id"
            case isDomain = "is_domain"
        }
    }

    struct SelfLink: Sendable, Hashable, Encodable {
        let address: String

        enum CodingKeys: String, CodingKey {
            case address = "self"
        }
    }

    /// A list is one page, so there is nothing before and after it.
    struct Links: Sendable, Hashable, Encodable {
        let address: String

        enum CodingKeys: String, CodingKey {
            case next, previous
            case address = "self"
        }

        func encode(to encoder: any Encoder) throws {
            var object = encoder.container(keyedBy: CodingKeys.self)
            try object.encodeNil(forKey: .next)
            try object.encodeNil(forKey: .previous)
            try object.encode(address, forKey: .address)
        }
    }

    let projects: [Project]
    let links: Links

    package func json() throws(AccessError) -> Data {
        try KeystoneJSON.encode(self)
    }
}

/// The body that answers `GET /v3/auth/domains`: the caller's one domain. Huawei Cloud's libraries ask for it where a service
/// has no regions.
/// https://docs.openstack.org/api-ref/identity/v3/#get-available-domain-scopes
package struct KeystoneDomains: Sendable, Hashable, Encodable {
    struct Domain: Sendable, Hashable, Encodable {
        let id: String
        let name: String
        let description = ""
        let enabled = true
        let links: KeystoneProjects.SelfLink
    }

    let domains: [Domain]
    let links: KeystoneProjects.Links

    package func json() throws(AccessError) -> Data {
        try KeystoneJSON.encode(self)
    }
}

extension Identity {
    /// The projects that a caller may be scoped to. Huawei Cloud's libraries ask for it with a region's name, to find out
    /// their project id, and need exactly one.
    ///
    /// At the cloud a project has the name of its region. A tenant has one project, so that a region's name means it too; the
    /// answer then bears the name that was asked for, since clients compare.
    /// - Parameters:
    ///   - name: the request's `name` parameter: the tenant's name or a region's.
    ///   - domain: the request's `domain_id` parameter.
    ///   - path: the request's path, for the links.
    package func projects(
        of caller: Caller, named name: String? = nil, domain: String? = nil, path: String = "/v3/projects"
    ) -> KeystoneProjects {
        let tenant = caller.tenant
        let address = settings.endpoint ?? ""
        let isNamed = name.map { $0 == tenant.name || isRegion($0) } ?? true
        let asked = isNamed && (domain == nil || domain == tenant.domain)
        let project = KeystoneProjects.Project(
            id: tenant.id.text, name: name ?? tenant.name, domainID: tenant.domain, parentID: tenant.domain,
            links: KeystoneProjects.SelfLink(address: "\(address)/v3/projects/\(tenant.id)"))
        return KeystoneProjects(
            projects: asked ? [project] : [], links: KeystoneProjects.Links(address: address + path))
    }

    /// The domain that a caller may be scoped to.
    package func domains(of caller: Caller) -> KeystoneDomains {
        let address = settings.endpoint ?? ""
        let domain = KeystoneDomains.Domain(
            id: caller.tenant.domain, name: caller.tenant.name,
            links: KeystoneProjects.SelfLink(address: "\(address)/v3/domains/\(caller.tenant.domain)"))
        return KeystoneDomains(
            domains: [domain], links: KeystoneProjects.Links(address: address + "/v3/auth/domains"))
    }

    /// Whether a name is that of this Gatehouse's region, or has the form of one of Huawei Cloud's, like `cn-north-4` and
    /// `eu-west-101`: letters, letters, a number.
    func isRegion(_ name: String) -> Bool {
        if name == settings.region { return true }
        let parts = name.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3 else { return false }
        let areWords = parts[0...1].allSatisfy { part in
            (2...32).contains(part.count) && part.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
        }
        return areWords && (1...4).contains(parts[2].count)
            && parts[2].allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
