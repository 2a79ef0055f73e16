// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension BitbucketServer {
    /// https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-repository/#api-api-latest-projects-projectkey-repos-repositoryslug-commits-get
    func commits(of repository: RepositoryReference, at ref: String?) async throws(ForgeError) -> [Commit] {
        let place = try place(repository)
        if let ref, !GitName.isRef(ref) { throw Self.notFound(.ref) }
        do {
            return try await first(
                10, of: WireCommit.self, place.path + "/commits", query: ref.map { [("until", $0)] } ?? []
            ).map(Commit.init)
        } catch {
            return try await emptyList(after: error, in: place)
        }
    }

    fileprivate struct WireCommit: Decodable {
        let id: String
        let message: String?
        /// Unix time in milliseconds.
        let authorTimestamp: Int64?
    }
}

extension Commit {
    fileprivate init(_ wire: BitbucketServer.WireCommit) {
        self.init(
            sha: wire.id, message: wire.message ?? "",
            authoredDate: wire.authorTimestamp.flatMap { Timestamp.utc(seconds: $0 / 1000) } ?? "")
    }
}
