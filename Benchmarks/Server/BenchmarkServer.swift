// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird
import Logging
import ServiceLifecycle
import UnixSignals

/// Three servers in one process, for `scripts/bench.sh`: the bare framework's hello in JSON, a stub of a forge, and a Gatehouse with ten
/// authorizations at that forge. Prints where they stand as JSON, and serves until it is told to stop.
@main
struct BenchmarkServer {
    static func main() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "gatehouse-bench-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        let (ports, announce) = AsyncStream<(String, Int)>.makeStream()
        let hello = Router(context: BasicRequestContext.self)
        hello.get("/hello") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(string: #"{"message":"hello"}"#)))
        }
        let stub = Router(context: BasicRequestContext.self)
        stub.get("/api/v3/repos/octavia/harbour/branches") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(string: branches)))
        }
        let first = ServiceGroup(
            configuration: .init(
                services: [
                    application("hello", hello, announce, logger), application("stub", stub, announce, logger),
                ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await first.run() }
            var found: [String: Int] = [:]
            for await (name, port) in ports {
                found[name] = port
                if found.count == 2 { break }
            }
            let helloPort = found["hello"] ?? 0
            let stubPort = found["stub"] ?? 0
            try await serveGatehouse(stubPort: stubPort, directory: directory, logger: logger) { house in
                let root = "http://127.0.0.1:\(house.port)/v1/\(house.project)/git"
                let token = house.token
                print(
                    """
                    {"hello":{"url":"http://127.0.0.1:\(helloPort)/hello"},\
                    "list":{"url":"\(root)/auths","headers":{"X-Auth-Token":"\(token)"}},\
                    "branches":{"url":"\(root)/repos/octavia/harbour/branches",\
                    "headers":{"X-Auth-Token":"\(token)","X-Repo-Auth":"bench-0"}},\
                    "house":{"url":"http://127.0.0.1:\(house.port)","project":"\(house.project)","token":"\(token)",\
                    "access":"\(house.accessKey)","secret":"\(house.secretKey)"}}
                    """)
                fflush(nil)
            }
            await first.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }

    private static func application(
        _ name: String, _ router: Router<BasicRequestContext>, _ announce: AsyncStream<(String, Int)>.Continuation,
        _ logger: Logger
    ) -> any Service {
        Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { announce.yield((name, $0.localAddress?.port ?? 0)) }, logger: logger)
    }

    /// Ten branches, as GitHub writes them.
    private static let branches: String = {
        let items = (0..<10).map { index in
            let sha = String(repeating: String(index), count: 40)
            return """
                {"name":"branch-\(index)","commit":{"sha":"\(sha)","url":"http://127.0.0.1/api/v3/repos/octavia/harbour/commits/\(sha)"},"protected":false}
                """
        }
        return "[" + items.joined(separator: ",") + "]"
    }()
}
