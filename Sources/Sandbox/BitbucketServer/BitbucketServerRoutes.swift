// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// What serves one operation of the API, and how much a credential must be able to do for it.
struct BitbucketServerRoute: Sendable {
    typealias Handler = @Sendable (BitbucketServerEmulator, BitbucketServerCall) async throws -> Response

    let level: BitbucketServerLevel
    let run: Handler

    /// Open to everybody, as far as things are public.
    static func open(_ run: @escaping Handler) -> BitbucketServerRoute { .init(level: .nothing, run: run) }
    static func write(_ run: @escaping Handler) -> BitbucketServerRoute { .init(level: .write, run: run) }
    static func admin(_ run: @escaping Handler) -> BitbucketServerRoute { .init(level: .admin, run: run) }
    static func projectAdmin(_ run: @escaping Handler) -> BitbucketServerRoute {
        .init(level: .projectAdmin, run: run)
    }
}

extension BitbucketServerEmulator {
    static let routes = RouteTable<BitbucketServerRoute>(
        rows("/rest/api/:version", accountRoutes)
            + rows("/rest/api/:version/projects/:key/repos/:slug", repositoryRoutes)
            + rows("/rest/git/:version/projects/:key/repos/:slug", gitRoutes)
            + rows("/rest/branch-utils/:version/projects/:key/repos/:slug", branchRoutes))

    private typealias Row = (method: String, path: String, route: BitbucketServerRoute)

    private static func rows(_ prefix: String, _ rows: [Row]) -> [(RoutePattern, BitbucketServerRoute)] {
        rows.map { (RoutePattern(stringLiteral: "\($0.method) \(prefix)\($0.path)"), $0.route) }
    }

    private static let accountRoutes: [Row] = [
        ("GET", "/application-properties", .open { $0.properties($1) }),
        ("GET", "/users", .open { try $0.users($1) }),
        ("GET", "/users/:user", .open { try $0.user($1) }),
        ("GET", "/projects", .open { try $0.projects($1) }),
        ("GET", "/projects/:key", .open { try $0.project($1) }),
        ("GET", "/projects/:key/repos", .open { try $0.repositories($1) }),
        ("POST", "/projects/:key/repos", .projectAdmin { try await $0.createRepository($1) }),
    ]

    private static let repositoryRoutes: [Row] = [
        ("GET", "", .open { try $0.repository($1) }),
        ("PUT", "", .admin { try await $0.updateRepository($1) }),
        ("DELETE", "", .admin { try $0.deleteRepository($1) }),
        ("GET", "/branches", .open { try await $0.branches($1) }),
        ("POST", "/branches", .write { try await $0.createBranch($1) }),
        ("GET", "/default-branch", .open { try await $0.defaultBranch($1) }),
        ("GET", "/branches/default", .open { try await $0.defaultBranch($1) }),
        ("GET", "/tags", .open { try await $0.tags($1) }),
        ("POST", "/tags", .write { try await $0.createTag($1) }),
        ("GET", "/tags/*name", .open { try await $0.tag($1) }),
        ("GET", "/commits", .open { try await $0.commits($1) }),
        ("GET", "/commits/:id", .open { try await $0.commit($1) }),
        ("GET", "/files", .open { try await $0.files($1) }),
        ("GET", "/files/*path", .open { try await $0.files($1) }),
        ("GET", "/raw/*path", .open { try await $0.raw($1) }),
        ("GET", "/browse", .open { try await $0.browse($1) }),
        ("GET", "/browse/*path", .open { try await $0.browse($1) }),
        ("PUT", "/browse/*path", .write { try await $0.edit($1) }),
        ("GET", "/webhooks", .admin { try $0.hooks($1) }),
        ("POST", "/webhooks", .admin { try await $0.createHook($1) }),
        ("GET", "/webhooks/:hook", .admin { try $0.hook($1) }),
        ("PUT", "/webhooks/:hook", .admin { try await $0.updateHook($1) }),
        ("DELETE", "/webhooks/:hook", .admin { try $0.deleteHook($1) }),
    ]

    private static let gitRoutes: [Row] = [
        ("POST", "/tags", .write { try await $0.createTag($1) }),
        ("DELETE", "/tags/*name", .write { try await $0.deleteTag($1) }),
    ]

    private static let branchRoutes: [Row] = [
        ("POST", "/branches", .write { try await $0.createBranch($1) }),
        ("DELETE", "/branches", .write { try await $0.deleteBranch($1) }),
    ]
}
