// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

/// https://support.huaweicloud.com/api-codeartsrepo/ListRepositoryWebhooks.html
extension CodeArts {
    /// The header in which a delivery carries the secret, and what the forge itself takes where none is named.
    static let hookHeader = "X-Repo-Token"

    func hooks(of repository: RepositoryReference) async throws(ForgeError) -> [Hook] {
        try await hooks(in: try await path(of: repository)).map(Hook.init)
    }

    private func hooks(in repository: String) async throws(ForgeError) -> [WireHook] {
        try await list(of: WireHook.self, repository + "/hooks")
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/AddRepositoryWebhook.html
    func createHook(_ draft: HookDraft, in repository: RepositoryReference) async throws(ForgeError) -> Hook {
        guard draft.url.utf8.count <= 500, draft.secret.exposed.utf8.count <= 2000 else {
            throw ForgeError(
                .invalidRequest, .devcloud,
                "CodeArts Repo takes an address of up to 500 and a secret of up to 2000 characters. Shorten it.")
        }
        let path = try await path(of: repository)
        let wire = WireDraft(
            url: draft.url, token: draft.secret.exposed, token_type: CodeArts.hookHeader, push_events: true,
            tag_push_events: true, merge_requests_events: false, note_events: false)
        do {
            let call = try CodeArts.call(.post, path + "/hooks", sending: wire, expecting: [200, 201])
            return Hook(try await session.value(WireHook.self, call))
        } catch {
            guard [.invalidRequest, .conflict].contains(error.code), error.upstreamStatus != nil else { throw error }
            if try await hooks(in: path).contains(where: { $0.url == draft.url }) {
                throw error.becoming(.alreadyExists, "There is a webhook of this address already. Delete it first.")
            }
            throw error.saying(
                "CodeArts Repo refuses the webhook: its address must be one that it may call, and a repository may have 20 webhooks.",
                of: .invalidRequest)
        }
    }

    /// Its names are CodeArts Repo's; `token` is the secret.
    private struct WireDraft: Encodable {
        let url: String
        let token: String
        let token_type: String
        let push_events: Bool
        let tag_push_events: Bool
        let merge_requests_events: Bool
        let note_events: Bool
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/RemoveRepositoryWebhook.html
    func deleteHook(id: String, in repository: RepositoryReference) async throws(ForgeError) {
        guard id.isNumber else { throw CodeArts.notFound(.hook) }
        let path = try await path(of: repository)
        do {
            _ = try await session.send(Call(.delete, path + "/hooks/" + id, expecting: [200, 204]))
        } catch {
            throw error.saying(CodeArts.notFound(.hook).message, of: .notFound)
        }
    }

    /// An answer also has `token`: masked, as it is described. It is not read, masked or not.
    fileprivate struct WireHook: Decodable {
        let id: Int
        let url: String
    }
}

extension Hook {
    fileprivate init(_ wire: CodeArts.WireHook) {
        self.init(id: String(wire.id), callbackURL: wire.url)
    }
}
