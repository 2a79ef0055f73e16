// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension GitHub {
    /// An object that a name leads to.
    struct Target: Decodable, Sendable {
        let sha: String
        /// `commit`; for a tag also `tree`, `blob` or, before it is peeled, `tag`.
        let type: String
    }

    private struct WireReference: Decodable {
        let object: Target
    }

    private struct WireCommit: Decodable {
        let sha: String
    }

    /// What a branch, a tag (peeled) or a commit's SHA leads to, looked for in this order.
    func target(of ref: String, in place: Place) async throws(ForgeError) -> Target {
        if GitName.isRef(ref) {
            if let branch = try await reference("heads/" + ref, in: place) { return branch }
            if let tag = try await reference("tags/" + ref, in: place) { return try await peeled(tag, in: place) }
            if GitName.isObject(ref), let sha = try await commit(ref, in: place) {
                return Target(sha: sha, type: "commit")
            }
        }
        throw ForgeError(.notFound, .github, place.missing("branch, tag or commit \(Quotation.of(ref))"))
    }

    /// What a reference (`heads/…`, `tags/…`) points at; nil where there is none.
    /// https://docs.github.com/en/rest/git/refs#get-a-reference
    func reference(_ name: String, in place: Place) async throws(ForgeError) -> Target? {
        let call = Call(.get, place.path + "/git/ref/" + PercentEncoding.path(name), expecting: [200, 404, 409])
        let response = try await session.send(call)
        if response.status == 200 { return try session.decode(WireReference.self, response).object }
        try check(response)
        return nil
    }

    /// The whole SHA of what names a commit; nil where nothing does.
    /// https://docs.github.com/en/rest/commits/commits#get-a-commit
    func commit(_ ref: String, in place: Place) async throws(ForgeError) -> String? {
        let call = Call(.get, place.path + "/commits/" + PercentEncoding.path(ref), expecting: [200, 404, 409, 422])
        let response = try await session.send(call)
        if response.status == 200 { return try session.decode(WireCommit.self, response).sha }
        try check(response)
        return nil
    }

    /// Follows a tag object, and one that points at another, to what it stands for.
    /// https://docs.github.com/en/rest/git/tags#get-a-tag
    private func peeled(_ target: Target, in place: Place) async throws(ForgeError) -> Target {
        var target = target
        var depth = 0
        while target.type == "tag" {
            depth += 1
            guard depth <= 10, GitName.isWholeObject(target.sha) else {
                throw session.nonsense("a tag that leads nowhere", status: 200)
            }
            target = try await value(
                WireReference.self, Call(.get, place.path + "/git/tags/" + target.sha),
                missing: place.missing("tag object \(Quotation.of(target.sha))")
            ).object
        }
        return target
    }

    /// Lets pass what says that there is no such thing; throws what means something else.
    private func check(_ response: Upstream.Response) throws(ForgeError) {
        let error = session.explain(response)
        if error.code != .notFound && response.status != 422 { throw error }
    }
}
