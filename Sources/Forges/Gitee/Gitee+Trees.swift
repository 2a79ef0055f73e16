// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Gitee {
    private struct WireTree: Decodable {
        struct Entry: Decodable {
            /// Below the tree that was asked for.
            let path: String
            /// `40000` for a directory, `160000` for a submodule, which may be called a blob or a commit.
            let mode: String
            let type: String
            let sha: String

            var isFile: Bool { type == "blob" && mode != "160000" }
            var isDirectory: Bool { type == "tree" }
        }
        let tree: [Entry]
        let truncated: Bool?
    }

    /// One call where Gitee gives the whole tree at once; otherwise directory by directory, in the same order.
    ///
    /// The call's page has branches and SHAs for names. A tag, and a branch whose slash could be taken for a step in the
    /// path, is turned into its commit first. https://gitee.com/api/v5/swagger#/getV5ReposOwnerRepoGitTreesSha
    func files(of repository: RepositoryReference, at ref: String) async throws(ForgeError) -> [String] {
        let place = try place(repository)
        guard GitName.isRef(ref) else { throw Gitee.notFound(.ref) }
        var tree: WireTree?
        var name = ref
        if !ref.contains("/") { tree = try await read(ref, recursive: true, in: place) }
        if tree == nil, let sha = try await commit(ref, in: place) {
            name = sha
            tree = try await read(sha, recursive: true, in: place)
        }
        guard let tree else {
            if try await isEmpty(place) { return [] }
            throw Gitee.notFound(.ref)
        }
        guard tree.truncated == true else { return tree.tree.filter(\.isFile).map(\.path) }
        var walk = Walk(gitee: self, place: place)
        try await walk.enter(name, below: "", depth: 0)
        return walk.paths
    }

    /// nil where there is no such tree.
    private func read(_ name: String, recursive: Bool, in place: Place) async throws(ForgeError) -> WireTree? {
        let call = Call(
            .get, place.path + "/git/trees/" + PercentEncoding.segment(name),
            query: recursive ? [("recursive", "1")] : [])
        guard let answer = try await find(call) else { return nil }
        return try session.decode(WireTree.self, answer)
    }

    /// Reads a tree that is too large for one answer.
    private struct Walk {
        let gitee: Gitee
        let place: Place
        var paths: [String] = []
        private var calls = 0

        init(gitee: Gitee, place: Place) {
            self.gitee = gitee
            self.place = place
        }

        /// One directory's entries, each subdirectory whole where it fits, otherwise entered in its turn.
        mutating func enter(_ name: String, below prefix: String, depth: Int) async throws(ForgeError) {
            let level = try await level(name, recursive: false)
            guard level.truncated != true else {
                throw ForgeError(
                    .unsupported, .gitee,
                    "A directory of the repository has more files than Gitee lists. Clone the repository to see them.")
            }
            for entry in level.tree {
                let path = prefix + entry.path
                if entry.isFile { paths.append(path) }
                guard entry.isDirectory else { continue }
                let below = try await self.level(entry.sha, recursive: true)
                if below.truncated == true {
                    guard depth < 200 else { throw gitee.session.nonsense("an endless tree", status: 200) }
                    try await enter(entry.sha, below: path + "/", depth: depth + 1)
                } else {
                    paths += below.tree.filter(\.isFile).map { path + "/" + $0.path }
                }
            }
        }

        private mutating func level(_ name: String, recursive: Bool) async throws(ForgeError) -> WireTree {
            calls += 1
            guard calls <= Session.pageLimit, GitName.isRef(name) else {
                throw gitee.session.nonsense("an endless tree", status: 200)
            }
            guard let tree = try await gitee.read(name, recursive: recursive, in: place) else {
                throw Gitee.notFound(.ref)
            }
            return tree
        }
    }
}
