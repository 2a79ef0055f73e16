// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Gitee {
    /// A branch, or a tag, which has the same two members.
    struct WireRef: Decodable {
        struct Target: Decodable {
            let sha: String
        }
        let name: String
        let commit: Target
    }

    /// https://gitee.com/api/v5/swagger#/getV5ReposOwnerRepoBranches
    func branches(of repository: RepositoryReference) async throws(ForgeError) -> [String] {
        try await list(of: WireRef.self, "/branches", in: place(repository)).map(\.name)
    }

    /// What a branch's name leads to.
    enum Head: Hashable {
        case commit(String)
        /// The repository has no branch yet: the first commit makes it.
        case unborn
    }

    /// The latest commit of what must be a branch; throws for a tag and a commit. Gitee's page does not say what a write
    /// to those does.
    func head(of name: String, in place: Place) async throws(ForgeError) -> Head {
        guard GitName.isRef(name) else { throw Gitee.notFound(.branch) }
        if let branch = try await branch(name, in: place) { return .commit(branch.commit.sha.lowercased()) }
        if try await isEmpty(place) { return .unborn }
        guard try await commit(name, in: place) != nil else { throw Gitee.notFound(.branch) }
        throw ForgeError(
            .invalidRequest, .gitee, "A file can be written to a branch only, not to a tag or a commit.")
    }

    /// nil where there is none. Servers are known to take `%2F` in a path for a step in it: a branch with a slash that is
    /// not found is looked for in the list.
    /// https://gitee.com/api/v5/swagger#/getV5ReposOwnerRepoBranchesBranch
    private func branch(_ name: String, in place: Place) async throws(ForgeError) -> WireRef? {
        let call = Call(.get, place.path + "/branches/" + PercentEncoding.segment(name))
        if let answer = try await find(call) { return try session.decode(WireRef.self, answer) }
        guard name.contains("/") else { return nil }
        return try await list(of: WireRef.self, "/branches", in: place).first { $0.name == name }
    }

    /// The whole SHA of the commit that a branch, a tag or a SHA names; nil where nothing does. By the list of commits,
    /// which has the name in its query; a tag is in that call's page no name for a commit.
    func commit(_ ref: String, in place: Place) async throws(ForgeError) -> String? {
        let call = Call(.get, place.path + "/commits", query: [("sha", ref), ("page", "1"), ("per_page", "1")])
        if let answer = try await find(call) {
            if let first = try session.decode([WireCommitID].self, answer).first { return first.sha }
        }
        return try await commit(ofTag: ref, in: place)
    }

    /// nil where there is no such tag.
    func commit(ofTag name: String, in place: Place) async throws(ForgeError) -> String? {
        try await list(of: WireRef.self, "/tags", in: place).first { $0.name == name }?.commit.sha
    }

    struct WireCommitID: Decodable {
        let sha: String
    }
}
