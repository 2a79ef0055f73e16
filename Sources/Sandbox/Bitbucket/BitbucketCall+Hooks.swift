// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird

/// Webhooks: kept and told, never delivered.
/// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-webhooks/
extension BitbucketCall {
    func hooks() throws(BitbucketProblem) -> Response {
        let repository = try administered()
        let found = state.hooks.filter { $0.repositoryID == repository.id }.sorted { $0.id < $1.id }
        return try BitbucketPage(self).response(found.map { view.hook($0, of: repository) })
    }

    func readHook() throws(BitbucketProblem) -> Response {
        let (hook, repository) = try find()
        return .json(view.hook(hook, of: repository))
    }

    private func find() throws(BitbucketProblem) -> (SandboxHook, SandboxRepository) {
        let repository = try administered()
        let uid = parameters["uid"]
        let uuid = uid.hasPrefix("{") ? uid : "{\(uid)}"
        guard
            let hook = state.hooks.first(where: {
                $0.repositoryID == repository.id && BitbucketUUID.hook($0.id) == uuid
            })
        else { throw BitbucketProblem(404, "Webhook \(uid) not found") }
        return (hook, repository)
    }

    /// A second one of the same address is taken.
    func createHook() async throws -> Response {
        let repository = try administered()
        let draft = try BitbucketHookDraft(try await body(), isNew: true)
        let now = AccountStore.now()
        let made = backend.store.update { state in
            var hook = SandboxHook(
                id: state.makeID(), repositoryID: repository.id, url: "", secret: nil, events: [], created: now,
                updated: now)
            draft.apply(to: &hook)
            state.hooks.append(hook)
            return hook
        }
        return .json(view.hook(made, of: repository), status: .created)
    }

    func updateHook() async throws -> Response {
        let (old, repository) = try find()
        let draft = try BitbucketHookDraft(try await body(), isNew: false)
        let changed = backend.store.update { state -> SandboxHook? in
            guard let index = state.hooks.firstIndex(where: { $0.id == old.id }) else { return nil }
            draft.apply(to: &state.hooks[index])
            state.hooks[index].updated = AccountStore.now()
            return state.hooks[index]
        }
        guard let changed else { throw BitbucketProblem.notFound }
        return .json(view.hook(changed, of: repository))
    }

    func deleteHook() throws(BitbucketProblem) -> Response {
        let (hook, _) = try find()
        backend.store.update { state in state.hooks.removeAll { $0.id == hook.id } }
        return .empty(.noContent)
    }

    func hookSubjects() -> Response {
        let kinds = ["repository", "workspace"].map { kind in
            JSON.Member(
                key: kind, value: ["links": ["events": BitbucketView.link("\(view.api)/hook_events/\(kind)")]])
        }
        return .json(.object(kinds))
    }

    func hookEvents() throws(BitbucketProblem) -> Response {
        guard ["repository", "workspace"].contains(parameters["subject_type"]) else { throw .notFound }
        return try BitbucketPage(self).response(
            BitbucketHookDraft.events.map { event in
                let halves = event.split(separator: ":").map(String.init)
                return [
                    "event": .string(event), "category": .string(halves[0]), "label": .string(halves[1]),
                    "description": .string("Whenever this happens: \(halves[1])"),
                ]
            })
    }
}

/// What a body says about a webhook.
private struct BitbucketHookDraft: Sendable {
    static let events = [
        "issue:comment_created", "issue:created", "issue:updated", "pullrequest:approved",
        "pullrequest:comment_created", "pullrequest:created", "pullrequest:fulfilled", "pullrequest:rejected",
        "pullrequest:unapproved", "pullrequest:updated", "repo:commit_comment_created",
        "repo:commit_status_created", "repo:commit_status_updated", "repo:created", "repo:deleted", "repo:fork",
        "repo:imported", "repo:push", "repo:transfer", "repo:updated",
    ]

    private let body: JSON

    init(_ body: JSON, isNew: Bool) throws(BitbucketProblem) {
        self.body = body
        if isNew || body["url"] != nil {
            guard let url = body["url"]?.stringValue, !url.isEmpty else {
                throw .badRequest("url", "required key not provided")
            }
            guard Self.isOpen(url) else { throw .badRequest("url", "The url must be one of the open internet.") }
        }
        if isNew || body["events"] != nil {
            guard let events = body["events"]?.arrayValue, !events.isEmpty,
                events.allSatisfy({ $0.stringValue.map(Self.events.contains) ?? false })
            else { throw .badRequest("events", "Invalid events") }
        }
        if let secret = body["secret"]?.stringValue, secret.unicodeScalars.count > 128 {
            throw .badRequest("secret", "The secret is longer than 128 characters.")
        }
    }

    func apply(to hook: inout SandboxHook) {
        if let url = body["url"]?.stringValue { hook.url = url }
        if let events = body["events"]?.arrayValue { hook.events = events.compactMap(\.stringValue) }
        if let isActive = body["active"]?.boolValue { hook.isActive = isActive }
        if let text = body["description"]?.stringValue { hook.settings["description"] = .string(text) }
        // Left out it stays as it was; null or empty takes it away.
        if let secret = body["secret"] {
            hook.secret = (secret.stringValue ?? "").isEmpty ? nil : secret.stringValue.map(KeptSecret.init)
        }
    }

    /// "must properly resolve and cannot be an internal, non-routed address"; names are not looked up here.
    private static func isOpen(_ text: String) -> Bool {
        guard let url = URL(string: text), ["http", "https"].contains(url.scheme?.lowercased()),
            let host = url.host(percentEncoded: false)?.lowercased(), !host.isEmpty,
            !text.contains(where: \.isWhitespace)
        else { return false }
        let isLocal =
            host == "localhost" || host.hasSuffix(".local") || host.contains(":")
            || ["127.", "10.", "192.168.", "169.254.", "0."].contains { host.hasPrefix($0) }
        return !isLocal
    }
}
