// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension CodeArts {
    /// https://support.huaweicloud.com/api-codeartsrepo/ListBranches.html
    func branches(of repository: RepositoryReference) async throws(ForgeError) -> [String] {
        try await names("branches", [("view", "simple")], in: try await path(of: repository))
    }

    /// The names of all branches or all tags.
    func names(
        _ kind: String, _ query: [(name: String, value: String)], in repository: String
    ) async throws(ForgeError) -> [String] {
        do {
            return try await list(of: WireName.self, repository + "/repository/" + kind, query).map(\.name)
        } catch {
            return try await emptyList(after: error, in: repository)
        }
    }

    private struct WireName: Decodable {
        let name: String
    }

    /// The latest commit of the branch that a file can be written to; nil in an empty repository, where any name will do.
    /// Throws for a tag, a commit and what is not there.
    /// https://support.huaweicloud.com/api-codeartsrepo/ShowBranch.html
    func tip(ofBranch ref: String, in repository: String) async throws(ForgeError) -> String? {
        guard GitName.isRef(ref) else { throw CodeArts.notFound(.branch) }
        let call = Call(.get, repository + "/repository/branch", query: [("branch_name", ref)])
        if let branch = try await find(WireBranch.self, call) { return branch.commit.id.lowercased() }
        if try await isEmpty(repository) { return nil }
        guard try await commit(ref, in: repository) != nil else { throw CodeArts.notFound(.branch) }
        throw ForgeError(
            .invalidRequest, .devcloud, "A file can be written to a branch only, not to a tag or a commit.")
    }

    private struct WireBranch: Decodable {
        let commit: WireCommit
    }
}
