// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Foundation
import Model
import Sandbox
import TestSupport
import Testing

/// What the emulated forges tell of a credential's end, and what they do of it, is what the forges' adapters understand.
struct LifetimeTests {
    private static let day: Int64 = 86_400

    /// What the forge's adapter is told over a real network; of the seeded token where no credential is named.
    private static func facts(
        _ forge: EmulatedForge, _ credential: Credential? = nil
    ) async throws -> CredentialFacts {
        let host = try #require(try ForgeHost.candidates(forge.forge, address: forge.address).first)
        let connections = UpstreamConnections(limits: .init())
        let upstream = connections.upstream(policy: NetworkPolicy(trusted: [host], allowances: []))
        let opened = host.open(.fixed(credential ?? .personal(forge.token)), upstream: upstream)
        do {
            let facts = try await opened.credentialFacts()
            try await connections.shutdown()
            return facts
        } catch {
            try await connections.shutdown()
            throw error
        }
    }

    @Test(arguments: ForgeID.allCases.filter { $0.modes.contains(.personal) })
    func `a personal token lives from its first use, and has its end told where the forge tells it`(
        forge: ForgeID
    ) async throws {
        try await SandboxTrial.run(forge, { $0.personalTokenLifetime = 10 * Self.day }) { trial in
            let before = Int64(Date().timeIntervalSince1970)
            let facts = try await Self.facts(trial.forge)
            let after = Int64(Date().timeIntervalSince1970)
            switch forge {
            case .github: #expect((before + 10 * Self.day...after + 10 * Self.day).contains(facts.expires ?? 0))
            case .gitlab:
                // The beginning of a day, at or after the end itself.
                #expect(facts.expires.map { $0 % Self.day } == 0)
                #expect((before + 10 * Self.day...after + 11 * Self.day).contains(facts.expires ?? 0))
            default: #expect(facts.expires == nil)
            }
            // The first use counts, not the last one.
            #expect(try await Self.facts(trial.forge).expires == facts.expires)
        }
    }

    @Test(arguments: ForgeID.allCases.filter { $0.modes.contains(.personal) })
    func `a personal token without an end has none told, and its scopes where the forge tells them`(
        forge: ForgeID
    ) async throws {
        try await SandboxTrial.run(forge) { trial in
            let facts = try await Self.facts(trial.forge)
            #expect(facts.expires == nil)
            switch forge {
            case .github: #expect(facts.scopes?.contains("admin:repo_hook") == true)
            case .gitlab: #expect(facts.scopes == ["api", "read_user", "read_repository", "write_repository"])
            case .bitbucket: #expect(facts.scopes?.contains("repository:admin") == true)
            default: #expect(facts.scopes == nil)
            }
        }
    }

    @Test func `a Bitbucket Data Center's token is proved and told nothing of`() async throws {
        try await SandboxTrial.run(
            .bitbucket,
            {
                $0.forges = []
                $0.hasDataCenter = true
            }
        ) { trial in
            #expect(try await Self.facts(trial.forge) == CredentialFacts())
            do {
                _ = try await Self.facts(trial.forge, .personal(Secret("BBDC-wrong")))
                Issue.record("a wrong token is proved")
            } catch let error as ForgeError {
                #expect(error.code == .credentialRejected)
            }
        }
    }

    @Test func `IAM tells a password's end from its first use on`() async throws {
        try await SandboxTrial.run(.devcloud, { $0.personalTokenLifetime = Self.day }) { trial in
            let basic = try #require(trial.forge.basic)
            let password = Credential.password(user: basic.user, password: basic.password)
            let before = Int64(Date().timeIntervalSince1970)
            let end = try #require(try await Self.facts(trial.forge, password).expires)
            #expect((before + Self.day...Int64(Date().timeIntervalSince1970) + Self.day).contains(end))
            #expect(try await Self.facts(trial.forge, password).expires == end)
        }
        try await SandboxTrial.run(.devcloud) { trial in
            let basic = try #require(trial.forge.basic)
            let password = Credential.password(user: basic.user, password: basic.password)
            #expect(try await Self.facts(trial.forge, password) == CredentialFacts())
        }
    }
}
