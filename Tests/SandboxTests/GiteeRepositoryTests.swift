// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

@Suite struct GiteeRepositoryTests {
    private static let harbour = GiteeClient.harbour

    private static func names(_ tree: JSONTree, _ member: String = "path") -> [String] {
        (tree.array ?? []).compactMap { $0[member]?.string }
    }

    @Test func `lists have pages of their own size, and headers that count them`() async throws {
        try await withGitee { (gitee) async throws in
            let crowded = "/repos/octavia/crowded-quay"
            for (query, count, pages) in [
                ("", 20, "13"), ("?per_page=100", 100, "3"), ("?per_page=100&page=3", 51, "3"),
                ("?per_page=500", 100, "3"),
                ("?page=99", 0, "13"),
            ] {
                let answer = try await gitee.send(.GET, crowded + "/branches" + query)
                #expect(try answer.json().array?.count == count)
                #expect(answer.header("total_count") == "251")
                #expect(answer.header("total_page") == pages)
                #expect(answer.header("Link") == nil)
            }
        }
    }

    @Test func `repositories are sorted out by type, affiliation and namespace`() async throws {
        try await withGitee { (gitee) async throws in
            let own = ["crowded-quay", "empty-dock", "harbour", "old-pier", "open-water"]
            #expect(Self.names(try await gitee.get("/user/repos?type=personal")) == own)
            #expect(Self.names(try await gitee.get("/user/repos?type=member")) == ["crane-control", "caravan"])
            #expect(
                Self.names(try await gitee.get("/user/repos?affiliation=owner&visibility=public")) == ["open-water"])
            #expect(Self.names(try await gitee.get("/user/repos?q=pier")) == ["old-pier"])
            #expect(Self.names(try await gitee.get("/orgs/harbour-works/repos")) == ["crane-control"])
            #expect(Self.names(try await gitee.get("/enterprises/silk-road/repos?direct=true")) == ["caravan"])
            #expect(Self.names(try await gitee.get("/users/marlow/repos")) == [])
            #expect(try await gitee.send(.GET, "/orgs/silk-road/repos").status == 404)
            #expect(try await gitee.send(.GET, "/user/repos?type=owner&visibility=all").status == 422)
        }
    }

    @Test func `a person's repository is private whatever is asked for, an organisation's as asked`() async throws {
        try await withGitee { (gitee) async throws in
            let mine = try await gitee.json(
                .POST, "/user/repos", #"{"name":"My Yard","path":"yard","private":false,"auto_init":true}"#, status: 201
            )
            #expect(mine["private"]?.bool == true)
            #expect(mine["name"]?.string == "My Yard")
            #expect(mine["full_name"]?.string == "octavia/yard")
            #expect(mine["html_url"]?.string == gitee.trial.forge.host + "/octavia/yard.git")
            #expect(mine["empty_repo"]?.bool == false)
            let theirs = try await gitee.json(.POST, "/orgs/harbour-works/repos", #"{"name":"dock"}"#, status: 201)
            #expect(theirs["public"]?.bool == true)
            #expect(theirs["namespace"]?["type"]?.string == "group")
            let hidden = try await gitee.json(
                .POST, "/enterprises/silk-road/repos", #"{"name":"inn","private":0}"#, status: 201)
            #expect(hidden["private"]?.bool == true)
            #expect(hidden["namespace"]?["type"]?.string == "enterprise")
            let taken = try await gitee.json(.POST, "/user/repos", #"{"name":"YARD"}"#, status: 400)
            #expect(taken["error"]?["base"]?[0]?.string?.contains("已存在") == true)
            #expect(try await gitee.send(.DELETE, "/repos/octavia/yard").status == 204)
            #expect(try await gitee.send(.GET, "/repos/octavia/yard").status == 404)
        }
    }

    @Test func `tags have their message, and name no commit where only branches and SHAs do`() async throws {
        try await withGitee { (gitee) async throws in
            let tags = try await gitee.get(Self.harbour + "/tags")
            #expect(Self.names(tags, "name") == ["release/2024-01", "v0.9.0", "v1.0.0"])
            #expect(Self.names(tags, "message") == ["The release of January", "", "Version 1.0.0"])
            #expect(try await gitee.send(.GET, Self.harbour + "/commits?sha=v0.9.0").status == 404)
            #expect(try await gitee.send(.GET, Self.harbour + "/git/trees/v0.9.0").status == 404)
            #expect(try await gitee.send(.GET, Self.harbour + "/contents/README.md?ref=v0.9.0").status == 200)
            let made = try await gitee.json(
                .POST, Self.harbour + "/tags", #"{"refs":"v1.0.0","tag_name":"t/1","tag_message":"One"}"#, status: 201)
            #expect(made["message"]?.string == "One")
            #expect(made["commit"]?["sha"] == tags[2]?["commit"]?["sha"])
        }
    }

    @Test func `what is not there is an empty list, a directory a list, a submodule no file`() async throws {
        try await withGitee { (gitee) async throws in
            #expect(try await gitee.get(Self.harbour + "/contents/nothing").array == [])
            #expect(try await gitee.get(Self.harbour + "/contents/README.md?ref=nowhere").array == [])
            #expect(
                Self.names(try await gitee.get(Self.harbour + "/contents/src/main")).sorted()
                    == ["src/main/deep", "src/main/pilot.txt"])
            let link = try await gitee.get(Self.harbour + "/contents/docs/index.md")
            #expect(link["content"]?.string == Data("../README.md".utf8).base64EncodedString())
            let submodule = try await gitee.get("/repos/octavia/open-water/contents/lib/tide")
            #expect(submodule["type"]?.string == "submodule")
            let raw = try await gitee.send(.GET, Self.harbour + "/raw/data/bytes.bin?ref=main")
            #expect(raw.bytes.count == 1024)
        }
    }

    @Test func `a tree has modes without a zero before them, and is cut off at its limit`() async throws {
        try await withGitee { (gitee) async throws in
            let tree = try await gitee.get(Self.harbour + "/git/trees/main?recursive=1")
            let directory = tree["tree"]?.array?.first { $0["type"]?.string == "tree" }
            #expect(directory?["mode"]?.string == "40000")
            #expect(directory?["size"]?.integer == 0)
            #expect(tree["truncated"]?.bool == false)
        }
        try await withGitee({ $0.treeLimit = 3 }) { (gitee) async throws in
            let tree = try await gitee.get(Self.harbour + "/git/trees/main?recursive=1")
            #expect(tree["truncated"]?.bool == true)
            #expect(tree["tree"]?.array?.count == 3)
        }
    }

    @Test func `of many who change one file at once only one does`() async throws {
        try await withGitee { (gitee) async throws in
            let path = Self.harbour + "/contents/README.md"
            let sha = try #require(try await gitee.get(path)["sha"]?.string)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<8 {
                    let text = Data("\(number)".utf8).base64EncodedString()
                    group.addTask {
                        try await gitee.send(
                            .PUT, path, #"{"content":"\#(text)","message":"m","sha":"\#(sha)","branch":"main"}"#
                        ).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 200 } == 1)
            #expect(statuses.allSatisfy { [200, 400, 409].contains($0) })
        }
    }
}
