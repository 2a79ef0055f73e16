// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Gitee {
    /// https://gitee.com/api/v5/swagger#/getV5ReposOwnerRepoHooks
    func hooks(of repository: RepositoryReference) async throws(ForgeError) -> [Hook] {
        try await list(of: WireHook.self, place(repository).path + "/hooks").map(Hook.init)
    }

    /// Gitee takes a second webhook of the same address, and always sends JSON. The secret signs each delivery
    /// (`encryption_type` 1); with 0 it would be sent along in clear.
    /// https://gitee.com/api/v5/swagger#/postV5ReposOwnerRepoHooks, https://help.gitee.com/webhook/gitee-webhook-push-data-format
    func createHook(_ draft: HookDraft, in repository: RepositoryReference) async throws(ForgeError) -> Hook {
        let place = try place(repository)
        let wire = WireDraft(
            url: draft.url, encryption_type: 1, password: draft.secret.exposed, push_events: true,
            tag_push_events: true, issues_events: false, note_events: false, merge_requests_events: false)
        let call = try Call(.post, place.path + "/hooks", expecting: [200, 201]).sending(wire, to: .gitee)
        do {
            return Hook(try await session.value(WireHook.self, call))
        } catch {
            throw error.saying(
                "Gitee refuses the webhook's address or secret. The address must be http or https, and one that Gitee may call.",
                of: .invalidRequest)
        }
    }

    /// Its names are Gitee's.
    private struct WireDraft: Encodable {
        let url: String
        let encryption_type: Int
        let password: String
        let push_events: Bool
        let tag_push_events: Bool
        let issues_events: Bool
        let note_events: Bool
        let merge_requests_events: Bool
    }

    /// https://gitee.com/api/v5/swagger#/deleteV5ReposOwnerRepoHooksId
    func deleteHook(id: String, in repository: RepositoryReference) async throws(ForgeError) {
        guard id.isNumber else { throw Gitee.notFound(.hook) }
        let path = try place(repository).path + "/hooks/" + id
        _ = try await session.send(Call(.delete, path, expecting: [200, 204]))
    }

    /// Gitee's own has the password in clear besides: it is not even read.
    fileprivate struct WireHook: Decodable {
        let id: Int
        let url: String
    }
}

extension Hook {
    fileprivate init(_ wire: Gitee.WireHook) {
        self.init(id: String(wire.id), callbackURL: wire.url)
    }
}
