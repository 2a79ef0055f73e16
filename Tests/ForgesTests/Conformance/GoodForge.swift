// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

/// A forge whose every call succeeds: what each verb can be run on, and what each failure is put into.
struct GoodForge: Sendable {
    /// Part of every secret in these tests: it must be seen on the wire to the forge, and nowhere else.
    static let canary = "CANARY-4711-secret"

    let forge: ForgeID
    let host: ForgeHost
    let namespace: String
    let repository: RepositoryReference
    let cloneURL: String
    /// The README's blob.
    let blob: String
    /// The usual answer to a request; nil for a request that nobody should make.
    let answer: @Sendable (Upstream.Request) throws -> Upstream.Response?

    init(_ forge: ForgeID) {
        self.forge = forge
        host = .official(forge)
        switch forge {
        case .github:
            namespace = "ada"
            repository = RepositoryReference(namespace: "ada", project: "ada/engine")
            cloneURL = "https://github.com/ada/engine.git"
            blob = "d670460b4b4aece5915caf5c68d12f560a9fe3e4"
            answer = Self.github
        case .gitlab:
            namespace = "52"
            repository = RepositoryReference(namespace: "52", project: "9001")
            cloneURL = "https://gitlab.com/orchard/tools/cider.git"
            blob = "b945c4309e2c059fb48ea99cba3f097a3dd1f7a4"
            answer = Self.gitlab
        case .devcloud:
            namespace = CodeArtsBench.group
            repository = CodeArtsBench.cider
            cloneURL = CodeArtsBench.cloneURL
            blob = "6e6a77b58f5f90c8763cdec5d5a1387dceecaa66"
            answer = Self.codeArts
        case .gitea:
            namespace = "kim"
            repository = RepositoryReference(namespace: "kim", project: "kim/kettle")
            cloneURL = "https://gitea.com/kim/kettle.git"
            blob = "d372451e674f462f12558e496cbefda1a9d6e90d"
            answer = Self.gitea
        case .gitee:
            namespace = "mo"
            repository = RepositoryReference(namespace: "mo", project: "mo/loom")
            cloneURL = "https://gitee.com/mo/loom.git"
            blob = "e485fc0c549569c80966279fe63b477bad29232c"
            answer = Self.gitee
        case .bitbucket:
            namespace = "seamark"
            repository = RepositoryReference(namespace: "seamark", project: "beacon")
            cloneURL = "https://bitbucket.org/seamark/beacon.git"
            blob = "50ceca748684ed4014661738dc4410a56b7d3b41"
            answer = Self.bitbucket
        }
    }

    func open(_ network: StubNetwork) -> any Forge {
        host.open(.fixed(credential), upstream: network.upstream)
    }

    /// A credential of a kind that the forge takes.
    private var credential: Credential {
        forge.modes.contains(.personal)
            ? .personal(Secret(Self.canary)) : .password(user: "acme/ada", password: Secret(Self.canary))
    }

    /// Where the credential may be shown.
    var origins: Set<Origin?> {
        Set(([host.api] + (forge == .devcloud ? [CodeArtsBench.identity] : [])).map { Origin($0) })
    }

    /// The requests that change the credential for another one, and all others.
    func sorted(_ requests: [Upstream.Request]) -> (signIns: [Upstream.Request], calls: [Upstream.Request]) {
        let isSignIn: (Upstream.Request) -> Bool = { $0.url == CodeArtsBench.tokens }
        return (requests.filter(isSignIn), requests.filter { !isSignIn($0) })
    }

    /// The path below the API's base, without the query.
    static func path(_ request: Upstream.Request, _ forge: ForgeID) -> String {
        let base = ForgeHost.official(forge).api
        return String(request.url.dropFirst(base.count).prefix { $0 != "?" })
    }

