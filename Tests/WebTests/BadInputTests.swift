// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Forges
import Hummingbird
import Model
import TestSupport
import Testing

@testable import Web

/// What callers send wrongly: each with its status, its code and a sentence.
@Suite struct BadInputTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let method: HTTPRequest.Method
        let path: String
        let body: String?
        let status: Int
        let code: String

        init(
            _ what: String, _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil, status: Int = 400,
            code: String = "SVCSTG.REPO.0400"
        ) {
            testDescription = what
            self.method = method
            self.path = path
            self.body = body
            self.status = status
            self.code = code
        }
    }

    private static let long = String(repeating: "x", count: 70_000)
    private static let repository = DoorTests.repository
    private static let file = "\(DoorTests.files)/README.md"
    private static let personal = "/auths/github/personal"
    private static let sha = StubGitHub.empty

    static let rows = [
        Row("renew: no body", .put, personal), Row("renew: an array", .put, personal, "[]"),
        Row("renew: name absent", .put, personal, #"{"token":"t"}"#),
        Row("renew: name a number", .put, personal, #"{"name":1,"token":"t"}"#),
        Row("renew: token absent", .put, personal, #"{"name":"main"}"#),
        Row("renew: token empty", .put, personal, #"{"name":"main","token":""}"#),
        Row("renew: token with a line end", .put, personal, #"{"name":"main","token":"a\nb"}"#),
        Row(
            "renew: unknown", .put, personal, #"{"name":"nothing","token":"t"}"#, status: 404, code: "SVCSTG.REPO.0404"),
        Row(
            "renew: name too short", .put, personal, #"{"name":"abc","token":"t"}"#, status: 404,
            code: "SVCSTG.REPO.0404"),
        Row("renew: name overlong", .put, personal, #"{"name":"\#(long)","token":"t"}"#),
        Row("renew: another forge", .put, "/auths/gitlab/personal", #"{"name":"main","token":"t"}"#),
        Row("renew: host no address", .put, personal, #"{"name":"main","token":"t","host":"nowhere"}"#),
        Row(
            "renew: unknown forge", .put, "/auths/sourceforge/personal", #"{"name":"main","token":"t"}"#,
            code: "SVCSTG.REPO.0401"),
        Row("renew: no user", .put, "/auths/github/password", #"{"name":"main","password":"p"}"#),
        Row("renew: no password", .put, "/auths/github/password", #"{"name":"main","user":"u"}"#),
        Row(
            "renew: unknown, by password", .put, "/auths/github/password",
            #"{"name":"nothing","user":"u","password":"p"}"#, status: 404, code: "SVCSTG.REPO.0404"),
        Row("renew: no code", .put, "/auths/github/oauth", #"{"name":"main","state":"s"}"#),
        Row(
            "renew: bad state", .put, "/auths/github/oauth", #"{"name":"main","code":"c","state":"s"}"#,
            code: "SVCSTG.REPO.0402"),
        Row(
            "renew: unknown, by code", .put, "/auths/github/oauth", #"{"name":"nothing","code":"c","state":"s"}"#,
            status: 404, code: "SVCSTG.REPO.0404"),
        Row("renew: a visit without a name", .get, "/auths/github/redirect?reauthorize=true"),
        Row("renew: neither true nor false", .get, "/auths/github/redirect?name=main&reauthorize=yes"),
        Row(
            "renew: a visit for nothing", .get, "/auths/github/redirect?name=nothing&reauthorize=true", status: 404,
            code: "SVCSTG.REPO.0404"),
        Row("renew: a visit to another forge", .get, "/auths/gitlab/redirect?name=main&reauthorize=true"),
        Row("no body", .post, personal), Row("empty object", .post, personal, "{}"),
        Row("not JSON", .post, personal, "name=main"), Row("cut off", .post, personal, #"{"name":"main","token":"t"#),
        Row("an array", .post, personal, "[]"), Row("a string", .post, personal, #""main""#),
        Row("deep nesting", .post, personal, String(repeating: "[", count: 100_000)),
        Row("name absent", .post, personal, #"{"token":"t"}"#),
        Row("name null", .post, personal, #"{"name":null,"token":"t"}"#),
        Row("name empty", .post, personal, #"{"name":"","token":"t"}"#),
        Row("name a number", .post, personal, #"{"name":1234,"token":"t"}"#),
        Row("name too short", .post, personal, #"{"name":"abc","token":"t"}"#),
        Row("name too long", .post, personal, #"{"name":"\#(String(repeating: "n", count: 64))","token":"t"}"#),
        Row("name overlong", .post, personal, #"{"name":"\#(long)","token":"t"}"#),
        Row("name with a space", .post, personal, #"{"name":"a name","token":"t"}"#),
        Row("name not ASCII", .post, personal, #"{"name":"nämé","token":"t"}"#),
        Row("token absent", .post, personal, #"{"name":"main-2"}"#),
        Row("token empty", .post, personal, #"{"name":"main-2","token":""}"#),
        Row("token with a line end", .post, personal, #"{"name":"main-2","token":"a\nb"}"#),
        Row("token overlong", .post, personal, #"{"name":"main-2","token":"\#(long)"}"#),
        Row("token an object", .post, personal, #"{"name":"main-2","token":{}}"#),
        Row("host no URL", .post, personal, #"{"name":"main-2","token":"t","host":"not a url"}"#),
        Row("host of another scheme", .post, personal, #"{"name":"main-2","token":"t","host":"ftp://example.org"}"#),
        Row("host with a user", .post, personal, #"{"name":"main-2","token":"t","host":"https://a:b@example.org"}"#),
        Row("host a number", .post, personal, #"{"name":"main-2","token":"t","host":1}"#),
        Row(
            "unknown forge", .post, "/auths/sourceforge/personal", #"{"name":"main-2","token":"t"}"#,
            code: "SVCSTG.REPO.0401"),
        Row(
            "mode that the forge has not", .post, "/auths/gitlab/password",
            #"{"name":"main-2","user":"u","password":"p"}"#, code: "SVCSTG.REPO.0401"),
        Row("taken name", .post, personal, #"{"name":"main","token":"t"}"#, code: "SVCSTG.REPO.0403"),
        Row("password absent", .post, "/auths/github/password", #"{"name":"main-2","user":"u"}"#),
        Row("user with a colon", .post, "/auths/github/password", #"{"name":"main-2","user":"u:v","password":"p"}"#),
        Row("token no base64", .post, "/auths/github/password", #"{"name":"main-2","token":"%%%"}"#),
        Row("token without a colon", .post, "/auths/github/password", #"{"name":"main-2","token":"dXNlcg=="}"#),
        Row(
            "made-up state", .post, "/auths/github/oauth", #"{"name":"main-2","code":"x","state":"y"}"#,
            code: "SVCSTG.REPO.0402"),
        Row("unknown site", .get, "/auths/github/redirect?tag=mars"),
        Row("redirect with a taken name", .get, "/auths/github/redirect?name=main", code: "SVCSTG.REPO.0403"),
        Row("no password authorization", .get, "/auths/github/password/valid", code: "SVCSTG.REPO.0450"),
        Row("unknown authorization", .delete, "/auths/nobody", status: 404, code: "SVCSTG.REPO.0404"),
        Row("a name that cannot be", .delete, "/auths/%E5%90%8D", status: 404, code: "SVCSTG.REPO.0404"),
        Row("path not UTF-8", .delete, "/auths/%FF%FE"), Row("path cut off", .get, "/repos/%E5%90/projects"),
        Row("clone URL absent", .get, "/repos/project-info"),
        Row("clone URL empty", .get, "/repos/project-info?clone_url="),
        Row("clone URL no URL", .get, "/repos/project-info?clone_url=not%20a%20url", code: "SVCSTG.REPO.0452"),
        Row(
            "clone URL of another host", .get, "/repos/project-info?clone_url=https%3A%2F%2Fgitlab.com%2Fa%2Fb.git",
            code: "SVCSTG.REPO.0452"),
        Row("query not UTF-8", .get, "/repos/project-info?clone_url=%FF"),
        Row("unknown repository", .get, "/repos/octavia/nothing/branches", status: 404, code: "SVCSTG.REPO.0404"),
        Row("dots for a repository", .get, "/repos/octavia/..%2F../branches"),
        Row("project without a name", .post, "/repos/octavia/projects", "{}"),
        Row("project's name with a slash", .post, "/repos/octavia/projects", #"{"name":"a/b"}"#),
        Row("project's name with a marked slash", .post, "/repos/octavia/projects", #"{"name":"a/\u0301b"}"#),
        Row("namespace that leads out", .get, "/repos/%252E%252E/projects"),
        Row("tag without a ref", .post, "\(repository)/tags", #"{"name":"v2","description":""}"#),
        Row("tag without a name", .post, "\(repository)/tags?ref=main", #"{"description":""}"#),
        Row("tag without a description", .post, "\(repository)/tags?ref=main", #"{"name":"v2"}"#),
        Row(
            "tag of an unknown ref", .post, "\(repository)/tags?ref=nowhere", #"{"name":"v2","description":""}"#,
            status: 404, code: "SVCSTG.REPO.0404"),
        Row("tag's name with a space", .post, "\(repository)/tags?ref=main", #"{"name":"v 2","description":""}"#),
        Row("unknown tag", .delete, "\(repository)/tags/nothing", status: 404, code: "SVCSTG.REPO.0404"),
        Row("hook without a secret", .post, "\(repository)/hooks", #"{"url":"https://example.org"}"#),
        Row("hook with no URL", .post, "\(repository)/hooks", #"{"url":"nowhere","secret":"s"}"#),
        Row(
            "tag too long", .post, "\(repository)/tags?ref=main",
            #"{"name":"\#(String(repeating: "y", count: 251))","description":""}"#),
        Row("tag that no path can name", .post, "\(repository)/tags?ref=main", #"{"name":"a%2fb","description":""}"#),
        Row("hook with no host", .post, "\(repository)/hooks", #"{"url":"http://","secret":"s"}"#),
        Row("hook with a broken host", .post, "\(repository)/hooks", #"{"url":"http://[::1","secret":"s"}"#),
        Row("hook with no port", .post, "\(repository)/hooks", #"{"url":"https://h:99999","secret":"s"}"#),
        Row("hook with a password", .post, "\(repository)/hooks", #"{"url":"https://u:pw@h/","secret":"s"}"#),
        Row("unknown hook", .delete, "\(repository)/hooks/99", status: 404, code: "SVCSTG.REPO.0404"),
        Row("tree without a ref", .get, "\(DoorTests.files)/trees"), Row("file without a ref", .get, file),
        Row("unknown file", .get, "\(DoorTests.files)/nothing?ref=main", status: 404, code: "SVCSTG.REPO.0404"),
        Row("file without content", .post, "\(file)?ref=main", #"{"message":"m"}"#),
        Row("content no base64", .post, "\(file)?ref=main", #"{"message":"m","content":"***"}"#),
        Row("content without padding", .post, "\(file)?ref=main", #"{"message":"m","content":"aGVsbG8"}"#),
        Row("message empty", .post, "\(file)?ref=main", #"{"message":"","content":""}"#),
        Row("update without a sha", .put, "\(file)?ref=main", #"{"message":"m","content":""}"#),
        Row("sha no digits", .put, "\(file)?ref=main", #"{"message":"m","content":"","sha":"latest"}"#),
        Row(
            "stale sha", .put, "\(file)?ref=main",
            #"{"message":"m","content":"","sha":"\#(String(repeating: "b", count: 40))"}"#, status: 409,
            code: "SVCSTG.REPO.0409"),
        Row("delete without a message", .delete, "\(file)?ref=main&sha=\(sha)"),
        Row("delete without a sha", .delete, "\(file)?ref=main&message=m"),
        Row("no such operation", .get, "/nothing", status: 404, code: "APIGW.0101"),
        Row("no such method", .patch, "/auths", status: 404, code: "APIGW.0101"),
    ]

    @Test(arguments: rows) func `a wrong request is told what is wrong`(row: Row) async throws {
        try await TestSite.withSite { site async throws in
            try await site.storeMain()
            let answer = try await site.call(row.method, row.path, body: row.body)
            #expect((answer.status, answer.code) == (row.status, row.code), "\(answer.text.prefix(300))")
            let message = try #require(answer.message)
            #expect(message.count > 15 && message.hasSuffix("."), "\(message)")
            #expect(try answer.json()["request_id"] as? String == answer.headers[.xRequestID])
            #expect(!answer.text.contains("canary"))
        }
    }

    @Test func `bytes that are not UTF-8 are no JSON`() async throws {
        try await TestSite.withSite { site async throws in
            let answer = try await site.send(
                .post, "\(site.root)/auths/github/personal", headers: ["X-Auth-Token": try await site.token()],
                bytes: Array(#"{"name":"main","token":""#.utf8) + [0xFF, 0xFE] + Array(#""}"#.utf8))
            #expect((answer.status, answer.code) == (400, "SVCSTG.REPO.0400"))
        }
    }

    @Test(arguments: [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian, .utf32])
    func `JSON in another form than UTF-8 is no JSON`(encoding: String.Encoding) throws {
        let json = try #require(#"{"name":"main"}"#.data(using: encoding))
        #expect(throws: ProblemError.self) { try Body(json: json) }
        #expect(try Body(json: Data(#"{"name":"main"}"#.utf8)).text("name", limit: 4) == "main")
    }

    @Test(arguments: [
        "aGVsbG8", "aGVsbG8==", "aGVsb0G9=", "aG=4aGVs", "aGVs====", "aGVsbG8=aGVs", "aGVs bG8=", "aGVs-_8=",
    ])
    func `base64 that is cut off, wrongly padded or of another alphabet is refused`(text: String) throws {
        #expect(throws: ProblemError.self) { try Body(json: Data(#"{"content":"\#(text)"}"#.utf8)).base64("content") }
    }

    @Test func `a body over 12 MB is refused`() async throws {
        try await TestSite.withSite { site async throws in
            let answer = try await site.send(
                .post, "\(site.root)/auths/github/personal", headers: ["X-Auth-Token": try await site.token()],
                bytes: [UInt8](repeating: 0x20, count: (12 << 20) + 1))
            #expect((answer.status, answer.code) == (413, "APIGW.0201"))
        }
    }

    @Test func `an address or a header over 32 KB is refused`() async throws {
        try await TestSite.withSite { site async throws in
            let long = String(repeating: "x", count: 33_000)
            let address = try await site.send(.get, "\(site.root)/auths?x=\(long)")
            #expect((address.status, address.code) == (414, "APIGW.0201"))
            let header = try await site.send(.get, "\(site.root)/auths", headers: ["X-Long": long])
            #expect((header.status, header.code) == (494, "APIGW.0201"))
        }
    }

    @Test(
        arguments: [
            (401, [:], 400, "SVCSTG.REPO.0451"), (403, [:], 403, "SVCSTG.REPO.0453"),
            (404, [:], 404, "SVCSTG.REPO.0404"),
            (429, ["Retry-After": "7"], 429, "SVCSTG.REPO.0429"), (500, [:], 502, "SVCSTG.REPO.0502"),
        ] as [(Int, [String: String], Int, String)])
    func `what the forge refuses is told apart`(
        upstream: Int, headers: [String: String], status: Int, code: String
    ) async throws {
        let network = StubNetwork { _ in
            .json(#"{"message":"canary of the forge"}"#, status: upstream, headers: headers)
        }
        try await TestSite.withSite(network: network) { site async throws in
            try await site.storeMain()
            let answer = try await site.call(.get, "\(DoorTests.repository)/branches")
            #expect((answer.status, answer.code) == (status, code))
            if let seconds = headers["Retry-After"] { #expect(answer.headers[.retryAfter] == seconds) }
        }
    }

    @Test(arguments: [
        (Upstream.Failure.timedOut, 504, "SVCSTG.REPO.0504"), (.unreachable("x"), 502, "SVCSTG.REPO.0502"),
    ])
    func `a network that fails is told apart`(failure: Upstream.Failure, status: Int, code: String) async throws {
        try await TestSite.withSite(network: StubNetwork { _ in throw failure }) { site async throws in
            try await site.storeMain()
            let answer = try await site.call(.get, "\(DoorTests.repository)/branches")
            #expect((answer.status, answer.code) == (status, code))
        }
    }
}
