// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// The emulated GitLab against GitLab's own description of its API and its recorded answers, which were not written by
/// the hand that wrote the emulator.
@Suite(.enabled(if: TestData.shared != nil, "the shared recordings are not here"))
struct GitLabDescriptionTests {
    /// The description says `string` of members that are numbers, flags or null in every recorded answer: a group's id
    /// and flags, a hook's id, a project's compliance frameworks. Those are held against the recordings alone.
    private static let misdescribed = [
        "is boolean, described as string",
        "is number, described as string", "compliance_frameworks is array, described as string",
        "projects is array, described as object", "shared_with_groups is array, described as string",
        "alert_status is string, described as symbol",
    ]

    private static func remaining(_ problems: [String]) -> [String] {
        problems.filter { problem in !misdescribed.contains { problem.hasSuffix($0) } }
    }

    private static let described: [(path: String, described: String, asListOf: Bool)] = [
        ("/groups", "/api/v4/groups", false),
        ("/groups/fleet", "/api/v4/groups/{id}", false),
        ("/groups/fleet/subgroups", "/api/v4/groups/{id}/subgroups", false),
        ("/groups/fleet/projects", "/api/v4/groups/{id}/projects", false),
        ("/users/octavia/projects", "/api/v4/users/{user_id}/projects", false),
        ("/users?username=octavia", "/api/v4/users", true),
        ("/namespaces", "/api/v4/namespaces", false),
        ("/namespaces/fleet%2Fnorth", "/api/v4/namespaces/{id}", false),
        ("/projects", "/api/v4/projects", false),
        ("/projects?simple=true", "/api/v4/projects", false),
        ("/projects/octavia%2Fharbour", "/api/v4/projects/{id}", false),
        ("/projects/octavia%2Fharbour/repository/branches", "/api/v4/projects/{id}/repository/branches", false),
        (
            "/projects/octavia%2Fharbour/repository/branches/main",
            "/api/v4/projects/{id}/repository/branches/{branch}", false
        ),
        ("/projects/octavia%2Fharbour/repository/tags", "/api/v4/projects/{id}/repository/tags", false),
        (
            "/projects/octavia%2Fharbour/repository/tags/v1.0.0",
            "/api/v4/projects/{id}/repository/tags/{tag_name}", false
        ),
        ("/projects/octavia%2Fharbour/repository/commits", "/api/v4/projects/{id}/repository/commits", false),
        (
            "/projects/octavia%2Fharbour/repository/commits/main",
            "/api/v4/projects/{id}/repository/commits/{sha}", false
        ),
        ("/projects/octavia%2Fharbour/repository/tree", "/api/v4/projects/{id}/repository/tree", true),
    ]

