// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Web

extension FrontDoor {
    /// Reads
    /// - `http.trusted_proxies` (list of addresses and networks in CIDR form, default none)
    /// - `http.head_seconds` (int, default 20), `http.idle_seconds` (int, default 75)
    /// - `http.minimum_rate` (int, bytes a second, default 500; 0 for none), `http.rate_seconds` (int, default 20)
    /// - `http.connections` (int, default 4096), `http.connections_per_address` (int, default 1024; 0 for no such limit)
    init(_ settings: Settings) throws {
        self.init()
        proxies = TrustedProxies(
            try settings.list("http.trusted_proxies").map { text in
                guard let network = IPNetwork(text) else {
                    throw ServiceConfiguration.Invalid(
                        description: "http.trusted_proxies: \(text) is no address and no network (10.0.0.0/8).")
                }
                return network
            })
        headTime = .seconds(try settings.int("http.head_seconds", default: 20, in: 1...600))
        idleTime = .seconds(try settings.int("http.idle_seconds", default: 75, in: 1...3600))
        minimumRate = try settings.int("http.minimum_rate", default: 500, in: 0...1_000_000)
        rateTime = .seconds(try settings.int("http.rate_seconds", default: 20, in: 1...600))
        connections = try settings.int("http.connections", default: 4096, in: 1...1_000_000)
        connectionsPerAddress = try settings.int("http.connections_per_address", default: 1024, in: 0...1_000_000)
    }
}
