// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Trees, blobs and commits that are read at the emulated GitLab.
@Suite struct GitLabTreeTests {
    private static let repository = "/projects/\(SandboxTrial.harbour)/repository"

    @Test func `a tree is one level or all of it`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let root = try await trial.json(.GET, Self.repository + "/tree")
            #expect(
                root.all("path")
                    == ["bin", "data", "docs", "src", "LICENSE", "README.md", "THANKS", "VERSION"])
            #expect(root.array?.first { $0["path"] == .string("bin") }?["mode"]?.string == "040000")
            let docs = try await trial.json(.GET, Self.repository + "/tree?path=docs/with%20space&ref=v1.0.0")
            #expect(
                docs.all("path")
                    == ["docs/with space/100% & more #1+?.txt", "docs/with space/ünï cödé 港.txt"])
            #expect(docs.all("name") == ["100% & more #1+?.txt", "ünï cödé 港.txt"])
            let all = try await trial.json(.GET, Self.repository + "/tree?recursive=true&per_page=100")
            #expect(all.array?.count { $0["type"] == .string("blob") } == 13)
            #expect(all.all("mode").contains("120000"))
            #expect(all.all("mode").contains("100755"))
            let none = try await trial.api(.GET, Self.repository + "/tree?recursive=true&pagination=none")
            #expect(try none.json() == all)
            #expect(none.header("x-page") == nil)
            #expect(
                try await trial.json(.GET, Self.repository + "/tree?pagination=none", status: 400).error
                    == #"pagination cannot be "none" unless "recursive" is true"#)
            #expect(
                try await trial.json(.GET, Self.repository + "/tree?recursive=maybe", status: 400).error
                    == "recursive is invalid")
        }
    }

    @Test func `a tree that is not there is not found`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let empty = try await trial.json(
                .GET, "/projects/octavia%2Fempty-dock/repository/tree", status: 404)
            #expect(empty.message == "404 Tree Not Found")
            let ref = try await trial.json(.GET, Self.repository + "/tree?ref=nowhere", status: 404)
            #expect(ref.message == "404 Tree Not Found")
            for path in ["nothing", "README.md", "../etc"] {
                let body = try await trial.json(.GET, Self.repository + "/tree?path=\(path)", status: 404)
                #expect(body.message == "404 invalid revision or path Not Found")
            }
        }
    }

    @Test func `equal files in many places do not confuse the pages`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let id = try await trial.newProject("twins", ",\"initialize_with_readme\":true")
            let actions = (0..<45).map { "{\"action\":\"create\",\"file_path\":\"d\($0)/same\",\"content\":\"same\"}" }
            _ = try await trial.json(
                .POST, "/projects/\(id)/repository/commits",
                json: "{\"branch\":\"main\",\"commit_message\":\"m\",\"actions\":[\(actions.joined(separator: ","))]}",
                status: 201)
            for start in ["", "&pagination=keyset&per_page=7"] {
                var walked: [String] = []
                var path: String? = "/projects/\(id)/repository/tree?recursive=true" + start
                while let next = path {
                    let answer = try await trial.api(.GET, next)
                    walked += try answer.json().all("path")
                    path = answer.link("next").map { String($0.dropFirst(trial.forge.host.count + "/api/v4".count)) }
                }
                #expect(walked.count == 91)
                #expect(Set(walked).count == 91)
            }
        }
    }

    @Test func `blobs are read by their SHA`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let file = try await trial.json(.GET, Self.repository + "/files/data%2Fbytes.bin?ref=main")
            let sha = try #require(file["blob_id"]?.string)
            let blob = try await trial.json(.GET, "\(Self.repository)/blobs/\(sha)")
            #expect(blob["content"] == file["content"])
            #expect(blob["size"]?.integer == 1024)
            let raw = try await trial.api(.GET, "\(Self.repository)/blobs/\(sha)/raw")
            #expect(raw.bytes == (0..<1024).map { UInt8($0 & 255) })
            #expect(raw.header("Content-Type") == "application/octet-stream")
            let tree = try await trial.json(.GET, Self.repository + "/tree")[0]?["id"]?.string ?? ""
            for wrong in [String(repeating: "0", count: 40), "main", tree] {
                let body = try await trial.json(.GET, "\(Self.repository)/blobs/\(wrong)", status: 404)
                #expect(body.message == "404 Blob Not Found")
            }
        }
    }

    @Test func `commits are listed newest first, without being counted`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let commits = Self.repository + "/commits"
            let all = try await trial.json(.GET, commits)
            #expect(all.array?.count == 14)
            #expect(all[0]?["title"]?.string == "Say more in the readme")
            #expect(all.all("authored_date") == all.all("authored_date").sorted(by: >))
            let page = try await trial.api(.GET, commits + "?per_page=7&page=2")
            #expect(try page.json().all("id") == Array(all.all("id").suffix(7)))
            #expect(page.header("x-total") == nil)
            #expect(page.header("x-total-pages") == nil)
            #expect(page.link("last") == nil)
            // The page is full, so another one is promised, and that one is empty.
            #expect(page.header("x-next-page") == "3")
            let next = try await trial.api(.GET, commits + "?per_page=7&page=3")
            #expect(try next.json().array == [])
            #expect(next.link("next") == nil)
            for (query, count) in [
                ("?ref_name=v0.9.0", 9), ("?ref_name=feature/two", 6), ("?ref_name=nowhere", 0), ("?path=README.md", 2),
                ("?path=src/main", 2), ("?author=Marlow", 1), ("?all=true", 16),
                ("?since=2024-01-10T00:00:00Z", 7), ("?until=2024-01-10T01:00:00%2B01:00", 7),
                ("?ref_name=\(all[3]?["id"]?.string ?? "")", 11),
            ] {
                #expect(try await trial.json(.GET, commits + query).array?.count == count, "\(query)")
            }
            #expect(try await trial.json(.GET, commits + "?since=soon", status: 400).error == "since is invalid")
            let stats = try await trial.json(.GET, commits + "?with_stats=true&per_page=1")
            #expect(stats[0]?["stats"]?["additions"]?.integer == 2)
        }
    }

    @Test func `a commit is found by whatever names it`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let commits = Self.repository + "/commits"
            let tip = try await trial.json(.GET, commits + "/main")
            let id = try #require(tip["id"]?.string)
            for name in [id, String(id.prefix(8)), "develop", "HEAD"] {
                #expect(try await trial.json(.GET, "\(commits)/\(name)")["id"]?.string == id, "\(name)")
            }
            let tagged = try await trial.json(.GET, commits + "/release%2F2024-01?stats=false")
            #expect(tagged["title"]?.string == "Version 1")
            #expect(tagged["stats"] == nil)
            #expect(tip["stats"]?["total"]?.integer == 2)
            #expect(tip["parent_ids"]?.array?.count == 1)
            #expect(tip["last_pipeline"] == .null)
            for name in ["nothing", "main~1", String(repeating: "0", count: 40)] {
                let body = try await trial.json(.GET, "\(commits)/\(name)", status: 404)
                #expect(body.message == "404 Commit Not Found")
            }
        }
    }
}
