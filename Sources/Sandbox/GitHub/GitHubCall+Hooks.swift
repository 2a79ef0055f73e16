// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// https://docs.github.com/en/rest/repos/webhooks
extension GitHubCall {
    func hooks() throws -> Response {
        let repository = try hookRepository(scopes: ["write:repo_hook", "read:repo_hook"])
        let body = GitHubRepositoryView(view, repository)
        return list(backend.store.read { $0.hooks.filter { $0.repositoryID == repository.id } }, body.hook)
    }

    func getHook() throws -> Response {
        let (repository, hook) = try hook(scopes: ["write:repo_hook", "read:repo_hook"])
        return .json(GitHubRepositoryView(view, repository).hook(hook))
    }

    func createHook() async throws -> Response {
        let repository = try hookRepository(scopes: ["write:repo_hook"])
        if repository.isArchived { throw GitHubProblem.archived }
        let body = try await object()
        if let name = try body.optionalString("name"), name != "web" {
            throw GitHubProblem.validationFailed("Hook", field: "name", code: "custom", sentence: "name must be 'web'")
        }
        let events = try Self.events(body["events"]) ?? ["push"]
        let isActive = try body.optionalBool("active") ?? true
        let now = AccountStore.now()
        let hook = try backend.store.update { state throws(GitHubProblem) -> SandboxHook in
            var hook = SandboxHook(
                id: state.makeID(), repositoryID: repository.id, url: "", secret: nil, events: events,
                isActive: isActive, created: now, updated: now)
            try hook.configure(body["config"] ?? [:])
            try Self.checkUnique(hook, in: state)
            state.hooks.append(hook)
            return hook
        }
        let view = GitHubRepositoryView(view, repository)
        return .json(view.hook(hook), status: .created, headers: [.location: "\(view.api)/hooks/\(hook.id)"])
    }

    func updateHook() async throws -> Response {
        let (repository, old) = try hook(scopes: ["write:repo_hook"])
        let body = try await object()
        let isActive = try body.optionalBool("active")
        var events = try Self.events(body["events"]) ?? old.events
        events += try Self.events(body["add_events"])?.filter { !events.contains($0) } ?? []
        let removed = try Self.events(body["remove_events"]) ?? []
        events.removeAll(where: removed.contains)
        let wanted = events
        let changed = try backend.store.update { state throws(GitHubProblem) -> SandboxHook in
            guard let index = state.hooks.firstIndex(where: { $0.id == old.id }) else { throw .notFound }
            var changed = state.hooks[index]
            changed.events = wanted
            if let isActive { changed.isActive = isActive }
            if let config = body["config"], !config.isNull { try changed.configure(config) }
            changed.updated = AccountStore.now()
            try Self.checkUnique(changed, in: state)
            state.hooks[index] = changed
            return changed
        }
        return .json(GitHubRepositoryView(view, repository).hook(changed))
    }

    func deleteHook() throws -> Response {
        let (_, hook) = try hook(scopes: [])
        backend.store.update { state in state.hooks.removeAll { $0.id == hook.id } }
        return .empty()
    }

    /// Nothing is sent anywhere.
    func pingHook() throws -> Response {
        _ = try hook(scopes: ["write:repo_hook", "read:repo_hook"])
        return .empty()
    }

    private func hook(scopes: Set<String>) throws(GitHubProblem) -> (SandboxRepository, SandboxHook) {
        let repository = try hookRepository(scopes: scopes)
        let id = parameters.integer("id")
        let found = backend.store.read { $0.hooks.first { $0.id == id && $0.repositoryID == repository.id } }
        guard let found else { throw .notFound }
        return (repository, found)
    }

