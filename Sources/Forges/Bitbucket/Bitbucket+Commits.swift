// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Bitbucket {
    /// Without a revision Bitbucket lists the commits of all branches and tags: the default branch has to be named. A name goes
    /// into `include`, where a slash in it is no matter.
    /// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commits/#api-repositories-workspace-repo-slug-commits-get
    func commits(of repository: RepositoryReference, at ref: String?) async throws(ForgeError) -> [Commit] {
        let path = try path(of: repository)
        guard let name = try await name(ref, in: path) else { return [] }
        guard GitName.isRef(name) else { throw Self.notFound(.ref) }
        var call = Call(.get, path + "/commits", query: [("include", name), ("pagelen", "10")])
        if GitName.isWholeObject(name) { call = Call(.get, path + "/commits/" + name, query: [("pagelen", "10")]) }
        guard let answer = try await find(call) else {
            if try await isEmpty(path) { return [] }
            throw Self.notFound(.ref)
        }
        return try session.decode(WireCommits.self, answer).values.prefix(10).map(Commit.init)
    }

    private func name(_ ref: String?, in path: String) async throws(ForgeError) -> String? {
        if let ref { return ref }
        return try await wireRepository(path).mainbranch?.name
    }

    private struct WireCommits: Decodable {
        let values: [WireCommit]
    }

    fileprivate struct WireCommit: Decodable {
        let hash: String
        let message: String?
        /// The author's.
        let date: String?
    }
}

extension Commit {
    fileprivate init(_ wire: Bitbucket.WireCommit) {
        self.init(
            sha: wire.hash, message: wire.message ?? "", authoredDate: wire.date.flatMap(Timestamp.utc) ?? "")
    }
}
