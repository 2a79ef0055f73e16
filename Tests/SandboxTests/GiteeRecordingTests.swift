// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// What the emulated Gitee answers, held to what others have recorded of the real one and to Gitee's description. Passed
/// over where those are absent.
@Suite(.enabled(if: TestData.shared != nil, "the shared recordings are absent"))
struct GiteeRecordingTests {
    private static let readings: [(id: String, path: String)] = [
        ("user", "/user"), ("namespaces__orgs", "/user/orgs"), ("org_get", "/orgs/harbour-works"),
        ("repos_list__authenticated", "/user/repos?type=personal"), ("repo_get", GiteeClient.harbour),
        ("repo_get__404", "/repos/dev/null"), ("branches_list", GiteeClient.harbour + "/branches"),
        ("branch_get", GiteeClient.harbour + "/branches/main"), ("tags_list", GiteeClient.harbour + "/tags"),
        ("commits_list", GiteeClient.harbour + "/commits?sha=main"),
        ("commit_get", GiteeClient.harbour + "/commits/main"),
        ("file_read", GiteeClient.harbour + "/contents/README.md?ref=main"),
        ("file_read__directory", GiteeClient.harbour + "/contents/docs?ref=main"),
        ("tree__one_level_quoted", GiteeClient.harbour + "/git/trees/main"),
    ]

    @Test func `what it reads out has the recorded shape`() async throws {
        try await withGitee { (gitee) async throws in
            for (id, path) in Self.readings {
                let recording = try Recording("gitee/" + id)
                let answer = try await gitee.send(.GET, path)
                #expect(answer.status == recording.status, "\(id)")
                let body = try answer.json()
                #expect(JSONShape().differences(of: body, from: recording.body) == [], "\(id)")
                if recording.status >= 400 { #expect(body == recording.body) }
                if let list = body.array {
                    #expect(!list.isEmpty, "\(id)")
                    let isPaged = !id.contains("directory")
                    #expect((answer.header("total_page") != nil) == isPaged, "\(id)")
                    #expect((answer.header("total_count") != nil) == isPaged, "\(id)")
                }
            }
        }
    }

    @Test func `what it makes has the recorded shape`() async throws {
        try await withGitee { (gitee) async throws in
            func hold(_ id: String, _ method: HTTPMethod, _ path: String, _ json: String?) async throws -> JSONTree {
                let recording = try Recording("gitee/" + id)
                let body = try await gitee.json(method, path, json, status: recording.status)
                #expect(JSONShape().differences(of: body, from: recording.body) == [], "\(id)")
                return body
            }
            let hooks = GiteeClient.harbour + "/hooks"
            let made = try await hold(
                "hook_create", .POST, hooks, #"{"url":"https://example.com/h","password":"p","push_events":true}"#)
            // The password comes back in clear, as at Gitee.
            #expect(made["password"]?.string == "p")
            let id = try #require(made["id"]?.integer)
            _ = try await hold("hook_get", .GET, hooks + "/\(id)", nil)
            _ = try await hold("hooks_list", .GET, hooks, nil)
            #expect(try await gitee.send(.DELETE, hooks + "/\(id)").status == 204)
            let file = GiteeClient.harbour + "/contents/a/b.txt"
            let first = try await hold(
                "file_create", .POST, file, #"{"content":"YQ==","message":"my commit message","branch":"main"}"#)
            let sha = try #require(first["content"]?["sha"]?.string)
            let second = try await hold(
                "file_update", .PUT, file, #"{"content":"Yg==","message":"m","branch":"main","sha":"\#(sha)"}"#)
            let next = try #require(second["content"]?["sha"]?.string)
            _ = try await hold("file_delete", .DELETE, file + "?message=m&branch=main&sha=\(next)", nil)
        }
    }

    @Test func `its tokens have the quoted shape`() async throws {
        try await withGitee { (gitee) async throws in
            var browser = Browser(gitee.trial)
            let id = gitee.trial.forge.oauthClientID
            let callback = "http://127.0.0.1:4711/callback"
            let back = try await browser.signInAndAllow(
                "/oauth/authorize?client_id=\(id)&redirect_uri=\(callback)&response_type=code&scope=projects")
            let fields = Browser.encode([
                ("grant_type", "authorization_code"), ("code", try #require(back["code"])), ("client_id", id),
                ("client_secret", gitee.trial.forge.oauthClientSecret.exposed), ("redirect_uri", callback),
            ])
            let first = try await gitee.trial.send(.POST, "/oauth/token?" + fields).json()
            let recording = try Recording("gitee/oauth_token__exchange_quoted")
            #expect(JSONShape().differences(of: first, from: recording.body) == [])
            #expect(first["expires_in"] == recording.body["expires_in"])
            #expect(first["token_type"] == recording.body["token_type"])
            let token = try #require(first["refresh_token"]?.string)
            let second = try await gitee.trial.send(
                .POST, "/oauth/token?grant_type=refresh_token&refresh_token=\(token)"
            ).json()
            #expect(JSONShape().differences(of: second, from: recording.body) == [])
        }
    }

    /// Every described operation but those that the emulator openly leaves out is there.
    @Test func `every described operation is known`() async throws {
        let left: Set<String> = ["POST /api/v5/repos/{owner}/{repo}/commits"]
        let shared = try #require(TestData.shared)
        let data = try Data(contentsOf: shared.appending(path: "corpora/official/gitee/operations.json"))
        let operations = try #require(try JSONTree(parsing: data)["operations"]?.array)
        let holes = [
            "{username}": "octavia", "{org}": "harbour-works", "{owner}": "octavia", "{repo}": "harbour",
            "{enterprise}": "silk-road", "{branch}": "main", "{sha}": "main", "{path}": "README.md", "{id}": "1",
        ]
        try await withGitee { (gitee) async throws in
            for operation in operations {
                let method = try #require(operation["method"]?.string)
                let template = try #require(operation["path"]?.string)
                var path = template
                for (hole, value) in holes { path = path.replacing(hole, with: value) }
                let unknown = method == "DELETE" && template.hasSuffix("{repo}")
                guard !unknown, !left.contains("\(method) \(template)") else { continue }
                let answer = try await gitee.send(
                    HTTPMethod(rawValue: method), String(path.dropFirst("/api/v5".count)), method == "GET" ? nil : "{}")
                let message = answer.text.contains("404 Not Found") || answer.status == 405
                #expect(!message, "\(method) \(template)")
            }
        }
    }
}
