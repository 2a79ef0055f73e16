// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension CodeArts {
    /// The call is described for branches and tags; a commit's SHA is taken as well, as by the software below it.
    /// https://support.huaweicloud.com/api-codeartsrepo/ListCommits_0.html
    func commits(of repository: RepositoryReference, at ref: String?) async throws(ForgeError) -> [Commit] {
        let path = try await path(of: repository)
        guard let name = try await startingPoint(ref, in: path) else { return [] }
        let call = Call(
            .get, path + "/repository/commit-list", query: [("ref_name", name), ("offset", "0"), ("limit", "10")])
        let commits: [WireCommit]
        do throws(ForgeError) {
            commits = try await session.value(WireCommits.self, call).commits
        } catch {
            return try await emptyList(after: error, in: path, orElse: .ref)
        }
        // There may be an empty list for an unknown ref.
        if commits.isEmpty, try await !isEmpty(path) { throw CodeArts.notFound(.ref) }
        return commits.prefix(10).map(Commit.init)
    }

    /// The ref that is meant; nil where none is named and the repository has no branch.
    private func startingPoint(_ ref: String?, in repository: String) async throws(ForgeError) -> String? {
        if let ref {
            guard GitName.isRef(ref) else { throw CodeArts.notFound(.ref) }
            return ref
        }
        let wire = try await session.value(WireRepository.self, Call(.get, repository))
        if wire.empty_repo == true { return nil }
        return wire.default_branch.flatMap { $0.isEmpty ? nil : $0 }
    }

    private struct WireCommits: Decodable {
        let commits: [WireCommit]
    }

    struct WireCommit: Decodable {
        let id: String
        let message: String?
        let title: String?
        let authored_date: String?
    }

    /// The commit that a branch, a tag or a SHA leads to; nil for an unknown one.
    /// https://support.huaweicloud.com/api-codeartsrepo/ShowCommit.html
    func commit(_ ref: String, in repository: String) async throws(ForgeError) -> WireCommit? {
        guard GitName.isRef(ref) else { return nil }
        return try await find(WireCommit.self, Call(.get, repository + "/repository/commits", query: [("sha", ref)]))
    }
}

extension Commit {
    fileprivate init(_ wire: CodeArts.WireCommit) {
        self.init(
            sha: wire.id.lowercased(), message: wire.message ?? wire.title ?? "",
            authoredDate: wire.authored_date.flatMap(Timestamp.utc) ?? "")
    }
}