    private static func github(_ request: Upstream.Request) throws -> Upstream.Response? {
        let repo = "/repos/ada/engine"
        let path = path(request, .github)
        let (status, name): (Int, String)
        switch (request.method, path) {
        case (.get, "/user"): (status, name) = (200, "user")
        case (.get, "/user/orgs"): (status, name) = (200, "orgs")
        case (.get, "/user/repos"): (status, name) = (200, "repositories")
        case (.post, "/user/repos"): (status, name) = (201, "repository")
        case (.get, repo): (status, name) = (200, "repository")
        case (.get, repo + "/branches"): (status, name) = (200, "branches")
        case (.get, repo + "/tags"): (status, name) = (200, "tags")
        case (.get, repo + "/git/ref/heads/main"): (status, name) = (200, "branch-reference")
        case (.post, repo + "/git/tags"): (status, name) = (201, "tag-object")
        case (.post, repo + "/git/refs"): (status, name) = (201, "tag-reference")
        case (.delete, repo + "/git/refs/tags/v1"): return Upstream.Response(status: 204)
        case (.get, repo + "/commits"): (status, name) = (200, "commits")
        case (.get, repo + "/hooks"): (status, name) = (200, "hooks")
        case (.post, repo + "/hooks"): (status, name) = (201, "hook")
        case (.delete, repo + "/hooks/31"): return Upstream.Response(status: 204)
        case (.get, repo + "/git/trees/main"): (status, name) = (200, "tree")
        case (.get, repo + "/contents/README.md"): (status, name) = (200, "file")
        case (.put, repo + "/contents/new.txt"): (status, name) = (201, "change")
        case (.put, repo + "/contents/README.md"): (status, name) = (200, "change")
        case (.delete, repo + "/contents/README.md"): (status, name) = (200, "change")
        // Asked after a failure: whether a name that is no branch is a tag or a commit.
        case (.get, repo + "/git/ref/tags/main"), (.get, repo + "/commits/main"), (.get, "/orgs/ada/repos"):
            (status, name) = (404, "not-found")
        default: return nil
        }
        return .json(try TestData.fixture("github/\(name).json"), status: status)
    }

