// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@testable import Storage

struct OAuthStateStoreTests {
    private func state(_ house: Fixture, tenant: Int = 0, site: String? = "intl", name: String? = "test") -> OAuthState
    {
        OAuthState(
            binding: OAuthStateBinding(tenant: house.tenants[tenant].id, forge: .github, site: site),
            user: house.users[tenant].id, name: name.flatMap { AuthorizationName($0) },
            verifier: Secret("verifier of a flow"))
    }

    @Test func `a flow can be looked at often and taken once`() async throws {
        try await Fixture.with { house in
            for flow in [state(house), state(house, tenant: 1, site: nil, name: nil)] {
                let text = try await house.vault.save(flow)
                #expect(text.utf8.count == 43)
                #expect(try await house.vault.peek(text) == flow)
                #expect(try await house.vault.peek(text) == flow)
                #expect(try await house.vault.consume(text) == flow)
                #expect(try await house.vault.consume(text) == nil)
                #expect(try await house.vault.peek(text) == nil)
            }
        }
    }

    @Test(arguments: [
        "", "short", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "\u{0}", String(repeating: "x", count: 99999),
    ])
    func `an invented state is none`(text: String) async throws {
        try await Fixture.with { house in
            _ = try await house.vault.save(state(house))
            #expect(try await house.vault.peek(text) == nil)
            #expect(try await house.vault.consume(text) == nil)
        }
    }

    @Test func `a flow of another tenant, forge or site is not taken, and stays`() async throws {
        try await Fixture.with { house in
            let flow = state(house)
            let text = try await house.vault.save(flow)
            let (mine, theirs) = (house.tenants[0].id, house.tenants[1].id)
            for wrong in [
                OAuthStateBinding(tenant: theirs, forge: .github, site: "intl"),
                OAuthStateBinding(tenant: mine, forge: .gitlab, site: "intl"),
                OAuthStateBinding(tenant: mine, forge: .github, site: nil),
                OAuthStateBinding(tenant: mine, forge: .github, site: "INTL"),
            ] {
                #expect(try await house.vault.consume(text, expecting: wrong) == nil)
            }
            #expect(try await house.vault.consume(text, expecting: flow.binding) == flow)
        }
    }

    @Test func `a flow ends after its lifetime and is forgotten when the next begins`() async throws {
        try await Fixture.with { house in
            let text = try await house.vault.save(state(house))
            house.clock.advance(seconds: 599)
            #expect(try await house.vault.peek(text) != nil)
            house.clock.advance(seconds: 1)
            #expect(try await house.vault.peek(text) == nil)
            #expect(try await house.vault.consume(text) == nil)
            #expect(try house.sql("UPDATE oauth_states SET site = site") == 1)
            _ = try await house.vault.save(state(house))
            #expect(try house.sql("UPDATE oauth_states SET site = site") == 1)
        }
    }

    @Test func `of many who come with one state at once, one gets the flow`() async throws {
        try await Fixture.with { house in
            let text = try await house.vault.save(state(house))
            let second = try await Vault(
                store: try SQLiteStore(path: house.path), masterKey: house.key, clock: house.clock.wall)
            let taken = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<20 {
                    group.addTask {
                        let vault = index % 2 == 0 ? house.vault : second
                        return try await vault.consume(text) != nil
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(taken == 1)
        }
    }

    @Test func `two states are never the same`() async throws {
        try await Fixture.with { house in
            var texts: Set<String> = []
            for _ in 0..<50 { texts.insert(try await house.vault.save(state(house))) }
            #expect(texts.count == 50)
        }
    }
}
