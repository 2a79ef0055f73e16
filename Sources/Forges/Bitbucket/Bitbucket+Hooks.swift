// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Bitbucket {
    /// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-hooks-get
    func hooks(of repository: RepositoryReference) async throws(ForgeError) -> [Hook] {
        let call = Call(.get, try path(of: repository) + "/hooks", query: [Self.pageLength])
        do {
            return try await list(of: WireHook.self, call).map(Hook.init)
        } catch {
            throw error.saying(Self.notFound(.repository).message, of: .notFound)
        }
    }

    /// `repo:push` is sent for branches and tags, with a signature `X-Hub-Signature` by the secret. Bitbucket takes a second
    /// webhook of the same address.
    /// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/#api-repositories-workspace-repo-slug-hooks-post
    func createHook(_ draft: HookDraft, in repository: RepositoryReference) async throws(ForgeError) -> Hook {
        let secret = draft.secret.exposed
        guard secret.unicodeScalars.count <= 128 else {
            throw ForgeError(
                .invalidRequest, .bitbucket, "Bitbucket takes secrets of up to 128 characters. Choose a shorter one.")
        }
        let wire = WireDraft(
            description: "Gatehouse", url: draft.url, active: true, events: ["repo:push"],
            secret: secret.isEmpty ? nil : secret)
        let call = try Call(.post, try path(of: repository) + "/hooks", expecting: [200, 201])
            .sending(wire, to: .bitbucket)
        do {
            return Hook(try await session.value(WireHook.self, call))
        } catch {
            throw error.saying(Self.notFound(.repository).message, of: .notFound).saying(
                "Bitbucket refuses the webhook\(error.upstreamStatus == 400 ? "'s address" : ""). It must be http or https, and one that leads to the open internet.",
                of: .invalidRequest)
        }
    }

    private struct WireDraft: Encodable {
        let description: String
        let url: String
        let active: Bool
        let events: [String]
        let secret: String?
    }

    /// - Parameter id: the webhook's UUID, with or without its braces.
    func deleteHook(id: String, in repository: RepositoryReference) async throws(ForgeError) {
        guard !id.isEmpty else { throw Self.notFound(.hook) }
        let uuid = id.hasPrefix("{") ? id : "{\(id)}"
        let call = Call(
            .delete, try path(of: repository) + "/hooks/" + PercentEncoding.segment(uuid), expecting: [200, 204])
        do {
            _ = try await session.send(call)
        } catch {
            throw error.saying(Self.notFound(.hook).message, of: .notFound)
        }
    }

    fileprivate struct WireHook: Decodable {
        let uuid: String
        let url: String
    }
}

extension Hook {
    /// Without the braces around Bitbucket's UUIDs: they would have to be encoded in every address.
    fileprivate init(_ wire: Bitbucket.WireHook) {
        let id =
            wire.uuid.hasPrefix("{") && wire.uuid.hasSuffix("}") ? String(wire.uuid.dropFirst().dropLast()) : wire.uuid
        self.init(id: id, callbackURL: wire.url)
    }
}
