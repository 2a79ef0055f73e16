// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Foundation
import Logging
import Model
import NIOCore
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// A sandbox of a test's own, in a folder of its own, that serves while the test's body runs.
struct SandboxTrial: Sendable {
    let sandbox: Sandbox
    let forge: EmulatedForge
    /// A folder for clones and the like; it is removed afterwards.
    let folder: String

    /// Starts a sandbox, runs the body as soon as it listens, and stops it.
    static func run(
        _ forge: ForgeID,
        _ configure: (inout SandboxOptions) -> Void = { _ in },
        _ body: @escaping @Sendable (SandboxTrial) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/gatehouse-trial-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var options = SandboxOptions(stateDirectory: folder + "/state")
        options.forges = [forge]
        options.logger.logLevel = .critical
        configure(&options)
        try await run(options, folder: folder, body)
    }

    /// The same with options of the test's own, whose folder is left in place.
    static func run(
        _ options: SandboxOptions,
        folder: String,
        _ body: @escaping @Sendable (SandboxTrial) async throws -> Void
    ) async throws {
        let sandbox = try await Sandbox.make(options)
        let trial = SandboxTrial(sandbox: sandbox, forge: try #require(sandbox.all.first), folder: folder)
        let (isReady, ready) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { ready.finish() }
                try await sandbox.run { ready.yield() }
            }
            group.addTask {
                for await _ in isReady { break }
                try await body(trial)
            }
            // The body ends first, unless the sandbox fails.
            try await group.next()
            group.cancelAll()
            do {
                try await group.waitForAll()
            } catch is CancellationError {}
        }
    }
}

/// One answer of an emulated forge.
struct Answer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let bytes: [UInt8]

    var text: String { String(decoding: bytes, as: UTF8.self) }

    func json() throws -> JSONTree { try JSONTree(parsing: bytes) }

    /// The address of a `Link` header's entry.
    func link(_ rel: String) -> String? {
        for entry in headers["Link"].joined(separator: ",").split(separator: ",") {
            guard entry.contains("rel=\"\(rel)\""), let open = entry.firstIndex(of: "<"),
                let close = entry.firstIndex(of: ">")
            else { continue }
            return String(entry[entry.index(after: open)..<close])
        }
        return nil
    }
}

extension SandboxTrial {
    /// Sends a request; a path is completed with the forge's host.
    func send(
        _ method: HTTPMethod,
        _ path: String,
        headers: [(String, String)] = [],
        body: [UInt8]? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: path.hasPrefix("http") ? path : forge.host + path)
        request.method = method
        request.headers = HTTPHeaders(headers)
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let client = HTTPClient.trial
        let response = try await client.execute(request, timeout: .seconds(60))
        let bytes = try await response.body.collect(upTo: 1 << 30)
        return Answer(
            status: Int(response.status.code), headers: response.headers, bytes: Array(bytes.readableBytesView))
    }
}

extension HTTPClient {
    /// Follows no redirects, so that tests see them.
    static let trial: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        // Twenty writers at once are twenty connections, and a busy machine may take its time with them.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        configuration.timeout.connect = .seconds(60)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
}
