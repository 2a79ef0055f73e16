// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension CodeArts {
    /// https://support.huaweicloud.com/api-codeartsrepo/ListTags.html
    func tags(of repository: RepositoryReference) async throws(ForgeError) -> [String] {
        let query = [(name: "view", value: "simple"), ("order_by", "name"), ("sort", "asc")]
        return try await names("tags", query, in: try await path(of: repository))
    }

    /// What stood against a tag is asked for afterwards: Huawei's codes are not documented.
    /// https://support.huaweicloud.com/api-codeartsrepo/CreateTag.html
    func createTag(_ draft: TagDraft, in repository: RepositoryReference) async throws(ForgeError) {
        guard GitName.isRef(draft.name) else {
            throw ForgeError(.invalidRequest, .devcloud, "git forbids this name for a tag. Choose another one.")
        }
        let path = try await path(of: repository)
        let wire = WireDraft(
            tag_name: draft.name, ref: draft.ref, message: draft.description.isEmpty ? nil : draft.description)
        do {
            let call = try CodeArts.call(.post, path + "/repository/tags", sending: wire, expecting: [200, 201])
            _ = try await session.send(call)
        } catch {
            guard [.invalidRequest, .conflict, .notFound].contains(error.code), error.upstreamStatus != nil else {
                throw error
            }
            throw try await reason(error, draft, in: path)
        }
    }

    private struct WireDraft: Encodable {
        let tag_name: String
        let ref: String
        let message: String?
    }

    private func reason(
        _ refusal: ForgeError, _ draft: TagDraft, in repository: String
    ) async throws(ForgeError) -> ForgeError {
        if try await hasTag(draft.name, in: repository) {
            return refusal.becoming(.alreadyExists, CodeArts.alreadyExists.message)
        }
        if try await commit(draft.ref, in: repository) == nil {
            return refusal.becoming(.notFound, CodeArts.notFound(.ref).message)
        }
        return refusal
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/ShowTag.html
    private func hasTag(_ name: String, in repository: String) async throws(ForgeError) -> Bool {
        let call = Call(.get, repository + "/repository/tag", query: [("tag_name", name)])
        return try await find(WireTag.self, call) != nil
    }

    private struct WireTag: Decodable {
        let name: String
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/DeleteTag.html
    func deleteTag(named name: String, in repository: RepositoryReference) async throws(ForgeError) {
        guard GitName.isRef(name) else { throw CodeArts.notFound(.tag) }
        let path = try await path(of: repository)
        do {
            _ = try await session.send(
                Call(.delete, path + "/repository/tag", query: [("tag_name", name)], expecting: [200, 204]))
        } catch {
            guard error.code == .invalidRequest, error.upstreamStatus != nil, try await !hasTag(name, in: path) else {
                throw error.saying(CodeArts.notFound(.tag).message, of: .notFound)
            }
            throw error.becoming(.notFound, CodeArts.notFound(.tag).message)
        }
    }
}
