// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension GitHub {
    private struct WireTree: Decodable {
        struct Entry: Decodable {
            /// Below the tree that was asked for.
            let path: String
            /// `blob`, `tree` or, for a submodule, `commit`.
            let type: String
            let sha: String
        }
        let sha: String
        let tree: [Entry]
        let truncated: Bool?
    }

    /// One call where the whole tree fits: 100,000 entries and 7 MB. Otherwise directory by directory, in the same order.
    /// https://docs.github.com/en/rest/git/trees#get-a-tree
    func files(of repository: RepositoryReference, at ref: String) async throws(ForgeError) -> [String] {
        let place = try place(repository)
        let missing = place.missing("branch, tag or commit \(Quotation.of(ref))")
        guard GitName.isRef(ref) else { throw ForgeError(.notFound, .github, missing) }
        let call = Call(
            .get, place.path + "/git/trees/" + PercentEncoding.path(ref), query: [("recursive", "1")],
            expecting: [200, 409, 422])
        let response = try await send(call, missing: missing)
        switch response.status {
        case 409 where answer(response).saysEmptyRepository: return []
        case 422: throw session.explain(response).becoming(.notFound, missing)
        case 200: break
        default: throw session.explain(response)
        }
        let tree = try session.decode(WireTree.self, response)
        guard tree.truncated == true else { return tree.tree.filter { $0.type == "blob" }.map(\.path) }
        var walk = Walk(place: place)
        try await walk.enter(tree.sha, below: "", depth: 0, github: self)
        return walk.paths
    }

    /// Reads a tree that is too large for one answer.
    private struct Walk {
        let place: Place
        var paths: [String] = []
        private var calls = 0

        init(place: Place) {
            self.place = place
        }

        /// One directory's entries, each subdirectory whole where it fits, otherwise entered in its turn.
        mutating func enter(
            _ sha: String, below prefix: String, depth: Int, github: GitHub
        ) async throws(ForgeError) {
            let level = try await read(sha, recursive: false, github: github)
            guard level.truncated != true else {
                throw ForgeError(
                    .unsupported, .github,
                    "A directory of \(place.quoted) has more files than GitHub lists. Clone the repository to see them."
                )
            }
            for entry in level.tree {
                let path = prefix + entry.path
                switch entry.type {
                case "blob": paths.append(path)
                case "tree":
                    let below = try await read(entry.sha, recursive: true, github: github)
                    if below.truncated == true {
                        guard depth < 200 else { throw github.session.nonsense("an endless tree", status: 200) }
                        try await enter(entry.sha, below: path + "/", depth: depth + 1, github: github)
                    } else {
                        paths += below.tree.filter { $0.type == "blob" }.map { path + "/" + $0.path }
                    }
                default: break
                }
            }
        }

        private mutating func read(
            _ sha: String, recursive: Bool, github: GitHub
        ) async throws(ForgeError) -> WireTree {
            calls += 1
            guard calls <= Session.pageLimit, GitName.isWholeObject(sha) else {
                throw github.session.nonsense("an endless tree", status: 200)
            }
            return try await github.value(
                WireTree.self,
                Call(.get, place.path + "/git/trees/" + sha, query: recursive ? [("recursive", "1")] : []),
                missing: place.missing("tree \(Quotation.of(sha))"))
        }
    }
}
