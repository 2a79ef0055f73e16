// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Gitee {
    /// The user's own namespace, then organisations, then enterprises. `/user/namespaces` has all kinds of them, but no
    /// pages. https://gitee.com/api/v5/swagger#/getV5UserOrgs, https://gitee.com/api/v5/swagger#/getV5UserEnterprises
    func namespaces() async throws(ForgeError) -> [Namespace] {
        let own = try await account().login
        let organizations = try await list(of: WireOrganization.self, "/user/orgs").map(\.login)
        let enterprises = try await list(of: WireEnterprise.self, "/user/enterprises").map(\.path)
        return ([own] + organizations + enterprises).map { Namespace(id: $0, name: $0) }
    }

    private struct WireOrganization: Decodable {
        let login: String
    }

    private struct WireEnterprise: Decodable {
        let path: String
    }

    /// Whether a namespace is the user's own. Gitee does not mind letter case.
    func isOwn(_ namespace: String) async throws(ForgeError) -> Bool {
        try await account().login.lowercased() == namespace.lowercased()
    }
}
