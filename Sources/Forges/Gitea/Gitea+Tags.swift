// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Gitea {
    /// https://docs.gitea.com/api/#tag/repository/operation/repoListTags
    func tags(of repository: RepositoryReference) async throws(ForgeError) -> [String] {
        try await list(of: WireName.self, "/tags", in: place(repository)).map(\.name)
    }

    /// 409 for a taken name, 404 for an unknown target, 422 for a protected name; a name that git forbids is a 500.
    /// https://docs.gitea.com/api/#tag/repository/operation/repoCreateTag
    func createTag(_ draft: TagDraft, in repository: RepositoryReference) async throws(ForgeError) {
        let place = try place(repository)
        guard GitName.isRef(draft.name) else {
            throw ForgeError(.invalidRequest, .gitea, "git forbids this name for a tag. Choose another one.")
        }
        let wire = WireDraft(
            tag_name: draft.name, target: draft.ref, message: draft.description.isEmpty ? nil : draft.description)
        do {
            let call = try Call(.post, place.path + "/tags", expecting: [200, 201]).sending(wire, to: .gitea)
            _ = try await session.send(call)
        } catch {
            switch error.code {
            case .conflict, .alreadyExists:
                throw error.becoming(
                    .alreadyExists, "Gitea has a tag of this name already. Choose another name, or delete it first.")
            case .notFound: throw error.becoming(.notFound, Gitea.notFound(.ref).message)
            default: throw error
            }
        }
    }

    private struct WireDraft: Encodable {
        let tag_name: String
        let target: String
        let message: String?
    }

    /// A tag that a release hangs on is not deleted: 409.
    /// https://docs.gitea.com/api/#tag/repository/operation/repoDeleteTag
    func deleteTag(named name: String, in repository: RepositoryReference) async throws(ForgeError) {
        guard GitName.isRef(name) else { throw Gitea.notFound(.tag) }
        let path = try place(repository).path + "/tags/" + PercentEncoding.path(name)
        do {
            _ = try await session.send(Call(.delete, path, expecting: [204]))
        } catch {
            switch error.code {
            case .notFound: throw error.becoming(.notFound, Gitea.notFound(.tag).message)
            case .conflict:
                throw error.becoming(.conflict, "A release hangs on the tag. Delete the release first.")
            default: throw error
            }
        }
    }
}
