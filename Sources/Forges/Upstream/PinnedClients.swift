// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import Model
import Synchronization

/// The HTTP clients, one for each address of each host: the client is told the address of its only host, and never asks
/// for it. Its TLS still wants a certificate for the host's name. Connections are pooled within each.
final class PinnedClients: Sendable {
    /// More than so many are kept only where all are in use.
    static let capacity = 64
    /// Whoever is not used for so long has no connection any more, and goes.
    static let idle: Duration = .seconds(120)
    /// How many addresses of a host are tried.
    static let attempts = 4

    private struct Key: Hashable {
        let scheme: String
        let host: String
        let address: IPAddress
        let roots: TrustRoots?
        /// Whether there is no other address to go on to.
        let isOnly: Bool
    }

    private struct Entry {
        let client: HTTPClient
        /// How many requests are under way.
        var uses = 0
        var last: ContinuousClock.Instant
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        /// Which address a host with several was reached at: as long as it is among them, connections to it are used again.
        var preferred: [String: IPAddress] = [:]
        var isShutDown = false
    }

    private let state = Mutex(State())
    private let limits: Upstream.Limits

    init(_ limits: Upstream.Limits) {
        self.limits = limits
    }

    /// How many clients there are.
    var count: Int { state.withLock { $0.entries.count } }

    /// Does something with a client that connects to the first address which can be reached.
    ///
    /// - Parameter goesOn: whether a failure shows that nothing was sent, so that the next address may be tried.
    func with<Result: Sendable>(
        _ route: Route, goesOn: (any Error) -> Bool, _ body: (HTTPClient) async throws -> Result
    ) async throws -> Result {
        var rest = addresses(of: route)[...]
        while let address = rest.popFirst() {
            let key = Key(
                scheme: route.origin.scheme, host: route.origin.host, address: address, roots: route.roots,
                isOnly: route.addresses.count == 1)
            do {
                let result = try await with(key, body)
                prefer(address, of: route)
                return result
            } catch  where !rest.isEmpty && goesOn(error) {
                continue
            }
        }
        throw Upstream.Failure.unknownHost
    }

    /// Ends all connections. Throws when it has been called before.
    func shutdown() async throws {
        let clients: [HTTPClient]? = state.withLock { state in
            guard !state.isShutDown else { return nil }
            let clients = state.entries.values.map(\.client)
            state = State(isShutDown: true)
            return clients
        }
        guard let clients else { throw HTTPClientError.alreadyShutdown }
        for client in clients { try await client.shutdown() }
    }

    private func addresses(of route: Route) -> [IPAddress] {
        guard route.addresses.count > 1 else { return route.addresses }
        var addresses = route.addresses
        let preferred = state.withLock { $0.preferred[route.origin.host] }
        if let preferred, let index = addresses.firstIndex(of: preferred) {
            addresses.insert(addresses.remove(at: index), at: 0)
        }
        return Array(addresses.prefix(Self.attempts))
    }

    private func prefer(_ address: IPAddress, of route: Route) {
        guard route.addresses.count > 1 else { return }
        state.withLock { state in
            if state.preferred.count >= 10_000 { state.preferred.removeAll() }
            state.preferred[route.origin.host] = address
        }
    }

    private func with<Result: Sendable>(
        _ key: Key, _ body: (HTTPClient) async throws -> Result
    ) async throws -> Result {
        let client = try take(key)
        defer { giveBack(key) }
        return try await body(client)
    }

    private func take(_ key: Key) throws -> HTTPClient {
        let now = ContinuousClock.now
        let (client, retired) = try state.withLock { state in
            guard !state.isShutDown else { throw Upstream.Failure.unreachable("shut down") }
            if let known = state.entries[key]?.client {
                state.entries[key]?.uses += 1
                return (known, [HTTPClient]())
            }
            let retired = Self.retire(&state, now)
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration(key))
            state.entries[key] = Entry(client: client, uses: 1, last: now)
            return (client, retired)
        }
        // Nobody uses them, and nothing that could go wrong matters.
        for client in retired { client.shutdown { _ in } }
        return client
    }

    private func giveBack(_ key: Key) {
        state.withLock { state in
            state.entries[key]?.uses -= 1
            state.entries[key]?.last = .now
        }
    }

    /// Takes out those that have idled, and as many of the others as are too many.
    private static func retire(_ state: inout State, _ now: ContinuousClock.Instant) -> [HTTPClient] {
        let unused = state.entries.filter { $0.value.uses == 0 }.sorted { $0.value.last < $1.value.last }
        let excess = max(0, state.entries.count + 1 - capacity)
        let gone = unused.enumerated().prefix { $0.offset < excess || $0.element.value.last + idle < now }
        for (_, element) in gone { state.entries[element.key] = nil }
        return gone.map(\.element.value.client)
    }

    private func configuration(_ key: Key) -> HTTPClient.Configuration {
        var configuration = limits.clientConfiguration
        configuration.dnsOverride = [key.host: key.address.text]
        configuration.tlsConfiguration = TrustRoots.configuration(with: key.roots)
        if key.scheme == "https", IPAddress(key.host) == nil {
            configuration.http1_1ConnectionDebugInitializer = CertificateNames.check(for: key.host)
            configuration.http2ConnectionDebugInitializer = CertificateNames.check(for: key.host)
        }
        // Where there is another address, a deaf one must not use up the time.
        let seconds = key.isOnly ? limits.connectTimeout : min(limits.connectTimeout, max(2, limits.connectTimeout / 3))
        configuration.timeout.connect = .seconds(Int64(seconds))
        return configuration
    }
}
