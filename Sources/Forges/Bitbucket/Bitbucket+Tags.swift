// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Bitbucket {
    /// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-refs/#api-repositories-workspace-repo-slug-refs-tags-get
    func tags(of repository: RepositoryReference) async throws(ForgeError) -> [String] {
        try await names("tags", in: try path(of: repository))
    }

    /// Bitbucket makes annotated tags only: one without a description gets the message `Added tag … for changeset …`. It takes
    /// nothing but a SHA as what to mark.
    /// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-refs/#api-repositories-workspace-repo-slug-refs-tags-post
    func createTag(_ draft: TagDraft, in repository: RepositoryReference) async throws(ForgeError) {
        guard GitName.isRef(draft.name) else {
            throw ForgeError(
                .invalidRequest, .bitbucket,
                "\(Quotation.of(draft.name)) is no name that git allows for a tag. Choose another one.")
        }
        let path = try path(of: repository)
        guard let target = try await commit(of: draft.ref, in: path) else { throw Self.notFound(.ref) }
        let wire = WireDraft(
            name: draft.name, target: .init(hash: target), message: draft.description.isEmpty ? nil : draft.description)
        do {
            let call = try Call(.post, path + "/refs/tags", expecting: [200, 201]).sending(wire, to: .bitbucket)
            _ = try await session.send(call)
        } catch {
            // One status for whatever is wrong: what it was, is asked for afterwards.
            guard [.invalidRequest, .conflict].contains(error.code), error.upstreamStatus != nil,
                try await commit("tags", draft.name, in: path) != nil
            else { throw error }
            throw error.becoming(.alreadyExists, Self.alreadyExists.message)
        }
    }

    private struct WireDraft: Encodable {
        struct Target: Encodable {
            let hash: String
        }
        let name: String
        let target: Target
        let message: String?
    }

    /// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-refs/#api-repositories-workspace-repo-slug-refs-tags-name-delete
    func deleteTag(named name: String, in repository: RepositoryReference) async throws(ForgeError) {
        guard GitName.isRef(name) else { throw Self.notFound(.tag) }
        let call = Call(
            .delete, try path(of: repository) + "/refs/tags/" + PercentEncoding.path(name), expecting: [200, 204])
        do {
            _ = try await session.send(call)
        } catch {
            throw error.saying(Self.notFound(.tag).message, of: .notFound)
        }
    }
}
