// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@testable import Forges

/// The way out over real connections, to servers that keep to nothing.
struct UpstreamClientTests {
    private func send(
        _ request: Upstream.Request, allowing allowances: [String] = ["127.0.0.0/8"],
        limits: Upstream.Limits = Upstream.Limits()
    ) async throws -> Result<Upstream.Response, ForgeError> {
        let connections = UpstreamConnections(limits: limits)
        let policy = NetworkPolicy(trusted: [], allowances: allowances.compactMap(NetworkPolicy.Allowance.init))
        let upstream = connections.upstream(policy: policy)
        let result: Result<Upstream.Response, ForgeError>
        do throws(ForgeError) {
            result = .success(try await upstream.send(request, to: .github))
        } catch {
            result = .failure(error)
        }
        try await connections.shutdown()
        return result
    }

    private func code(_ result: Result<Upstream.Response, ForgeError>) -> ForgeError.Code? {
        if case .failure(let error) = result { error.code } else { nil }
    }

    @Test func `a request and its answer go through whole`() async throws {
        let answer = "HTTP/1.1 418 Teapot\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 4\r\n\r\nb\u{0}dy"
        try await RawServer.run(.answer(answer)) { server in
            let request = Upstream.Request(
                .put, "http://\(server.address)/a%2Fb?c=%20d", headers: [Upstream.Header("X-Two", "zwei")],
                body: Array("sent".utf8))
            let response = try await send(request).get()
            #expect(response.status == 418)
            #expect(response.headers.filter { $0.name.lowercased() == "x-one" }.map(\.value) == ["1", "2"])
            #expect(response.body == Array("b\u{0}dy".utf8))
            let text = server.log.text.lowercased()
            #expect(text.hasPrefix("put /a%2fb?c=%20d http/1.1\r\n"))
            #expect(text.contains("x-two: zwei\r\n"))
            #expect(text.contains("user-agent: gatehouse\r\n"))
            #expect(text.hasSuffix("\r\n\r\nsent"))
        }
    }

    @Test func `an answer over its own limit, or over that of all together, is not read`() async throws {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n01234567890123456789"
        try await RawServer.run(.answer(answer)) { server in
            var request = Upstream.Request(.get, "http://\(server.address)/")
            #expect(try await send(request, limits: .init(bytes: 20, bytesTogether: 20)).get().body.count == 20)
            let together = try await send(request, limits: .init(bytes: 20, bytesTogether: 19))
            #expect(code(together) == .unavailable)
            request.limit = 19
            let own = try await send(request)
            #expect(code(own) == .unavailable)
        }
    }

    @Test func `a redirect is an answer, not a way`() async throws {
        try await RawServer.run(.answer("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n")) { server in
            let response = try await send(Upstream.Request(.get, "http://\(server.address)/a")).get()
            #expect(response.status == 302)
            #expect(server.log.connections == 1)
            #expect(!server.log.text.contains("/b"))
        }
    }

    @Test func `a host that the policy forbids is never spoken to`() async throws {
        try await RawServer.run(.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) { server in
            for scheme in ["http", "https"] {
                let request = Upstream.Request(.get, "\(scheme)://\(server.address)/")
                let result = try await send(request, allowing: [])
                #expect(code(result) == .invalidRequest)
            }
            #expect(server.log.connections == 0)
        }
    }

    @Test(arguments: [
        RawServer.Behaviour.answer(""), .answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
        .drip("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"), .drip("HTTP/1.1 200 OK\r\nX: "),
    ])
    func `silence and dripping end with the time`(behaviour: RawServer.Behaviour) async throws {
        try await RawServer.run(behaviour) { server in
            let request = Upstream.Request(.get, "http://\(server.address)/")
            let result = try await send(request, limits: Upstream.Limits(timeout: 1))
            #expect(code(result) == .timedOut)
        }
    }

    @Test(arguments: [
        RawServer.Behaviour.answerAndClose(""), .answerAndClose("nonsense\r\n\r\n"),
        .answerAndClose("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut"),
        .answerAndClose("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        .answerAndClose("HTTP/1.1 99999 OK\r\n\r\n"),
    ])
    func `broken answers are an outage`(behaviour: RawServer.Behaviour) async throws {
        try await RawServer.run(behaviour) { server in
            let result = try await send(Upstream.Request(.get, "http://\(server.address)/"))
            #expect(code(result) == .unavailable)
        }
    }

    @Test func `an answer over the limit is not read on`() async throws {
        let limits = Upstream.Limits(bytes: 10)
        for head in ["Content-Length: 11", "Transfer-Encoding: chunked"] {
            let body = head.hasPrefix("C") ? "12345678901" : "b\r\n12345678901\r\n0\r\n\r\n"
            try await RawServer.run(.answer("HTTP/1.1 200 OK\r\n\(head)\r\n\r\n\(body)")) { server in
                let result = try await send(Upstream.Request(.get, "http://\(server.address)/"), limits: limits)
                guard case .failure(let error) = result else {
                    Issue.record("no error")
                    return
                }
                #expect(error.code == .unavailable)
                #expect(error.message.contains("more than"))
            }
        }
    }

    @Test func `no listener and no TLS are an outage`() async throws {
        var closed = ""
        try await RawServer.run(.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) { server in
            closed = server.address
            let result = try await send(Upstream.Request(.get, "https://\(server.address)/"))
            #expect(code(result) == .unavailable)
        }
        let result = try await send(Upstream.Request(.get, "http://\(closed)/"))
        #expect(code(result) == .unavailable)
    }

    @Test func `a header that breaks out of its line is never sent`() async throws {
        try await RawServer.run(.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) { server in
            let request = Upstream.Request(
                .get, "http://\(server.address)/", headers: [Upstream.Header("X-A", "a\r\nX-Evil: 1")])
            _ = try await send(request)
            #expect(!server.log.text.contains("X-Evil"))
        }
    }
}
