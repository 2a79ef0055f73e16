// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Model
import TestSupport
import Testing

struct BitbucketErrorsTests {
    /// An answer to a list of webhooks, and what it means.
    struct Case: Sendable, CustomTestStringConvertible {
        let status: Int
        let body: String
        var headers: [String: String] = [:]
        let code: ForgeError.Code
        var says = ""

        var testDescription: String { "\(status) \(body.prefix(60))" }
    }

    private static func said(_ message: String) -> String {
        #"{"type":"error","error":{"message":"\#(message)"}}"#
    }

    @Test(arguments: [
        Case(
            status: 401, body: said("Token is invalid, expired, or not supported for this endpoint."),
            code: .credentialRejected, says: "email"),
        Case(
            status: 401, body: said("Access token expired. Use your refresh token to obtain a new access token."),
            code: .credentialRejected, says: "Authorize again"),
        Case(
            status: 401, body: "", headers: ["Content-Type": "text/html; charset=utf-8"], code: .credentialRejected),
        Case(
            status: 403,
            body:
                #"{"type":"error","error":{"message":"Your credentials lack one or more required privilege scopes.","detail":{"required":["webhook","repository"],"granted":["repository","CANARY x"]}}}"#,
            code: .forbidden, says: "for this: webhook."),
        Case(status: 403, body: said("Your credentials lack one or more required privilege scopes."), code: .forbidden),
        Case(
            status: 403, body: said("This API is not accessible by this authentication mechanism"), code: .forbidden,
            says: "kind of token"),
        Case(status: 403, body: said("You do not have access to view this."), code: .forbidden, says: "restriction"),
        Case(status: 402, body: said("Upgrade your plan"), code: .forbidden, says: "plan"),
        Case(status: 403, body: "", code: .forbidden),
        Case(status: 403, body: "<html>CANARY</html>", code: .unavailable, says: "web page"),
        Case(status: 200, body: "<html>CANARY</html>", code: .unavailable),
        Case(status: 200, body: #"{"values":[{"uuid":"{1}"#, code: .unavailable),
        Case(status: 200, body: #"{"pagelen":10}"#, code: .unavailable),
        Case(status: 404, body: said("Repository seamark/gone not found"), code: .notFound, says: "no such repository"),
        Case(
            status: 404,
            body:
                #"{"type":"error","error":{"message":"Resource not found","detail":"There is no API hosted at this URL"}}"#,
            code: .notFound),
        Case(status: 404, body: "", code: .notFound), Case(status: 404, body: "<!DOCTYPE html>", code: .unavailable),
        Case(status: 409, body: said("CANARY"), code: .conflict, says: "Read it again"),
        Case(
            status: 400,
            body:
                #"{"type":"error","error":{"message":"Bad request","fields":{"links.avatar":"required key","<script>":"CANARY"}}}"#,
            code: .invalidRequest, says: "(links.avatar)"),
        Case(status: 400, body: said("This branch restriction prevents it."), code: .forbidden),
        Case(status: 400, body: "Bad Request", code: .invalidRequest),
        Case(status: 410, body: said("Gone"), code: .unavailable, says: "given up"),
        Case(status: 413, body: "", code: .invalidRequest, says: "too large"),
        Case(status: 429, body: "Rate limit for this resource has been exceeded", code: .rateLimited),
        Case(status: 429, body: "<html></html>", headers: ["Retry-After": "17"], code: .rateLimited),
        Case(status: 500, body: said("Something went wrong"), code: .unavailable, says: "500"),
        Case(status: 503, body: "<html></html>", code: .unavailable),
        Case(status: 555, body: said("Timed out"), code: .unavailable), Case(status: 304, body: "", code: .unavailable),
    ])
    func `what Bitbucket refuses has a code and a sentence`(row: Case) async throws {
        let address = BitbucketBench.api + BitbucketBench.repository + "/hooks?pagelen=100"
        let network = StubNetwork(.init(.get, address, status: row.status, headers: row.headers, json: row.body))
        let forge = BitbucketBench.open(network)
        let found = try await BitbucketBench.error { _ = try await forge.hooks(of: BitbucketBench.beacon) }
        let error = try #require(found)
        #expect(error.code == row.code)
        #expect(error.message.contains(row.says))
        #expect(!error.message.contains("CANARY") && !error.message.contains("script"))
        if row.status != 200 { #expect(error.upstreamStatus == row.status) }
        #expect(error.retryAfter == (row.headers["Retry-After"] == nil ? nil : 17))
        #expect(network.complaints.isEmpty)
    }

    @Test func `the request's own id is kept where it is a plain word`() async throws {
        for (id, kept) in [("0af7651916cd43dd", "0af7651916cd43dd"), ("a b\u{1B}", nil)] {
            let forge = BitbucketBench.open(
                StubNetwork(answering: { _ in .json("{}", status: 500, headers: ["X-Request-Id": id]) }))
            let error = try await BitbucketBench.error { _ = try await forge.account() }
            #expect(error?.upstreamRequestID == kept)
        }
    }
}
