// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension CodeArtsEmulator {
    typealias Handler = @Sendable (CodeArtsEmulator, CodeArtsCall) async throws -> Response

    static let routes = RouteTable<Handler>(
        places + rows("/v4/repositories/:repository_id", repository)
            + rows("/v4/repositories/:repository_id/repository", content))

    private static func rows(_ prefix: String, _ rows: [(String, String, Handler)]) -> [(RoutePattern, Handler)] {
        rows.map { (RoutePattern(stringLiteral: "\($0.0) \(prefix)\($0.1)"), $0.2) }
    }

    private static let places: [(RoutePattern, Handler)] = [
        ("GET /v4/user/emails", { $0.emails($1) }),
        ("GET /v4/user/repositories", { try $0.userRepositories($1) }),
        ("GET /v4/groups/list", { try $0.groups($1) }),
        ("GET /v4/groups/:group_id/repositories", { try $0.groupRepositories($1) }),
        ("GET /v4/projects/:project_id/repositories", { try $0.projectRepositories($1) }),
        ("GET /v4/:project_id/manageable-groups", { try $0.manageableGroups($1) }),
        ("GET /v4/:project_id/groups/:group_id", { try $0.group($1) }),
        ("POST /v4/:project_id/groups", { try await $0.createGroup($1) }),
        ("GET /v1/repositories/repoid", { try $0.repositoryID($1) }),
        ("POST /v1/repositories", { try await $0.createRepository($1) }),
        ("GET /v1/repositories/:uuid", { try $0.repositoryOfVersion1($1) }),
        ("DELETE /v1/repositories/:uuid", { try $0.deleteRepository($1) }),
        ("GET /v1/repositories/:uuid/status", { try $0.repositoryStatus($1) }),
        ("GET /v2/repositories/:uuid", { try $0.repositoryOfVersion2($1) }),
        ("GET /v2/projects/repositories", { try $0.allRepositories($1) }),
        ("GET /v1/projects/:project_uuid/repositories/validation/:name", { try $0.nameExists($1) }),
    ]

    private static let repository: [(String, String, Handler)] = [
        ("GET", "", { try await $0.repository($1) }),
        ("GET", "/hooks", { try $0.hooks($1) }),
        ("POST", "/hooks", { try await $0.createHook($1) }),
        ("GET", "/hooks/:hook_id", { try $0.hook($1) }),
        ("PUT", "/hooks/:hook_id", { try await $0.updateHook($1) }),
        ("DELETE", "/hooks/:hook_id", { try $0.deleteHook($1) }),
    ]

    private static let content: [(String, String, Handler)] = [
        ("GET", "/branches", { try await $0.branches($1) }),
        ("POST", "/branches", { try await $0.createBranch($1) }),
        ("GET", "/branch", { try await $0.branch($1) }),
        ("DELETE", "/branch", { try await $0.deleteBranch($1) }),
        ("GET", "/tags", { try await $0.tags($1) }),
        ("POST", "/tags", { try await $0.createTag($1) }),
        ("GET", "/tag", { try await $0.tag($1) }),
        ("DELETE", "/tag", { try await $0.deleteTag($1) }),
        ("GET", "/commit-list", { try await $0.commits($1) }),
        ("GET", "/commits", { try await $0.commit($1) }),
        ("POST", "/commits", { try await $0.createCommit($1) }),
        ("GET", "/trees", { try await $0.tree($1) }),
        ("GET", "/file-list", { try await $0.fileList($1) }),
        ("GET", "/file", { try await $0.file($1) }),
        ("PUT", "/file", { try await $0.updateFile($1) }),
        ("DELETE", "/file", { try await $0.deleteFile($1) }),
        ("POST", "/files", { try await $0.createFile($1) }),
        ("GET", "/files/raw", { try await $0.rawFile($1) }),
        ("GET", "/blobs", { try await $0.blob($1) }),
    ]
}
