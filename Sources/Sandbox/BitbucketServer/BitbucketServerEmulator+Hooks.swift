// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// https://developer.atlassian.com/server/bitbucket/rest/v819/api-group-repository/#api-api-latest-projects-projectkey-repos-repositoryslug-webhooks-get
extension BitbucketServerEmulator {
    func hooks(_ call: BitbucketServerCall) throws -> Response {
        let repository = try call.repository(as: .maintainer)
        let found = call.state.hooks.filter { $0.repositoryID == repository.id }
        let paging = try BitbucketServerPaging(call.request.query)
        return .bitbucketServer(paging.page(of: found) { call.entities.hook($0) })
    }

    func hook(_ call: BitbucketServerCall) throws -> Response {
        .bitbucketServer(call.entities.hook(try find(call)))
    }

    func createHook(_ call: BitbucketServerCall) async throws -> Response {
        let repository = try call.repository(as: .maintainer)
        let body = try await call.request.json()
        let made = try backend.store.update { state throws(BitbucketServerRefusal) -> SandboxHook in
            let hook = try Self.filled(
                SandboxHook(
                    id: state.makeID(), repositoryID: repository.id, url: "", secret: nil, events: [],
                    created: AccountStore.now(), updated: AccountStore.now()), body)
            state.hooks.append(hook)
            return hook
        }
        return .bitbucketServer(call.entities.hook(made), status: .created)
    }

    /// The whole webhook is put, not merely what shall change.
    func updateHook(_ call: BitbucketServerCall) async throws -> Response {
        let found = try find(call)
        let body = try await call.request.json()
        let changed = try backend.store.update { state throws(BitbucketServerRefusal) -> SandboxHook in
            guard let index = state.hooks.firstIndex(where: { $0.id == found.id }) else { throw Self.missing }
            state.hooks[index] = try Self.filled(state.hooks[index], body)
            return state.hooks[index]
        }
        return .bitbucketServer(call.entities.hook(changed))
    }

    func deleteHook(_ call: BitbucketServerCall) throws -> Response {
        let found = try find(call)
        backend.store.update { state in state.hooks.removeAll { $0.id == found.id } }
        return .empty(.noContent)
    }

    private func find(_ call: BitbucketServerCall) throws -> SandboxHook {
        let repository = try call.repository(as: .maintainer)
        let id = call.path.integer("hook")
        guard let found = call.state.hooks.first(where: { $0.id == id && $0.repositoryID == repository.id }) else {
            throw Self.missing
        }
        return found
    }

    private static let missing = BitbucketServerRefusal(
        status: 404, message: "The webhook does not exist.", exception: "webhooks.NoSuchWebhookException")

    private static func filled(_ hook: SandboxHook, _ body: JSON) throws(BitbucketServerRefusal) -> SandboxHook {
        var hook = hook
        guard let name = body["name"]?.stringValue, !name.isEmpty else {
            throw .invalid("name", "A webhook needs a name.")
        }
        guard let url = body["url"]?.stringValue, url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw .invalid("url", "The URL must begin with http:// or https://.")
        }
        let events = (body["events"]?.arrayValue ?? []).compactMap(\.stringValue)
        guard !events.isEmpty else { throw .invalid("events", "A webhook needs at least one event.") }
        if let unknown = events.first(where: { !$0.hasPrefix("repo:") && !$0.hasPrefix("pr:") }) {
            throw .invalid("events", "'\(unknown)' is not an event.")
        }
        hook.url = url
        hook.events = events
        hook.secret = body["configuration"]?["secret"]?.stringValue.map { KeptSecret($0) }
        hook.isActive = body["active"]?.boolValue ?? true
        hook.updated = AccountStore.now()
        hook.settings = [
            "name": .string(name),
            "sslVerificationRequired": .bool(body["sslVerificationRequired"]?.boolValue ?? true),
        ]
        return hook
    }
}
