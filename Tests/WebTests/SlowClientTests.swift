// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Model
import Synchronization
import TestSupport
import Testing

@testable import Web

/// Who is cut off, and who is not. The limits are tiny; nothing is measured, only waited for.
@Suite(.serialized) struct SlowClientTests {
    private static var door: FrontDoor {
        var door = FrontDoor()
        door.headTime = .milliseconds(300)
        door.idleTime = .milliseconds(300)
        door.rateTime = .milliseconds(300)
        door.minimumRate = 10_000
        return door
    }

    private static let get = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test(arguments: ["", "GET", "GET /livez HTTP/1.1\r\n", "GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: a"])
    func `a head that does not come is not waited for`(beginning: String) async throws {
        try await TestServer.with(Self.door) { server async throws in
            let answer = try await server.exchange(beginning)
            #expect(answer == "")
        }
    }

    @Test func `a head that comes byte by byte is not waited for`() async throws {
        try await TestServer.with(Self.door) { server async throws in
            let connection = try await server.connect()
            let sent = try await Self.drip(
                "GET /livez HTTP/1.1\r\nX-Slow: " + String(repeating: "a", count: 5000), to: connection)
            #expect(sent < 5000)
        }
    }

    @Test func `a connection without a request is closed after an answer`() async throws {
        try await TestServer.with(Self.door) { server async throws in
            let connection = try await server.connect()
            for _ in 1...3 {
                try await connection.send(Self.get)
                let status = await connection.readAnswer().status
                #expect(status == 200)
            }
            let rest = await connection.readToEnd()
            #expect(rest == "")
        }
    }

    @Test(arguments: ["Content-Length: 60000", "Transfer-Encoding: chunked"])
    func `a body that does not come is not waited for`(header: String) async throws {
        try await TestServer.with(Self.door) { server async throws in
            let connection = try await server.connect()
            try await connection.send("POST /v3/auth/tokens HTTP/1.1\r\nHost: x\r\n\(header)\r\n\r\n")
            let sent = try await Self.drip(String(repeating: "1\r\n \r\n", count: 1000), to: connection)
            #expect(sent < 6000)
            let answer = await connection.readToEnd()
            #expect(!answer.contains("the test waited in vain"))
        }
    }

    @Test func `the rest of a body that nobody wants is not waited for`() async throws {
        try await TestServer.with(Self.door) { server async throws in
            let connection = try await server.connect()
            try await connection.send(
                "POST /v1/\(server.house.caller.tenant.id)/git/auths/github/personal HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n"
            )
            let status = await connection.readAnswer().status
            #expect(status == 401)
            let rest = await connection.readToEnd()
            #expect(rest == "")
        }
    }

    /// Three times as long as any limit of time, at twice the least rate.
    @Test func `a slow line gets its body through`() async throws {
        var door = Self.door
        door.rateTime = .seconds(1)
        door.minimumRate = 2000
        try await TestServer.with(door) { server async throws in
            let connection = try await server.connect()
            try await connection.send("POST /v3/auth/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 30000\r\n\r\n")
            for _ in 1...30 {
                try await connection.send(String(repeating: " ", count: 1000))
                try await Task.sleep(for: .milliseconds(100))
            }
            let answer = await connection.readAnswer()
            #expect(answer.status == 400, "\(answer.text)")
        }
    }

    @Test func `an answer that waits for a forge is waited for`() async throws {
        let (asked, isAsked) = AsyncStream.makeStream(of: Void.self)
        let (answers, answer) = AsyncStream.makeStream(of: Void.self)
        let network = StubNetwork { request in
            isAsked.yield()
            for await _ in answers { break }
            return StubGitHub.answer(request)
        }
        try await TestServer.with(Self.door, network: network) { server async throws in
            try await server.house.store(.personal(Secret("canary")), named: "main")
            let connection = try await server.connect()
            try await connection.send(
                "GET /v1/\(server.house.caller.tenant.id)/git/repos/namespaces HTTP/1.1\r\nHost: x\r\nX-Repo-Auth: main\r\n"
                    + "X-Auth-Token: \(try await server.token())\r\n\r\n")
            for await _ in asked { break }
            // Meanwhile all the limits have passed for others, several times.
            for _ in 1...4 {
                let other = try await server.exchange("GET")
                #expect(other == "")
            }
            answer.finish()
            let status = await connection.readAnswer().status
            #expect(status == 200)
        }
    }

