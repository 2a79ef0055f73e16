// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

extension Upstream {
    /// How long and how much this Gatehouse waits for and reads from a forge.
    package struct Limits: Sendable {
        /// Seconds for a whole request.
        package var timeout: Int
        /// Seconds for a connection.
        package var connectTimeout: Int
        /// Bytes of one answer. A file of 100 MB, GitHub's largest, is 137 MB as base64 with line ends.
        package var bytes: Int
        /// Bytes of all answers that are being read at one time.
        package var bytesTogether: Int

        package init(
            timeout: Int = 60, connectTimeout: Int = 10, bytes: Int = 160 << 20, bytesTogether: Int = 512 << 20
        ) {
            self.bytesTogether = bytesTogether
            self.timeout = timeout
            self.connectTimeout = connectTimeout
            self.bytes = bytes
        }

        /// Redirects stay with ``Session``: the client strips
        /// `Authorization` from a redirect to another origin, but not `PRIVATE-TOKEN`.
        var clientConfiguration: HTTPClient.Configuration {
            var configuration = HTTPClient.Configuration(
                redirectConfiguration: .disallow,
                timeout: .init(connect: .seconds(Int64(connectTimeout)), read: .seconds(Int64(timeout))),
                decompression: .disabled)
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
            // Otherwise a refused connection, or a server without TLS, is tried again until the time is over.
            configuration.connectionPool.retryConnectionEstablishment = false
            return configuration
        }
    }

    static func client(
        _ client: HTTPClient, policy: NetworkPolicy, limits: Limits, identities: [ForgeHost: IAMService] = [:]
    ) -> Upstream {
        let held = HeldBytes(limit: limits.bytesTogether)
        return Upstream(identities: identities) { request in
            try await policy.check(request.url)
            var outgoing = HTTPClientRequest(url: request.url)
            outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
            for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
            if !request.headers.contains(where: { $0.name.lowercased() == "user-agent" }) {
                outgoing.headers.add(name: "User-Agent", value: "gatehouse")
            }
            if let body = request.body { outgoing.body = .bytes(ByteBuffer(bytes: body)) }
            let prepared = outgoing
            do {
                return try await within(seconds: limits.timeout) {
                    let answer = try await client.execute(prepared, timeout: .seconds(Int64(limits.timeout)))
                    let body = try await held.collect(answer.body, upTo: request.limit ?? limits.bytes)
                    return Response(
                        status: Int(answer.status.code),
                        headers: answer.headers.map { Header($0.name, $0.value) },
                        body: Array(buffer: body))
                }
            } catch let failure as Failure {
                throw failure
            } catch let error as HTTPClientError {
                throw failure(of: error)
            } catch is NIOTooManyBytesError {
                throw Failure.tooLarge(limit: request.limit ?? limits.bytes)
            } catch let error as NIOSSLError {
                throw Failure.unreachable("TLS: \(error)")
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                throw Failure.unreachable("\(type(of: error))")
            }
        }
    }

    /// The client's own deadline ends with the answer's head: a body that drips byte by byte would never be cut off.
    private static func within(
        seconds: Int, _ exchange: @escaping @Sendable () async throws -> Response
    ) async throws -> Response {
        try await withThrowingTaskGroup(of: Response.self) { group in
            group.addTask(operation: exchange)
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                throw Failure.timedOut
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw Failure.timedOut }
            return first
        }
    }

    private static func failure(of error: HTTPClientError) -> Failure {
        switch error {
        case .readTimeout, .writeTimeout, .deadlineExceeded, .getConnectionFromPoolTimeout: .timedOut
        default: .unreachable(error.shortDescription)
        }
    }
}

/// What is held of answers that are not read to their end: a hundred hosts that never stop would otherwise fill the memory.
private final class HeldBytes: Sendable {
    private let limit: Int
    private let count = Mutex(0)

    init(limit: Int) {
        self.limit = limit
    }

    func collect(_ body: HTTPClientResponse.Body, upTo limit: Int) async throws -> ByteBuffer {
        var held = 0
        defer { count.withLock { [held] in $0 -= held } }
        var bytes = ByteBuffer()
        for try await part in body {
            guard bytes.readableBytes + part.readableBytes <= limit else { throw NIOTooManyBytesError(maxBytes: limit) }
            held += part.readableBytes
            let all = count.withLock { count in
                count += part.readableBytes
                return count
            }
            guard all <= self.limit else { throw Upstream.Failure.overloaded }
            bytes.writeImmutableBuffer(part)
        }
        return bytes
    }
}

/// The connections to all forges, pooled. Whoever makes them shuts them down.
package struct UpstreamConnections: Sendable {
    private let client: HTTPClient
    private let limits: Upstream.Limits

    package init(limits: Upstream.Limits) {
        self.limits = limits
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: limits.clientConfiguration)
    }

    /// The way out over these connections.
    /// - Parameter identities: where installations of CodeArts Repo have their tokens from, where it is not their own
    ///   origin.
    package func upstream(policy: NetworkPolicy, identities: [ForgeHost: IAMService] = [:]) -> Upstream {
        .client(client, policy: policy, limits: limits, identities: identities)
    }

    /// Ends all connections. Throws when it has been called before.
    package func shutdown() async throws {
        try await client.shutdown()
    }
}
