// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import Testing
import TestSupport

/// Who may do what, and what is said to those who may not.
@Suite struct GitHubAccessTests {
    @Test func `every way to give the token is taken`() async throws {
        try await withGitHub { hub in
            let token = hub.trial.forge.token.exposed
            let basic = { (text: String) in "Basic " + Data(text.utf8).base64EncodedString() }
            for value in [
                "Bearer \(token)", "token \(token)", "bearer \(token)", basic("octavia:\(token)"),
                basic("\(token):x-oauth-basic"),
            ] {
                let answer = try await hub.with(authorization: value).get("/user")
                #expect(answer.status == 200, "\(value.prefix(8))")
                #expect(try answer.json()["login"]?.string == "octavia")
            }
        }
    }

    @Test func `other credentials are bad`() async throws {
        try await withGitHub { hub in
            for value in ["Bearer wrong", "token ", "Basic !!!", "Basic b2N0YXZpYQ==", "Digest x", "nothing"] {
                let answer = try await hub.with(authorization: value).get("/user")
                #expect(answer.status == 401, "\(value)")
                #expect(try answer.json()["message"]?.string == "Bad credentials")
                #expect(try answer.json()["status"]?.string == "401")
            }
        }
    }

    @Test func `an expired token is bad`() async throws {
        var old = token("ghp_old", scopes: ["repo"])
        old.expires = 1_600_000_000
        var fresh = token("ghp_fresh", scopes: ["repo"])
        fresh.expires = 4_000_000_000
        let tokens = [old, fresh]
        try await withGitHub({ $0.tokens = tokens }) { hub in
            #expect(try await hub.with(token: "ghp_old").get("/user").status == 401)
            let answer = try await hub.with(token: "ghp_fresh").get("/user")
            #expect(answer.status == 200)
            let expiry = answer.headers.first(name: "GitHub-Authentication-Token-Expiration")
            #expect(expiry == "2096-10-02 07:06:40 UTC")
        }
    }

    @Test func `a request without a user agent is forbidden`() async throws {
        try await withGitHub { hub in
            let answer = try await hub.get("/user", headers: [("User-Agent", "")])
            #expect(answer.status == 403)
            #expect(try answer.json()["message"]?.string?.contains("User-Agent") == true)
        }
    }

    @Test func `every answer carries GitHub's headers`() async throws {
        try await withGitHub { hub in
            let answer = try await hub.get(
                "/user", headers: [("Accept", "application/vnd.github+json"), ("X-GitHub-Api-Version", "2022-11-28")])
            let headers = answer.headers
            #expect(headers.first(name: "X-GitHub-Request-Id")?.split(separator: ":").count == 5)
            #expect(headers.first(name: "X-GitHub-Media-Type") == "github.v3; format=json")
            #expect(headers.first(name: "X-GitHub-Api-Version-Selected") == "2022-11-28")
            #expect(headers.first(name: "X-OAuth-Scopes")?.contains("admin:repo_hook, delete_repo") == true)
            #expect(headers.first(name: "X-RateLimit-Limit") == "5000")
            #expect(headers.first(name: "X-RateLimit-Remaining") == "4999")
            #expect(headers.first(name: "X-RateLimit-Resource") == "core")
            let tag = try #require(headers.first(name: "ETag"))
            let again = try await hub.get("/user", headers: [("If-None-Match", tag)])
            #expect(again.status == 304)
            #expect(again.bytes.isEmpty)
            #expect(try await hub.get("/user", headers: [("X-GitHub-Api-Version", "1999-01-01")]).status == 400)
        }
    }

    @Test func `a primary limit that is used up is told with its reset`() async throws {
        var few = token("ghp_few", scopes: ["repo"])
        few.rateLimit = 2
        let tokens = [few]
        try await withGitHub({ $0.tokens = tokens }) { hub in
            let hub = hub.with(token: "ghp_few")
            #expect(try await hub.get("/user").status == 200)
            #expect(try await hub.get("/user").headers.first(name: "X-RateLimit-Remaining") == "0")
            let refused = try await hub.get("/user")
            #expect(refused.status == 403)
            #expect(refused.headers.first(name: "X-RateLimit-Remaining") == "0")
            #expect(refused.headers.first(name: "X-RateLimit-Reset").flatMap { Int($0) } ?? 0 > 0)
            #expect(try refused.json()["message"]?.string?.hasPrefix("API rate limit exceeded") == true)
            let free = try await hub.get("/rate_limit")
            #expect(free.status == 200)
            #expect(try free.json()["resources"]?["core"]?["remaining"]?.integer == 0)
        }
    }

    @Test func `a secondary limit is told with Retry-After`() async throws {
        var busy = token("ghp_busy", scopes: ["repo"])
        busy.isThrottled = true
        let tokens = [busy]
        try await withGitHub({ $0.tokens = tokens }) { hub in
            let refused = try await hub.with(token: "ghp_busy").get("/user")
            #expect(refused.status == 403)
            #expect(refused.headers.first(name: "Retry-After") == "60")
            #expect(refused.headers.first(name: "X-RateLimit-Remaining") != "0")
            #expect(try refused.json()["message"]?.string?.contains("secondary rate limit") == true)
        }
    }

