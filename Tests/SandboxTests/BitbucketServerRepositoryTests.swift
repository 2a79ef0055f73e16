// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Projects, repositories, refs and webhooks of the emulated Bitbucket Data Center.
@Suite struct BitbucketServerRepositoryTests {
    private func names(_ tree: JSONTree?, _ name: String) -> [String] {
        (tree?["values"]?.array ?? []).compactMap { $0[name]?.string }
    }

    @Test func `projects and repositories are those that the user can see`() async throws {
        try await BitbucketServerTrial.run { server in
            #expect(names(try await server.json(.GET, "/projects"), "key") == ["HARBOUR_WORKS"])
            #expect(try await server.json(.GET, "/projects/~octavia")["type"]?.string == "PERSONAL")
            let page = try await server.json(.GET, "/projects/~OCTAVIA/repos?limit=2")
            #expect(names(page, "slug") == ["crowded-quay", "empty-dock"])
            #expect(page["isLastPage"]?.bool == false)
            #expect(page["nextPageStart"]?.integer == 2)
            let rest = try await server.json(.GET, "/projects/~octavia/repos?limit=10&start=2")
            #expect(names(rest, "slug") == ["harbour", "old-pier", "open-water"])
            #expect(rest["isLastPage"]?.bool == true)
            let harbour = try await server.json(.GET, BitbucketServerTrial.harbour)
            #expect(harbour["project"]?["owner"]?["slug"]?.string == "octavia")
            #expect(
                harbour["links"]?["clone"]?[0]?["href"]?.string == server.trial.forge.host + "/scm/~octavia/harbour.git"
            )
            #expect(try await server.exception(.GET, "/projects/NONE", status: 404) == "NoSuchProjectException")
            let none = "/projects/HARBOUR_WORKS/repos/none"
            #expect(try await server.exception(.GET, none, status: 404) == "NoSuchRepositoryException")
        }
    }

    @Test func `a repository is made, renamed and closed`() async throws {
        try await BitbucketServerTrial.run { server in
            let own = "/projects/~octavia/repos"
            let made = try await server.json(.POST, own, json: #"{"name":"New Dock","scmId":"git"}"#, status: 201)
            #expect(made["slug"]?.string == "new-dock")
            #expect(made["public"]?.bool == false)
            for (name, status) in [("New Dock", 409), ("", 400), ("-x", 400), ("ä", 400)] {
                _ = try await server.json(.POST, own, json: "{\"name\":\"\(name)\"}", status: status)
            }
            #expect(
                try await server.exception(.POST, "/projects/~marlow/repos", json: #"{"name":"x"}"#, status: 401)
                    == "AuthorisationException")
            try await server.json(.PUT, own + "/new-dock", json: #"{"name":"Dock"}"#, status: 201)
            let moved = try await server.api(.GET, own + "/new-dock/branches?limit=3")
            #expect(moved.status == 307)
            #expect(moved.header("Location")?.hasSuffix("/projects/~OCTAVIA/repos/dock/branches?limit=3") == true)
            let pier = own + "/old-pier"
            #expect(
                try await server.exception(
                    .POST, pier + "/tags", json: #"{"name":"x","startPoint":"main"}"#, status: 409)
                    == "RepositoryArchivedException")
            #expect(try await server.edit(pier + "/browse/x", [("branch", "main"), ("content", "x")]).status == 409)
        }
    }

    @Test func `refs come in pages, in the order asked for`() async throws {
        try await BitbucketServerTrial.run { server in
            let harbour = BitbucketServerTrial.harbour
            let sorted = try await server.json(.GET, harbour + "/branches?orderBy=ALPHABETICAL")
            #expect(
                names(sorted, "displayId") == ["develop", "feature/one", "feature/two", "fix/ünï-code", "main"])
            let latest = try await server.json(.GET, harbour + "/branches")
            #expect(names(latest, "displayId").first != "develop" || names(latest, "displayId").last != "main")
            #expect(names(try await server.json(.GET, harbour + "/branches?filterText=FEAT"), "displayId").count == 2)
            let crowded = "/projects/~octavia/repos/crowded-quay"
            var (start, found, pages): (Int?, [String], Int) = (0, [], 0)
            while let next = start {
                let page = try await server.json(.GET, crowded + "/tags?limit=1000&orderBy=ALPHABETICAL&start=\(next)")
                found += names(page, "id")
                start = page["nextPageStart"]?.integer
                pages += 1
            }
            #expect(found.count == SandboxSeed.refCount && Set(found).count == found.count)
            #expect(pages == 3)
            #expect(try await server.json(.GET, harbour + "/default-branch")["displayId"]?.string == "main")
            #expect(try await server.api(.GET, "/projects/~octavia/repos/empty-dock/branches/default").status == 204)
        }
    }

    @Test func `tags are made and removed`() async throws {
        try await BitbucketServerTrial.run { server in
            let tags = BitbucketServerTrial.harbour + "/tags"
            let light = try await server.json(.POST, tags, json: #"{"name":"a/b","startPoint":"develop"}"#)
            #expect(light["hash"] == .null)
            let noted = try await server.json(.POST, tags, json: #"{"name":"c","startPoint":"v1.0.0","message":"m"}"#)
            #expect(noted["hash"]?.string?.count == 40)
            #expect(noted["hash"] != noted["latestCommit"])
            for (json, status, exception) in [
                (#"{"name":"c","startPoint":"main"}"#, 409, "DuplicateRefException"),
                (#"{"name":"a b","startPoint":"main"}"#, 400, "InvalidRefNameException"),
                (#"{"name":"d","startPoint":"nowhere"}"#, 404, "NoSuchCommitException"),
            ] {
                #expect(try await server.exception(.POST, tags, json: json, status: status) == exception)
            }
            #expect(try await server.json(.GET, tags + "/a/b")["id"]?.string == "refs/tags/a/b")
            let git = "/rest/git/latest" + tags
            for _ in 0..<2 { #expect(try await server.api(.DELETE, git + "/a/b").status == 204) }
            #expect(try await server.api(.GET, tags + "/a/b").status == 404)
            #expect(try await server.api(.DELETE, tags + "/c").status == 405)
        }
    }

    @Test func `commits are the newest first, with milliseconds`() async throws {
        try await BitbucketServerTrial.run { server in
            let commits = BitbucketServerTrial.harbour + "/commits"
            let page = try await server.json(.GET, commits + "?limit=3")
            #expect(names(page, "message").first == "Say more in the readme")
            #expect(page["values"]?[0]?["author"]?["slug"]?.string == "octavia")
            #expect(page["values"]?[1]?["author"]?["name"]?.string == "A Stranger")
            #expect((page["values"]?[0]?["authorTimestamp"]?.integer ?? 0) % 1000 == 0)
            let old = try await server.json(.GET, commits + "?until=v0.9.0&limit=1")
            #expect(names(old, "message") == ["Correct the pilot"])
            #expect(
                names(try await server.json(.GET, commits + "?until=refs/heads/main&path=LICENSE"), "id").count == 1)
            #expect(try await server.exception(.GET, commits + "?until=gone", status: 404) == "NoSuchCommitException")
            let empty = "/projects/~octavia/repos/empty-dock"
            #expect(names(try await server.json(.GET, empty + "/commits"), "id") == [])
            #expect(try await server.exception(.GET, empty + "/files", status: 404) == "NoDefaultBranchException")
        }
    }

    @Test func `webhooks are kept with their secrets, and put as a whole`() async throws {
        try await BitbucketServerTrial.run { server in
            let hooks = BitbucketServerTrial.harbour + "/webhooks"
            let draft =
                #"{"name":"CI","url":"https://ci.example/h","events":["repo:refs_changed"],"configuration":{"secret":"s3"}}"#
            let made = try await server.json(.POST, hooks, json: draft, status: 201)
            let id = try #require(made["id"]?.integer)
            #expect(made["configuration"]?["secret"]?.string == "s3")
            #expect(made["active"]?.bool == true)
            #expect(try await server.json(.GET, hooks)["values"]?[0]?["id"]?.integer == id)
            for json in [
                #"{"name":"CI","url":"ci","events":["repo:refs_changed"]}"#,
                #"{"name":"CI","url":"https://x","events":[]}"#,
                #"{"url":"https://x","events":["repo:refs_changed"]}"#,
                #"{"name":"x","url":"https://x","events":["push"]}"#,
            ] {
                try await server.json(.POST, hooks, json: json, status: 400)
            }
            let put = #"{"name":"CD","url":"https://cd.example","events":["pr:opened"]}"#
            #expect(try await server.json(.PUT, hooks + "/\(id)", json: put)["configuration"] == .object([:]))
            #expect(try await server.api(.DELETE, hooks + "/\(id)").status == 204)
            #expect(try await server.exception(.GET, hooks + "/\(id)", status: 404) == "NoSuchWebhookException")
        }
    }
}
