// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Model
import TestSupport
import Testing

struct GitLabErrorsTests {
    /// An answer to `GET /user`, and what it means.
    struct Case: Sendable, CustomTestStringConvertible {
        let status: Int
        let body: String
        var headers: [String: String] = [:]
        let code: ForgeError.Code
        var says = ""

        var testDescription: String { "\(status) \(body.prefix(60))" }
    }

    private func error(_ status: Int, _ body: String, _ headers: [String: String] = [:]) async throws -> ForgeError {
        let network = StubNetwork(.init(.get, GitLabBench.api + "/user", status: status, headers: headers, json: body))
        let forge = GitLabBench.open(network)
        let error = try await GitLabBench.error { _ = try await forge.account() }
        #expect(network.complaints.isEmpty)
        return try #require(error)
    }

    @Test(arguments: [
        Case(status: 401, body: #"{"message":"401 Unauthorized"}"#, code: .credentialRejected, says: "Authorize again"),
        Case(
            status: 401, body: #"{"error":"invalid_token","error_description":"Token was revoked."}"#,
            code: .credentialRejected),
        Case(status: 401, body: "", code: .credentialRejected),
        Case(
            status: 403, body: #"{"error":"insufficient_scope","error_description":"…","scope":"api read_api"}"#,
            code: .forbidden, says: "of the scope api or read_api"),
        Case(status: 403, body: #"{"error":"insufficient_scope"}"#, code: .forbidden, says: "scope"),
        Case(status: 403, body: #"{"message":"403 Forbidden"}"#, code: .forbidden, says: "role"),
        Case(status: 403, body: "", code: .forbidden),
        Case(status: 404, body: #"{"message":"404 Project Not Found"}"#, code: .notFound, says: "no such repository"),
        Case(status: 404, body: #"{"message":"404 Group Not Found"}"#, code: .notFound, says: "no such user or group"),
        Case(status: 404, body: #"{"message":"404 Branch Not Found"}"#, code: .notFound, says: "no such branch"),
        Case(status: 404, body: #"{"error":"404 Not Found"}"#, code: .notFound),
        Case(status: 404, body: "", code: .notFound),
        Case(status: 409, body: #"{"message":"409 Conflict"}"#, code: .conflict, says: "Read it again"),
        Case(status: 409, body: #"{"message":"Tag v1 already exists"}"#, code: .alreadyExists),
        Case(status: 400, body: #"{"error":"name is missing"}"#, code: .invalidRequest),
        Case(
            status: 400, body: #"{"message":{"path":["has already been taken"]}}"#, code: .alreadyExists,
            says: "another name"),
        Case(
            status: 400, body: #"{"message":{"project_namespace.name":["has already been taken"]}}"#,
            code: .alreadyExists),
        Case(
            status: 400, body: #"{"message":{"visibility_level":["private has been restricted"]}}"#,
            code: .invalidRequest, says: "(visibility_level)"),
        Case(status: 400, body: #"{"message":["one","two"]}"#, code: .invalidRequest),
        Case(status: 400, body: #"{"message":{"a":{"b":[1,null,true]}}}"#, code: .invalidRequest),
        Case(status: 405, body: #"{"message":"405 Method Not Allowed"}"#, code: .invalidRequest),
        Case(status: 422, body: #"{"error":"Invalid url given"}"#, code: .invalidRequest),
        Case(status: 413, body: "", code: .invalidRequest, says: "too large"),
        Case(status: 414, body: "", code: .invalidRequest, says: "too large"),
        Case(status: 429, body: "Retry later\n", code: .rateLimited),
        Case(status: 429, body: "<html>Too many</html>", code: .rateLimited),
        Case(status: 500, body: #"{"message":"500 Internal Server Error"}"#, code: .unavailable, says: "(500)"),
        Case(status: 502, body: "<html><h1>GitLab is not responding</h1></html>", code: .unavailable),
        Case(status: 503, body: "", code: .unavailable),
        Case(status: 302, body: "", code: .unavailable),
        Case(status: 204, body: "", code: .unavailable),
        Case(status: 200, body: "<!DOCTYPE html><title>Sign in · GitLab</title>", code: .unavailable),
        Case(status: 200, body: #"{"username":"mira","web_u"#, code: .unavailable),
        Case(status: 200, body: #"[]"#, code: .unavailable),
        Case(status: 200, body: #"{"username":7,"web_url":null}"#, code: .unavailable),
        Case(status: 200, body: "", code: .unavailable),
    ])
    func `an answer means what GitLab means by it`(_ row: Case) async throws {
        let error = try await error(row.status, row.body, row.headers)
        #expect(error.code == row.code)
        #expect(error.upstreamStatus == row.status)
        #expect(error.message.contains(row.says), "\(error.message)")
        #expect(error.message.hasSuffix("."))
    }

    /// A proxy's page must not make a good credential a rejected one.
    @Test(arguments: [400, 401, 403, 404, 405, 409, 422])
    func `a web page is never GitLab's refusal`(_ status: Int) async throws {
        for (body, headers) in [
            ("\n <html>Sign in</html>", [:]), ("Sign in", ["Content-Type": "text/html; charset=utf-8"]),
        ] {
            #expect(try await error(status, body, headers).code == .unavailable)
        }
    }

    @Test func `the time to wait is GitLab's, within an hour`() async throws {
        let reset = "RateLimit-Reset"
        for (headers, seconds) in [
            (["Retry-After": "42"], 42 as Int?), (["Retry-After": "42", reset: "99999999999"], 42),
            ([reset: "99999999999"], 3600), ([reset: "1543694666"], 1), (["Retry-After": "86400"], 3600),
            (["Retry-After": "-5"], 1), (["Retry-After": "soon"], nil), ([reset: "nan"], nil),
            ([reset: "-9223372036854775808"], 1), ([reset: "9223372036854775807"], 3600), ([:], nil),
        ] {
            #expect(try await error(429, "Retry later", headers).retryAfter == seconds, "\(headers)")
        }
        #expect(try await error(503, "", ["Retry-After": "30"]).retryAfter == 30)
        #expect(try await error(403, "", ["Retry-After": "30"]).retryAfter == nil)
    }

    @Test func `the request's id is kept where it is one`() async throws {
        for (id, kept) in [
            ("01FGRDKVW2NF4T2120BRV7B63X", "01FGRDKVW2NF4T2120BRV7B63X" as String?),
            ("eed21ba3-1044-4fdf-9696-2cf8de8b2756", "eed21ba3-1044-4fdf-9696-2cf8de8b2756"), ("a b\tc", nil),
            (String(repeating: "x", count: 500), nil),
        ] {
            #expect(try await error(500, "", ["X-Request-Id": id]).upstreamRequestID == kept)
        }
    }

    @Test func `nothing that GitLab writes reaches the message unchecked`() async throws {
        let evil = "glpat-CANARY-4711 <script>alert(1)</script> \u{202E}"
        for status in [400, 401, 403, 404, 405, 409, 422, 429, 500, 503] {
            for body in [
                #"{"message":"\#(evil)"}"#, #"{"message":{"\#(evil)":["\#(evil)"]}}"#,
                #"{"error":"insufficient_scope","scope":"<b>api</b> \#(evil)"}"#, evil,
            ] {
                let error = try await error(status, body, ["X-Request-Id": evil])
                #expect(!error.message.contains("<"), "\(error.message)")
                #expect(!error.message.contains("alert"), "\(error.message)")
                #expect(!error.message.contains("\u{202E}"), "\(error.message)")
                #expect(error.upstreamRequestID == nil)
            }
        }
    }

    @Test func `a network that fails is not GitLab's refusal`() async throws {
        for (failure, code) in [
            (Upstream.Failure.timedOut, ForgeError.Code.timedOut), (.unreachable("x"), .unavailable),
            (.unknownHost, .unavailable), (.refusedHost, .invalidRequest), (.tooLarge(limit: 1 << 20), .unavailable),
        ] {
            let network = StubNetwork(.init(.get, GitLabBench.api + "/user", .failure(failure)))
            let forge = GitLabBench.open(network)
            #expect(try await GitLabBench.error { _ = try await forge.account() }?.code == code)
        }
    }

    @Test func `a refused OAuth token is renewed and the call made once more`() async throws {
        let credentials = ["old", "new"].map { access in
            Credential.oauth(OAuthTokens(accessToken: Secret(access), refreshToken: nil, expires: nil, scopes: []))
        }
        let network = StubNetwork(
            .init(.get, GitLabBench.api + "/user", status: 401, json: #"{"error":"invalid_token"}"#),
            .init(.get, GitLabBench.api + "/user", json: try GitLabBench.fixture("user")))
        let source = CredentialSource(
            current: { () throws(ForgeError) in credentials[0] },
            renewed: { (_) throws(ForgeError) in credentials[1] },
            proved: { _ in })
        _ = try await ForgeHost.official(.gitlab).open(source, upstream: network.upstream).account()
        #expect(network.requests.map { $0.header("Authorization") } == ["Bearer old", "Bearer new"])
        #expect(network.complaints.isEmpty)
    }
}
