// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Gitea {
    /// The user's own namespace, then organisations.
    /// https://docs.gitea.com/api/#tag/organization/operation/orgListCurrentUserOrgs
    func namespaces() async throws(ForgeError) -> [Namespace] {
        let own = try await account().login
        let organizations = try await list(of: WireOrganization.self, "/user/orgs").map(\.login)
        return ([own] + organizations).map { Namespace(id: $0, name: $0) }
    }

    /// `name` since Gitea 1.17, `username` before and still.
    private struct WireOrganization: Decodable {
        let login: String

        private enum CodingKeys: String, CodingKey {
            case name, username
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            let name = try container.decodeIfPresent(String.self, forKey: .name) ?? ""
            login = name.isEmpty ? try container.decode(String.self, forKey: .username) : name
        }
    }

    /// Whether a namespace is the user's own. Gitea does not mind letter case.
    func isOwn(_ namespace: String) async throws(ForgeError) -> Bool {
        try await account().login.lowercased() == namespace.lowercased()
    }
}
