// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

/// An OAuth application that the operator has registered at a forge.
package struct OAuthApplication: Sendable {
    package let host: ForgeHost
    /// The label under which callers choose it (the API's `tag`); nil for the forge's usual one.
    package let site: String?
    package let clientID: String
    package let clientSecret: Secret
    /// Where the forge sends the user back to: this Gatehouse's `/oauth/callback`.
    package let redirectURI: String
    package let scopes: [String]

    package init(
        host: ForgeHost, site: String?, clientID: String, clientSecret: Secret, redirectURI: String, scopes: [String]
    ) {
        self.host = host
        self.site = site
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.redirectURI = redirectURI
        self.scopes = scopes
    }
}
