// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension BitbucketServer {
    /// By name: in Bitbucket's usual order, the latest change first, a push would shift the pages.
    /// https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-repository/#api-api-latest-projects-projectkey-repos-repositoryslug-branches-get
    func branches(of repository: RepositoryReference) async throws(ForgeError) -> [String] {
        try await names("branches", of: repository)
    }

    /// The names of all branches or all tags.
    func names(_ kind: String, of repository: RepositoryReference) async throws(ForgeError) -> [String] {
        let place = try place(repository)
        do {
            return try await list(of: WireRef.self, place.path + "/" + kind, query: [("orderBy", "ALPHABETICAL")])
                .map(\.name)
        } catch {
            return try await emptyList(after: error, in: place)
        }
    }

    /// A branch or a tag: `refs/heads/main` in full, and without the first two parts.
    struct WireRef: Decodable {
        let id: String?
        let displayId: String

        var name: String {
            for prefix in ["refs/heads/", "refs/tags/"] {
                if let id, id.hasPrefix(prefix) { return String(id.dropFirst(prefix.count)) }
            }
            return displayId
        }
    }

    /// The commit at the tip of a branch that can be written to; nil in a repository that has none as yet.
    ///
    /// Throws ForgeError/Code/invalidRequest for a tag and a commit, ForgeError/Code/notFound for what is neither.
    func tip(of ref: String, in place: Place) async throws(ForgeError) -> String? {
        guard GitName.isRef(ref) else { throw Self.notFound(.branch) }
        if let tip = try await latest(until: "refs/heads/" + ref, in: place) { return tip }
        if try await isEmpty(place) { return nil }
        guard try await latest(until: ref, in: place) != nil else { throw Self.notFound(.branch) }
        throw ForgeError(
            .invalidRequest, .bitbucket, "A file can be written to a branch only, not to a tag or a commit.")
    }

    private func latest(until revision: String, in place: Place) async throws(ForgeError) -> String? {
        let call = Call(.get, place.path + "/commits", query: [("until", revision), ("limit", "1")])
        guard let answer = try await find(call) else { return nil }
        guard let commit = try session.decode(WireLatest.self, answer).values.first else { return nil }
        guard GitName.isWholeObject(commit.id) else { throw session.nonsense("a commit without its id") }
        return commit.id.lowercased()
    }

    private struct WireLatest: Decodable {
        struct Commit: Decodable {
            let id: String
        }

        let values: [Commit]
    }
}
