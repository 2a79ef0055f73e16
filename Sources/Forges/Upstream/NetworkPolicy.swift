// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import NIOCore
import NIOPosix
import Synchronization

/// Which hosts callers may make this Gatehouse connect to.
///
/// A host must be `https` and every address of its name a public one. Hosts that the operator has named, and names or
/// addresses within ``Allowance``s, are taken as they are, also with plain `http`.
///
/// The client resolves the name once more when it connects. Over `https` a name that leads elsewhere by then fails for want
/// of its certificate. Over `http`, which only an allowance opens, nothing stands in its way: an allowed network
/// trusts whoever may give names to addresses in it, and an allowed host's name does not.
package final class NetworkPolicy: Sendable {
    /// What the operator allows in spite of the rule: `10.1.0.0/16`, `fd00::/8`, `192.168.1.7`, or a host's name.
    package struct Allowance: Sendable, Hashable {
        enum Kind: Hashable {
            case host(String)
            case network(IPNetwork)
        }
        let kind: Kind

        /// nil for what is neither an address, a network in CIDR form nor a host's name.
        package init?(_ text: String) {
            if let network = IPNetwork(text) {
                kind = .network(network)
            } else if Origin("https://\(text)")?.host == text.lowercased(), !text.contains("/"), !text.contains(":") {
                kind = .host(text.lowercased())
            } else {
                return nil
            }
        }
    }

    private struct Verdict {
        let allowed: Bool
        let until: ContinuousClock.Instant
    }

    private let hosts: Set<String>
    private let networks: [IPNetwork]
    private let origins: Set<Origin>
    private let verdicts = Mutex<[Origin: Verdict]>([:])

    /// - Parameters:
    ///   - trusted: the hosts that the operator has configured.
    ///   - identities: what the operator has configured to give tokens for them.
    ///   - allowances: what callers may name besides public hosts.
    package init(trusted: [ForgeHost], identities: [IAMService] = [], allowances: [Allowance]) {
        let addresses = trusted.flatMap { [$0.pages, $0.api] } + identities.map(\.address)
        origins = Set(addresses.compactMap { Origin($0) })
        var hosts: Set<String> = []
        var networks: [IPNetwork] = []
        for allowance in allowances {
            switch allowance.kind {
            case .host(let host): hosts.insert(host)
            case .network(let network): networks.append(network)
            }
        }
        self.hosts = hosts
        self.networks = networks
    }

    /// Throws ``Upstream/Failure/refusedHost`` or ``Upstream/Failure/unknownHost``. A verdict holds for 30 seconds.
    func check(_ address: String) async throws(Upstream.Failure) {
        guard let origin = Origin(address) else { throw .refusedHost }
        if origins.contains(origin) || hosts.contains(origin.host) { return }
        let now = ContinuousClock.now
        if let verdict = verdicts.withLock({ $0[origin] }), verdict.until > now {
            if verdict.allowed { return }
            throw .refusedHost
        }
        let allowed = try await judge(origin)
        verdicts.withLock {
            if $0.count > 10_000 { $0.removeAll() }
            $0[origin] = Verdict(allowed: allowed, until: now + .seconds(30))
        }
        if !allowed { throw .refusedHost }
    }

    private func judge(_ origin: Origin) async throws(Upstream.Failure) -> Bool {
        let addresses = try await resolve(origin)
        return addresses.allSatisfy { address in
            networks.contains { $0.contains(address) } || (origin.scheme == "https" && address.isPublic)
        }
    }

    private func resolve(_ origin: Origin) async throws(Upstream.Failure) -> [IPAddress] {
        let addresses: [SocketAddress]
        do {
            addresses = try await NIOThreadPool.singleton.runIfActive {
                // The system's own resolver, so that decimal, octal and shortened addresses are seen as it sees them.
                try SystemResolver.addresses(of: origin.host)
            }
        } catch {
            throw .unknownHost
        }
        let found = addresses.compactMap(IPAddress.init)
        guard !found.isEmpty, found.count == addresses.count else { throw .unknownHost }
        return found
    }
}
