// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// The emulated Bitbucket against Bitbucket's own description of its API and its recorded answers, which were not written by
/// the hand that wrote the emulator.
@Suite(.enabled(if: TestData.shared != nil, "the shared recordings are not here"))
struct BitbucketDescriptionTests {
    private static let repository = "/repositories/{workspace}/{repo_slug}"
    private static let harbour = "/repositories/octavia/harbour"

    /// The description knows no null, which recorded answers have in these places, and one `detail` of the two.
    private static func remaining(_ problems: [String]) -> [String] {
        problems.filter {
            !$0.contains(" is null, described as ") && !$0.hasSuffix("detail is object, described as string")
        }
    }

    private static let described: [(path: String, described: String)] = [
        ("/user", "/user"), ("/user/workspaces", "/user/workspaces"),
        ("/user/workspaces/octavia/permission", "/user/workspaces/{workspace}/permission"),
        ("/user/permissions/workspaces", "/user/permissions/workspaces"), ("/workspaces", "/workspaces"),
        ("/workspaces/octavia", "/workspaces/{workspace}"),
        ("/workspaces/octavia/projects", "/workspaces/{workspace}/projects"),
        ("/repositories/octavia", "/repositories/{workspace}"), (harbour, repository),
        ("/repositories/octavia/empty-dock", repository), ("/repositories/harbour-works/crane-control", repository),
        (harbour + "/refs/branches", repository + "/refs/branches"),
        (harbour + "/refs/branches/feature/one", repository + "/refs/branches/{name}"),
        (harbour + "/refs/tags", repository + "/refs/tags"),
        (harbour + "/refs/tags/v0.9.0", repository + "/refs/tags/{name}"),
        (harbour + "/commits", repository + "/commits"),
        (harbour + "/commits/main", repository + "/commits/{revision}"),
        (harbour + "/commit/main", repository + "/commit/{commit}"),
        (harbour + "/src/main/?max_depth=5&pagelen=100", repository + "/src/{commit}/{path}"),
        ("/hook_events", "/hook_events"), ("/hook_events/repository", "/hook_events/{subject_type}"),
    ]

