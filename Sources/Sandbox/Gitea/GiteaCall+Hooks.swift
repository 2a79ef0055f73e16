// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

extension GiteaCall {
    func hooks() throws -> Response {
        let place = try administered()
        let all = state.hooks.filter { $0.repositoryID == place.id }
        let shown = GiteaRepositoryView(view: view, place: place)
        return list(page.slice(all).map { shown.hook($0) }, total: all.count, isLinked: false)
    }

    private func found(in place: SandboxRepository) throws(GiteaRefusal) -> SandboxHook {
        let id = path.integer("id")
        guard let hook = state.hooks.first(where: { $0.id == id && $0.repositoryID == place.id }) else {
            throw .notFound
        }
        return hook
    }

    func hook() throws -> Response {
        let place = try administered()
        return .json(GiteaRepositoryView(view: view, place: place).hook(try found(in: place)))
    }

    func createHook() throws -> Response {
        let place = try administered()
        let type = try required("type", called: "Type")
        guard ["gitea", "gogs", "slack", "discord", "dingtalk", "telegram", "msteams", "feishu"].contains(type) else {
            throw GiteaRefusal.invalid("Invalid hook type: \(type)")
        }
        guard let url = body["config"]?["url"]?.stringValue else {
            throw GiteaRefusal.invalid("Missing config option: url")
        }
        guard let kind = body["config"]?["content_type"]?.stringValue else {
            throw GiteaRefusal.invalid("Missing config option: content_type")
        }
        guard ["json", "form"].contains(kind) else { throw GiteaRefusal.invalid("Invalid content type") }
        guard url.hasPrefix("http://") || url.hasPrefix("https://"), url.split(separator: "/").count > 1 else {
            throw GiteaRefusal.invalid("Invalid url")
        }
        let events = body["events"]?.arrayValue?.compactMap(\.stringValue) ?? []
        let secret = body["config"]?["secret"]?.stringValue.map { KeptSecret($0) }
        let isActive = body["active"]?.boolValue ?? false
        let now = AccountStore.now()
        let hook = backend.store.update { state in
            let hook = SandboxHook(
                id: state.makeID(), repositoryID: place.id, url: url, secret: secret,
                events: events.isEmpty ? ["push"] : events, isActive: isActive, created: now, updated: now,
                settings: ["type": .string(type), "content_type": .string(kind)])
            state.hooks.append(hook)
            return hook
        }
        return .json(GiteaRepositoryView(view: view, place: place).hook(hook), status: .created)
    }

    func deleteHook() throws -> Response {
        let hook = try found(in: try administered())
        backend.store.update { state in state.hooks.removeAll { $0.id == hook.id } }
        return .empty()
    }
}
