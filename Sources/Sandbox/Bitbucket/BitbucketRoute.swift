// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// What serves one operation of the API, and which credentials may ask for it.
struct BitbucketRoute: Sendable {
    typealias Handler = @Sendable (BitbucketCall) async throws -> Response

    /// All of these are needed.
    let scopes: [String]
    /// Whether a request without credentials is refused at once. Where it is not, public repositories can be read.
    let needsLogin: Bool
    /// Whether it is about an account, which an access token has none of.
    let isForPeople: Bool
    let handler: Handler

    init(
        _ scopes: [String], needsLogin: Bool = true, isForPeople: Bool = false, _ handler: @escaping Handler
    ) {
        self.scopes = scopes
        self.needsLogin = needsLogin
        self.isForPeople = isForPeople
        self.handler = handler
    }

    func check(_ login: BitbucketLogin?) throws(BitbucketProblem) {
        guard let login else {
            if needsLogin { throw .badToken }
            return
        }
        if isForPeople, login.kind == .accessToken { throw .kindOfToken }
        let granted = BitbucketLogin.effective(login.identity.scopes)
        guard granted.isSuperset(of: scopes) else { throw .lacksScopes(scopes, login.identity.scopes) }
    }

    /// Reading what may be public.
    private static func open(_ handler: @escaping Handler) -> BitbucketRoute {
        BitbucketRoute(["repository"], needsLogin: false, handler)
    }

    private static func person(_ scope: String, _ handler: @escaping Handler) -> BitbucketRoute {
        BitbucketRoute([scope], isForPeople: true, handler)
    }

    static let table = RouteTable<BitbucketRoute>(
        rows("/2.0", accounts) + rows("/2.0/repositories", repositories)
            + rows("/2.0/repositories/:workspace/:repo_slug", contents))

    private typealias Row = (method: String, path: String, route: BitbucketRoute)

    private static func rows(_ prefix: String, _ rows: [Row]) -> [(RoutePattern, BitbucketRoute)] {
        rows.map { (RoutePattern(stringLiteral: "\($0.method) \(prefix)\($0.path)"), $0.route) }
    }

    private static let accounts: [Row] = [
        ("GET", "/user", person("account") { try $0.currentUser() }),
        ("GET", "/user/emails", person("email") { try $0.emails() }),
        ("GET", "/user/workspaces", person("account") { try $0.userWorkspaces() }),
        ("GET", "/user/workspaces/:workspace/permission", person("account") { try $0.workspacePermission() }),
        ("GET", "/user/permissions/workspaces", person("account") { try $0.workspacePermissions() }),
        ("GET", "/workspaces", person("account") { try $0.workspaces() }),
        ("GET", "/workspaces/:workspace", BitbucketRoute([]) { try $0.workspace() }),
        ("GET", "/workspaces/:workspace/projects", BitbucketRoute(["project"]) { try $0.projects() }),
        ("GET", "/hook_events", BitbucketRoute([], needsLogin: false) { $0.hookSubjects() }),
        ("GET", "/hook_events/:subject_type", BitbucketRoute([], needsLogin: false) { try $0.hookEvents() }),
    ]

    private static let repositories: [Row] = [
        ("GET", "/:workspace", open { try await $0.repositories() }),
        ("GET", "/:workspace/:repo_slug", open { try await $0.readRepository() }),
        ("POST", "/:workspace/:repo_slug", BitbucketRoute(["repository:admin"]) { try await $0.createRepository() }),
        ("PUT", "/:workspace/:repo_slug", BitbucketRoute(["repository:admin"]) { try await $0.updateRepository() }),
        ("DELETE", "/:workspace/:repo_slug", BitbucketRoute(["repository:delete"]) { try $0.deleteRepository() }),
        ("GET", "/:workspace/:repo_slug/hooks", BitbucketRoute(["webhook"]) { try $0.hooks() }),
        ("POST", "/:workspace/:repo_slug/hooks", BitbucketRoute(["webhook"]) { try await $0.createHook() }),
        ("GET", "/:workspace/:repo_slug/hooks/:uid", BitbucketRoute(["webhook"]) { try $0.readHook() }),
        ("PUT", "/:workspace/:repo_slug/hooks/:uid", BitbucketRoute(["webhook"]) { try await $0.updateHook() }),
        ("DELETE", "/:workspace/:repo_slug/hooks/:uid", BitbucketRoute(["webhook"]) { try $0.deleteHook() }),
    ]

    private static let contents: [Row] = [
        ("GET", "/refs", open { try await $0.references(["branches", "tags"]) }),
        ("GET", "/refs/branches", open { try await $0.references(["branches"]) }),
        ("POST", "/refs/branches", BitbucketRoute(["repository:write"]) { try await $0.createBranch() }),
        ("GET", "/refs/branches/*name", open { try await $0.reference("branches") }),
        ("DELETE", "/refs/branches/*name", BitbucketRoute(["repository:write"]) { try await $0.deleteBranch() }),
        ("GET", "/refs/tags", open { try await $0.references(["tags"]) }),
        ("POST", "/refs/tags", BitbucketRoute(["repository:write"]) { try await $0.createTag() }),
        ("GET", "/refs/tags/*name", open { try await $0.reference("tags") }),
        ("DELETE", "/refs/tags/*name", BitbucketRoute(["repository:write"]) { try await $0.deleteTag() }),
        ("GET", "/commits", open { try await $0.commits() }),
        ("POST", "/commits", open { try await $0.commits() }),
        ("GET", "/commits/*revision", open { try await $0.commits() }),
        ("POST", "/commits/*revision", open { try await $0.commits() }),
        ("GET", "/commit/:commit", open { try await $0.commit() }),
        ("GET", "/src", open { try await $0.mainSource() }),
        ("POST", "/src", BitbucketRoute(["repository:write"]) { try await $0.createCommit() }),
        ("GET", "/src/:commit", open { try await $0.source() }),
        ("GET", "/src/:commit/*path", open { try await $0.source() }),
    ]
}