    @Test func `what it reads out is as described`() async throws {
        let official = try OfficialDescription("bitbucket/openapi.trimmed.json")
        try await SandboxTrial.run(.bitbucket) { trial in
            for (path, described) in Self.described {
                let body = try await trial.bucketJSON(.GET, path)
                let problems = official.problems(in: body, "GET", described, status: 200)
                #expect(Self.remaining(problems) == [], "\(path)")
                if let list = body["values"]?.array { #expect(!list.isEmpty, "\(path)") }
            }
        }
    }

    @Test func `what it makes and refuses is as described`() async throws {
        let official = try OfficialDescription("bitbucket/openapi.trimmed.json")
        try await SandboxTrial.run(.bitbucket) { trial in
            let tip = try await trial.tip()
            func check(_ method: HTTPMethod, _ path: String, _ described: String, _ json: String, _ status: Int)
                async throws
            {
                let body = try await trial.bucketJSON(method, path, json: json, status: status)
                let problems = official.problems(in: body, method.rawValue, described, status: status)
                #expect(Self.remaining(problems) == [], "\(method) \(path) \(status)")
            }
            let (repository, harbour) = (Self.repository, Self.harbour)
            try await check(.POST, "/repositories/octavia/made", repository, #"{"scm":"git"}"#, 200)
            try await check(.POST, "/repositories/octavia/made", repository, #"{"scm":"git"}"#, 400)
            let draft = #"{"name":"x","target":{"hash":"\#(tip)"}}"#
            try await check(.POST, harbour + "/refs/branches", repository + "/refs/branches", draft, 201)
            try await check(.POST, harbour + "/refs/tags", repository + "/refs/tags", draft, 201)
            try await check(.POST, harbour + "/refs/tags", repository + "/refs/tags", draft, 400)
            let hook = #"{"url":"https://example.com/h","events":["repo:push"],"active":true,"secret":"s"}"#
            try await check(.POST, harbour + "/hooks", repository + "/hooks", hook, 201)
            let body = try await trial.bucketJSON(.GET, harbour + "/hooks")
            #expect(Self.remaining(official.problems(in: body, "GET", repository + "/hooks", status: 200)) == [])
            for path in [
                "/nothing", "/refs/branches/nothing", "/refs/tags/nothing", "/commit/nothing", "/hooks/nothing",
            ] {
                let body = try await trial.bucketJSON(.GET, harbour + path, status: 404)
                #expect(Self.remaining(official.problems(in: body, schema: "error")) == [], "\(path)")
            }
        }
    }

    /// Members that came or went since the recording was made, or that only some answers have.
    private static let dated: Set<String> = [
        "username", "followers", "following", "account_id", "nickname", "rendered", "name", "user", "participants",
        "wrap", "last_accessed", "next", "page", "size",
    ]

    private static let recorded: [(id: String, path: String)] = [
        ("bitbucket/user", "/user"),
        ("bitbucket/namespaces__user_workspaces_official_example", "/user/workspaces"),
        ("bitbucket/namespaces__workspace_permissions", "/user/permissions/workspaces"),
        ("bitbucket/repos_list__workspace", "/repositories/octavia"),
        ("bitbucket/repo_get", harbour), ("bitbucket/repo_get__recording_with_headers", harbour),
        ("bitbucket/branches_list", harbour + "/refs/branches"),
        ("bitbucket/branch_get", harbour + "/refs/branches/main"), ("bitbucket/tags_list", harbour + "/refs/tags"),
        ("bitbucket/tag_get", harbour + "/refs/tags/v1.0.0"),
        ("bitbucket/commits_list", harbour + "/commits?include=main"),
        ("bitbucket/commit_get", harbour + "/commit/main"),
        ("bitbucket/file_read__directory", harbour + "/src/main/data"),
        ("bitbucket/file_read__meta", harbour + "/src/main/README.md?format=meta"),
    ]

    @Test func `what it reads out lacks nothing that was recorded`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            for (id, path) in Self.recorded {
                let recording = try Recording(id)
                let answer = try await trial.bucket(.GET, path)
                #expect(answer.status == recording.status, "\(id)")
                let lacking = JSONShape(mayLack: Self.dated)
                    .differences(of: try answer.json(), from: recording.body)
                    .filter { !$0.hasSuffix("was never recorded") }
                #expect(lacking == [], "\(id)")
                for name in recording.headers.keys where name.hasPrefix("x-") && name != "x-cache-info" {
                    #expect(answer.header(name) != nil, "\(id): \(name)")
                }
                #expect(answer.header("content-type")?.hasPrefix("application/json") == true, "\(id)")
            }
        }
    }

    @Test func `a made webhook lacks nothing that was recorded`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let draft = #"{"url":"https://example.com/h","events":["repo:push"],"description":"d"}"#
            let body = try await trial.bucketJSON(.POST, Self.harbour + "/hooks", json: draft, status: 201)
            let lacking = JSONShape(mayLack: Self.dated)
                .differences(of: body, from: try Recording("bitbucket/hook_create").body)
                .filter { !$0.hasSuffix("was never recorded") }
            #expect(lacking == [])
        }
    }

    @Test func `it refuses in the recorded words`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            for (id, path) in [
                ("bitbucket/repo_get__404", "/repositories/dev/null"), ("bitbucket/errors__404_no_api", "/no/such/api"),
                ("bitbucket/file_read__404", Self.harbour + "/src/main/static/media?max_depth=1&pagelen=100"),
            ] {
                let recording = try Recording(id)
                let answer = try await trial.bucket(.GET, path)
                #expect(answer.status == recording.status)
                #expect(try answer.json() == recording.body, "\(id)")
            }
        }
    }

    @Test func `a commit by a form is answered as recorded`() async throws {
        let recording = try Recording("bitbucket/file_create__multipart_src")
        try await SandboxTrial.run(.bitbucket) { trial in
            let answer = try await trial.commit([
                SandboxTrial.file("content/posts/a.md", "---\n"), SandboxTrial.field("message", "Create"),
                SandboxTrial.field("branch", "main"),
            ])
            #expect(answer.status == recording.status)
            #expect(answer.bytes.isEmpty)
            #expect(answer.header("Content-Type") == recording.headers["content-type"])
            let tip = try await trial.tip()
            #expect(answer.header("Location")?.hasSuffix("/2.0/repositories/octavia/harbour/commit/\(tip)") == true)
        }
    }
}
