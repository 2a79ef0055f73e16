// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport
import Testing

@testable import Forges

struct GitHubErrorsTests {
    private func error(
        _ status: Int, _ headers: [String: String] = [:], _ json: String = #"{"message":"x"}"#,
        host: ForgeHost = .official(.github)
    ) -> ForgeError {
        GitHubAnswer(.json(json, status: status, headers: headers), host: host, now: 1_000).error
    }

    @Test func `single sign-on is told with the address that ends it, if it is GitHub's own`() {
        let own = error(
            403, ["X-GitHub-SSO": "required; url=https://github.com/orgs/mill/sso?authorization_request=AZS"])
        #expect(own.code == .forbidden)
        #expect(own.message.contains("single sign-on"))
        #expect(own.message.hasSuffix("https://github.com/orgs/mill/sso?authorization_request=AZS"))
        for address in [
            "https://evil.example/sso", "https://github.com.evil.example/sso", "javascript:alert(1)", "",
            "https://github.com/" + String(repeating: "a", count: 600), "https://u@github.com/sso",
        ] {
            let foreign = error(403, ["X-GitHub-SSO": "required; url=\(address)"])
            #expect(foreign.code == .forbidden)
            #expect(foreign.message.hasSuffix("at GitHub."))
        }
        #expect(error(403, ["X-GitHub-SSO": "partial-results; organizations=1"]).code == .forbidden)
    }

    @Test func `a missing scope is named`() {
        let missing = error(
            403, ["X-OAuth-Scopes": "gist, read:user", "X-Accepted-OAuth-Scopes": "admin:org, read:org, <b>"])
        #expect(missing.code == .forbidden)
        #expect(missing.message.contains("admin:org or read:org."))
        let other = error(403, ["X-OAuth-Scopes": "repo", "X-Accepted-OAuth-Scopes": "repo, public_repo"])
        #expect(other.code == .forbidden)
        #expect(!other.message.contains("scope"))
        let fine = error(403, ["X-Accepted-GitHub-Permissions": "contents=write; metadata=read"])
        #expect(fine.message.contains("contents=write, metadata=read."))
    }

    @Test(arguments: [
        ("Repository was archived so is read-only.", "archived"), ("Sorry. Your account was suspended.", "suspended"),
        ("Repository rule violations found", "rules"),
        ("You need admin access to the organization before adding a repository to it.", "forbids"),
    ])
    func `other reasons have their sentences`(said: String, word: String) {
        let forbidden = error(403, [:], #"{"message":"\#(said)"}"#)
        #expect(forbidden.code == .forbidden)
        #expect(forbidden.message.contains(word))
    }

    @Test(arguments: [
        (403, ["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1090"], "API rate limit exceeded", 90),
        (429, ["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1090"], "x", 90),
        (403, ["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "10"], "x", 1),
        (403, ["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9223372036854775807"], "x", 86_400),
        (403, ["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "-9223372036854775808"], "x", 1),
        (403, ["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"], "x", 60),
        (403, ["X-RateLimit-Remaining": "0"], "x", 60), (403, ["Retry-After": "30"], "x", 30),
        (403, ["Retry-After": "0"], "x", 1), (429, ["Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"], "x", 60),
        (403, ["X-RateLimit-Remaining": "7"], "You have exceeded a secondary rate limit.", 60),
        (403, [:], "You have triggered an abuse detection mechanism.", 60), (403, ["gh-limited-by": "x"], "x", 60),
        (429, [:], "x", 60), (403, [:], "Maximum number of login attempts exceeded.", 60),
    ])
    func `limits say how long to wait`(status: Int, headers: [String: String], said: String, wait: Int) {
        let limited = error(status, headers, #"{"message":"\#(said)"}"#)
        #expect(limited.code == .rateLimited)
        #expect(limited.retryAfter == wait)
        #expect(limited.message.contains("\(wait) seconds"))
    }

    @Test func `a second factor asks for a token`() {
        let asked = error(401, ["X-GitHub-OTP": "required; app"])
        #expect(asked.code == .credentialRejected)
        #expect(asked.message.contains("personal access token"))
    }

    @Test(arguments: [
        (#"{"errors":[{"code":"already_exists","field":"name"}]}"#, ForgeError.Code.alreadyExists),
        (#"{"errors":["Something already exists"]}"#, .alreadyExists),
        (#"{"message":"Reference does not exist"}"#, .notFound),
        (#"{"message":"No commit found for SHA: x"}"#, .notFound),
        (#"{"message":"Update is not a fast forward"}"#, .conflict),
        (#"{"errors":[1,null,{"field":5}]}"#, .invalidRequest),
        (#"{"errors":{"a":1},"message":5}"#, .invalidRequest), ("[]", .unavailable), ("", .unavailable),
    ])
    func `a validation's reasons are told apart`(json: String, code: ForgeError.Code) {
        #expect(error(422, [:], json).code == code)
    }

    @Test func `fields are named, texts are not`() {
        let invalid = error(
            422, [:],
            #"{"message":"Validation Failed","errors":[{"field":"name","code":"missing_field"},{"field":"a b<","code":"invalid"},{"field":"url","code":"evil code"}]}"#
        )
        #expect(invalid.code == .invalidRequest)
        #expect(
            invalid.message == "GitHub finds the request invalid: name (missing_field), url. Change it, then try again."
        )
    }

    @Test(arguments: [301, 302, 304, 401, 403, 404, 409, 422, 500, 502, 503, 504])
    func `a page is nobody's answer`(status: Int) {
        let page = Upstream.Response(
            status: status, headers: [Upstream.Header("Content-Type", "text/html")], body: Array("<html>".utf8))
        let made = GitHubAnswer(page, host: .official(.github), now: 0).error
        #expect(made.code == .unavailable)
        #expect(made.upstreamStatus == status)
    }

    @Test func `the request's id is kept where it is one`() {
        #expect(error(404, ["x-github-request-id": "D236:47C4:1909E038"]).upstreamRequestID == "D236:47C4:1909E038")
        #expect(error(404, ["x-github-request-id": "a b\u{1B}"]).upstreamRequestID == nil)
    }
}
