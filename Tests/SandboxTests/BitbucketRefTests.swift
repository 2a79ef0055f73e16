// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Lists, branches, tags and commits of the emulated Bitbucket.
@Suite struct BitbucketRefTests {
    private static let harbour = "/repositories/octavia/harbour"

    /// All pages, by their `next` addresses; gives the names and the number of pages.
    private static func names(_ trial: SandboxTrial, _ path: String) async throws -> (names: [String], pages: Int) {
        var next: String? = path
        var (names, pages): ([String], Int) = ([], 0)
        while let address = next {
            let body = try await trial.bucketJSON(.GET, address)
            names += body.values("name")
            pages += 1
            next = body["next"]?.string
            if let next { #expect(next.hasPrefix(trial.forge.host + "/2.0/")) }
        }
        return (names, pages)
    }

    @Test func `lists come in pages, each with the next one's address`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let crowded = "/repositories/octavia/crowded-quay/refs"
            let branches = try await Self.names(trial, crowded + "/branches?pagelen=100")
            #expect((branches.names.count, branches.pages) == (251, 3))
            let tags = try await Self.names(trial, crowded + "/tags")
            #expect((tags.names.count, tags.pages) == (250, 25))
            #expect(Set(tags.names).count == 250)
            let first = try await trial.bucketJSON(.GET, crowded + "/tags")
            #expect(first["size"]?.integer == 250)
            #expect(first["pagelen"]?.integer == 10)
            #expect(first["previous"] == nil)
            #expect(try await trial.bucketJSON(.GET, crowded + "/tags?page=26").values("name") == [])
            for (query, status) in [
                ("pagelen=101", 400), ("pagelen=0", 400), ("pagelen=x", 400), ("page=0", 404), ("page=x", 404),
            ] {
                #expect(try await trial.bucket(.GET, crowded + "/tags?" + query).status == status, "\(query)")
            }
        }
    }

    @Test func `lists are filtered and sorted`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let branches = Self.harbour + "/refs/branches"
            let found = try await trial.bucketJSON(.GET, branches + "?q=name+~+%22FEATURE%22&sort=-name")
            #expect(found.values("name") == ["feature/two", "feature/one"])
            let one = try await trial.bucketJSON(.GET, branches + "?q=name%3D%22main%22+AND+type%3D%22branch%22")
            #expect(one.values("name") == ["main"])
            #expect(try await trial.bucket(.GET, branches + "?q=nonsense").status == 400)
        }
    }

    @Test func `a branch is made of a commit, read with its slashes and deleted`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let tip = try await trial.tip("develop")
            let branches = Self.harbour + "/refs/branches"
            let draft = #"{"name":"topic/a","target":{"hash":"\#(tip.prefix(12))"}}"#
            let made = try await trial.bucketJSON(.POST, branches, json: draft, status: 201)
            #expect(made["target"]?["hash"]?.string == tip)
            #expect(try await trial.tip("topic/a") == tip)
            #expect(try await trial.bucket(.POST, branches, json: draft).status == 400)
            #expect(try await trial.bucket(.DELETE, branches + "/topic/a").status == 204)
            #expect(try await trial.bucket(.DELETE, branches + "/topic/a").status == 404)
            #expect(try await trial.bucket(.DELETE, branches + "/main").status == 400)
        }
    }

    @Test func `every tag that is made is annotated`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let tip = try await trial.tip()
            let tags = Self.harbour + "/refs/tags"
            let plain = try await trial.bucketJSON(
                .POST, tags, json: #"{"name":"plain","target":{"hash":"\#(tip)"}}"#, status: 201)
            #expect(plain["message"]?.string == "Added tag plain for changeset \(tip.prefix(12))\n")
            #expect(plain["target"]?["hash"]?.string == tip)
            let said = try await trial.bucketJSON(
                .POST, tags, json: #"{"name":"v/2","target":{"hash":"\#(tip)"},"message":"Two"}"#, status: 201)
            #expect(said["message"]?.string == "Two\n")
            #expect(said["tagger"]?["raw"]?.string == "Octavia Lund <octavia@example.com>")
            let light = try await trial.bucketJSON(.GET, tags + "/v0.9.0")
            #expect(light["message"] == .null)
            #expect(light["tagger"] == .null)
            for body in [
                #"{"name":"plain","target":{"hash":"\#(tip)"}}"#, #"{"name":"x","target":{"hash":"main"}}"#,
                #"{"name":"x","target":{"hash":"\#(String(repeating: "0", count: 40))"}}"#, #"{"name":"x"}"#,
                #"{"target":{"hash":"\#(tip)"}}"#, #"{"name":"a..b","target":{"hash":"\#(tip)"}}"#, "[]", "{",
            ] {
                #expect(try await trial.bucket(.POST, tags, json: body).status == 400, "\(body)")
            }
            #expect(try await trial.bucket(.DELETE, tags + "/v/2").status == 204)
            #expect(try await trial.bucket(.GET, tags + "/v/2").status == 404)
        }
    }

    @Test func `commits are newest first, of a revision, of several, or of all`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let tip = try await trial.tip()
            for path in ["/commits/main", "/commits?include=main", "/commits/\(tip)"] {
                let body = try await trial.bucketJSON(.GET, Self.harbour + path)
                #expect(body.values("hash").first == tip, "\(path)")
                #expect(body.values("hash").count == 10)
                #expect(body["size"] == nil)
                let rest = try await trial.bucketJSON(.GET, try #require(body["next"]?.string))
                #expect(rest.values("hash").count > 0)
                #expect(Set(rest.values("hash")).isDisjoint(with: body.values("hash")))
            }
            var counts: [Int] = []
            for query in [
                "", "include=main", "include=feature%2Fone&exclude=main", "include=main&exclude=main",
                "include=main&path=README.md",
            ] {
                let body = try await trial.bucketJSON(.GET, Self.harbour + "/commits?pagelen=100&" + query)
                counts.append(body.values("hash").count)
            }
            #expect(counts[0] >= counts[1] && counts[2] < counts[1] && counts[3] == 0 && counts[4] < counts[1])
            let unknown = try await trial.bucketJSON(.GET, Self.harbour + "/commits/nothing", status: 404)
            #expect(unknown.refusal == "Commit not found")
            let empty = try await trial.bucketJSON(.GET, "/repositories/octavia/empty-dock/commits")
            #expect(empty["values"] == .array([]))
        }
    }

    @Test func `an empty repository has no main branch and no refs`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let empty = "/repositories/octavia/empty-dock"
            let repository = try await trial.bucketJSON(.GET, empty)
            #expect(repository["mainbranch"] == .null)
            #expect(try await trial.bucketJSON(.GET, empty + "/refs")["values"] == .array([]))
            #expect(try await trial.bucket(.GET, empty + "/src").status == 404)
        }
    }
}
