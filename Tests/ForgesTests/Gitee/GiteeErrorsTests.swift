// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

struct GiteeErrorsTests {
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
        let network = StubNetwork(.init(.get, GiteeBench.api + "/user", status: status, headers: headers, json: body))
        let forge = GiteeBench.open(network)
        let error = try await GiteeBench.error { _ = try await forge.account() }
        return try #require(error)
    }

    @Test(arguments: [
        Case(
            status: 401, body: #"{"message":"401 Unauthorized: Access token does not exist"}"#,
            code: .credentialRejected, says: "Authorize again"),
        Case(status: 401, body: #"{"message":"401 Unauthorized: Access token is expired"}"#, code: .credentialRejected),
        Case(status: 401, body: "", code: .credentialRejected),
        Case(status: 403, body: #"{"message":"403 Forbidden"}"#, code: .forbidden, says: "scope"),
        Case(status: 403, body: #"{"messages":["protected branch"]}"#, code: .forbidden, says: "protects"),
        Case(status: 403, body: #"{"message":"403 Rate Limit Exceeded"}"#, code: .rateLimited),
        Case(status: 404, body: #"{"message":"404 Project Not Found"}"#, code: .notFound, says: "no such repository"),
        Case(status: 404, body: #"{"message":"404 Group Not Found"}"#, code: .notFound, says: "enterprise"),
        Case(status: 404, body: "", code: .notFound),
        Case(status: 409, body: #"{"message":"409 Conflict"}"#, code: .conflict),
        Case(status: 400, body: #"{"error":{"base":["已存在同地址仓库（忽略大小写）"]}}"#, code: .alreadyExists),
        Case(status: 422, body: #"{"message":"path has already been taken"}"#, code: .alreadyExists),
        Case(status: 400, body: #"{"messages":["name is missing",7,null]}"#, code: .invalidRequest),
        Case(status: 422, body: "[]", code: .invalidRequest),
        Case(status: 413, body: "", code: .invalidRequest, says: "too large"),
        Case(status: 414, body: "", code: .invalidRequest, says: "too large"),
        Case(status: 429, body: "Retry later\n", code: .rateLimited),
        Case(status: 429, body: "<html>Too many</html>", code: .rateLimited),
        Case(status: 500, body: #"{"message":"500 Internal Server Error"}"#, code: .unavailable, says: "(500)"),
        Case(status: 502, body: "<html>bad gateway</html>", code: .unavailable),
        Case(status: 302, body: "", code: .unavailable), Case(status: 204, body: "", code: .unavailable),
        Case(status: 200, body: "<!DOCTYPE html><title>Gitee</title>", code: .unavailable),
        Case(status: 200, body: #"{"login":"mo","html_u"#, code: .unavailable),
        Case(status: 200, body: #"{"login":7}"#, code: .unavailable),
        Case(status: 418, body: "", code: .unavailable),
    ])
    func `an answer means what Gitee means by it`(_ row: Case) async throws {
        let error = try await error(row.status, row.body, row.headers)
        #expect(error.code == row.code)
        #expect(error.upstreamStatus == row.status)
        #expect(error.message.contains(row.says), "\(error.message)")
        #expect(error.message.hasSuffix("."))
    }

    @Test(arguments: [400, 401, 403, 404, 409, 422])
    func `a web page is never Gitee's refusal`(_ status: Int) async throws {
        for (body, headers) in [
            ("\n <html>Sign in</html>", [:]), ("Sign in", ["Content-Type": "text/html; charset=utf-8"]),
        ] {
            #expect(try await error(status, body, headers).code == .unavailable)
        }
    }

    @Test func `the time to wait is Gitee's, within an hour`() async throws {
        for (header, seconds) in [("42", 42 as Int?), ("86400", 3600), ("-5", 1), ("soon", nil)] {
            #expect(try await error(429, "", ["Retry-After": header]).retryAfter == seconds)
        }
        #expect(try await error(429, "").retryAfter == nil)
        #expect(try await error(503, "", ["Retry-After": "30"]).retryAfter == 30)
        #expect(try await error(403, "", ["Retry-After": "30"]).code == .rateLimited)
    }

    @Test func `nothing that Gitee writes reaches the message unchecked`() async throws {
        let evil = "CANARY-4711 <script>alert(1)</script> \u{202E}"
        for status in [400, 401, 403, 404, 409, 422, 429, 500, 503] {
            for body in [#"{"message":"\#(evil)"}"#, #"{"error":{"\#(evil)":["\#(evil)"]}}"#, evil] {
                let error = try await error(status, body, ["X-Request-Id": evil])
                #expect(!error.message.contains("<") && !error.message.contains("CANARY"), "\(error.message)")
                #expect(error.upstreamRequestID == nil)
            }
        }
        let kept = try await error(500, "", ["X-Request-Id": "7cb049dbf1fafae67b4f0aa81ca7e870"])
        #expect(kept.upstreamRequestID == "7cb049dbf1fafae67b4f0aa81ca7e870")
    }

    @Test func `a refused token of one day is renewed, in the API and in git`() async throws {
        let credentials = ["old", "new"].map { access in
            Credential.oauth(OAuthTokens(accessToken: Secret(access), refreshToken: nil, expires: nil, scopes: []))
        }
        let source = CredentialSource(
            current: { () throws(ForgeError) in credentials[0] },
            renewed: { (_) throws(ForgeError) in credentials[1] }, proved: { _ in })
        let network = StubNetwork(answering: { request in
            if request.proofs.contains(where: { $0 == "Bearer old" || $0 == "oauth2:old" }) {
                return .json(#"{"message":"401 Unauthorized: Access token is expired"}"#, status: 401)
            }
            if request.url.hasSuffix("/user") { return .json(try GiteeBench.fixture("user")) }
            return request.method == .get
                ? GitWire.advertisement(["refs/tags/v1"]) : GitWire.report(["unpack ok\n", "ok refs/tags/v1\n"])
        })
        let forge = ForgeHost.official(.gitee).open(source, upstream: network.upstream)
        #expect(try await forge.account().login == "mo")
        try await forge.deleteTag(named: "v1", in: GiteeBench.loom)
        #expect(network.requests.count == 6)
    }
}
