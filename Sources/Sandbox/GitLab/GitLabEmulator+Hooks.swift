// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird

/// Webhooks: kept and told, never delivered. https://docs.gitlab.com/api/project_webhooks/
extension GitLabEmulator {
    func hooks(_ call: GitLabCall) throws -> Response {
        var form = call.form
        let paging = GitLabPaging(&form)
        try form.validate()
        let (project, _) = try call.project(as: .maintainer)
        let found = call.state.hooks.filter { $0.repositoryID == project.id }.sorted { $0.id < $1.id }
        return .gitLab(paging.page(found, link: call.link(form))) { call.entities.hook($0) }
    }

    func hook(_ call: GitLabCall) throws -> Response {
        .gitLab(call.entities.hook(try find(call)))
    }

    func createHook(_ call: GitLabCall) throws -> Response {
        var draft = GitLabHookDraft(call.form)
        let url = try draft.finish(isURLNeeded: true) ?? ""
        let (project, _) = try call.project(as: .maintainer)
        try draft.check(url: url)
        let now = AccountStore.now()
        let made = backend.store.update { [draft] state in
            var hook = SandboxHook(
                id: state.makeID(), repositoryID: project.id, url: url, secret: nil, events: GitLabHookDraft.usual,
                created: now, updated: now)
            draft.apply(to: &hook)
            state.hooks.append(hook)
            return hook
        }
        return .gitLab(call.entities.hook(made), status: .created)
    }

    func updateHook(_ call: GitLabCall) throws -> Response {
        let old = try find(call)
        var draft = GitLabHookDraft(call.form)
        let url = try draft.finish(isURLNeeded: false)
        try draft.check(url: url ?? old.url)
        let now = AccountStore.now()
        let changed = backend.store.update { [draft] state -> SandboxHook? in
            guard let index = state.hooks.firstIndex(where: { $0.id == old.id }) else { return nil }
            if let url { state.hooks[index].url = url }
            state.hooks[index].updated = now
            draft.apply(to: &state.hooks[index])
            return state.hooks[index]
        }
        guard let changed else { throw GitLabRefusal.recordNotFound }
        return .gitLab(call.entities.hook(changed))
    }

    func deleteHook(_ call: GitLabCall) throws -> Response {
        let hook = try find(call)
        backend.store.update { state in state.hooks.removeAll { $0.id == hook.id } }
        return .empty(.noContent)
    }

    private func find(_ call: GitLabCall) throws(GitLabRefusal) -> SandboxHook {
        guard let id = call.path.integer("hook_id") else { throw .error(400, "hook_id is invalid") }
        let (project, _) = try call.project(as: .maintainer)
        guard let hook = call.state.hooks.first(where: { $0.id == id && $0.repositoryID == project.id }) else {
            throw .recordNotFound
        }
        return hook
    }
}

/// What a request says about a hook.
private struct GitLabHookDraft: Sendable {
    /// The events of a hook for which nothing else was said.
    static let usual = GitLabEntities.hookEvents.filter(\.isOn).map(\.name)

    private var form: GitLabForm
    private var flags: [String: Bool] = [:]
    private var settings: [String: JSON] = [:]
    private var token: String?

    init(_ form: GitLabForm) {
        self.form = form
    }

    /// Reads every parameter. The address, where there is one.
    mutating func finish(isURLNeeded: Bool) throws(GitLabRefusal) -> String? {
        let url = isURLNeeded ? form.requiredText("url") : form.text("url")
        for event in GitLabEntities.hookEvents { flags[event.name] = form.flag(event.name) }
        settings["enable_ssl_verification"] = form.flag("enable_ssl_verification").map(JSON.bool)
        for name in ["name", "description", "push_events_branch_filter", "custom_webhook_template"] {
            settings[name] = form.text(name).map(JSON.string)
        }
        settings["branch_filter_strategy"] = form.choice(
            "branch_filter_strategy", of: ["wildcard", "regex", "all_branches"]
        ).map(JSON.string)
        for name in ["custom_headers", "url_variables"] {
            settings[name] = form.objects(name).map { .array($0.compactMap { $0["key"] }) }
        }
        token = form.text("token")
        try form.validate()
        return url
    }

    func apply(to hook: inout SandboxHook) {
        for event in GitLabEntities.hookEvents {
            guard let isOn = flags[event.name] else { continue }
            hook.events.removeAll { $0 == event.name }
            if isOn { hook.events.append(event.name) }
        }
        hook.settings.merge(settings) { $1 }
        if let token { hook.secret = KeptSecret(token) }
    }

    /// Addresses of this machine and of private networks are refused, as an ordinary server is set up.
    /// https://docs.gitlab.com/security/webhooks/
    func check(url: String) throws(GitLabRefusal) {
        guard let parsed = URL(string: url), ["http", "https"].contains(parsed.scheme?.lowercased()),
            let host = parsed.host(percentEncoded: false)?.lowercased(), !host.isEmpty,
            !url.contains(where: \.isWhitespace), !Self.isLocal(host)
        else { throw .error(422, "Invalid url given") }
    }

    private static func isLocal(_ host: String) -> Bool {
        if host == "localhost" || host.hasSuffix(".localhost") || host.hasSuffix(".local") { return true }
        if host.hasPrefix("[") || host.contains(":") {
            let address = host.drop { $0 == "[" }
            return ["::1", "fc", "fd", "fe8", "fe9", "fea", "feb", "::ffff:", "::]"].contains { address.hasPrefix($0) }
        }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        if parts.count == 1, Int(host) != nil { return true }
        guard parts.count == 4, let first = parts[0], let second = parts[1], parts[2] != nil, parts[3] != nil else {
            return false
        }
        switch (first, second) {
        case (0, _), (10, _), (127, _), (169, 254), (192, 168), (172, 16...31): return true
        default: return false
        }
    }
}
