// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Gitee {
    /// https://gitee.com/api/v5/swagger#/getV5ReposOwnerRepoTags
    func tags(of repository: RepositoryReference) async throws(ForgeError) -> [String] {
        try await list(of: WireRef.self, "/tags", in: place(repository)).map(\.name)
    }

    /// https://gitee.com/api/v5/swagger#/postV5ReposOwnerRepoTags
    func createTag(_ draft: TagDraft, in repository: RepositoryReference) async throws(ForgeError) {
        let place = try place(repository)
        guard GitName.isRef(draft.name) else {
            throw ForgeError(.invalidRequest, .gitee, "git forbids this name for a tag. Choose another one.")
        }
        let wire = WireDraft(
            refs: draft.ref, tag_name: draft.name, tag_message: draft.description.isEmpty ? nil : draft.description)
        do {
            let call = try Call(.post, place.path + "/tags", expecting: [200, 201]).sending(wire, to: .gitee)
            _ = try await session.send(call)
        } catch {
            guard error.isRefusal || error.code == .notFound else { throw error }
            throw try await reason(error, draft, in: place)
        }
    }

    private struct WireDraft: Encodable {
        let refs: String
        let tag_name: String
        let tag_message: String?
    }

    /// What stood against a tag that Gitee has refused.
    private func reason(_ refusal: ForgeError, _ draft: TagDraft, in place: Place) async throws(ForgeError)
        -> ForgeError
    {
        let known = try await list(of: WireRef.self, "/tags", in: place)
        if known.contains(where: { $0.name == draft.name }) {
            return refusal.becoming(
                .alreadyExists, "Gitee has a tag of this name already. Choose another name, or delete it first.")
        }
        if known.contains(where: { $0.name == draft.ref }) { return refusal }
        return try await commit(draft.ref, in: place) == nil ? Gitee.notFound(.ref) : refusal
    }

    /// Gitee's API has no call for it: a push of git's own removes the tag.
    func deleteTag(named name: String, in repository: RepositoryReference) async throws(ForgeError) {
        guard GitName.isRef(name) else { throw Gitee.notFound(.tag) }
        try await push.delete("refs/tags/" + name, in: place(repository).gitPath)
    }
}
