// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Trees, files and commits of the emulated CodeArts Repo, and all its answers against the fields of Huawei's SDK.
struct CodeArtsFileTests {
    /// The paths of what a tree has as files.
    private static func files(in tree: [JSONTree]) -> [String] {
        var paths: [String] = []
        for entry in tree where entry["type"]?.string == "blob" {
            if let path = entry["path"]?.string { paths.append(path) }
        }
        return paths
    }

    @Test func `a tree is listed to any depth, with links and submodules as what they are`() async throws {
        try await CodeArtsClient.run { hub in
            let trees = try await hub.repository() + "/repository/trees"
            let top = try await hub.json(.GET, trees + "?limit=100")
            #expect(top.array?.allSatisfy { $0["path"] == $0["name"] } == true)
            let answer = try await hub.send(.GET, trees + "?recursive=true&limit=100&ref=main")
            let all = try answer.json().array ?? []
            #expect(answer.headers.first(name: "X-Total") == String(all.count))
            let paths = Self.files(in: all)
            #expect(paths.contains("src/main/deep/er/still.txt"))
            #expect(paths.contains("docs/with space/100% & more #1+?.txt"))
            #expect(all.first { $0["path"]?.string == "docs/pilot" }?["mode"]?.string == "120000")
            let open = try await hub.repository(SandboxSeed.publicProject) + "/repository/trees?recursive=true"
            let module = try await hub.json(.GET, open).array?.first { $0["path"]?.string == "lib/tide" }
            #expect(module?["type"]?.string == "commit")
            #expect(try await hub.json(.GET, trees + "?path=src/main").array?.count == 2)
            try await hub.json(.GET, trees + "?path=nowhere", status: 404)
            try await hub.json(.GET, trees + "?ref=nowhere", status: 404)
            let list = try await hub.json(.GET, trees.replacing("/trees", with: "/file-list") + "?limit=100")
            #expect(list.array?.compactMap(\.string) == paths)
            let empty = try await hub.repository(SandboxSeed.emptyProject) + "/repository/trees"
            #expect(try await hub.json(.GET, empty + "?ref=main").array?.isEmpty == true)
        }
    }

