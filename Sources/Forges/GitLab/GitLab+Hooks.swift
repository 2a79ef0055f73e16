// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

/// https://docs.gitlab.com/api/project_webhooks/
extension GitLab {
    func hooks(of repository: RepositoryReference) async throws(ForgeError) -> [Hook] {
        let call = Call(.get, try await path(of: repository) + "/hooks", query: [GitLab.pageSize])
        return try await session.list(of: WireHook.self, call).map(Hook.init)
    }

    /// GitLab takes a second webhook of the same address.
    func createHook(_ draft: HookDraft, in repository: RepositoryReference) async throws(ForgeError) -> Hook {
        let wire = WireDraft(
            url: draft.url, token: draft.secret.exposed, push_events: true, tag_push_events: true,
            enable_ssl_verification: true)
        let call = try GitLab.call(
            .post, try await path(of: repository) + "/hooks", sending: wire, expecting: [201])
        do {
            return Hook(try await session.value(WireHook.self, call))
        } catch {
            guard error.code == .invalidRequest, let status = error.upstreamStatus else { throw error }
            throw ForgeError(
                .invalidRequest, .gitlab,
                "GitLab refuses the webhook's address or secret. The address must be http or https, and one that GitLab may call.",
                upstreamStatus: status, upstreamRequestID: error.upstreamRequestID)
        }
    }

    /// Its names are GitLab's; `token` is the secret, and no answer ever has it.
    private struct WireDraft: Encodable {
        let url: String
        let token: String
        let push_events: Bool
        let tag_push_events: Bool
        let enable_ssl_verification: Bool
    }

    func deleteHook(id: String, in repository: RepositoryReference) async throws(ForgeError) {
        guard id.isNumber else { throw GitLab.notFound(.hook) }
        let project = try await path(of: repository)
        _ = try await session.send(Call(.delete, project + "/hooks/" + id, expecting: [204]))
    }

    fileprivate struct WireHook: Decodable {
        let id: WireID
        let url: String
    }

    /// A webhook's id is a number, and a text in GitLab's own description.
    fileprivate struct WireID: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            do {
                text = String(try value.decode(Int.self))
            } catch DecodingError.typeMismatch {
                text = try value.decode(String.self)
            }
        }
    }
}

extension Hook {
    fileprivate init(_ wire: GitLab.WireHook) {
        self.init(id: wire.id.text, callbackURL: wire.url)
    }
}
