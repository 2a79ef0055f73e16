// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// The body that answers `GET /v3`: which version of the identity API stands here. Clients follow its link.
/// https://docs.openstack.org/api-ref/identity/v3/#show-v3-api-details
package struct KeystoneVersion: Sendable, Hashable, Encodable {
    struct Link: Sendable, Hashable, Encodable {
        let rel = "self"
        let href: String
    }

    struct MediaType: Sendable, Hashable, Encodable {
        let base = "application/json"
        let type = "application/vnd.openstack.identity-v3+json"
    }

    struct Version: Sendable, Hashable, Encodable {
        let id = "v3.14"
        let status = "stable"
        let updated = "2020-04-07T00:00:00Z"
        let links: [Link]
        let mediaTypes = [MediaType()]

        enum CodingKeys: String, CodingKey {
            case id, status, updated, links
            case mediaTypes = "media-types"
        }
    }

    let version: Version

    /// - Parameter address: the address that the client used for this Gatehouse, without a slash at its end.
    package init(address: String) {
        version = Version(links: [Link(href: "\(address)/v3/")])
    }

    package func json() throws(AccessError) -> Data {
        try KeystoneJSON.encode(self)
    }

    /// The list of versions, which a client asks for that knows the address without `/v3`.
    package func listJSON() throws(AccessError) -> Data {
        struct Versions: Encodable {
            let values: [Version]
        }
        return try KeystoneJSON.encode(["versions": Versions(values: [version])])
    }
}
