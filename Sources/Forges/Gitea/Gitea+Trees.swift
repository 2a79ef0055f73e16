// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Gitea {
    private struct WireTree: Decodable {
        struct Entry: Decodable {
            let path: String
            /// `blob`, `tree` or, for a submodule, `commit`.
            let type: String
        }
        let tree: [Entry]?
        /// Whether there are further pages.
        let truncated: Bool?
    }

    /// In pages of a thousand, all of the one commit that the ref is at when the reading begins.
    /// https://docs.gitea.com/api/#tag/repository/operation/GetTree
    func files(of repository: RepositoryReference, at ref: String) async throws(ForgeError) -> [String] {
        let place = try place(repository)
        guard GitName.isRef(ref) else { throw Gitea.notFound(.ref) }
        guard let sha = try await commit(ref, in: place) else {
            if try await isEmpty(place) { return [] }
            throw Gitea.notFound(.ref)
        }
        var paths: [String] = []
        var last: [UInt8] = []
        for number in 1...Session.pageLimit {
            let call = Call(
                .get, place.path + "/git/trees/" + sha,
                query: [("recursive", "true"), ("page", String(number)), ("per_page", "1000")])
            let answer = try await session.send(call)
            let page = try session.decode(WireTree.self, answer)
            let entries = page.tree ?? []
            guard answer.body != last else { break }
            last = answer.body
            paths += entries.filter { $0.type == "blob" }.map(\.path)
            if page.truncated != true { return paths }
            guard !entries.isEmpty else { break }
        }
        throw session.nonsense("an endless tree", status: 200)
    }
}
