// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// https://docs.gitlab.com/api/project_webhooks/
extension GitLabEntities {
    /// Every event that a hook of a project can have, and whether a new hook has it.
    static let hookEvents: [(name: String, isOn: Bool)] = [
        ("push_events", true), ("tag_push_events", false), ("merge_requests_events", false),
        ("repository_update_events", false), ("issues_events", false), ("confidential_issues_events", false),
        ("note_events", false), ("confidential_note_events", false), ("pipeline_events", false),
        ("wiki_page_events", false), ("deployment_events", false), ("feature_flag_events", false),
        ("job_events", false), ("releases_events", false), ("milestone_events", false), ("emoji_events", false),
        ("resource_access_token_events", false), ("vulnerability_events", false),
    ]

    /// The secret token is never told, and of headers and variables only the names.
    func hook(_ hook: SandboxHook) -> JSON {
        let events = Self.hookEvents.map { JSON.Member(key: $0.name, value: .bool(hook.events.contains($0.name))) }
        let head: JSON = [
            "id": .integer(hook.id), "url": .string(hook.url), "name": hook.settings["name"] ?? nil,
            "description": hook.settings["description"] ?? nil,
            "created_at": .string(GitLabTime.record(hook.created)),
        ]
        return head.adding(.object(events)).adding([
            "enable_ssl_verification": hook.settings["enable_ssl_verification"] ?? true,
            "alert_status": "executable", "disabled_until": nil,
            "url_variables": names("url_variables", of: hook),
            "push_events_branch_filter": hook.settings["push_events_branch_filter"] ?? nil,
            "branch_filter_strategy": hook.settings["branch_filter_strategy"] ?? "wildcard",
            "custom_webhook_template": hook.settings["custom_webhook_template"] ?? nil,
            "custom_headers": names("custom_headers", of: hook), "project_id": .integer(hook.repositoryID),
            "token_present": .bool(hook.secret?.text.isEmpty == false), "signing_token_present": false,
        ])
    }

    private func names(_ setting: String, of hook: SandboxHook) -> JSON {
        .array((hook.settings[setting]?.arrayValue ?? []).map { ["key": $0] })
    }
}
