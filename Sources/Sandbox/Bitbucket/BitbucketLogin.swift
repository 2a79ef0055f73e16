// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Whom a request comes from, and by which kind of credential.
struct BitbucketLogin: Sendable {
    enum Kind: Sendable {
        /// Of an account, with its email, by Basic.
        case apiToken
        /// Of a repository, project or workspace, by Bearer: it is no person.
        case accessToken
        case oauth
    }

    /// What Atlassian's API tokens begin with, and what Bitbucket's access tokens do.
    static let apiTokenPrefix = "ATATT"
    static let accessTokenPrefix = "ATCTT"

    let identity: Identity
    let kind: Kind

    /// nil for a request without credentials.
    init?(_ request: ForgeRequest, _ store: AccountStore) throws(BitbucketProblem) {
        guard let authorization = request.authorization else { return nil }
        switch authorization.scheme {
        case "bearer": try self.init(token: authorization.value, user: nil, store)
        case "basic":
            guard let (user, password) = request.basicCredentials else { throw .badToken }
            try self.init(token: password, user: user, store)
        default: throw .badToken
        }
    }

    /// An API token goes by Basic, with its account's email; the other tokens by Bearer.
    /// https://support.atlassian.com/bitbucket-cloud/docs/using-api-tokens/
    private init(token: String, user: String?, _ store: AccountStore) throws(BitbucketProblem) {
        let found: Identity
        do {
            found = try store.identify(token)
        } catch {
            throw error == .expired && user == nil ? .expiredToken : .badToken
        }
        identity = found
        kind = Self.kind(of: token, found)
        switch kind {
        case .apiToken: guard let user, user.lowercased() == found.user.email.lowercased() else { throw .badToken }
        case .accessToken, .oauth: guard user == nil else { throw .badToken }
        }
    }

    static func kind(of token: String, _ identity: Identity) -> Kind {
        if case .oauth = identity.source { return .oauth }
        return token.hasPrefix(accessTokenPrefix) ? .accessToken : .apiToken
    }

    var credentialType: String {
        switch kind {
        case .apiToken: "api_token"
        case .accessToken: "workspace_access_token"
        case .oauth: "oauth2"
        }
    }

    /// The scopes that are granted by those that are named. `repository:admin` is for settings alone: it lets nobody read.
    /// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#bitbucket-oauth-2-0-scopes
    static func effective(_ scopes: Set<String>) -> Set<String> {
        var all = scopes
        if scopes.contains("account:write") { all.insert("account") }
        if scopes.contains("account") { all.insert("email") }
        if scopes.contains("repository:write") { all.insert("repository") }
        if !scopes.isDisjoint(with: ["repository", "repository:write", "project:admin"]) { all.insert("project") }
        return all
    }
}
