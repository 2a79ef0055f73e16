// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Workspaces, repositories and webhooks of the emulated Bitbucket.
@Suite struct BitbucketRepositoryTests {
    @Test func `the account, its workspaces and its email`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let user = try await trial.bucketJSON(.GET, "/user")
            #expect(user["username"]?.string == "octavia")
            let spaces = try await trial.bucketJSON(.GET, "/user/workspaces")["values"]?.array ?? []
            #expect(spaces.map { $0["workspace"]?["slug"]?.string } == ["harbour-works", "octavia"])
            #expect(spaces.allSatisfy { $0["workspace"]?["name"] == nil })
            // A person's own workspace has the account's UUID.
            #expect(spaces.last?["workspace"]?["uuid"] == user["uuid"])
            let uuid = try #require(user["uuid"]?.string).replacing("{", with: "%7B").replacing("}", with: "%7D")
            #expect(try await trial.bucketJSON(.GET, "/workspaces/\(uuid)")["slug"]?.string == "octavia")
            #expect(try await trial.bucketJSON(.GET, "/user/emails").values("email") == ["octavia@example.com"])
        }
    }

    @Test func `a repository is made, found by name and UUID, renamed and deleted`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let body = #"{"scm":"git","is_private":true,"name":"Made","project":{"key":"PROJ"}}"#
            let made = try await trial.bucketJSON(.POST, "/repositories/octavia/made", json: body)
            #expect(made["full_name"]?.string == "octavia/made")
            #expect(made["name"]?.string == "Made")
            #expect(made["is_private"]?.bool == true)
            let clone = made["links"]?["clone"]?[0]?["href"]?.string
            #expect(clone == trial.forge.host.replacing("://", with: "://octavia@") + "/octavia/made.git")
            let uuid = try #require(made["uuid"]?.string).replacing("{", with: "%7B").replacing("}", with: "%7D")
            #expect(try await trial.bucketJSON(.GET, "/repositories/octavia/\(uuid)")["slug"]?.string == "made")
            let renamed = try await trial.bucket(.PUT, "/repositories/octavia/made", json: #"{"name":"Re named"}"#)
            #expect(renamed.status == 200)
            #expect(renamed.header("Location") == trial.forge.host + "/2.0/repositories/octavia/re-named")
            let moved = try await trial.bucket(.GET, "/repositories/octavia/made/refs/branches?pagelen=5")
            #expect(moved.status == 301)
            #expect(
                moved.header("Location")
                    == trial.forge.host + "/2.0/repositories/octavia/re-named/refs/branches?pagelen=5")
            #expect(try await trial.bucket(.DELETE, "/repositories/octavia/re-named").status == 204)
            #expect(try await trial.bucket(.GET, "/repositories/octavia/re-named").status == 404)
        }
    }

    @Test func `a taken name, a bad one and another's workspace are refused with 400`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            for (path, body, says) in [
                ("octavia/harbour", "{}", "Repository with this Slug and Owner already exists."),
                ("octavia/HARBOUR", "", "Repository with this Slug and Owner already exists."),
                ("octavia/a%20b", "{}", "Bad request"), ("octavia/x", #"{"scm":"hg"}"#, "Bad request"),
                ("octavia/x", #"{"project":{"key":"NONE"}}"#, "Bad request"),
                ("marlow/x", "{}", "You do not have the privilege to create repositories in this workspace."),
            ] {
                let answer = try await trial.bucket(.POST, "/repositories/\(path)", json: body)
                #expect(answer.status == 400, "\(path)")
                #expect(try answer.json().refusal == says, "\(path)")
            }
            let works = try await trial.bucket(.POST, "/repositories/harbour-works/x", json: "{}")
            #expect(works.status == 200)
            #expect(try await trial.bucket(.POST, "/repositories/nobody/x", json: "{}").status == 404)
        }
    }

    @Test func `roles narrow the list`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let all = try await trial.bucketJSON(.GET, "/repositories/octavia?pagelen=100").values("slug")
            #expect(Set(all).isSuperset(of: ["harbour", "empty-dock", "crowded-quay", "old-pier", "open-water"]))
            #expect(try await trial.bucketJSON(.GET, "/repositories/octavia?role=owner").values("slug") == all)
            #expect(try await trial.bucketJSON(.GET, "/repositories/marlow?role=member").values("slug") == [])
            #expect(try await trial.bucket(.GET, "/repositories/octavia?role=king").status == 400)
        }
    }

    @Test func `a webhook is made, shown without its secret, changed and deleted`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let hooks = "/repositories/octavia/harbour/hooks"
            let draft = #"{"url":"https://example.com/h","events":["repo:push"],"secret":"canary","active":true}"#
            let answer = try await trial.bucket(.POST, hooks, json: draft)
            #expect(answer.status == 201)
            #expect(!answer.text.contains("canary"))
            let made = try answer.json()
            #expect(made["secret_set"]?.bool == true)
            let uuid = try #require(made["uuid"]?.string).replacing("{", with: "%7B").replacing("}", with: "%7D")
            #expect(try await trial.bucketJSON(.GET, "\(hooks)/\(uuid)")["url"]?.string == "https://example.com/h")
            let changed = try await trial.bucketJSON(.PUT, "\(hooks)/\(uuid)", json: #"{"active":false,"secret":null}"#)
            #expect(changed["active"]?.bool == false)
            #expect(changed["secret_set"]?.bool == false)
            #expect(try await trial.bucket(.POST, hooks, json: draft).status == 201)
            #expect(try await trial.bucketJSON(.GET, hooks)["size"]?.integer == 2)
            #expect(try await trial.bucket(.DELETE, "\(hooks)/\(uuid)").status == 204)
            #expect(try await trial.bucket(.DELETE, "\(hooks)/\(uuid)").status == 404)
            for bad in [
                #"{"events":["repo:push"]}"#, #"{"url":"ftp://x","events":["repo:push"]}"#,
                #"{"url":"http://127.0.0.1/x","events":["repo:push"]}"#, #"{"url":"https://x.example","events":[]}"#,
                #"{"url":"https://x.example","events":["repo:burnt"]}"#,
                #"{"url":"https://x.example","events":["repo:push"],"secret":"\#(String(repeating: "s", count: 129))"}"#,
            ] {
                #expect(try await trial.bucket(.POST, hooks, json: bad).status == 400, "\(bad)")
            }
        }
    }
}