    private static func events(_ value: JSON?) throws(GitHubProblem) -> [String]? {
        guard let value, !value.isNull else { return nil }
        let events = value.arrayValue?.compactMap(\.stringValue)
        guard let events, events.count == value.arrayValue?.count else {
            throw .invalidRequest("\"events\" is not an array of strings.")
        }
        let known: Set<String> = [
            "*", "branch_protection_rule", "check_run", "check_suite", "commit_comment", "create", "delete",
            "deployment", "deployment_status", "fork", "gollum", "issue_comment", "issues", "label", "member",
            "meta", "milestone", "package", "page_build", "ping", "project", "public", "pull_request",
            "pull_request_review", "pull_request_review_comment", "push", "release", "repository", "star", "status",
            "team_add", "watch", "workflow_dispatch", "workflow_job", "workflow_run",
        ]
        if let other = events.first(where: { !known.contains($0) }) {
            throw .validationFailed(
                "Hook", field: "events", code: "custom", sentence: "\(other) is not a valid webhook event")
        }
        return events
    }

    /// Hooks of one configuration may stand beside one another as long as no event would be sent twice.
    private static func checkUnique(_ hook: SandboxHook, in state: AccountState) throws(GitHubProblem) {
        let others = state.hooks.filter { $0.repositoryID == hook.repositoryID && $0.id != hook.id }
        let isTaken = others.contains {
            $0.url == hook.url && $0.settings == hook.settings && !Set($0.events).isDisjoint(with: hook.events)
        }
        if isTaken {
            throw .validationFailed(
                "Hook", field: nil, code: "custom", sentence: "Hook already exists on this repository")
        }
        for event in hook.events where others.count(where: { $0.events.contains(event) }) >= 20 {
            throw .validationFailed(
                "Hook", field: nil, code: "custom", sentence: "The \"\(event)\" event cannot have more than 20 hooks")
        }
    }
}

extension SandboxHook {
    /// Takes a whole new configuration: a secret that is left out is gone.
    fileprivate mutating func configure(_ config: JSON) throws(GitHubProblem) {
        guard let address = try config.optionalString("url"), !address.isEmpty else {
            throw .validationFailed(
                "Hook", field: nil, code: "custom", sentence: "Config must contain URL for webhooks")
        }
        guard ["http://", "https://"].contains(where: address.lowercased().hasPrefix), !address.contains(" ") else {
            throw .validationFailed("Hook", field: "url", code: "custom", sentence: "url is not a valid URL")
        }
        let type = try config.optionalString("content_type") ?? "form"
        guard type == "json" || type == "form" else {
            throw .validationFailed(
                "Hook", field: "content_type", code: "custom", sentence: "content_type must be 'json' or 'form'")
        }
        url = address
        settings["content_type"] = .string(type)
        // A number or a text, `0` or `1`.
        let insecure = config["insecure_ssl"]
        settings["insecure_ssl"] = insecure == .integer(1) || insecure == "1" ? "1" : "0"
        secret = try config.optionalString("secret").flatMap { $0.isEmpty ? nil : KeptSecret($0) }
    }
}

extension GitHubRepositoryView {
    func hook(_ hook: SandboxHook) -> JSON {
        let url = "\(api)/hooks/\(hook.id)"
        var config: JSON = [
            "url": .string(hook.url), "insecure_ssl": hook.settings["insecure_ssl"] ?? "0",
            "content_type": hook.settings["content_type"] ?? "form",
        ]
        if hook.secret != nil { config = config.adding(["secret": "********"]) }
        return [
            "type": "Repository",
            "id": .integer(hook.id),
            "name": "web",
            "active": .bool(hook.isActive),
            "events": .array(hook.events.map(JSON.string)),
            "config": config,
            "updated_at": .string(Timestamp.utc(hook.updated)),
            "created_at": .string(Timestamp.utc(hook.created)),
            "url": .string(url),
            "test_url": .string("\(url)/test"),
            "ping_url": .string("\(url)/pings"),
            "deliveries_url": .string("\(url)/deliveries"),
            "last_response": ["code": nil, "status": "unused", "message": nil],
        ]
    }
}
