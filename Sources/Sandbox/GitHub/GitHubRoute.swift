// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// One operation of the API.
struct GitHubRoute: Sendable {
    typealias Handler = @Sendable (GitHubCall) async throws -> Response

    let handler: Handler
    /// The operation's page under `https://docs.github.com/rest/`.
    let documentation: String
    /// The scopes of which the operation takes any one, for a header; the operation itself holds them.
    let scopes: [String]
    /// Whether an anonymous request is refused with 401.
    let requiresUser: Bool
    /// Whether an OAuth application calls it, with its own id and secret.
    let isForApplications: Bool

    init(
        _ documentation: String, scopes: [String] = [], requiresUser: Bool = false, isForApplications: Bool = false,
        _ handler: @escaping Handler
    ) {
        self.documentation = documentation
        self.scopes = scopes
        self.requiresUser = requiresUser
        self.isForApplications = isForApplications
        self.handler = handler
    }

    static let all: [(RoutePattern, GitHubRoute)] =
        general + applications + accounts + repositories + references + objects + commits + hooks + contents

    private static let general: [(RoutePattern, GitHubRoute)] = [
        ("GET /", GitHubRoute("meta/meta#github-api-root") { $0.root() }),
        ("GET /meta", GitHubRoute("meta/meta") { $0.meta() }),
        ("GET /rate_limit", GitHubRoute("rate-limit/rate-limit") { $0.rateLimit() }),
    ]

    private static let applications: [(RoutePattern, GitHubRoute)] = [
        (
            "DELETE /applications/:client_id/grant",
            GitHubRoute("apps/oauth-applications#delete-an-app-authorization", isForApplications: true) {
                try await $0.revoke(wholeGrant: true)
            }
        ),
        (
            "DELETE /applications/:client_id/token",
            GitHubRoute("apps/oauth-applications#delete-an-app-token", isForApplications: true) {
                try await $0.revoke(wholeGrant: false)
            }
        ),
    ]

    private static let accounts: [(RoutePattern, GitHubRoute)] = [
        (
            "GET /user",
            GitHubRoute("users/users#get-the-authenticated-user", requiresUser: true) { try $0.currentUser() }
        ),
        (
            "GET /user/emails",
            GitHubRoute(
                "users/emails", scopes: ["user", "user:email"], requiresUser: true
            ) { try $0.emails() }
        ),
        (
            "GET /user/orgs",
            GitHubRoute("orgs/orgs", scopes: organizationScopes, requiresUser: true) { try $0.organizations() }
        ),
        (
            "GET /user/memberships/orgs",
            GitHubRoute("orgs/members", scopes: organizationScopes, requiresUser: true) { try $0.memberships() }
        ),
        (
            "GET /user/memberships/orgs/:org",
            GitHubRoute("orgs/members", scopes: organizationScopes, requiresUser: true) { try $0.membership() }
        ),
        ("GET /users/:user", GitHubRoute("users/users#get-a-user") { try $0.account() }),
        (
            "GET /users/:user/orgs",
            GitHubRoute("orgs/orgs#list-organizations-for-a-user") { try $0.userOrganizations() }
        ),
        ("GET /orgs/:org", GitHubRoute("orgs/orgs#get-an-organization") { try $0.organization() }),
        ("GET /orgs/:org/members", GitHubRoute("orgs/members#list-organization-members") { try $0.members() }),
    ]

    private static let repositories: [(RoutePattern, GitHubRoute)] = [
        (
            "GET /user/repos",
            GitHubRoute("repos/repos#list-repositories-for-the-authenticated-user", requiresUser: true) {
                try $0.ownRepositories()
            }
        ),
        (
            "POST /user/repos",
            GitHubRoute(
                "repos/repos#create-a-repository-for-the-authenticated-user", scopes: ["public_repo", "repo"],
                requiresUser: true
            ) { try await $0.createOwnRepository() }
        ),
        (
            "GET /users/:user/repos",
            GitHubRoute("repos/repos#list-repositories-for-a-user") { try $0.userRepositories() }
        ),
        (
            "GET /orgs/:org/repos",
            GitHubRoute("repos/repos#list-organization-repositories") { try $0.organizationRepositories() }
        ),
        (
            "POST /orgs/:org/repos",
            GitHubRoute(
                "repos/repos#create-an-organization-repository", scopes: ["public_repo", "repo"], requiresUser: true
            ) { try await $0.createOrganizationRepository() }
        ),
        ("GET /repos/:owner/:repo", GitHubRoute("repos/repos#get-a-repository") { try $0.getRepository() }),
        (
            "PATCH /repos/:owner/:repo",
            GitHubRoute("repos/repos#update-a-repository", scopes: ["public_repo", "repo"], requiresUser: true) {
                try await $0.updateRepository()
            }
        ),
        (
            "DELETE /repos/:owner/:repo",
            GitHubRoute("repos/repos#delete-a-repository", scopes: ["delete_repo"], requiresUser: true) {
                try $0.deleteRepository()
            }
        ),
    ]

    private static let hooks: [(RoutePattern, GitHubRoute)] = [
        ("GET /repos/:owner/:repo/hooks", hook("list-repository-webhooks", "read:repo_hook") { try $0.hooks() }),
        ("POST /repos/:owner/:repo/hooks", hook("create-a-repository-webhook") { try await $0.createHook() }),
        ("GET /repos/:owner/:repo/hooks/:id", hook("get-a-repository-webhook", "read:repo_hook") { try $0.getHook() }),
        ("PATCH /repos/:owner/:repo/hooks/:id", hook("update-a-repository-webhook") { try await $0.updateHook() }),
        ("DELETE /repos/:owner/:repo/hooks/:id", hook("delete-a-repository-webhook") { try $0.deleteHook() }),
        ("POST /repos/:owner/:repo/hooks/:id/pings", hook("ping-a-repository-webhook") { try $0.pingHook() }),
        ("POST /repos/:owner/:repo/hooks/:id/tests", hook("test-the-push-repository-webhook") { try $0.pingHook() }),
    ]

    private static let organizationScopes = ["admin:org", "read:org", "repo", "user", "write:org"]

    private static func hook(
        _ page: String, _ reading: String? = nil, _ handler: @escaping Handler
    ) -> GitHubRoute {
        GitHubRoute(
            "repos/webhooks#" + page,
            scopes: ["admin:repo_hook", "public_repo", "repo", "write:repo_hook"] + (reading.map { [$0] } ?? []),
            requiresUser: true, handler)
    }
}
