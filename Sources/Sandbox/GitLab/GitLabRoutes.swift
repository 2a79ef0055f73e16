// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// What serves one operation of the API, and which tokens may ask for it.
struct GitLabRoute: Sendable {
    typealias Handler = @Sendable (GitLabEmulator, GitLabCall) async throws -> Response

    /// One of these is enough. https://docs.gitlab.com/user/profile/personal_access_tokens/#personal-access-token-scopes
    let scopes: [String]
    /// Whether a request without a token is refused at once. Where it is not, public projects can be read.
    let needsUser: Bool
    let run: Handler

    /// Reading what one must be signed in for.
    static func read(_ more: [String] = [], _ run: @escaping Handler) -> GitLabRoute {
        GitLabRoute(scopes: ["api", "read_api"] + more, needsUser: true, run: run)
    }

    /// Reading what may be public.
    static func open(_ more: [String] = [], _ run: @escaping Handler) -> GitLabRoute {
        GitLabRoute(scopes: ["api", "read_api"] + more, needsUser: false, run: run)
    }

    /// Changing.
    static func write(_ run: @escaping Handler) -> GitLabRoute {
        GitLabRoute(scopes: ["api"], needsUser: true, run: run)
    }
}

extension GitLabEmulator {
    static let routes = RouteTable<GitLabRoute>(
        rows("/api/v4", accountRoutes) + rows("/api/v4/projects", projectRoutes)
            + rows("/api/v4/projects/:id/repository", repositoryRoutes))

    private typealias Row = (method: String, path: String, route: GitLabRoute)

    private static func rows(_ prefix: String, _ rows: [Row]) -> [(RoutePattern, GitLabRoute)] {
        rows.map { (RoutePattern(stringLiteral: "\($0.method) \(prefix)\($0.path)"), $0.route) }
    }

    private static let accountRoutes: [Row] = [
        ("GET", "/version", .read(["read_user"]) { $0.version($1) }),
        ("GET", "/metadata", .read(["read_user"]) { $0.metadata($1) }),
        ("GET", "/user", .read(["read_user"]) { try $0.currentUser($1) }),
        ("GET", "/users", .read(["read_user"]) { try $0.users($1) }),
        ("GET", "/users/:user_id", .read(["read_user"]) { try $0.user($1) }),
        ("GET", "/users/:user_id/projects", .open { try await $0.userProjects($1) }),
        ("GET", "/personal_access_tokens/self", .anyToken { try $0.personalToken($1) }),
        ("GET", "/namespaces", .read { try $0.namespaces($1) }),
        ("GET", "/namespaces/:id", .read { try $0.namespace($1) }),
        ("GET", "/groups", .open { try $0.groups($1) }),
        ("GET", "/groups/:id", .open { try await $0.group($1) }),
        ("GET", "/groups/:id/subgroups", .open { try $0.subgroups($1) }),
        ("GET", "/groups/:id/projects", .open { try await $0.groupProjects($1) }),
    ]

    private static let projectRoutes: [Row] = [
        ("GET", "", .open { try await $0.projects($1) }),
        ("POST", "", .write { try await $0.createProject($1) }),
        ("GET", "/:id", .open { try await $0.project($1) }),
        ("PUT", "/:id", .write { try await $0.updateProject($1) }),
        ("DELETE", "/:id", .write { try $0.deleteProject($1) }),
        ("GET", "/:id/hooks", .read { try $0.hooks($1) }),
        ("POST", "/:id/hooks", .write { try $0.createHook($1) }),
        ("GET", "/:id/hooks/:hook_id", .read { try $0.hook($1) }),
        ("PUT", "/:id/hooks/:hook_id", .write { try $0.updateHook($1) }),
        ("DELETE", "/:id/hooks/:hook_id", .write { try $0.deleteHook($1) }),
    ]

    private static let repositoryRoutes: [Row] = [
        ("GET", "/branches", .open { try await $0.branches($1) }),
        ("POST", "/branches", .write { try await $0.createBranch($1) }),
        ("HEAD", "/branches/:branch", .open { try await $0.branchExists($1) }),
        ("GET", "/branches/:branch", .open { try await $0.branch($1) }),
        ("DELETE", "/branches/:branch", .write { try await $0.deleteBranch($1) }),
        ("GET", "/tags", .open { try await $0.tags($1) }),
        ("POST", "/tags", .write { try await $0.createTag($1) }),
        ("GET", "/tags/:tag_name", .open { try await $0.tag($1) }),
        ("DELETE", "/tags/:tag_name", .write { try await $0.deleteTag($1) }),
        ("GET", "/commits", .open { try await $0.commits($1) }),
        ("POST", "/commits", .write { try await $0.createCommit($1) }),
        ("GET", "/commits/:sha", .open { try await $0.commit($1) }),
        ("GET", "/tree", .open { try await $0.tree($1) }),
        ("GET", "/blobs/:sha", .open { try await $0.blob($1) }),
        ("GET", "/blobs/:sha/raw", .open { try await $0.rawBlob($1) }),
        ("GET", "/files/:file_path/raw", .open(["read_repository"]) { try await $0.rawFile($1) }),
        ("HEAD", "/files/:file_path", .open(["read_repository"]) { try await $0.fileHeaders($1) }),
        ("GET", "/files/:file_path", .open(["read_repository"]) { try await $0.file($1) }),
        ("POST", "/files/:file_path", .write { try await $0.createFile($1) }),
        ("PUT", "/files/:file_path", .write { try await $0.updateFile($1) }),
        ("DELETE", "/files/:file_path", .write { try await $0.deleteFile($1) }),
    ]
}

extension GitLabRoute {
    /// A token of any scope may ask for it.
    static func anyToken(_ run: @escaping Handler) -> GitLabRoute {
        GitLabRoute(
            scopes: [
                "api", "read_api", "read_user", "read_repository", "write_repository", "openid", "profile", "email",
            ],
            needsUser: true, run: run)
    }
}
