// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// The emulated CodeArts Repo and IAM.
struct CodeArtsTests {
    private static let harbour = ["main", "develop", "feature/one", "feature/two", "fix/ünï-code"]

    @Test func `IAM gives a token of a day for account, user and password`() async throws {
        try await SandboxTrial.run(.devcloud) { trial in
            let answer = try await CodeArtsClient.signIn(trial)
            #expect(answer.status == 201)
            #expect(answer.headers.first(name: "X-Subject-Token")?.count ?? 0 > 100)
            let token = try answer.json()["token"]
            #expect(token?["user"]?["name"]?.string == SandboxSeed.login)
            #expect(token?["user"]?["domain"]?["name"]?.string == SandboxSeed.domain)
            #expect(token?["project"]?["name"]?.string == "cn-north-4")
            let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            let end = try style.parse(try #require(token?["expires_at"]?.string))
            let start = try style.parse(try #require(token?["issued_at"]?.string))
            #expect(end.timeIntervalSince(start) == 86_400)
            let scoped = try await CodeArtsClient.signIn(trial, scope: #"{"domain":{"name":"x"}}"#)
            #expect(try scoped.json()["token"]?["project"] == nil)
        }
    }

    @Test func `IAM refuses whom it does not know, and what it cannot read`() async throws {
        try await SandboxTrial.run(.devcloud) { trial in
            for (user, password, domain) in [
                ("octavia", "wrong", SandboxSeed.domain), ("nobody", SandboxSeed.password, SandboxSeed.domain),
                ("octavia", SandboxSeed.password, "elsewhere"), ("octavia", "", SandboxSeed.domain),
            ] {
                let answer = try await CodeArtsClient.signIn(trial, user: user, password: password, domain: domain)
                #expect(answer.status == 401)
                #expect(answer.headers.first(name: "X-Subject-Token") == nil)
                #expect(try answer.json()["error"]?["code"]?.integer == 401)
            }
            for body in ["", "{", "[]", "{}", #"{"auth":1}"#, #"{"auth":{"identity":{"methods":["token"]}}}"#, "\u{0}"]
            {
                let answer = try await trial.send(.POST, "/v3/auth/tokens", body: Array(body.utf8))
                #expect(answer.status == 400, "\(body)")
            }
            #expect(try await trial.send(.GET, "/v3/auth/tokens").status == 405)
        }
    }

    @Test func `the API takes tokens of IAM only, and no longer than they live`() async throws {
        try await CodeArtsClient.run { hub in
            let path = "/v4/user/emails"
            #expect(try await hub.json(.GET, path)["name"]?.string == SandboxSeed.login)
            for (token, code) in [
                ("", "DEV.00000001"), ("wrong", "DEV.00000002"), (hub.trial.forge.token.exposed, "DEV.00000002"),
            ] {
                let refused = try await hub.json(.GET, path, status: 401, token: token)
                #expect(refused["error_code"]?.string == code)
            }
            #expect(try await hub.send(.GET, "/v4/nothing").status == 404)
            #expect(try await hub.send(.PATCH, path).status == 405)
        }
        try await CodeArtsClient.run({ $0.accessTokenLifetime = 0 }) { hub in
            let refused = try await hub.json(.GET, "/v4/user/emails", status: 401)
            #expect(refused["error_code"]?.string == "DEV.00000003")
        }
    }

    @Test func `groups are those of the user, and a project is none`() async throws {
        try await CodeArtsClient.run { hub in
            let groups = try await hub.json(.GET, "/v4/groups/list?order_by=path&sort=asc")
            let expected = SandboxSeed.codeArtsGroups.map { "\(hub.home)/\($0)" }.sorted()
            #expect(groups.array?.compactMap { $0["full_path"]?.string } == expected)
            #expect(groups[0]?["project_id"]?.string == hub.home)
            let other = try await CodeArtsClient.signIn(
                hub.trial, user: SandboxSeed.otherLogin, password: SandboxSeed.otherPassword)
            let token = other.headers.first(name: "X-Subject-Token")
            let shared = try await hub.json(.GET, "/v4/groups/list", token: token)
            #expect(shared.array?.compactMap { $0["path"]?.string } == [SandboxSeed.organization])
            let mine = try await hub.json(.GET, "/v4/user/repositories?limit=100", token: token)
            #expect(
                Set(mine.array?.compactMap { $0["name"]?.string } ?? [])
                    == [SandboxSeed.organizationProject, SandboxSeed.otherProject])
            let deep = try #require(groups.array?.first { $0["path"]?.string == "quay" }?["id"]?.integer)
            let members = try await hub.json(.GET, "/v4/groups/\(deep)/repositories")
            #expect(members.array?.count == 1)
            #expect(members[0]?["http_url_to_repo"] == nil)
            try await hub.json(.GET, "/v4/groups/\(deep)/repositories", status: 404, token: token)
            let all = try await hub.json(.GET, "/v4/projects/\(hub.home)/repositories?limit=100")
            #expect(all.array?.count == 9)
            try await hub.json(.GET, "/v4/projects/\(String(repeating: "0", count: 32))/repositories", status: 404)
        }
    }

    @Test func `a group is made in a project and in a group`() async throws {
        try await CodeArtsClient.run { hub in
            let made = try await hub.json(.POST, "/v4/\(hub.home)/groups", #"{"name":"shipyard"}"#, status: 201)
            let id = try #require(made["id"]?.integer)
            try await hub.json(.POST, "/v4/\(hub.home)/groups", #"{"name":"dry-dock","parent_id":\#(id)}"#, status: 201)
            let listed = try await hub.json(.GET, "/v4/groups/list?search=dry")
            #expect(listed[0]?["full_path"]?.string == "\(hub.home)/shipyard/dry-dock")
            #expect(listed[0]?["parent_id"]?.integer == id)
            for body in [#"{"name":"shipyard"}"#, #"{"name":"1x"}"#, #"{"name":""}"#, "[]", "{"] {
                try await hub.json(.POST, "/v4/\(hub.home)/groups", body, status: 400)
            }
            try await hub.json(.POST, "/v4/\(hub.home)/groups", #"{"name":"x","parent_id":1}"#, status: 404)
            #expect(try await hub.json(.GET, "/v4/\(hub.home)/groups/\(id)")["subgroup_count"]?.integer == 1)
            #expect(try await hub.json(.GET, "/v4/\(hub.home)/manageable-groups?limit=100").array?.count == 6)
        }
    }

    @Test func `a repository is made, found and deleted in versions 1 and 2`() async throws {
        try await CodeArtsClient.run { hub in
            let made = try await hub.json(
                .POST, "/v1/repositories", #"{"name":"tender","project_uuid":"\#(hub.home)"}"#)
            let uuid = try #require(made["result"]?["repository_uuid"]?.string)
            #expect(uuid.count == 32)
            let shown = try await hub.json(.GET, "/v2/repositories/\(uuid)")
            #expect(shown["result"]?["https_url"]?.string == "\(hub.trial.forge.host)/\(hub.home)/tender.git")
            let id = try #require(shown["result"]?["repository_id"]?.integer)
            let whole = try await hub.json(.GET, "/v4/repositories/\(id)")
            #expect(whole["empty_repo"]?.bool == true)
            #expect(whole["visibility"]?.string == "private")
            #expect(whole["default_branch"] == .null)
            #expect(try await hub.json(.GET, "/v1/repositories/\(uuid)/status")["result"]?.integer == 0)
            let taken = "/v1/projects/\(hub.home)/repositories/validation/tender"
            #expect(try await hub.json(.GET, taken)["result"]?.bool == true)
            for body in [
                #"{"name":"tender","project_uuid":"\#(hub.home)"}"#, #"{"name":"1","project_uuid":"\#(hub.home)"}"#,
                #"{"name":"x y","project_uuid":"\#(hub.home)"}"#, #"{"name":"other"}"#, "{}",
                #"{"name":"other","project_uuid":"nowhere"}"#,
            ] {
                let failed = try await hub.json(.POST, "/v1/repositories", body)
                #expect(failed["status"]?.string == "failed")
                #expect(failed["error"]?["code"]?.string?.hasPrefix("CH.") == true)
            }
            #expect(try await hub.json(.DELETE, "/v1/repositories/\(uuid)")["result"]?.bool == true)
            let gone = try await hub.json(.GET, "/v2/repositories/\(uuid)")
            #expect(gone["error"]?["code"]?.string == "CH.010117")
            try await hub.json(.GET, "/v4/repositories/\(id)", status: 404)
        }
    }

    @Test func `lists are paged by offset and limit, and say how many there are`() async throws {
        try await CodeArtsClient.run { hub in
            let branches = try await hub.repository(SandboxSeed.crowdedProject) + "/repository/branches"
            let first = try await hub.send(.GET, branches)
            #expect(first.headers.first(name: "X-Total") == "251")
            #expect(try first.json().array?.count == 20)
            var names: Set<String> = []
            for offset in [0, 100, 200] {
                let page = try await hub.json(.GET, branches + "?offset=\(offset)&limit=100")
                names.formUnion((page.array ?? []).compactMap { $0["name"]?.string })
            }
            #expect(names.count == 251)
            #expect(try await hub.json(.GET, branches + "?offset=251").array?.isEmpty == true)
            for query in [
                "?limit=0", "?limit=101", "?limit=x", "?offset=-1", "?offset=99999999999", "?view=none", "?sort=x",
            ] {
                let refused = try await hub.json(.GET, branches + query, status: 400)
                #expect(refused["error_code"]?.string?.isEmpty == false)
            }
        }
    }

    @Test func `branches are shown, made and deleted by names in the query`() async throws {
        try await CodeArtsClient.run { hub in
            let repository = try await hub.repository() + "/repository"
            let names = try await hub.json(.GET, repository + "/branches?limit=100").array?.compactMap {
                $0["name"]?.string
            }
            #expect(Set(names ?? []) == Set(Self.harbour))
            let shown = try await hub.json(.GET, repository + "/branch?branch_name=fix%2F%C3%BCn%C3%AF-code")
            #expect(shown["commit"]?["id"]?.string?.count == 40)
            try await hub.json(.POST, repository + "/branches", #"{"branch":"a/b","ref":"v1.0.0"}"#, status: 201)
            for body in [
                #"{"branch":"a/b","ref":"main"}"#, #"{"branch":"a","ref":"main"}"#, #"{"branch":"x..y","ref":"main"}"#,
                "{}",
            ] {
                try await hub.json(.POST, repository + "/branches", body, status: 400)
            }
            try await hub.json(.POST, repository + "/branches", #"{"branch":"c","ref":"nowhere"}"#, status: 404)
            try await hub.json(.DELETE, repository + "/branch?branch_name=a/b", status: 204)
            try await hub.json(.DELETE, repository + "/branch?branch_name=a/b", status: 404)
            try await hub.json(.DELETE, repository + "/branch?branch_name=main", status: 400)
            try await hub.json(.GET, repository + "/branch", status: 400)
        }
    }

    @Test func `tags are light without a message and annotated with one`() async throws {
        try await CodeArtsClient.run { hub in
            let tags = try await hub.repository() + "/repository/tags"
            let tag = tags.dropLast()
            let light = try await hub.json(.POST, tags, #"{"tag_name":"r/1","ref":"main"}"#, status: 201)
            #expect(light["message"]?.string == "")
            let noted = try await hub.json(.POST, tags, #"{"tag_name":"r/2","ref":"r/1","message":"Two"}"#, status: 201)
            #expect(noted["message"]?.string == "Two\n")
            #expect(noted["target"] == light["target"])
            #expect(noted["commit"]?["id"] == light["commit"]?["id"])
            let listed = try await hub.json(.GET, tags + "?order_by=name&sort=asc")
            #expect(
                listed.array?.compactMap { $0["name"]?.string } == [
                    "r/1", "r/2", "release/2024-01", "v0.9.0", "v1.0.0",
                ])
            for body in [#"{"tag_name":"r/1","ref":"main"}"#, #"{"tag_name":"x y","ref":"main"}"#, "{}"] {
                try await hub.json(.POST, tags, body, status: 400)
            }
            try await hub.json(.POST, tags, #"{"tag_name":"x","ref":"nowhere"}"#, status: 404)
            try await hub.json(.DELETE, tag + "?tag_name=r%2F1", status: 204)
            try await hub.json(.GET, tag + "?tag_name=r%2F1", status: 404)
            try await hub.json(.DELETE, tag + "?tag_name=r%2F1", status: 404)
        }
    }

    @Test func `commits are newest first, of a branch, a tag or a commit`() async throws {
        try await CodeArtsClient.run { hub in
            let repository = try await hub.repository() + "/repository"
            let list = try await hub.json(.GET, repository + "/commit-list?limit=10")["commits"]
            #expect(list?.array?.count == 10)
            #expect(list?[0]?["title"]?.string == "Say more in the readme")
            #expect(list?[0]?["authored_date"]?.string?.hasSuffix("+08:00") == true)
            let second = try #require(list?[1]?["id"]?.string)
            let older = try await hub.json(.GET, repository + "/commit-list?ref_name=\(second)")["commits"]
            #expect(older?[0]?["id"]?.string == second)
            let tagged = try await hub.json(.GET, repository + "/commit-list?ref_name=v0.9.0&offset=1&limit=1")[
                "commits"]
            #expect(tagged?.array?.count == 1)
            try await hub.json(.GET, repository + "/commit-list?ref_name=nowhere", status: 404)
            let empty = try await hub.repository(SandboxSeed.emptyProject) + "/repository"
            #expect(try await hub.json(.GET, empty + "/commit-list")["commits"]?.array?.isEmpty == true)
            #expect(try await hub.json(.GET, repository + "/commits?sha=v1.0.0")["title"]?.string == "Version 1")
            try await hub.json(.GET, repository + "/commits?sha=nowhere", status: 404)
        }
    }

    @Test func `a webhook's token is masked for ever`() async throws {
        try await CodeArtsClient.run { hub in
            let hooks = try await hub.repository() + "/hooks"
            let body = #"{"url":"https://ci.example/h","token":"CANARY","push_events":true,"tag_push_events":true}"#
            let made = try await hub.send(.POST, hooks, body)
            #expect(made.status == 201)
            let id = try #require(try made.json()["id"]?.integer)
            let shown = try await hub.send(.GET, "\(hooks)/\(id)")
            let listed = try await hub.send(.GET, hooks)
            for answer in [made, shown, listed] {
                #expect(!answer.text.contains("CANARY"))
                #expect(answer.text.contains("X-Repo-Token"))
            }
            let changed = try await hub.json(
                .PUT, "\(hooks)/\(id)", #"{"url":"https://ci.example/i","push_events":false}"#)
            #expect(changed["push_events"]?.bool == false)
            #expect(changed["tag_push_events"]?.bool == true)
            for body in ["{}", #"{"url":"ftp://x"}"#, #"{"url":"https://\#(String(repeating: "x", count: 500))"}"#] {
                try await hub.json(.POST, hooks, body, status: 400)
            }
            for _ in 1..<20 { try await hub.json(.POST, hooks, #"{"url":"https://ci.example/h"}"#, status: 201) }
            try await hub.json(.POST, hooks, #"{"url":"https://ci.example/h"}"#, status: 400)
            try await hub.json(.DELETE, "\(hooks)/\(id)", status: 204)
            try await hub.json(.DELETE, "\(hooks)/\(id)", status: 404)
        }
    }

    @Test func `git clones and pushes with the password and with a token for git`() async throws {
        try await CodeArtsClient.run { hub in
            let login = "\(SandboxSeed.domain)/\(SandboxSeed.login)"
            let path = "/\(hub.home)/\(SandboxSeed.project).git/info/refs?service=git-upload-pack"
            for (user, password, status) in [
                (login, SandboxSeed.password, 200), ("private-token", hub.trial.forge.token.exposed, 200),
                (login, "wrong", 401), (SandboxSeed.login, SandboxSeed.password, 401),
                ("private-token", hub.token, 401),
                ("private-token", "", 401),
            ] {
                let basic = Data("\(user):\(password)".utf8).base64EncodedString()
                let answer = try await hub.trial.send(.GET, path, headers: [("Authorization", "Basic \(basic)")])
                #expect(answer.status == status, "\(user)")
            }
            #expect(try await hub.trial.send(.GET, path).status == 401)
        }
    }
}
