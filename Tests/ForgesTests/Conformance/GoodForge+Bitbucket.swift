// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport

@testable import Forges

extension GoodForge {
    static func bitbucket(_ request: Upstream.Request) throws -> Upstream.Response? {
        let repo = "/repositories/seamark/beacon"
        let source = repo + "/src/4f1e2d3c4b5a69788796a5b4c3d2e1f001020304/"
        let path = path(request, .bitbucket)
        let (status, name): (Int, String)
        switch (request.method, path) {
        case (.get, "/user"): (status, name) = (200, "user")
        case (.get, "/user/workspaces"): (status, name) = (200, "workspaces_2")
        case (.get, "/repositories/seamark"): (status, name) = (200, "repositories_2")
        case (.get, repo), (.get, "/repositories/seamark/engine"), (.post, "/repositories/seamark/engine"):
            (status, name) = (200, "repository")
        case (.get, repo + "/refs/branches"): (status, name) = (200, "branches_2")
        case (.get, repo + "/refs/tags"): (status, name) = (200, "tags_2")
        case (.get, repo + "/refs/branches/main"): (status, name) = (200, "branch")
        case (.post, repo + "/refs/tags"): (status, name) = (201, "tag")
        case (.delete, repo + "/refs/tags/v1"), (.delete, repo + "/hooks/%7B31%7D"):
            return Upstream.Response(status: 204)
        case (.get, repo + "/commits"): (status, name) = (200, "commits")
        case (.get, repo + "/hooks"): (status, name) = (200, "hooks_2")
        case (.post, repo + "/hooks"): (status, name) = (201, "hook")
        case (.get, source): (status, name) = (200, "tree_2")
        case (.get, source + "README.md") where request.url.hasSuffix("?format=meta"): (status, name) = (200, "meta")
        case (.get, source + "README.md"):
            return Upstream.Response(
                status: 200, headers: [Upstream.Header("Content-Type", "text/plain")],
                body: Array(BitbucketBench.readme.utf8))
        case (.get, source + "new.txt"): (status, name) = (404, "no_file")
        case (.post, repo + "/src"):
            return Upstream.Response(
                status: 201, headers: [Upstream.Header("Content-Type", "text/html; charset=utf-8")])
        // Asked after a failure: what stood against it.
        case (.get, repo + "/refs/tags/v2"), (.get, repo + "/refs/tags/main"): (status, name) = (404, "not_found")
        default: return nil
        }
        return .json(try TestData.fixture("bitbucket/\(name).json"), status: status)
    }
}
