// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

/// Where a request may go: an origin, and those addresses of its host that were checked. A connection is made to one of these,
/// not to the name.
struct Route: Sendable {
    let origin: Origin
    /// At least one, in the order in which they are tried.
    let addresses: [IPAddress]
    /// Whom to trust there besides the system's authorities.
    let roots: TrustRoots?
}

/// Which hosts callers may make this Gatehouse connect to.
///
/// A host must be `https` at a port for the web, and every address of its name a public one. Hosts that the operator has
/// allowed, and names or addresses within ``Allowance``s, may be private and plain `http`. Origins that the operator has
/// configured are taken as they are.
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

    private let hosts: Set<String>
    private let networks: [IPNetwork]
    private let origins: Set<Origin>
    private let roots: [Origin: TrustRoots]
    private let names: ResolvedNames

    /// - Parameters:
    ///   - trusted: the hosts that the operator has configured.
    ///   - identities: what the operator has configured to give tokens for them.
    ///   - allowances: what callers may name besides public hosts.
    ///   - roots: the authorities of the operator's own installations. They count for no other host, nor for a forge's public service.
    package convenience init(
        trusted: [ForgeHost], identities: [IAMService] = [], allowances: [Allowance], roots: [ForgeID: TrustRoots] = [:]
    ) {
        self.init(
            trusted: trusted, identities: identities, allowances: allowances, roots: roots, resolver: .system,
            now: { ContinuousClock.now })
    }

    convenience init(
        trusted: [ForgeHost], identities: [IAMService] = [], allowances: [Allowance],
        roots: [ForgeID: TrustRoots] = [:],
        resolver: Resolver, now: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        var origins: Set<Origin> = []
        var rootsOfOrigins: [Origin: TrustRoots] = [:]
        for host in trusted {
            for origin in [host.pages, host.api].compactMap({ Origin($0) }) {
                origins.insert(origin)
                guard host != .official(host.forge), let roots = roots[host.forge] else { continue }
                rootsOfOrigins[origin] = rootsOfOrigins[origin]?.union(roots) ?? roots
            }
        }
        for origin in identities.compactMap({ Origin($0.address) }) {
            origins.insert(origin)
            guard let roots = roots[.devcloud] else { continue }
            rootsOfOrigins[origin] = rootsOfOrigins[origin]?.union(roots) ?? roots
        }
        self.init(origins: origins, roots: rootsOfOrigins, allowances: allowances, resolver: resolver, now: now)
    }

    /// The policy of a way out to one service of the operator's own, which is taken as it is.
    /// - Parameter roots: authorities that are trusted there besides the system's.
    package convenience init(only service: KeystoneService, roots: TrustRoots?) {
        let origin = Origin(service.address)
        var rootsOfOrigins: [Origin: TrustRoots] = [:]
        if let origin, let roots { rootsOfOrigins[origin] = roots }
        self.init(
            origins: Set([origin].compactMap(\.self)), roots: rootsOfOrigins, allowances: [], resolver: .system,
            now: { ContinuousClock.now })
    }

    private init(
        origins: Set<Origin>, roots: [Origin: TrustRoots], allowances: [Allowance], resolver: Resolver,
        now: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        var hosts: Set<String> = []
        var networks: [IPNetwork] = []
        for allowance in allowances {
            switch allowance.kind {
            case .host(let host): hosts.insert(host)
            case .network(let network): networks.append(network)
            }
        }
        self.origins = origins
        self.roots = roots
        self.hosts = hosts
        self.networks = networks
        names = ResolvedNames(resolver, now: now)
    }

    /// The way to an address. A name is resolved at most once in 30 seconds.
    ///
    /// Throws ``Upstream/Failure/refusedHost`` or ``Upstream/Failure/unknownHost``.
    func route(to address: String) async throws(Upstream.Failure) -> Route {
        guard let origin = Origin(address) else { throw .refusedHost }
        let isConfigured = origins.contains(origin)
        guard mayBeAllowed(origin) else { throw .refusedHost }
        let addresses = try await addresses(of: origin)
        guard isConfigured || hosts.contains(origin.host) || addresses.allSatisfy({ allows($0, origin) }) else {
            throw .refusedHost
        }
        return Route(origin: origin, addresses: addresses, roots: roots[origin])
    }

    /// Without asking for any address: so that plain http makes nobody ask for names.
    private func mayBeAllowed(_ origin: Origin) -> Bool {
        (origin.scheme == "https" && origin.hasWebPort) || origins.contains(origin) || hosts.contains(origin.host)
            || !networks.isEmpty
    }

    private func allows(_ address: IPAddress, _ origin: Origin) -> Bool {
        networks.contains { $0.contains(address) }
            || (origin.scheme == "https" && origin.hasWebPort && address.isPublic)
    }

    private func addresses(of origin: Origin) async throws(Upstream.Failure) -> [IPAddress] {
        if let address = IPAddress(origin.host) { return [address] }
        return try await names.addresses(of: origin.host)
    }
}

extension Origin {
    /// Above the well-known ports, those that other protocols than the web's have: the list of https://fetch.spec.whatwg.org/#port-blocking,
    /// and the usual ones of databases, queues, caches, containers and remote desktops.
    private static let blockedPorts: Set<Int> = [
        1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
        10080,
        1433, 1521, 1883, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 5432, 5671, 5672, 5900, 5984, 6379, 6380, 6443,
        8086,
        8883, 9042, 9092, 9160, 9200, 9300, 10250, 10255, 10256, 11211, 26257, 26379, 27017, 27018, 50070, 61616,
    ]

    /// Whether an HTTP server may be expected at the port: not one of mail, of files, of a shell…
    var hasWebPort: Bool {
        isUsualPort || (port >= 1024 && !Self.blockedPorts.contains(port))
    }
}
