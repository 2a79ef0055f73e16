// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

@Suite struct GiteeAccessTests {
    @Test func `a token is taken as a parameter or a header`() async throws {
        try await withGitee { (gitee) async throws in
            let token = gitee.trial.forge.token.exposed
            let agent = ("User-Agent", "trial")
            for (path, headers) in [
                ("/api/v5/user?access_token=\(token)", [agent]),
                ("/api/v5/user", [agent, ("Authorization", "token \(token)")]),
                ("/api/v5/user", [agent, ("Authorization", "Bearer \(token)")]),
            ] {
                let answer = try await gitee.trial.send(.GET, path, headers: headers)
                #expect(answer.status == 200)
                #expect(try answer.json()["login"]?.string == SandboxSeed.login)
                #expect(answer.header("X-Request-Id")?.count == 32)
            }
            let form = Array("access_token=\(token)&name=by-form&path=by-form&private=True".utf8)
            let made = try await gitee.trial.send(
                .POST, "/api/v5/user/repos",
                headers: [agent, ("Content-Type", "application/x-www-form-urlencoded")], body: form)
            #expect(made.status == 201)
        }
    }

    @Test func `a request without a User-Agent is refused`() async throws {
        try await withGitee { (gitee) async throws in
            let token = gitee.trial.forge.token.exposed
            let answer = try await gitee.trial.send(.GET, "/api/v5/user?access_token=\(token)")
            #expect(answer.status == 403)
        }
    }

    @Test func `a wrong, an expired and a missing token are told apart`() async throws {
        var expired = SandboxToken(forge: .gitee, token: Secret("expired"), scopes: ["user_info"])
        expired.expires = 1
        let old = expired
        try await withGitee({ $0.tokens = [old] }) { (gitee) async throws in
            for (token, message) in [
                ("wrong" as String?, "401 Unauthorized: Access token does not exist"),
                ("expired", "401 Unauthorized: Access token is expired"),
                (nil, "401 Unauthorized: Access token is required"),
            ] {
                var other = gitee
                other.token = token
                let body = try await other.json(.GET, "/user", status: 401)
                #expect(body["message"]?.string == message)
            }
        }
    }

    @Test func `each operation needs its scope`() async throws {
        let names = ["user_info", "projects", "hook", "groups", "enterprises", "gists"]
        let tokens = names.map { SandboxToken(forge: .gitee, token: Secret("only-\($0)"), scopes: [$0]) }
        try await withGitee({ $0.tokens = tokens }) { (gitee) async throws in
            for (path, scope) in [
                ("/user", "user_info"), ("/user/orgs", "groups"), ("/user/enterprises", "enterprises"),
                ("/user/repos", "projects"), (GiteeClient.harbour + "/hooks", "hook"),
            ] {
                for name in names {
                    let answer = try await GiteeClient(gitee.trial, token: "only-\(name)").send(.GET, path)
                    #expect(answer.status == (name == scope ? 200 : 403), "\(path) with \(name)")
                }
            }
            // What is private is not shown to a token without the scope.
            let other = GiteeClient(gitee.trial, token: "only-gists")
            #expect(try await other.send(.GET, GiteeClient.harbour).status == 404)
            #expect(try await other.send(.GET, "/repos/octavia/open-water").status == 200)
        }
    }

