// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension GitLab {
    /// https://docs.gitlab.com/api/tags/#list-project-repository-tags
    func tags(of repository: RepositoryReference) async throws(ForgeError) -> [String] {
        try await names("tags", in: try await path(of: repository))
    }

    /// GitLab has one status, 400 (405 in its documentation), and free texts for a taken name, a name that git forbids
    /// and an unknown ref: which of them it is, is asked for afterwards.
    /// https://docs.gitlab.com/api/tags/#create-a-tag
    func createTag(_ draft: TagDraft, in repository: RepositoryReference) async throws(ForgeError) {
        let project = try await path(of: repository)
        let wire = WireDraft(
            tag_name: draft.name, ref: draft.ref, message: draft.description.isEmpty ? nil : draft.description)
        do {
            let call = try GitLab.call(.post, project + "/repository/tags", sending: wire, expecting: [201])
            _ = try await session.send(call)
        } catch {
            guard [.invalidRequest, .alreadyExists, .conflict].contains(error.code), error.upstreamStatus != nil else {
                throw error
            }
            var reason = try await reason(draft, in: project) ?? error
            reason.upstreamStatus = error.upstreamStatus
            reason.upstreamRequestID = error.upstreamRequestID
            throw reason
        }
    }

    private struct WireDraft: Encodable {
        let tag_name: String
        let ref: String
        let message: String?
    }

    private func reason(_ draft: TagDraft, in project: String) async throws(ForgeError) -> ForgeError? {
        guard GitName.isRef(draft.name) else {
            return ForgeError(
                .invalidRequest, .gitlab, "git forbids this name for a tag. Choose another one.")
        }
        let name = try GitLab.segment(draft.name, of: .tag)
        if try await find(Call(.get, project + "/repository/tags/" + name)) != nil { return GitLab.alreadyExists }
        let ref = try GitLab.segment(draft.ref, of: .ref)
        let target = try await find(Call(.get, project + "/repository/commits/" + ref))
        return target == nil ? GitLab.notFound(.ref) : nil
    }

    /// https://docs.gitlab.com/api/tags/#delete-a-tag
    func deleteTag(named name: String, in repository: RepositoryReference) async throws(ForgeError) {
        let tag = try GitLab.segment(name, of: .tag)
        let call = Call(.delete, try await path(of: repository) + "/repository/tags/" + tag, expecting: [204])
        _ = try await session.send(call)
    }
}
