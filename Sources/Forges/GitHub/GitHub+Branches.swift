// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension GitHub {
    private struct WireName: Decodable {
        let name: String
    }

    /// https://docs.github.com/en/rest/branches/branches#list-branches
    func branches(of repository: RepositoryReference) async throws(ForgeError) -> [String] {
        try await names("branches", of: repository)
    }

    /// https://docs.github.com/en/rest/repos/repos#list-repository-tags
    func tags(of repository: RepositoryReference) async throws(ForgeError) -> [String] {
        try await names("tags", of: repository)
    }

    private func names(_ kind: String, of repository: RepositoryReference) async throws(ForgeError) -> [String] {
        let place = try place(repository)
        do {
            return try await session.list(
                of: WireName.self, Call(.get, place.path + "/" + kind, query: [("per_page", "100")])
            ).map(\.name)
        } catch {
            // An empty repository: 200 with an empty list is usual, 409 is known from its neighbours.
            if error.code == .notFound, error.upstreamStatus == 409 { return [] }
            throw error.saying(
                "GitHub has no repository \(place.quoted), or the credential may not see it.", of: .notFound)
        }
    }
}