    @Test func `what it reads out is as described`() async throws {
        let official = try OfficialDescription("gitlab/openapi_v2.trimmed.json")
        try await SandboxTrial.run(.gitlab) { trial in
            for (path, described, asListOf) in Self.described {
                let body = try await trial.json(.GET, path)
                let problems = official.problems(in: body, "GET", described, status: 200, asListOf: asListOf)
                #expect(Self.remaining(problems) == [], "\(path)")
                if let list = body.array { #expect(!list.isEmpty, "\(path)") }
            }
        }
    }

    @Test func `what it makes is as described`() async throws {
        let official = try OfficialDescription("gitlab/openapi_v2.trimmed.json")
        try await SandboxTrial.run(.gitlab) { trial in
            let root = "/api/v4/projects"
            func check(_ path: String, _ described: String, _ json: String, _ status: Int) async throws {
                let body = try await trial.json(.POST, path, json: json, status: status == 200 ? 201 : status)
                let problems = official.problems(in: body, "POST", described, status: status)
                #expect(Self.remaining(problems) == [], "\(path)")
            }
            try await check("/projects", root, #"{"name":"made","initialize_with_readme":true}"#, 201)
            let made = "/projects/octavia%2Fmade"
            try await check(
                made + "/repository/branches", root + "/{id}/repository/branches", #"{"branch":"b","ref":"main"}"#, 201)
            try await check(
                made + "/repository/tags", root + "/{id}/repository/tags",
                #"{"tag_name":"t","ref":"main","message":"m"}"#, 201)
            // Described as 200, recorded as 201.
            try await check(
                made + "/repository/commits", root + "/{id}/repository/commits",
                #"{"branch":"main","commit_message":"c","actions":[{"action":"create","file_path":"f","content":"x"}]}"#,
                200)
            try await check(made + "/hooks", root + "/{id}/hooks", #"{"url":"https://example.com/h"}"#, 201)
        }
    }

    /// Members that came or went since the recording was made.
    private static let dated: Set<String> = [
        "container_expiration_policy", "approvals_before_merge", "marked_for_deletion_on", "service_desk_address",
        "skype", "runners_token", "build_coverage_regex", "ci_default_git_depth", "license", "readme_url",
        "operations_access_level", "packages_enabled", "tag_list", "auto_devops_enabled", "analytics_access_level",
        "ci_separated_caches",
    ]

    private static let recorded: [(id: String, path: String)] = [
        ("gitlab/user", "/user"), ("gitlab/groups_list", "/groups"),
        ("gitlab/group_get", "/groups/fleet"), ("gitlab/repo_get__by_path", "/projects/fleet%2Fflagship"),
        ("gitlab/repos_list__group_projects", "/groups/fleet/projects"),
        ("gitlab/repos_list__owned", "/projects?owned=true&search=harbour"),
        ("gitlab/branches_list__page1", "/projects/octavia%2Fharbour/repository/branches"),
        ("gitlab/branch_get", "/projects/octavia%2Fharbour/repository/branches/main"),
        ("gitlab/tags_list", "/projects/octavia%2Fharbour/repository/tags"),
        ("gitlab/tag_get", "/projects/octavia%2Fharbour/repository/tags/v1.0.0"),
        ("gitlab/commits_list", "/projects/octavia%2Fharbour/repository/commits?ref_name=main"),
        ("gitlab/commit_get", "/projects/octavia%2Fharbour/repository/commits/main"),
        ("gitlab/tree__one_level_with_pagination", "/projects/octavia%2Fharbour/repository/tree?ref=main&path=docs"),
        ("gitlab/file_read", "/projects/octavia%2Fharbour/repository/files/README.md?ref=main"),
        ("gitlab/user__401", "/user?private_token=wrong"),
        ("gitlab/repo_get__404", "/projects/octavia%2Fnothing"),
        ("gitlab/branch_get__404", "/projects/octavia%2Fharbour/repository/branches/nothing"),
        ("gitlab/tag_get__404", "/projects/octavia%2Fharbour/repository/tags/nothing"),
        ("gitlab/file_read__404", "/projects/octavia%2Fharbour/repository/files/nothing?ref=main"),
    ]

    @Test func `what it reads out lacks nothing that was recorded`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            for (id, path) in Self.recorded {
                let recording = try Recording(id)
                let answer = try await trial.api(.GET, path, anonymous: path.contains("private_token"))
                #expect(answer.status == recording.status, "\(id)")
                let body = try answer.json()
                let lacking = JSONShape(mayLack: Self.dated).differences(of: body, from: recording.body)
                    .filter { !$0.hasSuffix("was never recorded") }
                #expect(lacking == [], "\(id)")
                if recording.status >= 400 { #expect(body == recording.body, "\(id)") }
                for name in recording.headers.keys where name.hasPrefix("x-total") || name.contains("page") {
                    #expect(answer.header(name) != nil, "\(id): \(name)")
                }
                if recording.headers["x-total"] == nil { #expect(answer.header("x-total") == nil, "\(id)") }
                // Other totals, but the same parameters carried along in each address.
                let known = Self.parameters(recording.headers["link"] ?? "")
                let carried = Self.parameters(answer.header("link") ?? "")
                #expect(known.subtracting(carried) == [], "\(id)")
            }
        }
    }

    private static func parameters(_ link: String) -> Set<String> {
        let parts = link.split(whereSeparator: { "?&>".contains($0) }).filter { $0.contains("=") }
        return Set(parts.compactMap { $0.split(separator: "=").first.map(String.init) }.filter { !$0.contains(";") })
    }

    @Test func `a taken name is refused as recorded`() async throws {
        let recording = try Recording("gitlab/repo_create__400_name_taken")
        try await SandboxTrial.run(.gitlab) { trial in
            let body = try await trial.json(.POST, "/projects", json: #"{"name":"harbour"}"#, status: recording.status)
            #expect(body == recording.body)
        }
    }

    @Test func `too far a page is refused as recorded`() async throws {
        let recording = try Recording("gitlab/errors__offset_limit")
        try await SandboxTrial.run(.gitlab) { trial in
            let body = try await trial.json(.GET, "/projects?page=2501", status: recording.status)
            #expect(body == recording.body)
        }
    }
}
