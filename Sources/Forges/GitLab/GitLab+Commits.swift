// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension GitLab {
    /// https://docs.gitlab.com/api/commits/#list-repository-commits
    func commits(of repository: RepositoryReference, at ref: String?) async throws(ForgeError) -> [Commit] {
        let project = try await path(of: repository)
        let call = Call(
            .get, project + "/repository/commits",
            query: (ref.map { [("ref_name", $0)] } ?? []) + [("page", "1"), ("per_page", "10")])
        let commits: [WireCommit]
        do throws(ForgeError) {
            commits = try await session.value([WireCommit].self, call)
        } catch {
            return try await emptyList(after: error, in: project, orElse: ref == nil ? nil : .ref)
        }
        // GitLab may have an empty list for an unknown ref.
        if commits.isEmpty, ref != nil, try await !isEmpty(project) { throw GitLab.notFound(.ref) }
        return commits.prefix(10).map(Commit.init)
    }

    fileprivate struct WireCommit: Decodable {
        let id: String
        let message: String?
        let title: String?
        let authored_date: String?
    }
}

extension Commit {
    fileprivate init(_ wire: GitLab.WireCommit) {
        // The date is as the author's clock had it, with its offset; git stores any, also such as no calendar has.
        self.init(
            sha: wire.id, message: wire.message ?? wire.title ?? "",
            authoredDate: wire.authored_date.flatMap(Timestamp.utc) ?? "")
    }
}
