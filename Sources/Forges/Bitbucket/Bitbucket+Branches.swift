// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Bitbucket {
    /// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-refs/#api-repositories-workspace-repo-slug-refs-branches-get
    func branches(of repository: RepositoryReference) async throws(ForgeError) -> [String] {
        try await names("branches", in: try path(of: repository))
    }

    /// The names of all branches or all tags; none in an empty repository.
    func names(_ kind: String, in path: String) async throws(ForgeError) -> [String] {
        do {
            return try await list(of: WireRef.self, Call(.get, path + "/refs/" + kind, query: [Self.pageLength])).map(
                \.name)
        } catch {
            throw error.saying(Self.notFound(.repository).message, of: .notFound)
        }
    }

    struct WireRef: Decodable {
        struct Target: Decodable {
            let hash: String
        }
        let name: String
        /// null for a tag that marks no commit.
        let target: Target?
    }

    /// The commit that a branch or tag leads to; nil where there is no such ref. A name's slashes stand in the path as they are.
    /// - Parameter kind: `branches` or `tags`.
    func commit(_ kind: String, _ name: String, in path: String) async throws(ForgeError) -> String? {
        guard GitName.isRef(name) else { return nil }
        let call = Call(.get, path + "/refs/" + kind + "/" + PercentEncoding.path(name))
        guard let answer = try await find(call) else { return nil }
        guard let hash = try session.decode(WireRef.self, answer).target?.hash else { return nil }
        return try whole(hash)
    }

    /// The commit that a branch, a tag or a SHA names; nil where the repository has no commit at all.
    ///
    /// Bitbucket's `src` documents nothing but SHAs, and a name with a slash could not be told from the path behind it.
    func commit(of ref: String, in path: String) async throws(ForgeError) -> String? {
        guard GitName.isRef(ref) else { throw Self.notFound(.ref) }
        if GitName.isWholeObject(ref), let commit = try await commit(sha: ref, in: path) { return commit }
        if let commit = try await commit("branches", ref, in: path) { return commit }
        if let commit = try await commit("tags", ref, in: path) { return commit }
        if GitName.isObject(ref), let commit = try await commit(sha: ref, in: path) { return commit }
        if try await isEmpty(path) { return nil }
        throw Self.notFound(.ref)
    }

    /// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commits/#api-repositories-workspace-repo-slug-commit-commit-get
    private func commit(sha: String, in path: String) async throws(ForgeError) -> String? {
        guard let answer = try await find(Call(.get, path + "/commit/" + sha)) else { return nil }
        return try whole(try session.decode(WireRef.Target.self, answer).hash)
    }

    /// It is put into addresses, and must be what it should.
    private func whole(_ hash: String) throws(ForgeError) -> String {
        guard GitName.isWholeObject(hash) else { throw session.nonsense("a commit without its SHA") }
        return hash.lowercased()
    }

    /// Whether a repository has no commit yet.
    func isEmpty(_ path: String) async throws(ForgeError) -> Bool {
        try await wireRepository(path).mainbranch == nil
    }
}
