// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension GitHub {
    private struct WireTagDraft: Encodable {
        let tag: String
        let message: String
        let object: String
        let type: String
    }

    private struct WireTag: Decodable {
        let sha: String
    }

    private struct WireReferenceDraft: Encodable {
        let ref: String
        let sha: String
    }

    /// A tag object first, where there is a description; what makes the tag visible is the reference.
    /// https://docs.github.com/en/rest/git/tags#create-a-tag-object and
    /// https://docs.github.com/en/rest/git/refs#create-a-reference
    func createTag(_ draft: TagDraft, in repository: RepositoryReference) async throws(ForgeError) {
        let place = try place(repository)
        guard GitName.isRef(draft.name) else {
            throw ForgeError(
                .invalidRequest, .github,
                "\(Quotation.of(draft.name)) cannot be a tag's name in git. Use letters, digits, '.', '_', '-' and '/'."
            )
        }
        let target = try await target(of: draft.ref, in: place)
        var sha = target.sha
        if !draft.description.isEmpty {
            let call = try Call(.post, place.path + "/git/tags", expecting: [201]).sending(
                WireTagDraft(tag: draft.name, message: draft.description, object: sha, type: target.type), to: .github)
            sha = try await write(WireTag.self, call, in: place).sha
        }
        let call = try Call(.post, place.path + "/git/refs", expecting: [201]).sending(
            WireReferenceDraft(ref: "refs/tags/" + draft.name, sha: sha), to: .github)
        do {
            _ = try await write(call, in: place)
        } catch {
            throw error.saying("\(place.quoted) has a tag \(Quotation.of(draft.name)) already.", of: .alreadyExists)
        }
    }

    /// An unknown tag is 422 `Reference does not exist` here, not 404.
    /// https://docs.github.com/en/rest/git/refs#delete-a-reference
    func deleteTag(named name: String, in repository: RepositoryReference) async throws(ForgeError) {
        let place = try place(repository)
        let missing = place.missing("tag \(Quotation.of(name))")
        guard GitName.isRef(name) else { throw ForgeError(.notFound, .github, missing) }
        _ = try await send(
            Call(.delete, place.path + "/git/refs/tags/" + PercentEncoding.path(name), expecting: [204]),
            missing: missing)
    }

    /// Makes a call that writes what was just seen. GitHub answers 404 to a classic token that may read but not write.
    /// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#404-not-found-for-an-existing-resource
    func write(_ call: Call, in place: Place, also hint: String = "") async throws(ForgeError) -> Upstream.Response {
        do {
            return try await session.send(call)
        } catch {
            guard error.upstreamStatus == 404 else { throw error }
            throw error.becoming(
                .forbidden,
                "The credential may read \(place.quoted) but not write this. It needs the scope repo\(hint), and its user the right to write."
            )
        }
    }

    private func write<Wire: Decodable>(
        _ type: Wire.Type, _ call: Call, in place: Place
    ) async throws(ForgeError) -> Wire {
        try session.decode(type, try await write(call, in: place))
    }
}
