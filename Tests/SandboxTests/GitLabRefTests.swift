// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Branches and tags at the emulated GitLab.
@Suite struct GitLabRefTests {
    private static let repository = "/projects/\(SandboxTrial.harbour)/repository"

    @Test func `branches are made, read by any name and removed`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let branches = Self.repository + "/branches"
            for (name, escaped) in [
                ("topic/one.two", "topic%2Fone.two"), ("v1.0", "v1%2E0"), ("fix/überall", "fix%2F%C3%BCberall"),
                ("a+b&c=d#e", "a%2Bb%26c%3Dd%23e"),
            ] {
                let made = try await trial.json(
                    .POST, branches, json: "{\"branch\":\"\(name)\",\"ref\":\"v1.0.0\"}", status: 201)
                #expect(made["name"]?.string == name)
                #expect(made["merged"]?.bool == true)
                #expect(made["default"]?.bool == false)
                let found = try await trial.json(.GET, "\(branches)/\(escaped)")
                #expect(found == made)
                #expect(try await trial.api(.HEAD, "\(branches)/\(escaped)").status == 204)
                #expect(try await trial.api(.DELETE, "\(branches)/\(escaped)").status == 204)
                #expect(
                    try await trial.json(.GET, "\(branches)/\(escaped)", status: 404).message
                        == "404 Branch Not Found")
                #expect(try await trial.api(.HEAD, "\(branches)/\(escaped)").status == 404)
            }
            let main = try await trial.json(.GET, branches + "/main")
            #expect(main["default"]?.bool == true)
            #expect(main["protected"]?.bool == true)
            #expect(main["merged"]?.bool == false)
            #expect(main["commit"]?["message"]?.string == "Say more in the readme\n")
            #expect(main["commit"]?["committed_date"]?.string?.hasSuffix(".000+01:00") == true)
        }
    }

    @Test func `a branch that cannot be made or removed says why`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let branches = Self.repository + "/branches"
            let sha = String(repeating: "a", count: 40)
            for (json, sentence) in [
                (#"{"branch":"main","ref":"main"}"#, "Branch already exists"),
                (#"{"branch":"new design","ref":"main"}"#, "Branch name is invalid"),
                (#"{"branch":"-x","ref":"main"}"#, "Branch name is invalid"),
                (#"{"branch":"a..b","ref":"main"}"#, "Branch name is invalid"),
                (#"{"branch":"x","ref":"nowhere"}"#, "Failed to create branch 'x': invalid reference name 'nowhere'"),
                (#"{"branch":"x","ref":"main~1"}"#, "Failed to create branch 'x': invalid reference name 'main~1'"),
                (
                    "{\"branch\":\"\(sha)\",\"ref\":\"main\"}",
                    "You cannot create a branch with a 40-character hexadecimal branch name."
                ),
                (#"{"branch":"main/sub","ref":"main"}"#, "Failed to create branch 'main/sub': reference update failed"),
            ] {
                let body = try await trial.json(.POST, branches, json: json, status: 400)
                #expect(body.message == sentence)
            }
            for (json, sentence) in [
                ("{}", "branch is missing, branch is empty, ref is missing, ref is empty"),
                (#"{"branch":"x","ref":" "}"#, "ref is empty"), (#"{"branch":{},"ref":"main"}"#, "branch is invalid"),
            ] {
                #expect(try await trial.json(.POST, branches, json: json, status: 400).error == sentence)
            }
            let main = try await trial.json(.DELETE, branches + "/main", status: 400)
            #expect(main.message == "The default branch of a project cannot be deleted.")
            #expect(try await trial.json(.DELETE, branches + "/nothing", status: 404).message == "404 Branch Not Found")
            #expect(
                try await trial.json(.GET, branches + "/a..b", status: 400).message == "The branch refname is invalid")
        }
    }

    @Test func `an empty repository has no branches until one is asked for`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let repository = "/projects/octavia%2Fempty-dock/repository"
            for list in ["branches", "tags", "commits"] {
                #expect(try await trial.json(.GET, "\(repository)/\(list)").array == [])
            }
            let made = try await trial.json(
                .POST, repository + "/branches", json: #"{"branch":"dev","ref":"main"}"#, status: 201)
            #expect(made["commit"]?["title"]?.string == "Add README.md")
            #expect(try await trial.json(.GET, repository + "/branches").all("name") == ["dev", "main"])
        }
    }

    @Test(arguments: ["branches", "tags"])
    func `250 refs come in pages by number and by token`(kind: String) async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let list = "/projects/octavia%2Fcrowded-quay/repository/\(kind)"
            let first = try await trial.api(.GET, list)
            #expect(try first.json().array?.count == 20)
            let total = kind == "branches" ? 251 : 250
            #expect(first.header("x-total") == String(total))
            #expect(first.header("x-total-pages") == "13")
            var walked: [String: [String]] = [:]
            for start in ["?per_page=50", "?per_page=50&pagination=keyset"] {
                var path: String? = list + start
                var pages = 0
                while let next = path {
                    let answer = try await trial.api(.GET, next)
                    walked[start, default: []] += try answer.json().all("name")
                    pages += 1
                    #expect((answer.header("x-total") == nil) == start.contains("keyset"))
                    path = answer.link("next").map { String($0.dropFirst(trial.forge.host.count + "/api/v4".count)) }
                }
                // A full last page has a link to an empty one.
                #expect(pages == (start.contains("keyset") && total == 250 ? 6 : total == 250 ? 5 : 6))
            }
            let all = walked.values.first ?? []
            #expect(walked.values.allSatisfy { $0 == all })
            #expect(Set(all).count == total)
            let broken = try await trial.json(.GET, list + "?pagination=keyset&page_token=none", status: 422)
            #expect(broken.message == "Invalid page token: none")
        }
    }

    @Test func `more than ten thousand refs are not counted`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let work = trial.folder + "/work"
            _ = try await runGit(["init", "-q", "-b", "main", work])
            _ = try await runGit(["commit", "-q", "--allow-empty", "-m", "first"], in: work)
            let sha = try await runGit(["rev-parse", "HEAD"], in: work).output.prefix(40)
            let host = trial.forge.host.replacing("://", with: "://x:\(trial.forge.token.exposed)@")
            #expect(try await runGit(["push", "-q", host + "/octavia/empty-dock.git", "main"], in: work).isDone)
            // So many refs by a push would be so many files: they are written where git itself would pack them.
            let packed = (10_000..<20_001).map { "\(sha) refs/tags/t\($0)\n" }.joined()
            let folder = trial.folder + "/state/gitlab/repositories"
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                let tip = try await runGit(["rev-parse", "-q", "--verify", "main"], in: "\(folder)/\(name)")
                guard tip.output == sha + "\n" else { continue }
                try Data("# pack-refs with: peeled fully-peeled sorted \n\(packed)".utf8)
                    .write(to: URL(filePath: "\(folder)/\(name)/packed-refs"))
            }
            let answer = try await trial.api(.GET, "/projects/octavia%2Fempty-dock/repository/tags?page=2&per_page=100")
            #expect(try answer.json().array?.count == 100)
            #expect(answer.header("x-total") == nil)
            #expect(answer.header("x-total-pages") == nil)
            #expect(answer.link("last") == nil)
            #expect(answer.header("x-next-page") == "3")
            #expect(answer.link("next")?.contains("page=3") == true)
        }
    }

    @Test func `refs are searched and sorted`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            func names(_ query: String) async throws -> [String] {
                try await trial.json(.GET, "\(Self.repository)/\(query)").all("name")
            }
            #expect(try await names("branches") == ["develop", "feature/one", "feature/two", "fix/ünï-code", "main"])
            #expect(try await names("branches?search=FEAT") == ["feature/one", "feature/two"])
            #expect(try await names("branches?search=%5Ef") == ["feature/one", "feature/two", "fix/ünï-code"])
            #expect(try await names("branches?search=o$") == ["feature/two"])
            #expect(try await names("branches?regex=%5E(main%7Cdev.*)$") == ["develop", "main"])
            #expect(try await names("branches?sort=updated_desc").first == "feature/two")
            #expect(try await names("tags?order_by=name&sort=asc") == ["release/2024-01", "v0.9.0", "v1.0.0"])
            #expect(try await names("tags").last == "v0.9.0")
            #expect(try await names("tags?search=%5Ev") == ["v1.0.0", "v0.9.0"])
            for name in ["v1.10.0", "v1.9.0"] {
                _ = try await trial.json(
                    .POST, Self.repository + "/tags", json: "{\"tag_name\":\"\(name)\",\"ref\":\"main\"}", status: 201)
            }
            #expect(
                try await names("tags?order_by=version&search=%5Ev") == ["v1.10.0", "v1.9.0", "v1.0.0", "v0.9.0"])
        }
    }

    @Test func `tags are lightweight or annotated`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let tags = Self.repository + "/tags"
            let light = try await trial.json(
                .POST, tags, json: #"{"tag_name":"light/one","ref":"feature/one"}"#, status: 201)
            let commit = try #require(light["commit"]?["id"]?.string)
            #expect(light["target"]?.string == commit)
            #expect(light["message"]?.string == "")
            #expect(light["created_at"] == .null)
            #expect(light["release"] == .null)
            let noted = try await trial.json(
                .POST, tags + "?tag_name=noted&ref=\(commit.prefix(10))", json: #"{"message":" First\nand more \n"}"#,
                status: 201)
            #expect(noted["commit"]?["id"]?.string == commit)
            #expect(noted["target"]?.string != commit)
            #expect(noted["message"]?.string == "First\nand more")
            #expect(noted["created_at"]?.string?.hasSuffix("+00:00") == true)
            #expect(try await trial.json(.GET, tags + "/light%2Fone") == light)
            #expect(try await trial.api(.DELETE, tags + "/light%2Fone").status == 204)
            #expect(try await trial.json(.DELETE, tags + "/light%2Fone", status: 404).message == "404 Tag Not Found")
        }
    }

    @Test func `a tag that cannot be made says why`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let tags = Self.repository + "/tags"
            let sha = String(repeating: "1", count: 40)
            for (json, sentence) in [
                (#"{"tag_name":"v1.0.0","ref":"main"}"#, "Tag v1.0.0 already exists"),
                (#"{"tag_name":"a b","ref":"main"}"#, "Tag name invalid"),
                (#"{"tag_name":"","ref":"main"}"#, "Tag name invalid"),
                (#"{"tag_name":"x","ref":"nowhere"}"#, "Target nowhere is invalid"),
                (#"{"tag_name":"x","ref":""}"#, "Target is empty"),
                (#"{"tag_name":"main","ref":"main"}"#, "You cannot use default branch name to create a tag"),
                (
                    "{\"tag_name\":\"\(sha)\",\"ref\":\"main\"}",
                    "You cannot create a tag with a SHA-1 or SHA-256 tag name."
                ),
            ] {
                let body = try await trial.json(.POST, tags, json: json, status: 400)
                #expect(body.message == sentence)
            }
            #expect(
                try await trial.json(.POST, tags, json: "{}", status: 400).error
                    == "tag_name is missing, ref is missing")
        }
    }

    @Test func `of many who make one tag only one does`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        let json = "{\"tag_name\":\"once\",\"ref\":\"main\",\"message\":\"\(number)\"}"
                        return try await trial.api(.POST, Self.repository + "/tags", json: json).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [201] + Array(repeating: 400, count: 7))
        }
    }
}
