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

    /// The scopes that every verb of ``Forge`` together needs.
    package static func defaultScopes(of forge: ForgeID) -> [String] {
        switch forge {
        // https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps; read:org lists organisations.
        case .github: ["read:user", "repo", "write:repo_hook", "read:org"]
        // https://docs.gitlab.com/integration/oauth_provider/#view-all-authorized-applications
        case .gitlab: ["api"]
        // https://docs.gitea.com/development/oauth2-provider#scopes; servers before Gitea 1.23 give all rights, whatever is asked.
        case .gitea: ["write:user", "write:organization", "write:repository"]
        // https://gitee.com/api/v5/oauth_doc; groups and enterprises list namespaces.
        case .gitee: ["user_info", "projects", "hook", "groups", "enterprises"]
        }
    }

    /// Where a person's browser is sent to.
    var authorizeAddress: String {
        switch host.forge {
        case .github, .gitea: host.pages + "/login/oauth/authorize"
        case .gitlab, .gitee: host.pages + "/oauth/authorize"
        }
    }

    /// Where codes and refresh tokens are turned into access tokens.
    var tokenAddress: String {
        switch host.forge {
        case .github, .gitea: host.pages + "/login/oauth/access_token"
        case .gitlab, .gitee: host.pages + "/oauth/token"
        }
    }
}
