// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Synchronization
import TestSupport
import Testing

@testable import Forges

struct SessionTests {
    private struct Item: Codable, Equatable {
        let n: Int
    }

    private static let base = "https://git.example.org/api/v3"

    private func session(_ network: StubNetwork, source: CredentialSource = .fixed(.personal(Secret("old")))) -> Session
    {
        Session(
            forge: .github, base: Self.base, upstream: network.upstream, source: source,
            authenticate: { (credential) throws(ForgeError) in
                guard case .personal(let token) = credential else { return [] }
                return [Upstream.Header("Authorization", token.exposed)]
            },
            headers: [Upstream.Header("Accept", "general")],
            explain: { response in ForgeError(.notFound, .github, "explained", upstreamStatus: response.status) })
    }

    private func step(
        _ path: String, status: Int = 200, headers: [String: String] = [:], _ json: String = "{}"
    ) -> StubNetwork.Step {
        StubNetwork.Step(.get, Self.base + path, status: status, headers: headers, json: json)
    }

    @Test func `a call has the session's headers, its own in their place, and the credential`() async throws {
        let network = StubNetwork(step("/a?x=%2F%20%26"))
        let call = Call(
            .get, "/a", query: [("x", "/ &")], headers: [Upstream.Header("accept", "own"), Upstream.Header("X", "y")])
        _ = try await session(network).send(call)
        #expect(
            network.requests[0].headers.map { "\($0.name)=\($0.value)" } == ["accept=own", "X=y", "Authorization=old"])
    }

    @Test func `a status that is not expected is explained`() async {
        let network = StubNetwork(step("/a", status: 418))
        let error = await failure { () throws(ForgeError) in try await session(network).send(Call(.get, "/a")) }
        #expect(error?.message == "explained")
        #expect(error?.upstreamStatus == 418)
    }

    @Test func `a refused credential is renewed and the call repeated, once`() async throws {
        let refused = Mutex<[Credential]>([])
        let source = CredentialSource(
            current: { () throws(ForgeError) in .personal(Secret("old")) },
            renewed: { (credential) throws(ForgeError) in
                refused.withLock { $0.append(credential) }
                return .personal(Secret("new"))
            })
        let good = StubNetwork(step("/a", status: 401), step("/a"))
        _ = try await session(good, source: source).send(Call(.get, "/a"))
        #expect(good.requests.map { $0.header("Authorization") } == ["old", "new"])

        let bad = StubNetwork(step("/a", status: 401), step("/a", status: 401))
        #expect(
            await failure { () throws(ForgeError) in
                try await session(bad, source: source).send(Call(.get, "/a"))
            }?.upstreamStatus == 401)
        #expect(bad.complaints.isEmpty)
        #expect(refused.withLock { $0 } == [.personal(Secret("old")), .personal(Secret("old"))])
    }

    @Test func `a credential that cannot be renewed is refused at once`() async {
        let network = StubNetwork(step("/a", status: 401))
        #expect(
            await failure { () throws(ForgeError) in try await session(network).send(Call(.get, "/a")) }?.upstreamStatus
                == 401)
        #expect(network.requests.count == 1)
    }

    @Test func `a source's own error goes through`() async {
        let source = CredentialSource(
            current: { () throws(ForgeError) in throw ForgeError(.credentialRejected, .github, "ended") },
            renewed: { (_) throws(ForgeError) in nil })
        let network = StubNetwork()
        #expect(
            await failure { () throws(ForgeError) in
                try await session(network, source: source).send(Call(.get, "/a"))
            }?.message == "ended")
        #expect(network.requests.isEmpty)
    }

    @Test(
        arguments: [301, 302, 307, 308],
        ["/api/v3/b", "https://git.example.org/api/v3/b", "b", "//git.example.org/api/v3/b"])
    func `a redirect within the origin is followed with method and body`(status: Int, location: String) async throws {
        let network = StubNetwork(
            .init(.put, Self.base + "/a", status: status, headers: ["Location": location]),
            .init(.put, Self.base + "/b"))
        _ = try await session(network).send(Call(.put, "/a", body: [1]))
        #expect(network.complaints.isEmpty)
        #expect(network.requests[1].body == [1])
        #expect(network.requests[1].header("Authorization") == "old")
    }

    @Test(arguments: [
        "https://evil.example/a", "http://git.example.org/api/v3/a", "https://git.example.org:8443/a",
        "//evil.example/a",
        "https://git.example.org.evil.example/a", "https://git.example.org@evil.example/a", "ftp://git.example.org/a",
        "",
        "https://git。example.org.evil/a",
    ])
    func `a redirect to another origin is an error and sends nothing`(location: String) async {
        let network = StubNetwork(step("/a", status: 302, headers: ["Location": location]))
        let error = await failure { () throws(ForgeError) in try await session(network).send(Call(.get, "/a")) }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("evil") == false)
        #expect(network.requests.count == 1)
    }

    @Test func `redirects without end are an error`() async {
        let network = StubNetwork(answering: { _ in
            Upstream.Response(status: 302, headers: [Upstream.Header("location", "/api/v3/a")])
        })
        let error = await failure { () throws(ForgeError) in try await session(network).send(Call(.get, "/a")) }
        #expect(error?.code == .unavailable)
        #expect(network.requests.count == 1 + Session.redirectLimit)
    }

    @Test func `a redirect that leads nowhere is explained like any status`() async {
        let network = StubNetwork(step("/a", status: 302))
        #expect(
            await failure { () throws(ForgeError) in try await session(network).send(Call(.get, "/a")) }?.message
                == "explained")
    }

    @Test func `pages are read to the end, along absolute and relative links`() async throws {
        let network = StubNetwork(
            step(
                "/a?per_page=2", headers: ["link": "<\(Self.base)/other?page=2>; rel=\"next\""], #"[{"n":1},{"n":2}]"#),
            step("/other?page=2", headers: ["Link": "<?page=3>; rel=\"next\""], #"[{"n":3}]"#),
            step("/other?page=3", #"[]"#))
        let items = try await session(network).list(of: Item.self, Call(.get, "/a", query: [("per_page", "2")]))
        #expect(items.map(\.n) == [1, 2, 3])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a page that was read already is an error, not a loop`() async {
        let network = StubNetwork(answering: { request in
            let next = request.url.hasSuffix("page=2") ? "\(Self.base)/a" : "\(Self.base)/a?page=2"
            return .json("[]", headers: ["Link": "<\(next)>; rel=\"next\""])
        })
        let error = await failure { () throws(ForgeError) in
            try await session(network).list(of: Item.self, Call(.get, "/a"))
        }
        #expect(error?.code == .unavailable)
        #expect(network.requests.count == 2)
    }

    @Test func `pages without end are an error`() async {
        let network = StubNetwork(answering: { request in
            let page = Int(request.url.split(separator: "=").last ?? "") ?? 0
            return .json("[]", headers: ["Link": "<\(Self.base)/a?page=\(page + 1)>; rel=\"next\""])
        })
        let error = await failure { () throws(ForgeError) in
            try await session(network).list(of: Item.self, Call(.get, "/a?page=1"))
        }
        #expect(error?.code == .unavailable)
        #expect(network.requests.count == Session.pageLimit)
    }

    @Test(arguments: ["https://evil.example/a?page=2", "http://git.example.org/api/v3/a", "//evil.example/a"])
    func `a next page of another origin is an error and sends nothing`(link: String) async {
        let network = StubNetwork(step("/a", headers: ["Link": "<\(link)>; rel=\"next\""], "[]"))
        let error = await failure { () throws(ForgeError) in
            try await session(network).list(of: Item.self, Call(.get, "/a"))
        }
        #expect(error?.code == .unavailable)
        #expect(network.requests.count == 1)
    }

    @Test(arguments: [
        "/a/../b", "/a/./b", "/..", "/a/%2e%2E/b", "/a/%2e", "/a/.%2e/b", "https://git.example.org/api/v3/../x",
    ])
    func `no path of a call has dot segments`(path: String) async {
        let network = StubNetwork()
        #expect(
            await failure { () throws(ForgeError) in try await session(network).send(Call(.get, path)) }?.code
                == .invalidRequest)
        #expect(network.requests.isEmpty)
    }

    @Test func `an absolute address of another origin is never called`() async {
        let network = StubNetwork()
        #expect(
            await failure { () throws(ForgeError) in
                try await session(network).send(Call(.get, "https://evil.example/a"))
            }?.code == .unavailable)
        #expect(network.requests.isEmpty)
    }

    @Test(arguments: ["a\r\nX: y", "a\n", "a\u{0}", "\u{7F}"])
    func `a credential never breaks out of its header`(token: String) async {
        let network = StubNetwork()
        let error = await failure { () throws(ForgeError) in
            try await session(network, source: .fixed(.personal(Secret(token)))).send(Call(.get, "/a"))
        }
        #expect(error?.code == .credentialRejected)
        #expect(network.requests.isEmpty)
    }

    @Test(arguments: ["", "{", "<html>", "[1", "null", "\u{0}", #"{"n":"x"}"#])
    func `what is not the documented JSON is the forge's failure`(body: String) async {
        let network = StubNetwork(.init(.get, Self.base + "/a", .success(.init(status: 200, body: Array(body.utf8)))))
        let error = await failure { () throws(ForgeError) in
            try await session(network).value(Item.self, Call(.get, "/a"))
        }
        #expect(error?.code == .unavailable)
    }

    @Test(arguments: [
        (Upstream.Failure.unreachable("CANARY"), ForgeError.Code.unavailable), (.timedOut, .timedOut),
        (.tooLarge(limit: 1 << 20), .unavailable), (.unknownHost, .unavailable), (.refusedHost, .invalidRequest),
    ])
    func `each failure of the network has its code`(failed: Upstream.Failure, code: ForgeError.Code) async {
        let network = StubNetwork(.init(.get, Self.base + "/a", .failure(failed)))
        let error = await failure { () throws(ForgeError) in try await session(network).send(Call(.get, "/a")) }
        #expect(error?.code == code)
        #expect(error?.message.contains("CANARY") == false)
    }

    @Test func `an unknown error of the network is an outage`() async {
        struct Odd: Error {}
        let network = StubNetwork(answering: { _ in throw Odd() })
        #expect(
            await failure { () throws(ForgeError) in try await session(network).send(Call(.get, "/a")) }?.code
                == .unavailable)
    }
}
