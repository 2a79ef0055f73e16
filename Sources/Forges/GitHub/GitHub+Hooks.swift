// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension GitHub {
    private struct WireHook: Decodable {
        struct Configuration: Decodable {
            let url: String?
        }
        let id: Int64
        let config: Configuration
    }

    private struct WireHookDraft: Encodable {
        struct Configuration: Encodable {
            let url: String
            let secret: String
            let content_type = "json"
            let insecure_ssl = "0"
        }
        let name = "web"
        let active = true
        /// A pushed tag is a push, too.
        let events = ["push"]
        let config: Configuration
    }

    /// https://docs.github.com/en/rest/repos/webhooks#list-repository-webhooks
    func hooks(of repository: RepositoryReference) async throws(ForgeError) -> [Hook] {
        let place = try place(repository)
        return try await list(of: WireHook.self, place.path + "/hooks", missing: hidden(place)).map(hook)
    }

    /// https://docs.github.com/en/rest/repos/webhooks#create-a-repository-webhook
    func createHook(_ draft: HookDraft, in repository: RepositoryReference) async throws(ForgeError) -> Hook {
        let place = try place(repository)
        let configuration = WireHookDraft.Configuration(url: draft.url, secret: draft.secret.exposed)
        let call = try Call(.post, place.path + "/hooks", expecting: [201]).sending(
            WireHookDraft(config: configuration), to: .github)
        do {
            return hook(try await value(WireHook.self, call, missing: hidden(place)))
        } catch {
            throw error.saying("\(place.quoted) has a webhook of this address already.", of: .alreadyExists)
        }
    }

    /// https://docs.github.com/en/rest/repos/webhooks#delete-a-repository-webhook
    func deleteHook(id: String, in repository: RepositoryReference) async throws(ForgeError) {
        let place = try place(repository)
        let missing = place.missing("webhook \(Quotation.of(id))")
        guard let number = Int64(id), number > 0 else { throw ForgeError(.notFound, .github, missing) }
        _ = try await send(Call(.delete, place.path + "/hooks/\(number)", expecting: [204]), missing: missing)
    }

    /// Without the right to see webhooks GitHub says 404, as for a repository that is not there.
    private func hidden(_ place: Place) -> String {
        "GitHub has no repository \(place.quoted), or the credential may not see its webhooks (scope write:repo_hook)."
    }

    private func hook(_ wire: WireHook) -> Hook {
        Hook(id: String(wire.id), callbackURL: wire.config.url ?? "")
    }
}
