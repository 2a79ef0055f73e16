// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// Webhooks of a repository. https://support.huaweicloud.com/api-codeartsrepo/AddRepositoryWebhook.html
extension CodeArtsEmulator {
    private static let events = ["push_events", "tag_push_events", "merge_requests_events", "note_events"]
    /// A repository may have 20.
    private static let limit = 20

    func hooks(_ call: CodeArtsCall) throws -> Response {
        let repository = try call.repository(as: .maintainer)
        let found = call.state.hooks.filter { $0.repositoryID == repository.id }
        return try call.page(found.map(call.view.hook), counted: true)
    }

    private func find(_ call: CodeArtsCall) throws(CodeArtsRefusal) -> SandboxHook {
        let repository = try call.repository(as: .maintainer)
        guard let id = call.path.integer("hook_id"),
            let hook = call.state.hooks.first(where: { $0.id == id && $0.repositoryID == repository.id })
        else { throw .notFound }
        return hook
    }

    func hook(_ call: CodeArtsCall) throws -> Response {
        .codeArts(call.view.hook(try find(call)))
    }

    func createHook(_ call: CodeArtsCall) async throws -> Response {
        let repository = try call.repository(as: .maintainer)
        let body = try await call.body()
        let now = AccountStore.now()
        let made = try backend.store.update { state throws(CodeArtsRefusal) in
            guard state.hooks.count(where: { $0.repositoryID == repository.id }) < Self.limit else {
                throw .bad("Webhook数量超过限制")
            }
            var hook = SandboxHook(
                id: state.makeID(), repositoryID: repository.id, url: "", events: [], created: now, updated: now)
            try Self.fill(&hook, from: body)
            state.hooks.append(hook)
            return hook
        }
        return .codeArts(call.view.hook(made), status: .created)
    }

    func updateHook(_ call: CodeArtsCall) async throws -> Response {
        let found = try find(call)
        let body = try await call.body()
        let changed = try backend.store.update { state throws(CodeArtsRefusal) in
            guard let index = state.hooks.firstIndex(where: { $0.id == found.id }) else { throw .notFound }
            try Self.fill(&state.hooks[index], from: body)
            state.hooks[index].updated = AccountStore.now()
            return state.hooks[index]
        }
        return .codeArts(call.view.hook(changed))
    }

    /// https://support.huaweicloud.com/api-codeartsrepo/RemoveRepositoryWebhook.html
    func deleteHook(_ call: CodeArtsCall) throws -> Response {
        let found = try find(call)
        backend.store.update { state in state.hooks.removeAll { $0.id == found.id } }
        return .empty(.noContent)
    }

    private static func fill(_ hook: inout SandboxHook, from body: JSON) throws(CodeArtsRefusal) {
        let url = try body.text("url", limit: 500)
        guard url.hasPrefix("https://") || url.hasPrefix("http://") else { throw .bad("参数url不合法") }
        hook.url = url
        if let token = body["token"]?.stringValue {
            guard token.count <= 2000 else { throw .bad("参数token过长") }
            hook.secret = token.isEmpty ? nil : KeptSecret(token)
        }
        for (name, limit) in [("token_type", 200), ("name", 200), ("description", 200)] {
            guard let text = body[name]?.stringValue else { continue }
            guard text.count <= limit else { throw .bad("参数\(name)过长") }
            hook.settings[name] = .string(text)
        }
        for event in events {
            guard let flag = body[event]?.boolValue else { continue }
            hook.events.removeAll { $0 == event }
            if flag { hook.events.append(event) }
        }
    }
}
