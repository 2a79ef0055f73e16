// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// One operation of the API.
struct GiteaRoute: Sendable {
    let run: @Sendable (GiteaCall) async throws -> Response
    /// What a token needs a scope for: `read:` of each, for changes `write:`.
    let categories: [String]
    /// Whether a request without credentials is refused with 401.
    let needsUser: Bool

    init(
        _ categories: String..., anonymous: Bool = false,
        _ run: @escaping @Sendable (GiteaCall) async throws -> Response
    ) {
        self.run = run
        self.categories = categories
        needsUser = !anonymous
    }

    static let all: [(RoutePattern, GiteaRoute)] = accounts + repositories + contents

    private static let accounts: [(RoutePattern, GiteaRoute)] = [
        ("GET /api/v1/version", GiteaRoute(anonymous: true) { $0.version() }),
        ("GET /api/v1/user", GiteaRoute("user") { try $0.currentUser() }),
        ("GET /api/v1/users/:user", GiteaRoute("user", anonymous: true) { try $0.account() }),
        ("GET /api/v1/user/orgs", GiteaRoute("user", "organization") { try $0.organizations() }),
        ("GET /api/v1/orgs/:org", GiteaRoute("organization", anonymous: true) { try $0.organization() }),
        ("GET /api/v1/user/repos", GiteaRoute("user", "repository") { try await $0.ownRepositories() }),
        ("POST /api/v1/user/repos", GiteaRoute("user", "repository") { try await $0.createOwnRepository() }),
        (
            "GET /api/v1/users/:user/repos",
            GiteaRoute("user", "repository", anonymous: true) { try await $0.userRepositories() }
        ),
        (
            "GET /api/v1/orgs/:org/repos",
            GiteaRoute("organization", "repository", anonymous: true) { try await $0.organizationRepositories() }
        ),
        (
            "POST /api/v1/orgs/:org/repos",
            GiteaRoute("organization", "repository") { try await $0.createOrganizationRepository() }
        ),
    ]

    private static let repositories: [(RoutePattern, GiteaRoute)] = [
        ("GET /api/v1/repos/:owner/:repo", GiteaRoute("repository", anonymous: true) { try await $0.showRepository() }),
        ("DELETE /api/v1/repos/:owner/:repo", GiteaRoute("repository") { try $0.deleteRepository() }),
        (
            "GET /api/v1/repos/:owner/:repo/branches",
            GiteaRoute("repository", anonymous: true) { try await $0.branches() }
        ),
        ("POST /api/v1/repos/:owner/:repo/branches", GiteaRoute("repository") { try await $0.createBranch() }),
        (
            "GET /api/v1/repos/:owner/:repo/branches/*branch",
            GiteaRoute("repository", anonymous: true) { try await $0.branch() }
        ),
        ("GET /api/v1/repos/:owner/:repo/tags", GiteaRoute("repository", anonymous: true) { try await $0.tags() }),
        ("POST /api/v1/repos/:owner/:repo/tags", GiteaRoute("repository") { try await $0.createTag() }),
        (
            "GET /api/v1/repos/:owner/:repo/tags/*tag",
            GiteaRoute("repository", anonymous: true) { try await $0.tag() }
        ),
        ("DELETE /api/v1/repos/:owner/:repo/tags/*tag", GiteaRoute("repository") { try await $0.deleteTag() }),
        (
            "GET /api/v1/repos/:owner/:repo/commits",
            GiteaRoute("repository", anonymous: true) { try await $0.commits() }
        ),
        ("GET /api/v1/repos/:owner/:repo/hooks", GiteaRoute("repository") { try $0.hooks() }),
        ("POST /api/v1/repos/:owner/:repo/hooks", GiteaRoute("repository") { try $0.createHook() }),
        ("GET /api/v1/repos/:owner/:repo/hooks/:id", GiteaRoute("repository") { try $0.hook() }),
        ("DELETE /api/v1/repos/:owner/:repo/hooks/:id", GiteaRoute("repository") { try $0.deleteHook() }),
    ]

    private static let contents: [(RoutePattern, GiteaRoute)] = [
        (
            "GET /api/v1/repos/:owner/:repo/git/trees/:sha",
            GiteaRoute("repository", anonymous: true) { try await $0.tree() }
        ),
        (
            "GET /api/v1/repos/:owner/:repo/contents",
            GiteaRoute("repository", anonymous: true) { try await $0.content() }
        ),
        (
            "GET /api/v1/repos/:owner/:repo/contents/*path",
            GiteaRoute("repository", anonymous: true) { try await $0.content() }
        ),
        (
            "GET /api/v1/repos/:owner/:repo/raw/*path",
            GiteaRoute("repository", anonymous: true) { try await $0.raw() }
        ),
        ("POST /api/v1/repos/:owner/:repo/contents/*path", GiteaRoute("repository") { try await $0.createFile() }),
        ("PUT /api/v1/repos/:owner/:repo/contents/*path", GiteaRoute("repository") { try await $0.updateFile() }),
        ("DELETE /api/v1/repos/:owner/:repo/contents/*path", GiteaRoute("repository") { try await $0.deleteFile() }),
    ]
}
