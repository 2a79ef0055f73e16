// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

/// An identity service of OpenStack's Identity API v3, and the user as whom this Gatehouse asks it about tokens.
package struct KeystoneService: Sendable {
    /// The user with whom one signs in, and the project that the service's own token is for.
    package struct Login: Sendable {
        package let user: String
        /// The name of the user's domain.
        package let domain: String
        package let password: Secret
        package let project: String
        /// The name of the project's domain.
        package let projectDomain: String

        package init(user: String, domain: String, password: Secret, project: String, projectDomain: String) {
            self.user = user
            self.domain = domain
            self.password = password
            self.project = project
            self.projectDomain = projectDomain
        }
    }

    /// The root of the API's version 3, `https://keystone.example.org:5000/v3`: no slash at its end.
    package let address: String
    package let login: Login

    /// - Parameter address: with or without `/v3` at its end; behind a proxy it may have a path before it.
    /// - Returns: nil for what is no http or https address with a host, or has a user, a query or a fragment.
    package init?(address: String, login: Login) {
        guard Origin(address) != nil, !address.contains("?"), !address.contains("#") else { return nil }
        var address = address
        while address.hasSuffix("/") { address.removeLast() }
        self.address = address.hasSuffix("/v3") ? address : address + "/v3"
        self.login = login
    }

    /// Whether passwords and tokens go to it in clear over a network.
    package var isExposed: Bool {
        guard let origin = Origin(address), origin.scheme == "http" else { return false }
        return !(origin.host == "localhost" || origin.host == "::1" || origin.host.hasPrefix("127."))
    }
}
