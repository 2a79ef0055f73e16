// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// The emulator's answers against GitHub's own description of its API and against recordings of GitHub itself.
@Suite(.enabled(if: TestData.shared != nil, "the shared recordings are not here"))
struct GitHubOfficialTests {
    /// A request, the operation that describes it, and the recording of the same.
    private struct Row: Sendable {
        var method: HTTPMethod = .GET
        let path: String
        var body: String?
        var status = 200
        /// As the description writes it; nil where it describes no such operation or status.
        let described: String?
        var recorded: String?
        var shape = JSONShape()
    }

    private static let repository = "/repos/{owner}/{repo}"
    private static let harbour = "/repos/octavia/harbour"
    /// What GitHub tells today and the old recordings do not know.
    private static let newer: Set<String> = ["status", "node_id", "html_url", "archived_at", "used"]
    private static let newRepository: Set<String> = newer.union([
        "allow_forking", "is_template", "web_commit_signoff_required", "topics", "visibility", "has_discussions",
        "permissions", "maintain", "triage", "temp_clone_token", "allow_auto_merge", "allow_update_branch",
        "allow_squash_merge", "allow_merge_commit", "allow_rebase_merge", "delete_branch_on_merge", "organization",
    ])
    private static let notForked: Set<String> = ["parent", "source"]

    private static let rows: [Row] = [
        Row(path: "/user", described: "/user", recorded: "user"),
        Row(path: "/user/orgs", described: "/user/orgs", recorded: "namespaces__orgs"),
        Row(
            path: "/user/memberships/orgs", described: "/user/memberships/orgs", recorded: "namespaces__org_memberships"
        ),
        Row(
            path: "/orgs/harbour-works", described: "/orgs/{org}", recorded: "org_get", shape: JSONShape(mayAdd: newer)),
        Row(
            path: "/user/repos", described: "/user/repos", recorded: "repos_list__authenticated_page1",
            shape: JSONShape(mayAdd: newRepository)),
        Row(
            path: "/users/octavia/repos", described: "/users/{username}/repos", recorded: "repos_list__user_page1",
            shape: JSONShape(mayAdd: newRepository)),
        Row(
            path: "/orgs/harbour-works/repos", described: "/orgs/{org}/repos", recorded: "repos_list__org_middle_page",
            shape: JSONShape(mayAdd: newRepository)),
        Row(
            method: .POST, path: "/user/repos", body: #"{"name":"made"}"#, status: 201, described: "/user/repos",
            recorded: "repo_create__user", shape: JSONShape(mayAdd: newRepository)),
        Row(
            method: .POST, path: "/user/repos", body: #"{"name":"harbour"}"#, status: 422, described: "/user/repos",
            recorded: "repo_create__user_422_name_exists", shape: JSONShape(mayAdd: newer)),
        Row(
            method: .POST, path: "/orgs/harbour-works/repos", body: #"{"name":"made"}"#, status: 201,
            described: "/orgs/{org}/repos", recorded: "repo_create__org", shape: JSONShape(mayAdd: newRepository)),
        Row(
            path: harbour, described: repository, recorded: "repo_get__user_owned",
            shape: JSONShape(mayLack: notForked, mayAdd: newRepository)),
        Row(
            path: "/repos/harbour-works/crane-control", described: repository, recorded: "repo_get__org_owned",
            shape: JSONShape(mayAdd: newRepository)),
        Row(
            path: "/repos/octavia/nowhere", status: 404, described: repository, recorded: "repo_get__404",
            shape: JSONShape(mayAdd: newer)),
        Row(path: harbour + "/branches", described: repository + "/branches", recorded: "branches_list"),
        Row(
            path: harbour + "/branches/main", described: repository + "/branches/{branch}", recorded: "branch_get"),
        Row(
            path: harbour + "/branches/nowhere", status: 404, described: repository + "/branches/{branch}",
            recorded: "branch_get__404", shape: JSONShape(mayAdd: newer)),
        Row(path: harbour + "/tags", described: repository + "/tags", recorded: "tags_list__page1_with_link"),
        Row(
            path: harbour + "/git/ref/heads/main", described: repository + "/git/ref/{ref}", recorded: "ref_get"),
        Row(path: harbour + "/git/matching-refs/tags/", described: repository + "/git/matching-refs/{ref}"),
        Row(path: harbour + "/commits", described: repository + "/commits", recorded: "commits_list"),
        Row(
            path: harbour + "/commits/main", described: repository + "/commits/{ref}", recorded: "commit_get",
            shape: JSONShape(mayLack: ["patch"])),
        Row(
            path: harbour + "/git/trees/main?recursive=1", described: repository + "/git/trees/{tree_sha}",
            recorded: "tree__recursive"),
        Row(
            path: harbour + "/git/trees/main", described: repository + "/git/trees/{tree_sha}",
            recorded: "tree__one_level"),
        Row(
            method: .POST, path: harbour + "/hooks", body: #"{"config":{"url":"https://example.com/h"}}"#, status: 201,
            described: repository + "/hooks", recorded: "hook_create"),
        Row(path: harbour + "/hooks", described: repository + "/hooks", recorded: "hook_get", shape: JSONShape()),
        Row(
            path: harbour + "/hooks/1", status: 404, described: repository + "/hooks/{hook_id}",
            recorded: "hook_get__404", shape: JSONShape(mayAdd: newer)),
        Row(
            path: harbour + "/contents/README.md", described: repository + "/contents/{path}", recorded: "file_read"),
        Row(
            path: harbour + "/contents/data/.keep", described: repository + "/contents/{path}",
            recorded: "file_read__empty_file"),
        Row(
            path: harbour + "/contents/docs/pilot", described: repository + "/contents/{path}",
            recorded: "file_read__symlink_to_dir"),
        Row(
            path: harbour + "/contents/docs", described: repository + "/contents/{path}",
            recorded: "file_read__directory"),
        Row(
            path: harbour + "/contents/nowhere", status: 404, described: repository + "/contents/{path}",
            recorded: "file_read__404", shape: JSONShape(mayAdd: newer)),
        Row(
            method: .PUT, path: harbour + "/contents/made.txt", body: #"{"message":"m","content":""}"#, status: 201,
            described: repository + "/contents/{path}", recorded: "file_create"),
        Row(
            path: "/rate_limit", described: "/rate_limit", recorded: "rate_limit",
            shape: JSONShape(mayLack: ["integration_manifest", "source_import"], mayAdd: newer)),
    ]

