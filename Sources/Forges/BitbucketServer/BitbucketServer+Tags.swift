// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension BitbucketServer {
    /// https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-repository/#api-api-latest-projects-projectkey-repos-repositoryslug-tags-get
    func tags(of repository: RepositoryReference) async throws(ForgeError) -> [String] {
        try await names("tags", of: repository)
    }

    /// The page has no status for a taken name, a forbidden one or an unknown start: the exception's name tells, or, where
    /// it does not, what is asked for afterwards.
    /// https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-repository/#api-api-latest-projects-projectkey-repos-repositoryslug-tags-post
    func createTag(_ draft: TagDraft, in repository: RepositoryReference) async throws(ForgeError) {
        let place = try place(repository)
        guard GitName.isRef(draft.name) else {
            throw ForgeError(.invalidRequest, .bitbucket, "git forbids this name for a tag. Choose another one.")
        }
        guard GitName.isRef(draft.ref) else { throw Self.notFound(.ref) }
        let wire = WireDraft(
            name: draft.name, startPoint: draft.ref, message: draft.description.isEmpty ? nil : draft.description)
        let call = try Call(.post, place.path + "/tags", expecting: [200, 201]).sending(wire, to: .bitbucket)
        do {
            _ = try await session.send(call)
        } catch {
            guard [.invalidRequest, .conflict].contains(error.code), error.upstreamStatus != nil else { throw error }
            if try await exists(tag(draft.name, in: place)) {
                throw error.becoming(.alreadyExists, Self.alreadyExists.message)
            }
            throw error
        }
    }

    private struct WireDraft: Encodable {
        let name: String
        let startPoint: String
        let message: String?
    }

    private func exists(_ tag: String) async throws(ForgeError) -> Bool {
        guard let found = try await find(Call(.get, tag)) else { return false }
        _ = try session.decode(WireRef.self, found)
        return true
    }

    /// A tag's name may have slashes, which stay slashes: Tomcat refuses an encoded one.
    private func tag(_ name: String, in place: Place) -> String {
        place.path + "/tags/" + PercentEncoding.path(name)
    }

    /// The one call beside the main API, in that of the git part. It has success for a tag that is not there, too.
    /// https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-repository/#api-git-latest-projects-projectkey-repos-repositoryslug-tags-name-delete
    func deleteTag(named name: String, in repository: RepositoryReference) async throws(ForgeError) {
        guard GitName.isRef(name) else { throw Self.notFound(.tag) }
        let place = try place(repository)
        let tag = tag(name, in: place)
        guard try await exists(tag) else { throw Self.notFound(.tag) }
        _ = try await session.send(
            Call(.delete, host.pages + "/rest/git/latest" + tag, expecting: [200, 202, 204]))
    }
}