    /// Scopes of a token, a request, and the status of its answer.
    private static let scopeTable: [(scopes: [String], method: HTTPMethod, path: String, body: String?, status: Int)] =
        [
            ([], .GET, "/user", nil, 200),
            ([], .GET, "/user/orgs", nil, 403),
            (["read:org"], .GET, "/user/orgs", nil, 200),
            (["user"], .GET, "/user/memberships/orgs", nil, 403),
            (["read:org"], .GET, "/user/memberships/orgs", nil, 200),
            (["user"], .GET, "/repos/octavia/harbour", nil, 404),
            (["public_repo"], .GET, "/repos/octavia/harbour", nil, 404),
            (["repo"], .GET, "/repos/octavia/harbour", nil, 200),
            (["repo"], .GET, "/repos/marlow/secret-cove", nil, 404),
            (["delete_repo"], .GET, "/repos/octavia/harbour", nil, 200),
            (["delete_repo", "admin:repo_hook"], .GET, "/repos/octavia/harbour/contents/README.md", nil, 404),
            ([], .GET, "/repos/octavia/open-water", nil, 200),
            ([], .PUT, "/repos/octavia/open-water/contents/a", #"{"message":"m","content":""}"#, 404),
            (["public_repo"], .PUT, "/repos/octavia/open-water/contents/a", #"{"message":"m","content":""}"#, 201),
            (["public_repo"], .POST, "/user/repos", #"{"name":"x","private":true}"#, 404),
            (["public_repo"], .POST, "/user/repos", #"{"name":"x"}"#, 201),
            (["read:org"], .GET, "/repos/octavia/open-water/hooks", nil, 404),
            (["read:repo_hook"], .GET, "/repos/octavia/harbour/hooks", nil, 200),
            (["read:repo_hook"], .POST, "/repos/octavia/harbour/hooks", #"{"config":{"url":"http://a"}}"#, 404),
            (["admin:repo_hook"], .POST, "/repos/octavia/harbour/hooks", #"{"config":{"url":"http://a"}}"#, 201),
            (["repo"], .DELETE, "/repos/octavia/harbour", nil, 403),
            (["repo", "delete_repo"], .DELETE, "/repos/octavia/harbour", nil, 204),
            (
                ["repo"], .PUT, "/repos/octavia/harbour/contents/.github/workflows/x.yml",
                #"{"message":"m","content":""}"#, 404
            ),
            (["repo"], .PUT, "/repos/octavia/old-pier/contents/a", #"{"message":"m","content":""}"#, 403),
            (["repo"], .POST, "/repos/octavia/old-pier/git/refs", #"{"ref":"refs/heads/a","sha":"a"}"#, 403),
        ]

    @Test func `a token can do what its scopes say`() async throws {
        let rows = Self.scopeTable
        let tokens = rows.indices.map { token("ghp_row\($0)", scopes: rows[$0].scopes) }
        try await withGitHub({ $0.tokens = tokens }) { hub in
            for (index, row) in rows.enumerated() {
                let answer = try await hub.with(token: "ghp_row\(index)").send(row.method, row.path, row.body)
                #expect(answer.status == row.status, "\(row) \(answer.text)")
            }
        }
    }

    @Test func `who is not signed in sees public things only`() async throws {
        try await withGitHub { hub in
            let stranger = hub.with(token: nil)
            #expect(try await stranger.get("/repos/octavia/open-water").status == 200)
            #expect(try await stranger.get("/repos/octavia/harbour").status == 404)
            let user = try await stranger.get("/user")
            #expect(user.status == 401)
            #expect(try user.json()["message"]?.string == "Requires authentication")
            #expect(user.headers.first(name: "X-RateLimit-Limit") == "60")
        }
    }

    @Test func `a member of the organisation is no administrator of its repositories`() async throws {
        let scopes = ["repo", "admin:repo_hook", "delete_repo", "read:org"]
        try await withGitHub({ $0.tokens = [token("ghp_m", scopes: scopes, login: SandboxSeed.otherLogin)] }) { hub in
            let marlow = hub.with(token: "ghp_m")
            let path = "/repos/harbour-works/crane-control"
            let repository = try await marlow.get(path).json()
            #expect(repository["permissions"]?["push"]?.bool == true)
            #expect(repository["permissions"]?["admin"]?.bool == false)
            #expect(try await marlow.get(path + "/hooks").status == 404)
            #expect(try await marlow.delete(path).status == 403)
            #expect(try await marlow.put("new.txt", "x", repository: "harbour-works/crane-control").status == 201)
            let refused = try await marlow.put("new.txt", "x", repository: "octavia/open-water")
            #expect(refused.status == 403)
            #expect(try await marlow.get("/repos/octavia/harbour").status == 404)
        }
    }
}