    @Test func `answers are as described and as recorded`() async throws {
        let description = try OfficialDescription("github/openapi.ghes-3.9.trimmed.json")
        try await withGitHub { hub in
            for row in Self.rows {
                let what = "\(row.method) \(row.path)"
                let answer = try await hub.send(row.method, row.path, row.body)
                #expect(answer.status == row.status, "\(what): \(answer.text)")
                let body = try answer.json()
                if let described = row.described {
                    let problems = description.problems(in: body, "\(row.method)", described, status: row.status)
                    #expect(problems.isEmpty, "\(what)")
                }
                if let recorded = row.recorded {
                    let recording = try Recording("github/" + recorded)
                    #expect(recording.status == row.status, "\(what)")
                    // A list is held against one recorded element.
                    let model: JSONTree =
                        body.array != nil && recording.body.array == nil
                        ? .array([recording.body]) : recording.body
                    #expect(row.shape.differences(of: body, from: model).isEmpty, "\(what)")
                }
            }
        }
    }

    @Test func `the answers of tags, objects and changes are as described`() async throws {
        let description = try OfficialDescription("github/openapi.ghes-3.9.trimmed.json")
        try await withGitHub { hub in
            let tip = try await hub.tip()
            let tag = try await hub.send(
                .POST, Self.harbour + "/git/tags", #"{"tag":"t","message":"m","object":"\#(tip)","type":"commit"}"#)
            let path = Self.repository + "/git/"
            #expect(description.problems(in: try tag.json(), "POST", path + "tags", status: 201).isEmpty)
            let shape = JSONShape(mayAdd: ["node_id"])
            let recorded = try Recording("github/tag_create__annotated_object").body
            #expect(shape.differences(of: try tag.json(), from: recorded).isEmpty)
            let sha = try #require(try tag.json()["sha"]?.string)
            let read = try await hub.get(Self.harbour + "/git/tags/" + sha).json()
            #expect(description.problems(in: read, "GET", path + "tags/{tag_sha}", status: 200).isEmpty)
            let ref = try await hub.send(
                .POST, Self.harbour + "/git/refs", #"{"ref":"refs/tags/t","sha":"\#(sha)"}"#)
            #expect(description.problems(in: try ref.json(), "POST", path + "refs", status: 201).isEmpty)
            let refShape = shape.differences(
                of: try ref.json(), from: try Recording("github/tag_create__ref_for_annotated").body)
            #expect(refShape.isEmpty)

            let made = try await hub.put("made.txt", "one").json()
            let file = Self.repository + "/contents/{path}"
            let blob = try #require(made["content"]?["sha"]?.string)
            let blobBody = try await hub.get(Self.harbour + "/git/blobs/" + blob).json()
            #expect(description.problems(in: blobBody, "GET", path + "blobs/{file_sha}", status: 200).isEmpty)
            let updated = try await hub.put("made.txt", "two", sha: blob)
            #expect(description.problems(in: try updated.json(), "PUT", file, status: 200).isEmpty)
            let updateShape = JSONShape().differences(
                of: try updated.json(), from: try Recording("github/file_update").body)
            #expect(updateShape.isEmpty)
            let newer = try #require(try updated.json()["content"]?["sha"]?.string)
            let deleted = try await hub.delete(
                Self.harbour + "/contents/made.txt", #"{"message":"m","sha":"\#(newer)"}"#)
            #expect(description.problems(in: try deleted.json(), "DELETE", file, status: 200).isEmpty)
            let deleteShape = JSONShape().differences(
                of: try deleted.json(), from: try Recording("github/file_delete").body)
            #expect(deleteShape.isEmpty)
        }
    }

    @Test func `every header that GitHub sends with an answer is there`() async throws {
        let recording = try Recording("github/branches_list")
        try await withGitHub { hub in
            let answer = try await hub.get(
                Self.harbour + "/branches",
                headers: [("Accept", "application/vnd.github+json"), ("X-GitHub-Api-Version", "2022-11-28")])
            let mayLack: Set<String> = [
                "access-control-expose-headers", "access-control-allow-origin",
                "github-authentication-token-expiration",
            ]
            for name in Set(recording.headers.keys).subtracting(mayLack).sorted() {
                #expect(answer.headers.contains(name: name), "\(name)")
            }
        }
    }
}
