// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Model
import Sandbox

/// An adapter on an emulated forge, over a real network.
func withForge(
    _ id: ForgeID, _ configure: (inout SandboxOptions) -> Void = { _ in },
    _ body: @escaping @Sendable (any Forge, SandboxTrial) async throws -> Void
) async throws {
    try await SandboxTrial.run(id, configure) { trial in
        try await withForge(trial.forge, token: trial.forge.token.exposed) { try await body($0, trial) }
    }
}

/// The same with a token of the test's own, on a forge that runs.
func withForge(
    _ emulated: EmulatedForge, token: String, _ body: (any Forge) async throws -> Void
) async throws {
    try await withForge(emulated, .personal(Secret(token)), body)
}

/// The same with a credential of whatever kind.
func withForge(
    _ emulated: EmulatedForge, _ credential: Credential, _ body: (any Forge) async throws -> Void
) async throws {
    guard let host = try ForgeHost.candidates(emulated.forge, address: emulated.host).first else { return }
    let connections = UpstreamConnections(limits: .init())
    let upstream = connections.upstream(policy: NetworkPolicy(trusted: [host], allowances: []))
    do {
        try await body(host.open(.fixed(credential), upstream: upstream))
    } catch {
        try await connections.shutdown()
        throw error
    }
    try await connections.shutdown()
}
