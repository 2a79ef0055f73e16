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

extension Identity {
    /// The projects that a caller may be scoped to. Huawei Cloud's libraries ask for it with a region's name, to find out
    /// their project id, and need exactly one.
    /// - Parameters:
    ///   - name: the request's `name` parameter; only a project of exactly this name is given.
    ///   - domain: the request's `domain_id` parameter.
    ///   - path: the request's path, for the links.
    package func projects(
        of caller: Caller, named name: String? = nil, domain: String? = nil, path: String = "/v3/projects"
    ) -> KeystoneProjects {
        let tenant = caller.tenant
        let address = settings.endpoint ?? ""
        let asked = (name == nil || name == tenant.name) && (domain == nil || domain == tenant.domain)
        let project = KeystoneProjects.Project(
            id: tenant.id.text, name: tenant.name, domainID: tenant.domain, parentID: tenant.domain,
            links: KeystoneProjects.SelfLink(address: "\(address)/v3/projects/\(tenant.id)"))
        return KeystoneProjects(
            projects: asked ? [project] : [], links: KeystoneProjects.Links(address: address + path))
    }
}
