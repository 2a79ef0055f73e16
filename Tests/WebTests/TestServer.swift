// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Dispatch
import Foundation
import Hummingbird
import Logging
import Model
import ServiceLifecycle
import Storage
import Synchronization
import TestSupport

@testable import Web

#if canImport(Glibc)
    import Glibc
#endif

/// The real server on a port of this machine, for what the router alone does not show.
struct TestServer: Sendable {
    let house: TestHouse
    let port: Int

    static func with<Value: Sendable>(
        _ door: FrontDoor, network: StubNetwork = StubNetwork { StubGitHub.answer($0) },
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        _ body: @escaping @Sendable (TestServer) async throws -> Value
    ) async throws -> Value {
        let house = try await TestHouse(network: network)
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let service = try WebService(
            broker: house.broker, identity: house.identity, publicURL: "http://127.0.0.1", door: door,
            isReady: { true }, listen: .init(host: "127.0.0.1", port: 0, certificate: nil, key: nil), logger: logger
        ) { port in found.yield(port) }
        let group = ServiceGroup(configuration: .init(services: [service.service], logger: logger))
        async let running: Void = group.run()
        var iterator = ports.makeAsyncIterator()
        let port = await iterator.next() ?? 0
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(TestServer(house: house, port: port)))
        } catch {
            result = .failure(error)
        }
        await group.triggerGracefulShutdown()
        try await running
        return try result.get()
    }

    func token() async throws -> String {
        try await house.identity.issue(
            KeystoneAuthRequest(method: .password(.id(house.caller.user.id), TestHouse.password), scope: nil)
        ).token.exposed
    }

    /// A socket of the operating system, connected.
    func connect(receiveBuffer: Int32? = nil) async throws -> RawConnection {
        try await RawConnection(port: port, receiveBuffer: receiveBuffer)
    }

    /// Sends bytes over a new connection and reads all that comes until the server closes.
    func exchange(_ text: String) async throws -> String {
        let connection = try await connect()
        try await connection.send(text)
        return await connection.readToEnd()
    }
}

/// One socket, with nothing between the test and the wire. Its calls wait on threads of their own.
final class RawConnection: Sendable {
    struct Failed: Error {}

    private let descriptor: Int32

    init(port: Int, receiveBuffer: Int32?) async throws {
        descriptor = try await Self.onThread {
            let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            if var size = receiveBuffer {
                setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
            }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(UInt16(port).bigEndian)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            let connected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard connected == 0 else { throw Failed() }
            // A test that waits for what does not come fails, rather than to hang.
            var patience = timeval(tv_sec: 60, tv_usec: 0)
            setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
            return socket
        }
    }

    deinit { _ = Glibc.close(descriptor) }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// - Throws: ``Failed`` when the other end takes nothing any more.
    func send(_ bytes: [UInt8]) async throws {
        try await Self.onThread { [descriptor] in
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { throw Failed() }
                sent += count
            }
        }
    }

    /// Whether nothing comes for a while.
    func hearsNothing() async -> Bool {
        let ready = try? await Self.onThread { [descriptor] in
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return Glibc.poll(&poll, 1, 500)
        }
        return ready == 0
    }

    /// One read: nil when the other end has closed, however it did.
    func read(upTo limit: Int = 65_536) async -> [UInt8]? {
        try? await Self.onThread { [descriptor] in
            var bytes = [UInt8](repeating: 0, count: limit)
            let count = Glibc.recv(descriptor, &bytes, limit, 0)
            if count < 0, errno == EAGAIN { return Array("the test waited in vain".utf8) }
            guard count > 0 else { throw Failed() }
            return Array(bytes[..<count])
        }
    }

    func readToEnd() async -> String {
        var all: [UInt8] = []
        while let part = await read() {
            all += part
            if String(decoding: part.suffix(23), as: UTF8.self) == "the test waited in vain" { break }
        }
        return String(decoding: all, as: UTF8.self)
    }

    /// Reads until an answer's head and body are here; its status and the text of all.
    func readAnswer() async -> (status: Int, text: String) {
        var text = ""
        while let part = await read() {
            text += String(decoding: part, as: UTF8.self)
            guard let end = text.range(of: "\r\n\r\n") else { continue }
            let head = text[..<end.lowerBound].lowercased()
            guard let length = head.firstMatch(of: /content-length: (\d+)/).flatMap({ Int($0.1) }) else { break }
            if text[end.upperBound...].utf8.count >= length { break }
        }
        return (Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0, text)
    }

    private static func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value
    {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result { try work() }) }
            thread.start()
        }
    }
}
