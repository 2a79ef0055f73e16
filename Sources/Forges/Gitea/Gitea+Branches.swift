// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Gitea {
    struct WireName: Decodable {
        let name: String
    }

    private struct WireBranch: Decodable {
        struct Tip: Decodable {
            let id: String
        }
        let commit: Tip
    }

    struct WireSHA: Decodable {
        let sha: String
    }

    /// https://docs.gitea.com/api/#tag/repository/operation/repoListBranches
    func branches(of repository: RepositoryReference) async throws(ForgeError) -> [String] {
        try await list(of: WireName.self, "/branches", in: place(repository)).map(\.name)
    }

    /// What a branch's name leads to.
    enum Head: Hashable {
        case commit(String)
        /// The repository has no branch yet: the first commit makes it.
        case unborn
    }

    /// The latest commit of what must be a branch; throws for a tag and a commit.
    /// https://docs.gitea.com/api/#tag/repository/operation/repoGetBranch
    func head(of name: String, in place: Place) async throws(ForgeError) -> Head {
        guard GitName.isRef(name) else { throw Gitea.notFound(.branch) }
        let call = Call(.get, place.path + "/branches/" + PercentEncoding.path(name))
        if let answer = try await find(call) {
            return .commit(try session.decode(WireBranch.self, answer).commit.id.lowercased())
        }
        if try await isEmpty(place) { return .unborn }
        guard try await commit(name, in: place) != nil else { throw Gitea.notFound(.branch) }
        throw ForgeError(
            .invalidRequest, .gitea, "A file can be written to a branch only, not to a tag or a commit.")
    }

    /// The whole SHA of the commit that a branch, a tag or a SHA names; nil where nothing does, or the repository is empty.
    func commit(_ ref: String, in place: Place) async throws(ForgeError) -> String? {
        guard GitName.isRef(ref) else { return nil }
        let query = [("sha", ref), ("page", "1"), ("limit", "1")] + Self.bare
        guard let answer = try await findCommits(query, in: place) else { return nil }
        guard let sha = try session.decode([WireSHA].self, answer).first?.sha.lowercased() else { return nil }
        guard GitName.isWholeObject(sha) else { throw session.nonsense("a commit without its id") }
        return sha
    }
}