    @Test func `a file is made, read, changed under a lock and deleted`() async throws {
        try await CodeArtsClient.run { hub in
            let repository = try await hub.repository() + "/repository"
            let name = "docs/a b%+#?ü.txt"
            let wire = "docs%2Fa%20b%25%2B%23%3F%C3%BC.txt"
            func body(_ more: String) -> String {
                #"{"file_path":"\#(name)","branch":"main","commit_message":"m","encoding":"base64"\#(more)}"#
            }
            try await hub.json(.POST, repository + "/files", body(#","content":"AAEC/w==""#), status: 201)
            try await hub.json(.POST, repository + "/files", body(#","content":"""#), status: 400)
            let file = try await hub.json(.GET, repository + "/file?ref=main&file_path=" + wire)
            #expect(file["content"]?.string == "AAEC/w==")
            #expect(file["size"]?.integer == 4)
            #expect(
                try await hub.send(.GET, repository + "/files/raw?ref=main&file_path=" + wire).bytes == [0, 1, 2, 255])
            let blob = try #require(file["blob_id"]?.string)
            #expect(try await hub.json(.GET, repository + "/blobs?blob_id=" + blob)["content"] == file["content"])
            let last = try #require(file["last_commit_id"]?.string)
            let update = repository + "/file?file_path=" + wire
            try await hub.json(.PUT, update, body(#","content":"Ag==","last_commit_id":"\#(last)""#))
            try await hub.json(.PUT, update, body(#","content":"Aw==","last_commit_id":"\#(last)""#), status: 400)
            try await hub.json(.PUT, update, body(#","content":"not base64!""#), status: 400)
            try await hub.json(.PUT, update, body(""), status: 400)
            try await hub.json(.PUT, repository + "/file?file_path=nothing", body(#","content":"Aw==""#), status: 404)
            let delete = update + "&branch=main&commit_message=Gone"
            #expect(try await hub.json(.DELETE, delete)["status"]?.string == "success")
            try await hub.json(.DELETE, delete, status: 404)
            try await hub.json(.GET, update, status: 404)
            let commits = try await hub.json(.GET, repository + "/commit-list?limit=3")["commits"]?.array
            #expect(
                commits?.compactMap { $0["message"]?.string?.trimmingCharacters(in: .newlines) } == ["Gone", "m", "m"])
        }
    }

    @Test func `files go to branches that are there, by those who may, at paths that git can hold`() async throws {
        try await CodeArtsClient.run { hub in
            let repository = try await hub.repository()
            let files = repository + "/repository/files"
            func body(_ path: String, _ branch: String) -> String {
                #"{"file_path":"\#(path)","branch":"\#(branch)","commit_message":"m","content":"x"}"#
            }
            for ref in ["nowhere", "v1.0.0"] { try await hub.json(.POST, files, body("a", ref), status: 404) }
            for path in ["/a", "a//b", "../a", "a/.git/b", ""] {
                try await hub.json(.POST, files, body(path, "main"), status: 400)
            }
            let closed = try await hub.repository(SandboxSeed.archivedProject) + "/repository/files"
            try await hub.json(.POST, closed, body("a", "main"), status: 403)
            let empty = try await hub.repository(SandboxSeed.emptyProject)
            try await hub.json(.POST, empty + "/repository/files", body("a", "trunk"), status: 201)
            #expect(try await hub.json(.GET, empty)["default_branch"]?.string == "trunk")
        }
    }

    @Test func `a large file has its content only as it is`() async throws {
        try await CodeArtsClient.run { hub in
            let repository = try await hub.newRepository("heavy") + "/repository"
            let bytes = [UInt8](repeating: 7, count: 20 << 20)
            let body =
                #"{"file_path":"big","branch":"main","commit_message":"m","encoding":"base64","content":"\#(Data(bytes).base64EncodedString())"}"#
            try await hub.json(.POST, repository + "/files", body, status: 201)
            let file = try await hub.json(.GET, repository + "/file?file_path=big&ref=main")
            #expect(file["is_limited"]?.bool == true)
            #expect(file["content"]?.string == "")
            #expect(try await hub.send(.GET, repository + "/files/raw?file_path=big&ref=main").bytes == bytes)
        }
    }

    @Test func `many files change in one commit`() async throws {
        try await CodeArtsClient.run { hub in
            let commits = try await hub.newRepository("many", #","enable_readme":1"#) + "/repository/commits"
            let actions =
                #"[{"action":"create","file_path":"a","content":"1"},{"action":"update","file_path":"README.md","content":"2"}]"#
            let made = try await hub.json(
                .POST, commits, #"{"branch":"master","commit_message":"Two","actions":\#(actions)}"#, status: 201)
            #expect(made["message"]?.string == "Two")
            for body in ["{}", #"{"branch":"master"}"#, #"{"branch":"master","actions":[{"action":"fly"}]}"#] {
                try await hub.json(.POST, commits, body, status: 400)
            }
        }
    }

    // MARK: Against Huawei's own description

    @Test(.enabled(if: TestData.shared != nil, "CodeArts Repo's description is absent"))
    func `every answer is as described`() async throws {
        let description = try FieldLists("codearts/operations.json", lists: ["v4", "v1_v2"])
        try await CodeArtsClient.run { hub in
            func hold(_ method: HTTPMethod, _ path: String, _ json: String? = nil, status: Int = 200) async throws
                -> JSONTree
            {
                let answer = try await hub.json(method, path, json, status: status)
                #expect(description.problems(in: answer, method.rawValue, path) == [], "\(method) \(path)")
                return answer
            }
            let repository = try await hub.repository()
            let content = repository + "/repository"
            for path in [
                "/v4/user/emails", "/v4/user/repositories?limit=3", "/v4/groups/list",
                "/v4/projects/\(hub.home)/repositories", "/v4/\(hub.home)/manageable-groups", repository,
                content + "/branches", content + "/branches?view=simple", content + "/branch?branch_name=main",
                content + "/tags", content + "/tag?tag_name=v1.0.0", content + "/commit-list",
                content + "/commits?sha=main",
                content + "/trees?recursive=true", content + "/file-list",
                content + "/file?file_path=README.md&ref=main",
                "/v2/projects/repositories",
                "/v1/repositories/repoid?group_name=\(hub.home)&repository_name=\(SandboxSeed.project)",
                "/v1/repositories/repoid?group_name=\(hub.home)&repository_name=nothing",
            ] { _ = try await hold(.GET, path) }
            let group = try #require(try await hold(.GET, "/v4/groups/list")[0]?["id"]?.integer)
            _ = try await hold(.GET, "/v4/groups/\(group)/repositories")
            _ = try await hold(.GET, "/v4/\(hub.home)/groups/\(group)")
            let made = try await hold(.POST, "/v1/repositories", #"{"name":"held","project_uuid":"\#(hub.home)"}"#)
            let uuid = try #require(made["result"]?["repository_uuid"]?.string)
            for path in ["/v2/repositories/\(uuid)", "/v1/repositories/\(uuid)", "/v1/repositories/\(uuid)/status"] {
                _ = try await hold(.GET, path)
            }
            let file = #"{"file_path":"a","branch":"main","commit_message":"m","content":"x"}"#
            _ = try await hold(.POST, content + "/files", file, status: 201)
            _ = try await hold(.PUT, content + "/file?file_path=a", file.replacing(#""x""#, with: #""y""#))
            _ = try await hold(.DELETE, content + "/file?file_path=a&branch=main&commit_message=m")
            _ = try await hold(.POST, content + "/tags", #"{"tag_name":"t","ref":"main"}"#, status: 201)
            let hook = try await hold(.POST, repository + "/hooks", #"{"url":"https://x.example"}"#, status: 201)
            _ = try await hold(.GET, repository + "/hooks")
            _ = try await hold(.GET, repository + "/hooks/\(try #require(hook["id"]?.integer))")
            let actions = #"[{"action":"create","file_path":"b","content":"1"}]"#
            _ = try await hold(
                .POST, content + "/commits", #"{"branch":"main","commit_message":"c","actions":\#(actions)}"#,
                status: 201)
        }
    }

    @Test(.enabled(if: TestData.shared != nil, "CodeArts Repo's examples are absent"))
    func `an expired token is refused as Huawei shows it`() async throws {
        let recording = try Recording("codearts/errors__401_expired")
        try await CodeArtsClient.run({ $0.accessTokenLifetime = 0 }) { hub in
            let answer = try await hub.send(.GET, "/v4/user/emails")
            #expect(answer.status == recording.status)
            #expect(try answer.json() == recording.body)
        }
    }

    @Test(.enabled(if: TestData.shared != nil, "CodeArts Repo's examples are absent"))
    func `a repository's id and a changed file look as Huawei shows them`() async throws {
        try await CodeArtsClient.run { hub in
            let id = try await hub.json(
                .GET, "/v1/repositories/repoid?group_name=\(hub.home)&repository_name=\(SandboxSeed.project)")
            #expect(JSONShape().differences(of: id, from: try Recording("codearts/repo_id__v1_example").body) == [])
            let files = try await hub.repository() + "/repository/files"
            let made = try await hub.json(
                .POST, files, #"{"file_path":"a","branch":"main","commit_message":"m","content":"x"}"#, status: 201)
            #expect(
                JSONShape().differences(of: made, from: try Recording("codearts/file_update__v4_example").body) == [])
        }
    }
}
