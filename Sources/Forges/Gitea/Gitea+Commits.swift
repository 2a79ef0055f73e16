// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Gitea {
    /// What a commit's listing need not say: without these Gitea counts lines and checks signatures for each.
    static let bare = [(name: "stat", value: "false"), ("verification", "false"), ("files", "false")]

    /// https://docs.gitea.com/api/#tag/repository/operation/repoGetAllCommits
    func commits(of repository: RepositoryReference, at ref: String?) async throws(ForgeError) -> [Commit] {
        let place = try place(repository)
        if let ref, !GitName.isRef(ref) { throw Gitea.notFound(.ref) }
        let query = (ref.map { [(name: "sha", value: $0)] } ?? []) + [("page", "1"), ("limit", "10")] + Self.bare
        if let answer = try await findCommits(query, in: place) {
            return try session.decode([WireCommit].self, answer).prefix(10).map(Commit.init)
        }
        if try await isEmpty(place) { return [] }
        throw Gitea.notFound(.ref)
    }

    /// nil for an unknown ref (404) and for an empty repository (409).
    func findCommits(
        _ query: [(name: String, value: String)], in place: Place
    ) async throws(ForgeError) -> Upstream.Response? {
        do {
            return try await find(Call(.get, place.path + "/commits", query: query))
        } catch {
            guard error.code == .conflict else { throw error }
            return nil
        }
    }

    fileprivate struct WireCommit: Decodable {
        struct Text: Decodable {
            let message: String?
            let author: Author?
        }
        struct Author: Decodable {
            let date: String?
        }
        let sha: String
        let commit: Text
    }
}

extension Commit {
    fileprivate init(_ wire: Gitea.WireCommit) {
        self.init(
            sha: wire.sha.lowercased(), message: wire.commit.message ?? "",
            authoredDate: wire.commit.author?.date.flatMap(Timestamp.utc) ?? "")
    }
}