    /// So many answers that no kernel's buffer holds them.
    private static func askForMuch(_ connection: RawConnection) async throws -> Int {
        let one = PackageResources.openapi_yaml.count
        let count = (24 << 20) / one
        try await connection.send(String(repeating: "GET /openapi.yaml HTTP/1.1\r\nHost: x\r\n\r\n", count: count))
        return count * one
    }

    private func isCut(_ log: LogRecorder) -> Bool {
        log.lines.contains { $0.contains("an answer is taken too slowly") }
    }

    @Test func `who takes no answer is cut off`() async throws {
        let log = LogRecorder()
        try await TestServer.with(Self.door, logger: log.logger) { server async throws in
            let connection = try await server.connect(receiveBuffer: 4096)
            let all = try await Self.askForMuch(connection)
            let end = ContinuousClock.now + .seconds(60)
            while !isCut(log), ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(isCut(log))
            let got = await connection.readToEnd()
            #expect(got.utf8.count < all)
        }
    }

    /// Slower than the line, faster than the least rate, and far longer than any limit of time.
    @Test func `who takes an answer slowly gets it`() async throws {
        try await TestServer.with(Self.door) { server async throws in
            let connection = try await server.connect(receiveBuffer: 65_536)
            let all = try await Self.askForMuch(connection)
            var got = 0
            while got < all, let part = await connection.read(upTo: 1 << 20) {
                got += part.count
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(got >= all)
        }
    }

    @Test func `who has too many connections gets no more of them, and others do`() async throws {
        var door = FrontDoor()
        door.connectionsPerAddress = 2
        try await TestServer.with(door) { server async throws in
            var held = try await Self.held(2, at: server)
            let third = try await server.exchange("")
            #expect(third == "")
            held.removeLast()
            var again = ""
            while !again.hasPrefix("HTTP/1.1 200") {
                let connection = try await server.connect()
                try? await connection.send(Self.get.replacing("\r\n\r\n", with: "\r\nConnection: close\r\n\r\n"))
                again = await connection.readToEnd()
            }
        }
    }

    @Test func `a proxy may have as many connections as there are`() async throws {
        var door = FrontDoor()
        door.connectionsPerAddress = 1
        door.proxies = TrustedProxies([IPNetwork("127.0.0.1")].compactMap { $0 })
        try await TestServer.with(door) { server async throws in
            _ = try await Self.held(3, at: server)
        }
    }

    @Test func `beyond all connections one waits until another is closed`() async throws {
        var door = FrontDoor()
        door.connections = 2
        try await TestServer.with(door) { server async throws in
            var held = try await Self.held(2, at: server)
            let third = try await server.connect()
            try await third.send(Self.get)
            let waits = await third.hearsNothing()
            #expect(waits)
            held.removeAll()
            let status = await third.readAnswer().status
            #expect(status == 200)
        }
    }

    /// So many connections at once, each of which has been answered.
    private static func held(_ count: Int, at server: TestServer) async throws -> [RawConnection] {
        var held: [RawConnection] = []
        for _ in 0..<count {
            let connection = try await server.connect()
            try await connection.send(get)
            let status = await connection.readAnswer().status
            #expect(status == 200)
            held.append(connection)
        }
        return held
    }

    /// Sends byte by byte until the other end takes no more; how many it has taken.
    private static func drip(_ text: String, to connection: RawConnection) async throws -> Int {
        var sent = 0
        for byte in text.utf8 {
            do {
                try await connection.send([byte])
            } catch {
                return sent
            }
            sent += 1
            try await Task.sleep(for: .milliseconds(5))
        }
        return sent
    }
}
