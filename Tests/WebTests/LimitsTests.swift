// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport
import Testing

@testable import Web

/// Every limit of a request, at it and one beyond, over a socket of the real server.
@Suite struct LimitsTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let what: String
        /// The status at the limit, which is that of the request itself.
        let within: Int
        let beyond: Int
        /// A request that has so many bytes, or headers, more than the limit. `TOKEN` and `ROOT` stand for good ones.
        let request: @Sendable (_ excess: Int) -> String

        var testDescription: String { what }
    }

    private static let rows = [
        Row(what: "the address", within: 200, beyond: 414) { excess in
            get("/livez?" + String(repeating: "x", count: (32 << 10) + excess - 7))
        },
        Row(what: "one header", within: 200, beyond: 494) { excess in
            get("/livez", "X-Fill: \(String(repeating: "x", count: (32 << 10) + excess - 6))\r\n")
        },
        Row(what: "all headers", within: 200, beyond: 494) { excess in
            // Four that fill it, and `Connection: close` among them. `Host` is a part of the address.
            let fill = (1...3).map { "X-Fill-\($0): \(String(repeating: "x", count: (32 << 10) - 8))\r\n" }.joined()
            return get(
                "/livez", fill + "X-Fill-4: \(String(repeating: "x", count: (32 << 10) + excess - 8 - 15))\r\n")
        },
        Row(what: "the number of headers", within: 200, beyond: 494) { excess in
            get("/livez", (1...(998 + excess)).map { "X-\($0): x\r\n" }.joined())
        },
        Row(what: "a header beyond what is read at all", within: 494, beyond: 494) { excess in
            get("/livez", "X-Fill: \(String(repeating: "x", count: 300_000 + excess))\r\n")
        },
        Row(what: "an address beyond what is read at all", within: 494, beyond: 494) { excess in
            get("/livez?" + String(repeating: "x", count: 300_000 + excess))
        },
        Row(what: "a body of the API", within: 400, beyond: 413) { excess in
            post("ROOT/auths/github/personal", "X-Auth-Token: TOKEN\r\n", (12 << 20) + excess)
        },
        Row(what: "a body in chunks", within: 400, beyond: 413) { excess in
            post("ROOT/auths/github/personal", "X-Auth-Token: TOKEN\r\n", (12 << 20) + excess, inChunks: true)
        },
        Row(what: "a sign-in", within: 400, beyond: 413) { post("/v3/auth/tokens", "", (64 << 10) + $0) },
        Row(what: "a request for a temporary key", within: 400, beyond: 413) { excess in
            post("/v3.0/OS-CREDENTIAL/securitytokens", "X-Auth-Token: TOKEN\r\n", (64 << 10) + excess)
        },
        Row(what: "a form of the callback page", within: 400, beyond: 413) {
            post("/oauth/callback", "", (64 << 10) + $0)
        },
    ]

    private static func get(_ path: String, _ headers: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(headers)\r\n"
    }

    private static func post(_ path: String, _ headers: String, _ count: Int, inChunks: Bool = false) -> String {
        let head = "POST \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(headers)"
        let body = String(repeating: " ", count: count)
        guard inChunks else { return head + "Content-Length: \(count)\r\n\r\n\(body)" }
        return head + "Transfer-Encoding: chunked\r\n\r\n\(String(count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
    }

    @Test(arguments: rows) func `what is within a limit is read, and one more is told that it is too much`(
        row: Row
    ) async throws {
        try await TestServer.with(FrontDoor()) { server async throws in
            let token = try await server.token()
            for (excess, status) in [(0, row.within), (1, row.beyond)] {
                let request = row.request(excess)
                    .replacing("TOKEN", with: token, maxReplacements: 1)
                    .replacing("ROOT", with: "/v1/\(server.house.caller.tenant.id)/git", maxReplacements: 1)
                let connection = try await server.connect()
                async let sent: Void? = try? connection.send(request)
                let answer = await connection.readAnswer()
                _ = await sent
                #expect(answer.status == status, "\(answer.text.prefix(300))")
                if [413, 414, 494].contains(answer.status), row.what != "a form of the callback page" {
                    #expect(answer.text.contains("APIGW.0201") || answer.text.contains(#""code":413"#))
                }
                #expect(answer.text.lowercased().contains("\r\nx-content-type-options: nosniff"))
            }
        }
    }

    /// curl waits a second for it before it sends a body of a megabyte.
    @Test func `who asks before sending a body is told to go on, or that it is too long`() async throws {
        try await TestServer.with(FrontDoor()) { server async throws in
            let path = "/v1/\(server.house.caller.tenant.id)/git/auths/github/personal"
            let head = "POST \(path) HTTP/1.1\r\nHost: x\r\nX-Auth-Token: \(try await server.token())\r\n"
            let patient = try await server.connect()
            try await patient.send(head + "Content-Length: 2\r\nExpect: 100-Continue\r\n\r\n")
            let leave = await patient.readAnswer()
            #expect(leave.text == "HTTP/1.1 100 Continue\r\n\r\n")
            try await patient.send("{}")
            #expect(await patient.readAnswer().status == 400)
            // The connection goes on.
            try await patient.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await patient.readAnswer().status == 200)
            let long = try await server.connect()
            try await long.send(head + "Content-Length: 20000000\r\nExpect: 100-continue\r\n\r\n")
            let answer = await long.readAnswer()
            #expect(answer.status == 413 && answer.text.contains("APIGW.0201"), "\(answer.text)")
        }
    }

    @Test(arguments: [
        "", " HTTP/1.1", "GET", "GET / HTTP/9.9", "GET /\u{0} HTTP/1.1", "G\u{E9}T / HTTP/1.1", "\u{16}\u{3}\u{1}",
    ])
    func `what is no HTTP is told so in the API's form`(line: String) async throws {
        try await TestServer.with(FrontDoor()) { server async throws in
            let connection = try await server.connect()
            try await connection.send("\(line)\r\nHost: x\r\n no: header\r\n: \r\n\r\n")
            let answer = await connection.readAnswer()
            #expect(answer.status == 400, "\(answer.text)")
            #expect(answer.text.contains(#""error_code":"SVCSTG.REPO.0400""#))
            #expect(answer.text.lowercased().contains("\r\nx-request-id: "))
            // And no more than that.
            let rest = await connection.readToEnd()
            #expect(rest == "")
        }
    }
}
