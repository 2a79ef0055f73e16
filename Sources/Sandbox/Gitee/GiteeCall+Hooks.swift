// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension GiteeCall {
    private static let events = [
        "push_events", "tag_push_events", "issues_events", "note_events", "merge_requests_events",
    ]

    func hooks() throws -> Response {
        let place = try administered()
        let shown = GiteeRepositoryView(view: view, place: place)
        return page(state.hooks.filter { $0.repositoryID == place.id }) { shown.hook($0) }
    }

    private func found(in place: SandboxRepository) throws(GiteeRefusal) -> SandboxHook {
        let id = path.integer("id")
        guard let hook = state.hooks.first(where: { $0.id == id && $0.repositoryID == place.id }) else {
            throw .notFound("Hook")
        }
        return hook
    }

    func hook() throws -> Response {
        let place = try administered()
        return .json(GiteeRepositoryView(view: view, place: place).hook(try found(in: place)))
    }

    private func address() throws(GiteeRefusal) -> String {
        let url = try fields.required("url")
        guard url.hasPrefix("http://") || url.hasPrefix("https://"), url.split(separator: "/").count > 1 else {
            throw GiteeRefusal(400, field: "url", "URL 不合法")
        }
        return url
    }

    private func chosen(_ present: [String]) throws(GiteeRefusal) -> [String] {
        var events: [String] = []
        for name in Self.events where try fields.flag(name) ?? present.contains(name) { events.append(name) }
        return events
    }

    /// Without a choice the hook is for pushes.
    func createHook() throws -> Response {
        let place = try administered()
        let url = try address()
        if let title = try fields.text("title"), title.count > 191 { throw GiteeRefusal.invalid("title") }
        let kind = try fields.number("encryption_type") ?? 0
        guard (0...1).contains(kind) else { throw GiteeRefusal.invalid("encryption_type") }
        let events = try chosen(["push_events"])
        let secret = try fields.text("password").map { KeptSecret($0) }
        let now = AccountStore.now()
        let hook = backend.store.update { state in
            let hook = SandboxHook(
                id: state.makeID(), repositoryID: place.id, url: url, secret: secret, events: events, created: now,
                updated: now, settings: ["encryption_type": .integer(kind)])
            state.hooks.append(hook)
            return hook
        }
        return .json(GiteeRepositoryView(view: view, place: place).hook(hook), status: .created)
    }

    func updateHook() throws -> Response {
        let place = try administered()
        var hook = try found(in: place)
        hook.url = try address()
        hook.events = try chosen(hook.events)
        if let secret = try fields.text("password") { hook.secret = KeptSecret(secret) }
        hook.updated = AccountStore.now()
        let changed = hook
        backend.store.update { state in
            guard let index = state.hooks.firstIndex(where: { $0.id == changed.id }) else { return }
            state.hooks[index] = changed
        }
        return .json(GiteeRepositoryView(view: view, place: place).hook(changed))
    }

    func deleteHook() throws -> Response {
        let hook = try found(in: try administered())
        backend.store.update { state in state.hooks.removeAll { $0.id == hook.id } }
        return .empty()
    }

    /// Nothing is ever sent to the address.
    func testHook() throws -> Response {
        _ = try found(in: try administered())
        return .empty()
    }
}
