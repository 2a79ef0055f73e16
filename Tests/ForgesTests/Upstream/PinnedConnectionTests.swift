// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@testable import Forges

/// A connection is made to an address that was checked, never to a name. The names here are no real ones: whoever asked the
/// machine's own resolver for them would reach nothing.
struct PinnedConnectionTests {
    private func withUpstream(
        _ policy: NetworkPolicy, limits: Upstream.Limits = .init(),
        _ body: (Upstream, UpstreamConnections) async throws -> Void
    ) async throws {
        let connections = UpstreamConnections(limits: limits)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(connections.upstream(policy: policy), connections))
        } catch {
            result = .failure(error)
        }
        try await connections.shutdown()
        try result.get()
    }

    private func code(_ upstream: Upstream, _ request: Upstream.Request) async -> ForgeError.Code? {
        do throws(ForgeError) {
            _ = try await upstream.send(request, to: .gitlab)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `a name that changes its address between check and connection leads to the one that was checked`()
        async throws
    {
        let names = StubNames(["git.mill.example": [["127.0.0.2"], ["127.0.0.3"]]])
        let clock = StubClock()
        let policy = NetworkPolicy(allowing: ["127.0.0.2"], names: names, clock: clock)
        try await RawServer.run(RawServer.empty, at: "127.0.0.2") { good in
            try await RawServer.run(RawServer.empty, at: "127.0.0.3", port: good.port) { evil in
                try await withUpstream(policy) { upstream, _ in
                    let request = Upstream.Request(.get, "http://git.mill.example:\(good.port)/a")
                    #expect(await code(upstream, request) == nil)
                    #expect(good.log.connections == 1)
                    #expect(good.log.text.lowercased().contains("host: git.mill.example:\(good.port)\r\n"))
                    // Now the name leads elsewhere, and that is seen before anything is sent, also over an open connection.
                    clock.advance(by: ResolvedNames.lifetime)
                    #expect(await code(upstream, request) == .invalidRequest)
                    #expect(await code(upstream, request) == .invalidRequest)
                    #expect(good.log.connections == 1)
                    #expect(evil.log.connections == 0)
                    #expect(names.questions.count == 2)
                }
            }
        }
    }

    @Test(arguments: ["GIT.Mill.Example", "git.mill.example"])
    func `a name in capitals is connected to as it was checked`(name: String) async throws {
        let names = StubNames(["git.mill.example": [["127.0.0.2"]]])
        try await RawServer.run(RawServer.empty, at: "127.0.0.2") { server in
            try await withUpstream(NetworkPolicy(allowing: ["127.0.0.2"], names: names)) { upstream, _ in
                let url = "http://\(name):\(server.port)"
                for target in ["/a%2Fb?c=http://x.example/", "?c", "", "/#d"] {
                    #expect(await code(upstream, Upstream.Request(.get, url + target)) == nil)
                }
                #expect(server.log.text.contains("GET /a%2Fb?c=http://x.example/ HTTP/1.1\r\n"))
                #expect(server.log.connections == 1)
            }
        }
    }

    @Test func `a host with one forbidden address is refused, wherever it stands`() async throws {
        let names = StubNames([
            "first.mill.example": [["10.0.0.1", "127.0.0.2"]], "last.mill.example": [["127.0.0.2", "10.0.0.1"]],
        ])
        try await RawServer.run(RawServer.empty, at: "127.0.0.2") { server in
            try await withUpstream(NetworkPolicy(allowing: ["127.0.0.2"], names: names)) { upstream, _ in
                for name in ["first", "last"] {
                    let request = Upstream.Request(.get, "http://\(name).mill.example:\(server.port)/")
                    #expect(await code(upstream, request) == .invalidRequest)
                }
                #expect(server.log.connections == 0)
            }
        }
    }

    @Test(arguments: [Upstream.Method.get, .post])
    func `where nobody listens at the first address, the next one gets the request, once`(
        method: Upstream.Method
    ) async throws {
        let names = StubNames(["git.mill.example": [["127.0.0.4", "127.0.0.5", "127.0.0.6"]]])
        try await RawServer.run(RawServer.empty, at: "127.0.0.5") { server in
            try await withUpstream(NetworkPolicy(allowing: ["127.0.0.0/8"], names: names)) { upstream, _ in
                let request = Upstream.Request(method, "http://git.mill.example:\(server.port)/", body: Array("x".utf8))
                #expect(await code(upstream, request) == nil)
                #expect(await code(upstream, request) == nil)
                // The address that answered is the first to be tried from then on.
                #expect(server.log.connections == 1)
                #expect(server.log.text.split(separator: "HTTP/1.1\r\n").count == 3)
            }
        }
    }

    @Test func `a request that was sent is not repeated at another address`() async throws {
        let names = StubNames(["git.mill.example": [["127.0.0.4", "127.0.0.5"]]])
        try await RawServer.run(.answerAndClose(""), at: "127.0.0.4") { broken in
            try await RawServer.run(RawServer.empty, at: "127.0.0.5", port: broken.port) { server in
                try await withUpstream(NetworkPolicy(allowing: ["127.0.0.0/8"], names: names)) { upstream, _ in
                    let request = Upstream.Request(.post, "http://git.mill.example:\(broken.port)/")
                    #expect(await code(upstream, request) == .unavailable)
                    #expect(broken.log.connections == 1)
                    #expect(server.log.connections == 0)
                }
            }
        }
    }

    @Test func `nobody at any address is an outage`() async throws {
        let names = StubNames(["git.mill.example": [["127.0.0.4", "127.0.0.5"]]])
        var port = 0
        try await RawServer.run(RawServer.empty, at: "127.0.0.6") { port = $0.port }
        try await withUpstream(NetworkPolicy(allowing: ["127.0.0.0/8"], names: names)) { [port] upstream, _ in
            #expect(await code(upstream, Upstream.Request(.get, "http://git.mill.example:\(port)/")) == .unavailable)
        }
    }

    @Test(arguments: [false, true])
    func `fifty requests take one question and one connection`(isSecure: Bool) async throws {
        let names = StubNames(["git.mill.example": [["127.0.0.2"]]])
        try await MillCertificate.withAuthority { path in
            try await RawServer.run(
                RawServer.empty, at: "127.0.0.2", tls: isSecure ? MillCertificate.good.configuration : nil
            ) { server in
                let address = "\(isSecure ? "https" : "http")://git.mill.example:\(server.port)"
                let host = try #require(try ForgeHost.candidates(.gitlab, address: address).first)
                let policy = NetworkPolicy(
                    trusted: [host], roots: [.gitlab: try TrustRoots(file: path)], names: names)
                try await withUpstream(policy) { upstream, connections in
                    for number in 0..<50 {
                        #expect(await code(upstream, Upstream.Request(.get, "\(address)/\(number)")) == nil)
                    }
                    #expect(server.log.connections == 1)
                    #expect(names.questions == ["git.mill.example"])
                    #expect(connections.count == 1)
                }
            }
        }
    }

    @Test func `addresses in another order do not change the connection`() async throws {
        let names = StubNames(["git.mill.example": [["127.0.0.2", "127.0.0.3"], ["127.0.0.3", "127.0.0.2"]]])
        let clock = StubClock()
        try await RawServer.run(RawServer.empty, at: "127.0.0.2") { server in
            try await RawServer.run(RawServer.empty, at: "127.0.0.3", port: server.port) { other in
                let policy = NetworkPolicy(allowing: ["127.0.0.0/8"], names: names, clock: clock)
                try await withUpstream(policy) { upstream, _ in
                    let request = Upstream.Request(.get, "http://git.mill.example:\(server.port)/")
                    #expect(await code(upstream, request) == nil)
                    clock.advance(by: ResolvedNames.lifetime)
                    #expect(await code(upstream, request) == nil)
                    #expect(names.questions.count == 2)
                    #expect(server.log.connections == 1)
                    #expect(other.log.connections == 0)
                }
            }
        }
    }

    @Test func `hosts that are used no more do not pile up`() async throws {
        let hosts = (0..<(PinnedClients.capacity + 44)).map { "h\($0).mill.example" }
        let names = StubNames(Dictionary(uniqueKeysWithValues: hosts.map { ($0, [["127.0.0.2"]]) }))
        try await RawServer.run(RawServer.empty, at: "127.0.0.2") { server in
            let policy = NetworkPolicy(allowing: ["127.0.0.2"], names: names)
            try await withUpstream(policy) { upstream, connections in
                for host in hosts {
                    #expect(await code(upstream, Upstream.Request(.get, "http://\(host):\(server.port)/")) == nil)
                }
                #expect(connections.count == PinnedClients.capacity)
            }
        }
    }

    @Test func `a push of git and a login at IAM go out the same way`() async throws {
        let names = StubNames(["git.mill.example": [["127.0.0.2"], ["127.0.0.3"]]])
        try await RawServer.run(.answerEach("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"), at: "127.0.0.2") {
            server in
            let base = "http://git.mill.example:\(server.port)"
            let host = try #require(try ForgeHost.candidates(.devcloud, address: base).first)
            let clock = StubClock()
            let policy = NetworkPolicy(allowing: ["127.0.0.2"], names: names, clock: clock)
            try await withUpstream(policy) { upstream, _ in
                let push = GitPush(
                    session: Session(
                        forge: .gitee, base: base, upstream: upstream, source: .fixed(.personal(Secret("t"))),
                        authenticate: { _ in [] }, headers: [],
                        explain: { ForgeError(.conflict, .gitee, "", upstreamStatus: $0.status) }), noun: "tag")
                let login = IAM(host: host, upstream: upstream).source(
                    over: .fixed(.password(user: "a/b", password: Secret("p"))))
                func codes() async -> [ForgeError.Code?] {
                    var codes: [ForgeError.Code?] = []
                    do throws(ForgeError) {
                        try await push.delete("refs/tags/v1", in: "/mo/loom.git")
                    } catch {
                        codes.append(error.code)
                    }
                    do throws(ForgeError) {
                        _ = try await login.current()
                    } catch {
                        codes.append(error.code)
                    }
                    return codes
                }
                let reached = await codes()
                #expect(reached.count == 2)
                #expect(!reached.contains(.unavailable))
                #expect(server.log.text.contains("GET /mo/loom.git/info/refs?service=git-receive-pack"))
                #expect(server.log.text.contains("POST /v3/auth/tokens"))
                let before = server.log.text
                clock.advance(by: ResolvedNames.lifetime)
                #expect(await codes() == [.invalidRequest, .invalidRequest])
                #expect(server.log.text == before)
            }
        }
    }
}