    @Test func `limits are told in Gitee's ways`() async throws {
        var few = SandboxToken(forge: .gitee, token: Secret("few"), scopes: ["user_info"])
        few.rateLimit = 2
        var throttled = SandboxToken(forge: .gitee, token: Secret("throttled"), scopes: ["user_info"])
        throttled.isThrottled = true
        let tokens = [few, throttled]
        try await withGitee({ $0.tokens = tokens }) { (gitee) async throws in
            let other = GiteeClient(gitee.trial, token: "few")
            for status in [200, 200, 429, 429] {
                let answer = try await other.send(.GET, "/user")
                #expect(answer.status == status)
                if status == 429 { #expect(answer.header("Retry-After").flatMap { Int($0) } ?? 0 > 0) }
            }
            let body = try await GiteeClient(gitee.trial, token: "throttled").json(.GET, "/user", status: 403)
            #expect(body["message"]?.string?.contains("Rate Limit") == true)
        }
    }

    @Test func `another's private repository is not there, an archived one takes no change`() async throws {
        try await withGitee { (gitee) async throws in
            let body = try await gitee.json(.GET, "/repos/marlow/secret-cove", status: 404)
            #expect(body["message"]?.string == "404 Project Not Found")
            let tag = #"{"refs":"main","tag_name":"t"}"#
            #expect(try await gitee.send(.POST, "/repos/octavia/old-pier/tags", tag).status == 403)
            #expect(try await gitee.send(.GET, "/repos/octavia/old-pier/tags").status == 200)
            #expect(try await gitee.send(.POST, "/repos/marlow/secret-cove/tags", tag).status == 404)
        }
    }

    @Test func `bad input is refused, and nothing fails`() async throws {
        try await withGitee { (gitee) async throws in
            let harbour = GiteeClient.harbour
            for (method, path, body, status) in [
                (HTTPMethod.POST, "/user/repos", "{", 400), (.POST, "/user/repos", "[]", 400),
                (.POST, "/user/repos", "{}", 400), (.POST, "/user/repos", #"{"name":{"a":{"b":1}}}"#, 400),
                (.POST, "/user/repos", #"{"name":"x y","path":"x y"}"#, 400),
                (.POST, "/user/repos", #"{"name":"harbour"}"#, 400),
                (.POST, "/orgs/nobody/repos", #"{"name":"xx"}"#, 404),
                (.POST, "/enterprises/nobody/repos", #"{"name":"xx"}"#, 404),
                (.POST, "/enterprises/silk-road/repos", #"{"name":"xx","private":7}"#, 400),
                (.POST, harbour + "/tags", #"{"tag_name":"t"}"#, 400),
                (.POST, harbour + "/tags", #"{"tag_name":"a b","refs":"main"}"#, 400),
                (.POST, harbour + "/tags", #"{"tag_name":"a..b","refs":"main","tag_message":"m"}"#, 400),
                (.POST, harbour + "/tags", #"{"tag_name":"t","refs":"nowhere"}"#, 400),
                (.POST, harbour + "/tags", #"{"tag_name":"v1.0.0","refs":"main"}"#, 400),
                (.POST, harbour + "/branches", #"{"branch_name":"main","refs":"main"}"#, 400),
                (.POST, harbour + "/hooks", #"{"url":"javascript:x"}"#, 400),
                (.POST, harbour + "/hooks", #"{"url":"https://e.example","encryption_type":9}"#, 400),
                (.POST, harbour + "/contents/x", #"{"content":"!!","message":"m"}"#, 400),
                (.POST, harbour + "/contents/x", #"{"content":"","message":""}"#, 400),
                (.POST, harbour + "/contents/x", #"{"content":"","message":"m","branch":"no"}"#, 404),
                (.POST, harbour + "/contents/..%2Fx", #"{"content":"","message":"m"}"#, 400),
                (.POST, harbour + "/contents/README.md/x", #"{"content":"","message":"m"}"#, 400),
                (.POST, harbour + "/contents/.git/x", #"{"content":"","message":"m"}"#, 400),
                (.PUT, harbour + "/contents/README.md", #"{"content":"","message":"m"}"#, 400),
                (.PUT, harbour + "/contents/README.md", #"{"content":"","message":"m","sha":"x"}"#, 400),
                (.PUT, harbour + "/contents/none", #"{"content":"","message":"m","sha":"x"}"#, 404),
            ] {
                let answer = try await gitee.send(method, path, body)
                #expect(answer.status == status, "\(path) \(body): \(answer.text.prefix(200))")
                #expect(try answer.json().object != nil)
            }
            for (path, status) in [
                ("/nothing", 404), ("/repos/dev/null", 404), (harbour + "/commits?sha=--all", 404),
                (harbour + "/commits?since=yesterday", 400), (harbour + "/git/trees/main~1", 404),
                (harbour + "/git/trees/nowhere?recursive=1", 404), (harbour + "/git/blobs/main", 404),
                (harbour + "/git/trees/main?recursive=yes", 400), (harbour + "/hooks/abc", 404),
                ("/user/repos?sort=size", 400), ("/user/repos?page=-1&per_page=99999999999999999999", 200),
                (harbour + "/branches/%00", 404), ("/user/namespace", 400), ("/user/namespace?path=x", 404),
            ] {
                let answer = try await gitee.send(.GET, path)
                #expect(answer.status == status, "\(path): \(answer.text.prefix(200))")
            }
            #expect(try await gitee.send(.PATCH, "/user").status == 405)
        }
    }
}
