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

    /// A request goes to an address that the policy has checked, and to no other.
    static func over(
        _ clients: PinnedClients, policy: NetworkPolicy, limits: Limits, identities: [ForgeHost: IAMService] = [:]
    ) -> Upstream {
        let held = HeldBytes(limit: limits.bytesTogether)
        return Upstream(identities: identities) { request in
            do {
                return try await within(seconds: limits.timeout) {
                    let route = try await policy.route(to: request.url)
                    let outgoing = try outgoing(request, to: route.origin)
                    return try await clients.with(route, goesOn: isBeforeSending) { client in
                        let answer = try await client.execute(outgoing, timeout: .seconds(Int64(limits.timeout)))
                        let body = try await held.collect(answer.body, upTo: request.limit ?? limits.bytes)
                        return Response(
                            status: Int(answer.status.code),
                            headers: answer.headers.map { Header($0.name, $0.value) },
                            body: Array(buffer: body))
                    }
                }
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                throw failure(of: error, limit: request.limit ?? limits.bytes)
            }
        }
    }

    /// The address is written anew, so that the client reads the host as it was checked: a client that does not find its host
    /// in capitals would ask for it by itself.
    private static func outgoing(_ request: Request, to origin: Origin) throws(Failure) -> HTTPClientRequest {
        guard let start = request.url.range(of: "://")?.upperBound else { throw .refusedHost }
        let url = origin.address + request.url[start...].drop { !"/?#".contains($0) }
        guard Origin(url) == origin else { throw .refusedHost }
        var outgoing = HTTPClientRequest(url: url)
        outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
        for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
        if !request.headers.contains(where: { $0.name.lowercased() == "user-agent" }) {
            outgoing.headers.add(name: "User-Agent", value: "gatehouse")
        }
        if let body = request.body { outgoing.body = .bytes(ByteBuffer(bytes: body)) }
        return outgoing
    }

    /// Whether a failure is one of making a connection: no byte of the request has gone out then, and another address may get it.
    private static func isBeforeSending(_ error: any Error) -> Bool {
        switch error {
        case let error as HTTPClientError: error == .connectTimeout || error == .tlsHandshakeTimeout
        case let error as IOError:
            [ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, EADDRNOTAVAIL, EAFNOSUPPORT]
                .contains(error.errnoCode)
        default: false
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

    private static func failure(of error: any Error, limit: Int) -> Failure {
        switch error {
        case let failure as Failure: return failure
        case is NIOTooManyBytesError: return .tooLarge(limit: limit)
        case let error as HTTPClientError:
            switch error {
            case .readTimeout, .writeTimeout, .deadlineExceeded, .getConnectionFromPoolTimeout: return .timedOut
            default: return .unreachable(error.shortDescription)
            }
        case is CertificateNames.Foreign: return .distrusted
        case let error as NIOSSLExtraError where error == .failedToValidateHostname: return .distrusted
        case let error as NIOSSLError:
            // The reason of the library underneath is there in words only.
            let reason = "\(error)"
            return reason.contains("CERTIFICATE_VERIFY_FAILED") ? .distrusted : .unreachable("TLS: \(reason)")
        default: return .unreachable("\(type(of: error))")
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
    private let clients: PinnedClients
    private let limits: Upstream.Limits

    package init(limits: Upstream.Limits) {
        self.limits = limits
        clients = PinnedClients(limits)
    }

    /// How many addresses there are clients for.
    var count: Int { clients.count }

    /// The way out over these connections.
    /// - Parameter identities: where installations of CodeArts Repo have their tokens from, where it is not their own
    ///   origin.
    package func upstream(policy: NetworkPolicy, identities: [ForgeHost: IAMService] = [:]) -> Upstream {
        .over(clients, policy: policy, limits: limits, identities: identities)
    }

    /// Ends all connections. Throws when it has been called before.
    package func shutdown() async throws {
        try await clients.shutdown()
    }
}
