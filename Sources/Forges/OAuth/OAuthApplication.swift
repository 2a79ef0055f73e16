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
    package static func defaultScopes(of host: ForgeHost) -> [String] {
        switch host.forge {
        // https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps; read:org lists organisations.
        case .github: ["read:user", "repo", "write:repo_hook", "read:org"]
        // https://docs.gitlab.com/integration/oauth_provider/#view-all-authorized-applications
        case .gitlab: ["api"]
        // Has no OAuth: ``ForgeID/modes`` says so, and nothing makes an application of it.
        case .devcloud: []
        // https://docs.gitea.com/development/oauth2-provider#scopes; servers before Gitea 1.23 give all rights, whatever is asked.
        case .gitea: ["write:user", "write:organization", "write:repository"]
        // https://gitee.com/api/v5/oauth_doc; groups and enterprises list namespaces.
        case .gitee: ["user_info", "projects", "hook", "groups", "enterprises"]
        // https://confluence.atlassian.com/bitbucketserver/bitbucket-oauth-2-0-provider-api-1108483661.html; each includes those
        // before it, and repositories are made with the last.
        case .bitbucket where host.isDataCenter: ["PROJECT_ADMIN"]
        // https://developer.atlassian.com/cloud/bitbucket/rest/intro/#bitbucket-oauth-2-0-scopes; Bitbucket gives what the
        // consumer was registered with, whatever is asked for.
        case .bitbucket: ["account", "repository:admin", "repository:write", "webhook"]
        }
    }

    /// Where a person's browser is sent to.
    var authorizeAddress: String {
        switch host.forge {
        case .github, .gitea: host.pages + "/login/oauth/authorize"
        case .gitlab, .gitee: host.pages + "/oauth/authorize"
        case .devcloud: host.pages
        case .bitbucket where host.isDataCenter: host.pages + "/rest/oauth2/latest/authorize"
        case .bitbucket: host.pages + "/site/oauth2/authorize"
        }
    }

    /// Whether the application shows its id and secret in `Authorization`, which is all that Bitbucket Cloud documents, rather
    /// than in the body. https://developer.atlassian.com/cloud/bitbucket/oauth-2/
    var provesByBasic: Bool { host.forge == .bitbucket && !host.isDataCenter }

    /// Where codes and refresh tokens are turned into access tokens.
    var tokenAddress: String {
        switch host.forge {
        case .github, .gitea: host.pages + "/login/oauth/access_token"
        case .gitlab, .gitee: host.pages + "/oauth/token"
        case .devcloud: host.pages
        case .bitbucket where host.isDataCenter: host.pages + "/rest/oauth2/latest/token"
        case .bitbucket: host.pages + "/site/oauth2/access_token"
        }
    }
}
