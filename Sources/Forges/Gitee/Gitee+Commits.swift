// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Gitee {
    /// `sha` takes a branch or a SHA by Gitee's page; a tag that it does not take is turned into its commit.
    /// https://gitee.com/api/v5/swagger#/getV5ReposOwnerRepoCommits
    func commits(of repository: RepositoryReference, at ref: String?) async throws(ForgeError) -> [Commit] {
        let place = try place(repository)
        if let ref, !GitName.isRef(ref) { throw Gitee.notFound(.ref) }
        if let commits = try await latest(at: ref, in: place) { return commits }
        if try await isEmpty(place) { return [] }
        guard let ref, let sha = try await commit(ofTag: ref, in: place) else { throw Gitee.notFound(.ref) }
        return try await latest(at: sha, in: place) ?? []
    }

    /// nil where there are none: an unknown ref, or an empty repository.
    private func latest(at ref: String?, in place: Place) async throws(ForgeError) -> [Commit]? {
        let call = Call(
            .get, place.path + "/commits",
            query: (ref.map { [("sha", $0)] } ?? []) + [("page", "1"), ("per_page", "10")])
        guard let answer = try await find(call) else { return nil }
        let commits = try session.decode([WireCommit].self, answer)
        return commits.isEmpty ? nil : commits.prefix(10).map(Commit.init)
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
    fileprivate init(_ wire: Gitee.WireCommit) {
        self.init(
            sha: wire.sha.lowercased(), message: wire.commit.message ?? "",
            authoredDate: wire.commit.author?.date.flatMap(Timestamp.utc) ?? "")
    }
}
