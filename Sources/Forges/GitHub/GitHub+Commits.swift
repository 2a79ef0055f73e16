// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension GitHub {
    private struct WireCommit: Decodable {
        struct Details: Decodable {
            struct Author: Decodable {
                let date: String?
            }
            let message: String
            let author: Author?
        }
        let sha: String
        let commit: Details
    }

    /// https://docs.github.com/en/rest/commits/commits#list-commits
    func commits(of repository: RepositoryReference, at ref: String?) async throws(ForgeError) -> [Commit] {
        let place = try place(repository)
        var missing = "GitHub has no repository \(place.quoted), or the credential may not see it."
        var query = [(name: "per_page", value: "10")]
        if let ref, !ref.isEmpty {
            missing = place.missing("branch, tag or commit \(Quotation.of(ref))")
            guard GitName.isRef(ref) else { throw ForgeError(.notFound, .github, missing) }
            query.append(("sha", ref))
        }
        let call = Call(.get, place.path + "/commits", query: query, expecting: [200, 409])
        let response = try await send(call, missing: missing)
        if response.status == 409 {
            guard answer(response).saysEmptyRepository else { throw session.explain(response) }
            return []
        }
        return try session.decode([WireCommit].self, response).prefix(10).map { wire in
            Commit(
                sha: wire.sha, message: wire.commit.message,
                authoredDate: wire.commit.author?.date.flatMap(Timestamp.utc) ?? "")
        }
    }
}
