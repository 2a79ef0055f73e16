// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

/// https://developer.atlassian.com/server/bitbucket/rest/v1000/api-group-repository/#api-api-latest-projects-projectkey-repos-repositoryslug-webhooks-get
extension BitbucketServer {
    func hooks(of repository: RepositoryReference) async throws(ForgeError) -> [Hook] {
        try await list(of: WireHook.self, try place(repository).path + "/webhooks", limit: 100).map(Hook.init)
    }

    /// One event covers pushes of branches and tags. Deliveries are always JSON. Bitbucket takes a second webhook of the
    /// same address. https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html
    func createHook(_ draft: HookDraft, in repository: RepositoryReference) async throws(ForgeError) -> Hook {
        let wire = WireDraft(
            name: "Gatehouse", url: draft.url, events: ["repo:refs_changed"], active: true,
            sslVerificationRequired: true, configuration: ["secret": draft.secret.exposed])
        // 201, though Bitbucket's description has 200.
        let call = try Call(.post, try place(repository).path + "/webhooks", expecting: [200, 201])
            .sending(wire, to: .bitbucket)
        do {
            return Hook(try await session.value(WireHook.self, call))
        } catch {
            guard error.code == .invalidRequest, error.upstreamStatus != nil else { throw error }
            throw error.becoming(
                .invalidRequest,
                "Bitbucket refuses the webhook's address or secret. The address must be http or https, and one that Bitbucket may call."
            )
        }
    }

    private struct WireDraft: Encodable {
        let name: String
        let url: String
        let events: [String]
        let active: Bool
        let sslVerificationRequired: Bool
        /// Holds the secret, which Bitbucket gives back to administrators: it is never read here.
        let configuration: [String: String]
    }

    func deleteHook(id: String, in repository: RepositoryReference) async throws(ForgeError) {
        guard id.isNumber else { throw Self.notFound(.hook) }
        let hook = try place(repository).path + "/webhooks/" + id
        do {
            _ = try await session.send(Call(.delete, hook, expecting: [200, 204]))
        } catch {
            throw error.saying(Self.notFound(.hook).message, of: .notFound)
        }
    }

    fileprivate struct WireHook: Decodable {
        let id: Int
        let url: String
    }
}

extension Hook {
    fileprivate init(_ wire: BitbucketServer.WireHook) {
        self.init(id: String(wire.id), callbackURL: wire.url)
    }
}
