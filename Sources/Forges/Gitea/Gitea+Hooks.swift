// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Gitea {
    /// https://docs.gitea.com/api/#tag/repository/operation/repoListHooks
    func hooks(of repository: RepositoryReference) async throws(ForgeError) -> [Hook] {
        try await list(of: WireHook.self, place(repository).path + "/hooks").map(Hook.init)
    }

    /// Gitea takes a second webhook of the same address. `push` is for tags, too. The secret signs each delivery.
    /// https://docs.gitea.com/api/#tag/repository/operation/repoCreateHook, https://docs.gitea.com/usage/webhooks
    func createHook(_ draft: HookDraft, in repository: RepositoryReference) async throws(ForgeError) -> Hook {
        let place = try place(repository)
        let wire = WireDraft(
            config: WireDraft.Config(url: draft.url, secret: draft.secret.exposed))
        let call = try Call(.post, place.path + "/hooks", expecting: [201]).sending(wire, to: .gitea)
        do {
            return Hook(try await session.value(WireHook.self, call))
        } catch {
            throw error.saying(
                "Gitea refuses the webhook's address or secret. The address must be http or https, and one that Gitea may call.",
                of: .invalidRequest)
        }
    }

    /// Its names are Gitea's.
    private struct WireDraft: Encodable {
        struct Config: Encodable {
            let url: String
            let content_type = "json"
            let secret: String
        }
        let type = "gitea"
        let config: Config
        let events = ["push"]
        let active = true
    }

    /// https://docs.gitea.com/api/#tag/repository/operation/repoDeleteHook
    func deleteHook(id: String, in repository: RepositoryReference) async throws(ForgeError) {
        guard id.isNumber else { throw Gitea.notFound(.hook) }
        let path = try place(repository).path + "/hooks/" + id
        do {
            _ = try await session.send(Call(.delete, path, expecting: [204]))
        } catch {
            throw error.saying(Gitea.notFound(.hook).message, of: .notFound)
        }
    }

    fileprivate struct WireHook: Decodable {
        struct Config: Decodable {
            let url: String?
        }
        let id: Int
        let config: Config?
        /// Of hooks that are not for any receiver, such as those of chats.
        let url: String?
    }
}

extension Hook {
    fileprivate init(_ wire: Gitea.WireHook) {
        self.init(id: String(wire.id), callbackURL: wire.config?.url ?? wire.url ?? "")
    }
}
