// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Forges
import Storage

extension House {
    /// Lends the identity as it is in service: with an external Keystone where one is set up, over connections that are ended
    /// afterwards.
    func withIdentity<Result: Sendable>(_ body: (Identity) async throws -> Result) async throws -> Result {
        guard let keystone = configuration.keystone else { return try await body(identity) }
        return try await keystone.withClient { client in
            try await body(identity.trusting(ExternalTokens(client, store: store, settings: keystone.tokens)))
        }
    }
}

extension KeystoneSettings {
    /// Lends a client over connections of its own.
    func withClient<Result: Sendable>(_ body: (KeystoneClient) async throws -> Result) async throws -> Result {
        let connections = UpstreamConnections(limits: limits)
        let client = KeystoneClient(
            service, upstream: connections.upstream(policy: NetworkPolicy(only: service, roots: roots)),
            now: { WallClock.system.seconds })
        do {
            let result = try await body(client)
            try await connections.shutdown()
            return result
        } catch {
            // The first failure is the one to tell, also where it is that of ending the connections.
            try? await connections.shutdown()
            throw error
        }
    }
}
