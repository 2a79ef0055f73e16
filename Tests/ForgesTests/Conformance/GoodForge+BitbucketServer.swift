// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport

@testable import Forges

extension GoodForge {
    /// Bitbucket Data Center, which shares its forge with Bitbucket Cloud and has no official host.
    static func dataCenter() throws -> GoodForge {
        GoodForge(
            host: try BitbucketServerBench.host(), namespace: "ORCH", repository: BitbucketServerBench.cider,
            cloneURL: BitbucketServerBench.pages + "/scm/orch/cider.git",
            blob: "b945c4309e2c059fb48ea99cba3f097a3dd1f7a4", answer: bitbucketServer)
    }

    private init(
        host: ForgeHost, namespace: String, repository: RepositoryReference, cloneURL: String, blob: String,
        answer: @escaping @Sendable (Upstream.Request) throws -> Upstream.Response?
    ) {
        forge = host.forge
        self.host = host
        self.namespace = namespace
        self.repository = repository
        self.cloneURL = cloneURL
        self.blob = blob
        self.answer = answer
    }

    private static func bitbucketServer(_ request: Upstream.Request) throws -> Upstream.Response? {
        let repository = "/projects/ORCH/repos/cider"
        let headers = BitbucketServerBench.headers
        let path = String(request.url.dropFirst(BitbucketServerBench.api.count).prefix { $0 != "?" })
        let name: String
        switch (request.method, path) {
        case (.get, "/application-properties"): name = "application"
        case (.get, "/users/mira"): name = "user"
        case (.get, "/projects"): name = "projects_2"
        case (.get, "/projects/ORCH/repos"): name = "repositories"
        case (.post, "/projects/ORCH/repos"), (.get, repository), (.get, "/projects/orch/repos/cider"):
            name = "repository"
        case (.get, repository + "/branches"): name = "branches"
        case (.get, repository + "/tags"): name = "tags"
        case (.post, repository + "/tags"), (.get, repository + "/tags/v1"): name = "tag"
        case (.get, repository + "/commits"):
            let text = try BitbucketServerBench.fixture("commits")
            return .json(text.replacing(BitbucketServerBench.tip, with: GitStage.commit.name), headers: headers)
        case (.get, repository + "/webhooks"): name = "hooks"
        case (.post, repository + "/webhooks"): name = "hook"
        case (.delete, repository + "/webhooks/31"): return Upstream.Response(status: 204)
        case (.get, repository + "/files"): name = "files"
        case (.put, repository + "/browse/new.txt"), (.put, repository + "/browse/README.md"): name = "commit"
        case (.get, repository + "/raw/README.md"):
            return .json("Hällo\n\0\u{01}", headers: headers.merging(["Content-Type": "text/plain"]) { $1 })
        // Asked after a failure.
        case (.get, repository + "/tags/v2"): return .json("{}", status: 404, headers: headers)
        default:
            let tag = BitbucketServerBench.pages + "/rest/git/latest" + repository + "/tags/v1"
            if request.url == tag { return Upstream.Response(status: 204) }
            let git = BitbucketServerBench.pages + "/scm/ORCH/cider.git"
            return request.url.hasPrefix(git)
                ? GitStage.answer(request.method, String(request.url.dropFirst(git.count))) : nil
        }
        return .json(try BitbucketServerBench.fixture(name), headers: headers)
    }
}
