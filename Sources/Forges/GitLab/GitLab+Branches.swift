// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension GitLab {
    /// https://docs.gitlab.com/api/branches/#list-repository-branches
    func branches(of repository: RepositoryReference) async throws(ForgeError) -> [String] {
        try await names("branches", in: try await path(of: repository))
    }

    /// The names of all branches or all tags. By keyset: otherwise GitLab reads all of them anew for every page.
    func names(_ kind: String, in project: String) async throws(ForgeError) -> [String] {
        let call = Call(
            .get, project + "/repository/" + kind, query: [("pagination", "keyset"), GitLab.pageSize])
        do {
            return try await session.list(of: WireName.self, call).map(\.name)
        } catch {
            return try await emptyList(after: error, in: project)
        }
    }

    private struct WireName: Decodable {
        let name: String
    }

    /// Throws unless a file can be written to this ref: only a branch takes commits, or any name in a repository that is
    /// empty as yet. https://docs.gitlab.com/api/branches/#retrieve-a-repository-branch
    func requireBranch(_ ref: String, in project: String) async throws(ForgeError) {
        guard GitName.isRef(ref) else { throw GitLab.notFound(.branch) }
        let name = try GitLab.segment(ref, of: .branch)
        if try await find(Call(.get, project + "/repository/branches/" + name)) != nil { return }
        if try await isEmpty(project) { return }
        // The commit that a tag, too, leads to.
        guard try await find(Call(.get, project + "/repository/commits/" + name)) != nil else {
            throw GitLab.notFound(.branch)
        }
        throw ForgeError(.invalidRequest, .gitlab, "A file can be written to a branch only, not to a tag or a commit.")
    }
}
