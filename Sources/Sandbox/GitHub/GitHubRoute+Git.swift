// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

extension GitHubRoute {
    static let references: [(RoutePattern, GitHubRoute)] = [
        (
            "GET /repos/:owner/:repo/branches",
            GitHubRoute("branches/branches#list-branches") { try await $0.branches() }
        ),
        (
            "GET /repos/:owner/:repo/branches/*branch",
            GitHubRoute("branches/branches#get-a-branch") { try await $0.branch() }
        ),
        ("GET /repos/:owner/:repo/tags", GitHubRoute("repos/repos#list-repository-tags") { try await $0.tags() }),
        (
            "GET /repos/:owner/:repo/git/matching-refs/*ref",
            GitHubRoute("git/refs#list-matching-references") { try await $0.matchingReferences() }
        ),
        (
            "GET /repos/:owner/:repo/git/refs",
            GitHubRoute("git/refs#list-matching-references") { try await $0.allReferences() }
        ),
        (
            "POST /repos/:owner/:repo/git/refs",
            writing("git/refs#create-a-reference") { try await $0.createReference() }
        ),
        ("GET /repos/:owner/:repo/git/ref/*ref", GitHubRoute("git/refs#get-a-reference") { try await $0.reference() }),
        (
            "GET /repos/:owner/:repo/git/refs/*ref",
            GitHubRoute("git/refs#get-a-reference") { try await $0.referenceOrThoseBelow() }
        ),
        (
            "PATCH /repos/:owner/:repo/git/refs/*ref",
            writing("git/refs#update-a-reference") { try await $0.updateReference() }
        ),
        (
            "DELETE /repos/:owner/:repo/git/refs/*ref",
            writing("git/refs#delete-a-reference") { try await $0.deleteReference() }
        ),
    ]

    static let objects: [(RoutePattern, GitHubRoute)] = [
        ("POST /repos/:owner/:repo/git/tags", writing("git/tags#create-a-tag-object") { try await $0.createTag() }),
        ("GET /repos/:owner/:repo/git/tags/:sha", GitHubRoute("git/tags#get-a-tag") { try await $0.tag() }),
        ("POST /repos/:owner/:repo/git/trees", writing("git/trees#create-a-tree") { try await $0.createTree() }),
        ("GET /repos/:owner/:repo/git/trees/*ref", GitHubRoute("git/trees#get-a-tree") { try await $0.tree() }),
        ("POST /repos/:owner/:repo/git/blobs", writing("git/blobs#create-a-blob") { try await $0.createBlob() }),
        ("GET /repos/:owner/:repo/git/blobs/:sha", GitHubRoute("git/blobs#get-a-blob") { try await $0.blob() }),
        (
            "POST /repos/:owner/:repo/git/commits",
            writing("git/commits#create-a-commit") { try await $0.createCommit() }
        ),
        (
            "GET /repos/:owner/:repo/git/commits/:sha",
            GitHubRoute("git/commits#get-a-commit-object") { try await $0.commitObject() }
        ),
    ]

    static let commits: [(RoutePattern, GitHubRoute)] = [
        ("GET /repos/:owner/:repo/commits", GitHubRoute("commits/commits#list-commits") { try await $0.commits() }),
        ("GET /repos/:owner/:repo/commits/*ref", GitHubRoute("commits/commits#get-a-commit") { try await $0.commit() }),
    ]

    static let contents: [(RoutePattern, GitHubRoute)] = [
        (
            "GET /repos/:owner/:repo/readme",
            GitHubRoute("repos/contents#get-a-repository-readme") { try await $0.readme() }
        ),
        (
            "GET /repos/:owner/:repo/contents",
            GitHubRoute("repos/contents#get-repository-content") { try await $0.content() }
        ),
        (
            "GET /repos/:owner/:repo/contents/*path",
            GitHubRoute("repos/contents#get-repository-content") { try await $0.content() }
        ),
        (
            "PUT /repos/:owner/:repo/contents/*path",
            writing("repos/contents#create-or-update-file-contents") { try await $0.putContent() }
        ),
        (
            "DELETE /repos/:owner/:repo/contents/*path",
            writing("repos/contents#delete-a-file") { try await $0.deleteContent() }
        ),
    ]

    private static func writing(_ documentation: String, _ handler: @escaping Handler) -> GitHubRoute {
        GitHubRoute(documentation, scopes: ["public_repo", "repo"], requiresUser: true, handler)
    }
}