    private static func gitlab(_ request: Upstream.Request) throws -> Upstream.Response? {
        let project = "/projects/9001"
        let facts = [
            "X-Gitlab-Blob-Id": "b945c4309e2c059fb48ea99cba3f097a3dd1f7a4",
            "X-Gitlab-Commit-Id": "5d3f1c0a9b8e7d6c5b4a39281706f5e4d3c2b1a0",
            "X-Gitlab-Last-Commit-Id": "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
        ]
        let path = path(request, .gitlab)
        let (status, name): (Int, String)
        switch (request.method, path) {
        case (.get, "/user"): (status, name) = (200, "user")
        case (.get, "/personal_access_tokens/self"): (status, name) = (200, "token_self")
        case (.get, "/groups"): (status, name) = (200, "groups_2")
        case (.get, "/namespaces/mira"): (status, name) = (200, "namespace")
        case (.get, "/namespaces/52"): (status, name) = (200, "namespace_group")
        case (.get, "/groups/52/projects"): (status, name) = (200, "projects_2")
        case (.post, "/projects"): (status, name) = (201, "project")
        case (.get, project), (.get, "/projects/orchard%2Ftools%2Fcider"): (status, name) = (200, "project")
        case (.get, project + "/repository/branches"): (status, name) = (200, "branches_2")
        case (.get, project + "/repository/branches/main"): (status, name) = (200, "branch")
        case (.get, project + "/repository/tags"): (status, name) = (200, "tags_2")
        case (.post, project + "/repository/tags"): (status, name) = (201, "tag")
        case (.delete, project + "/repository/tags/v1"): return Upstream.Response(status: 204)
        case (.get, project + "/repository/commits"): (status, name) = (200, "commits")
        case (.post, project + "/repository/commits"): (status, name) = (201, "commit_made")
        case (.get, project + "/hooks"): (status, name) = (200, "hooks")
        case (.post, project + "/hooks"): (status, name) = (201, "hook")
        case (.delete, project + "/hooks/31"): return Upstream.Response(status: 204)
        case (.get, project + "/repository/tree"): (status, name) = (200, "tree_2")
        case (.get, project + "/repository/files/README%2Emd"): (status, name) = (200, "file")
        case (.head, project + "/repository/files/README%2Emd"): return .json("", headers: facts)
        // Asked after a failure: what stood against it.
        case (.head, project + "/repository/files/new%2Etxt"), (.get, project + "/repository/tags/v2"):
            return .json(#"{"message":"404 Not Found"}"#, status: 404)
        case (.get, project + "/repository/commits/main"): (status, name) = (200, "commit_made")
        default: return nil
        }
        return .json(try TestData.fixture("gitlab/\(name).json"), status: status)
    }

    private static func codeArts(_ request: Upstream.Request) throws -> Upstream.Response? {
        let repo = "/v4/repositories/9001"
        if request.url == CodeArtsBench.tokens { return try CodeArtsBench.token(canary) }
        guard request.url.hasPrefix(CodeArtsBench.api) else { return nil }
        let path = path(request, .devcloud)
        let isNew = request.url.contains("new.txt") || request.url.contains("tag_name=v2")
        let (status, name): (Int, String)
        switch (request.method, path) {
        case (.get, _) where isNew: (status, name) = (404, "not-found")
        case (.get, "/v4/user/emails"): (status, name) = (200, "user")
        case (.get, "/v4/groups/list"): (status, name) = (200, "groups")
        case (.get, "/v4/user/repositories"): (status, name) = (200, "repositories")
        case (.get, "/v4/groups/71/repositories"): (status, name) = (200, "group-repositories")
        case (.post, "/v1/repositories"): (status, name) = (200, "made")
        case (.get, "/v2/repositories/5d1f0e7a3b9c4f6e8a2d7c1b0e9f8a76"): (status, name) = (200, "created")
        // Asked after a failure: whether the name is taken.
        case (.get, "/v1/repositories/repoid") where request.url.hasSuffix("=engine"):
            (status, name) = (200, "no-such-repository")
        case (.get, "/v1/repositories/repoid"): (status, name) = (200, "repository-id")
        case (.get, repo): (status, name) = (200, "repository")
        case (.get, repo + "/repository/branches"): (status, name) = (200, "branches")
        case (.get, repo + "/repository/branch"): (status, name) = (200, "branch")
        case (.get, repo + "/repository/tags"): (status, name) = (200, "tags")
        case (.get, repo + "/repository/tag"), (.post, repo + "/repository/tags"):
            (status, name) = (request.method == .get ? 200 : 201, "tag")
        case (.get, repo + "/repository/commit-list"): (status, name) = (200, "commits")
        case (.get, repo + "/repository/commits"): (status, name) = (200, "commit")
        case (.get, repo + "/hooks"): (status, name) = (200, "hooks")
        case (.post, repo + "/hooks"): (status, name) = (201, "hook")
        case (.get, repo + "/repository/trees"): (status, name) = (200, "tree")
        case (.get, repo + "/repository/file"): (status, name) = (200, "file")
        case (.post, repo + "/repository/files"): (status, name) = (201, "changed")
        case (.put, repo + "/repository/file"): (status, name) = (200, "changed")
        case (.delete, repo + "/repository/tag"), (.delete, repo + "/hooks/31"), (.delete, repo + "/repository/file"):
            return Upstream.Response(status: 204)
        default: return nil
        }
        return .json(try CodeArtsBench.fixture(name), status: status)
    }

    private static func gitee(_ request: Upstream.Request) throws -> Upstream.Response? {
        let repo = "/repos/mo/loom"
        let git = "https://gitee.com/mo/loom.git"
        if request.url == git + "/info/refs?service=git-receive-pack" { return GitWire.advertisement(["refs/tags/v1"]) }
        if request.url == git + "/git-receive-pack" { return GitWire.report(["unpack ok\n", "ok refs/tags/v1\n"]) }
        let path = path(request, .gitee)
        let (status, name): (Int, String)
        switch (request.method, path) {
        case (.get, "/user"): (status, name) = (200, "user")
        case (.get, "/user/orgs"): (status, name) = (200, "orgs_1")
        case (.get, "/user/enterprises"): (status, name) = (200, "enterprises")
        case (.get, "/user/repos"): (status, name) = (200, "repositories_1")
        case (.post, "/user/repos"): (status, name) = (201, "repository")
        case (.get, repo): (status, name) = (200, "repository")
        case (.get, repo + "/branches"): (status, name) = (200, "branches_1")
        case (.get, repo + "/branches/main"): (status, name) = (200, "branch")
        case (.get, repo + "/tags"): (status, name) = (200, "tags_1")
        case (.post, repo + "/tags"): (status, name) = (201, "tag")
        case (.get, repo + "/commits"): (status, name) = (200, "commits")
        case (.get, repo + "/hooks"): (status, name) = (200, "hooks")
        case (.post, repo + "/hooks"): (status, name) = (201, "hook")
        case (.delete, repo + "/hooks/31"): return Upstream.Response(status: 204)
        case (.get, repo + "/git/trees/main"): (status, name) = (200, "tree")
        case (.get, repo + "/contents/README.md"): (status, name) = (200, "file")
        case (.post, repo + "/contents/new.txt"): (status, name) = (201, "change")
        case (.put, repo + "/contents/README.md"): (status, name) = (200, "change")
        case (.delete, repo + "/contents/README.md"): (status, name) = (200, "change")
        // Asked after a failure: what stood against it.
        case (.get, repo + "/contents/new.txt"), (.get, "/repos/mo/engine"):
            return .json(#"{"message":"404 Not Found"}"#, status: 404)
        default: return nil
        }
        return .json(try TestData.fixture("gitee/\(name).json"), status: status)
    }

    private static func gitea(_ request: Upstream.Request) throws -> Upstream.Response? {
        let repo = "/repos/kim/kettle"
        let tip = "1f3d5f7b9b8e7d6c5b4a39281706f5e4d3c2b1a0"
        let path = path(request, .gitea)
        let (status, name): (Int, String)
        switch (request.method, path) {
        case (.get, "/user"): (status, name) = (200, "user")
        case (.get, "/user/orgs"): (status, name) = (200, "orgs")
        case (.get, "/user/repos"): (status, name) = (200, "repositories")
        case (.post, "/user/repos"): (status, name) = (201, "repository")
        case (.get, repo): (status, name) = (200, "repository")
        case (.get, repo + "/branches"): (status, name) = (200, "branches")
        case (.get, repo + "/branches/main"): (status, name) = (200, "branch")
        case (.get, repo + "/tags"): (status, name) = (200, "tags")
        case (.post, repo + "/tags"): (status, name) = (201, "tag")
        case (.delete, repo + "/tags/v1"): return Upstream.Response(status: 204)
        case (.get, repo + "/commits"): (status, name) = (200, "commits")
        case (.get, repo + "/hooks"): (status, name) = (200, "hooks")
        case (.post, repo + "/hooks"): (status, name) = (201, "hook")
        case (.delete, repo + "/hooks/31"): return Upstream.Response(status: 204)
        case (.get, repo + "/git/trees/" + tip): (status, name) = (200, "tree")
        case (.get, repo + "/contents/README.md"): (status, name) = (200, "file")
        case (.post, repo + "/contents/new.txt"): (status, name) = (201, "change")
        case (.put, repo + "/contents/README.md"): (status, name) = (200, "change")
        case (.delete, repo + "/contents/README.md"): (status, name) = (200, "change")
        case (.get, repo + "/contents/new.txt"):
            return .json(#"{"message":"The target couldn't be found."}"#, status: 404)
        default: return nil
        }
        // Each list of the fixtures has two items.
        return .json(
            try TestData.fixture("gitea/\(name).json"), status: status, headers: ["X-Total-Count": "2"])
    }
}
