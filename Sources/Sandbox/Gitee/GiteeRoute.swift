// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// One operation of the API.
struct GiteeRoute: Sendable {
    let run: @Sendable (GiteeCall) async throws -> Response
    /// The scopes of which a token needs one.
    let scopes: [String]
    /// Whether a request without a token is refused with 401.
    let needsUser: Bool

    init(
        _ scopes: String..., anonymous: Bool = false, _ run: @escaping @Sendable (GiteeCall) async throws -> Response
    ) {
        self.run = run
        self.scopes = scopes
        needsUser = !anonymous
    }

    static let all: [(RoutePattern, GiteeRoute)] = accounts + repositories + references + contents + hooks

    private static let accounts: [(RoutePattern, GiteeRoute)] = [
        ("GET /api/v5/user", GiteeRoute("user_info") { try $0.currentUser() }),
        ("GET /api/v5/users/:user", GiteeRoute(anonymous: true) { try $0.account() }),
        ("GET /api/v5/user/orgs", GiteeRoute("groups") { try $0.organizations() }),
        ("GET /api/v5/users/:user/orgs", GiteeRoute(anonymous: true) { try $0.userOrganizations() }),
        ("GET /api/v5/orgs/:org", GiteeRoute(anonymous: true) { try $0.organization() }),
        ("GET /api/v5/user/enterprises", GiteeRoute("enterprises") { try $0.enterprises() }),
        ("GET /api/v5/user/namespaces", GiteeRoute("projects") { try $0.namespaces() }),
        ("GET /api/v5/user/namespace", GiteeRoute("projects") { try $0.namespace() }),
    ]

    private static let repositories: [(RoutePattern, GiteeRoute)] = [
        ("GET /api/v5/user/repos", GiteeRoute("projects") { try await $0.ownRepositories() }),
        ("POST /api/v5/user/repos", GiteeRoute("projects") { try await $0.createOwnRepository() }),
        ("GET /api/v5/users/:user/repos", GiteeRoute(anonymous: true) { try await $0.userRepositories() }),
        ("GET /api/v5/orgs/:org/repos", GiteeRoute(anonymous: true) { try await $0.organizationRepositories() }),
        ("POST /api/v5/orgs/:org/repos", GiteeRoute("projects") { try await $0.createOrganizationRepository() }),
        ("GET /api/v5/enterprises/:enterprise/repos", GiteeRoute("projects") { try await $0.enterpriseRepositories() }),
        (
            "POST /api/v5/enterprises/:enterprise/repos",
            GiteeRoute("projects") { try await $0.createEnterpriseRepository() }
        ),
        ("GET /api/v5/repos/:owner/:repo", GiteeRoute(anonymous: true) { try await $0.showRepository() }),
        ("DELETE /api/v5/repos/:owner/:repo", GiteeRoute("projects") { try $0.deleteRepository() }),
    ]

    private static let references: [(RoutePattern, GiteeRoute)] = [
        ("GET /api/v5/repos/:owner/:repo/branches", GiteeRoute(anonymous: true) { try await $0.branches() }),
        ("POST /api/v5/repos/:owner/:repo/branches", GiteeRoute("projects") { try await $0.createBranch() }),
        ("GET /api/v5/repos/:owner/:repo/branches/*branch", GiteeRoute(anonymous: true) { try await $0.branch() }),
        ("GET /api/v5/repos/:owner/:repo/tags", GiteeRoute(anonymous: true) { try await $0.tags() }),
        ("POST /api/v5/repos/:owner/:repo/tags", GiteeRoute("projects") { try await $0.createTag() }),
        ("GET /api/v5/repos/:owner/:repo/commits", GiteeRoute(anonymous: true) { try await $0.commits() }),
        ("GET /api/v5/repos/:owner/:repo/commits/*sha", GiteeRoute(anonymous: true) { try await $0.commit() }),
    ]

    private static let contents: [(RoutePattern, GiteeRoute)] = [
        ("GET /api/v5/repos/:owner/:repo/git/trees/:sha", GiteeRoute(anonymous: true) { try await $0.tree() }),
        ("GET /api/v5/repos/:owner/:repo/git/blobs/:sha", GiteeRoute(anonymous: true) { try await $0.blob() }),
        ("GET /api/v5/repos/:owner/:repo/readme", GiteeRoute(anonymous: true) { try await $0.readme() }),
        ("GET /api/v5/repos/:owner/:repo/contents", GiteeRoute(anonymous: true) { try await $0.content() }),
        ("GET /api/v5/repos/:owner/:repo/contents/*path", GiteeRoute(anonymous: true) { try await $0.content() }),
        ("GET /api/v5/repos/:owner/:repo/raw/*path", GiteeRoute(anonymous: true) { try await $0.raw() }),
        ("POST /api/v5/repos/:owner/:repo/contents/*path", GiteeRoute("projects") { try await $0.createFile() }),
        ("PUT /api/v5/repos/:owner/:repo/contents/*path", GiteeRoute("projects") { try await $0.updateFile() }),
        ("DELETE /api/v5/repos/:owner/:repo/contents/*path", GiteeRoute("projects") { try await $0.deleteFile() }),
    ]

    private static let hooks: [(RoutePattern, GiteeRoute)] = [
        ("GET /api/v5/repos/:owner/:repo/hooks", GiteeRoute("hook") { try $0.hooks() }),
        ("POST /api/v5/repos/:owner/:repo/hooks", GiteeRoute("hook") { try $0.createHook() }),
        ("GET /api/v5/repos/:owner/:repo/hooks/:id", GiteeRoute("hook") { try $0.hook() }),
        ("PATCH /api/v5/repos/:owner/:repo/hooks/:id", GiteeRoute("hook") { try $0.updateHook() }),
        ("DELETE /api/v5/repos/:owner/:repo/hooks/:id", GiteeRoute("hook") { try $0.deleteHook() }),
        ("POST /api/v5/repos/:owner/:repo/hooks/:id/tests", GiteeRoute("hook") { try $0.testHook() }),
    ]
}
