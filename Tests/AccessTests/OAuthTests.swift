// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Forges
import Foundation
import Model
import Storage
import Synchronization
import TestSupport
import Testing

/// The code flow and the renewal of its tokens, against a GitLab whose refresh tokens are good once.
@Suite struct OAuthTests {
    /// GitLab's token endpoint and current user, as far as these tests go.
    private final class RotatingGitLab: Sendable {
        private struct State {
            var access = "access-0"
            var refresh = "refresh-0"
            var refreshes = 0
        }

        private let state = Mutex(State())
        let codes = Mutex<[String]>([])

        var refreshes: Int { state.withLock { $0.refreshes } }

        func answer(_ request: Upstream.Request) -> Upstream.Response {
            if request.url == "https://gitlab.com/oauth/token" { return token(request) }
            let access = state.withLock { $0.access }
            guard request.header("Authorization") == "Bearer \(access)" else {
                return .json(#"{"message":"401 Unauthorized"}"#, status: 401)
            }
            return .json(
                #"{"id":7,"username":"octavia","web_url":"https://gitlab.com/octavia","avatar_url":null}"#)
        }

        private func token(_ request: Upstream.Request) -> Upstream.Response {
            let body = String(decoding: request.body ?? [], as: UTF8.self)
            return state.withLock { state in
                if body.contains("refresh_token=") {
                    guard body.contains("refresh_token=\(state.refresh)") else {
                        return .json(#"{"error":"invalid_grant"}"#, status: 400)
                    }
                    state.refreshes += 1
                    state.access = "access-\(state.refreshes)"
                    state.refresh = "refresh-\(state.refreshes)"
                } else {
                    codes.withLock { $0.append(body) }
                }
                return .json(
                    #"{"access_token":"\#(state.access)","token_type":"Bearer","expires_in":7200,"refresh_token":"\#(state.refresh)"}"#
                )
            }
        }
    }

    private static func tokens(expires: Int64?, refresh: String? = "refresh-0", access: String = "access-0")
        -> Credential
    {
        .oauth(
            OAuthTokens(
                accessToken: Secret(access), refreshToken: refresh.map { Secret($0) }, expires: expires, scopes: ["api"]
            ))
    }

    private static func state(of address: String) throws -> Secret {
        let items = URLComponents(string: address)?.queryItems
        return Secret(try #require(items?.first { $0.name == "state" }?.value))
    }

    @Test func `a code and its state become an authorization, once`() async throws {
        let forge = RotatingGitLab()
        let house = try await TestHouse(network: StubNetwork { forge.answer($0) })
        let address = try await house.broker.redirect(to: .gitlab, site: nil, name: nil, with: house.grant())
        #expect(address.hasPrefix("https://gitlab.com/oauth/authorize?client_id=client-2&"))
        #expect(address.contains("code_challenge_method=S256"))
        let state = try Self.state(of: address)
        let made = try await house.broker.authorize(
            "flow", forge: .gitlab, site: nil, code: Secret("code"), state: state, with: house.grant())
        #expect((made.mode, made.user, made.site) == (.oauth, "octavia", nil))
        #expect(forge.codes.withLock { $0.count } == 1)
        let again = await #expect(throws: AccessError.self) {
            try await house.broker.authorize(
                "flow-again", forge: .gitlab, site: nil, code: Secret("code"), state: state, with: house.grant())
        }
        #expect(again?.code == .badState)
        #expect(forge.codes.withLock { $0.count } == 1)
    }

    @Test func `a state is of no use to another tenant, forge or site, nor after ten minutes`() async throws {
        let forge = RotatingGitLab()
        let house = try await TestHouse(network: StubNetwork { forge.answer($0) })
        let address = try await house.broker.redirect(to: .gitlab, site: "intl", name: nil, with: house.grant())
        #expect(address.contains("client_id=client-3"))
        let state = try Self.state(of: address)
        func use(_ forge: ForgeID, site: String?, _ caller: Caller) async -> AccessError.Code? {
            do {
                _ = try await house.broker.authorize(
                    "flow", forge: forge, site: site, code: Secret("code"), state: state, with: house.grant(to: caller))
                return nil
            } catch {
                return (error as? AccessError)?.code
            }
        }
        #expect(await use(.gitlab, site: "intl", house.stranger) == .badState)
        #expect(await use(.github, site: nil, house.caller) == .badState)
        #expect(await use(.gitlab, site: "other", house.caller) == .badState)
        house.clock.advance(seconds: 601)
        #expect(await use(.gitlab, site: "intl", house.caller) == .badState)
        #expect(forge.codes.withLock { $0.isEmpty })
    }

    @Test func `of two who bring one state at once, one makes an authorization`() async throws {
        let forge = RotatingGitLab()
        let house = try await TestHouse(network: StubNetwork { forge.answer($0) })
        let state = try Self.state(
            of: try await house.broker.redirect(to: .gitlab, site: nil, name: nil, with: house.grant()))
        let made = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<8 {
                group.addTask {
                    (try? await house.broker.authorize(
                        "flow-\(number)", forge: .gitlab, site: nil, code: Secret("code"), state: state,
                        with: house.grant())) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(made == 1)
        #expect(forge.codes.withLock { $0.count } == 1)
    }

    @Test func `a browser is told who asks, and completes the flow for that user`() async throws {
        let forge = RotatingGitLab()
        let house = try await TestHouse(network: StubNetwork { forge.answer($0) })
        let state = try Self.state(
            of: try await house.broker.redirect(to: .gitlab, site: nil, name: "browser", with: house.grant()))
        let pending = try #require(try await house.broker.pending(state))
        #expect((pending.requester, pending.tenant, pending.name?.text) == ("alice", "acme", "browser"))
        let made = try await house.broker.authorize("browser", code: Secret("code"), state: state)
        #expect(made.tenant == house.caller.tenant.id)
        #expect(try await house.broker.pending(state) == nil)
    }

    @Test func `a forge without an application is told as that, not as a bad state`() async throws {
        let house = try await TestHouse(network: StubNetwork())
        let error = await #expect(throws: AccessError.self) {
            try await house.broker.authorize(
                "flow", forge: .gitee, site: nil, code: Secret("c"), state: Secret("s"), with: house.grant())
        }
        #expect(error?.code == .unsupported)
    }

    @Test(arguments: [ForgeID.github, .gitlab]) func `an unknown site is refused`(forge: ForgeID) async throws {
        let house = try await TestHouse(network: StubNetwork())
        let error = await #expect(throws: AccessError.self) {
            try await house.broker.redirect(to: forge, site: "mars", name: nil, with: house.grant())
        }
        #expect(error?.code == .invalidRequest)
    }

    @Test func `a token near its end is renewed once for a hundred callers`() async throws {
        let forge = RotatingGitLab()
        let house = try await TestHouse(network: StubNetwork { forge.answer($0) })
        try await house.store(Self.tokens(expires: house.clock.wall.seconds + 30), named: "flow", forge: .gitlab)
        try await house.serving {
            let opened = try await house.broker.open("flow", with: house.grant()).forge
            try await withThrowingTaskGroup(of: Account.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        let own =
                            number.isMultiple(of: 2)
                            ? opened : try await house.broker.open("flow", with: house.grant()).forge
                        return try await own.account()
                    }
                }
                for try await account in group { #expect(account.login == "octavia") }
            }
        }
        #expect(forge.refreshes == 1)
        #expect(try await house.broker.authorizations(house.grant()).first?.status == .normal)
    }

    @Test func `of two processes on one store, one renews for the callers of both`() async throws {
        let forge = RotatingGitLab()
        let network = StubNetwork { forge.answer($0) }
        let house = try await TestHouse(network: network)
        let neighbour = house.neighbour(over: network)
        async let service: Void = neighbour.refresher.run()
        try await house.serving {
            for round in 1...20 {
                try await house.store(
                    Self.tokens(expires: 1, refresh: "refresh-\(round - 1)", access: "access-\(round - 1)"),
                    named: "flow-\(round)", forge: .gitlab)
                try await withThrowingTaskGroup(of: Account.self) { group in
                    for number in 0..<20 {
                        let broker = number.isMultiple(of: 2) ? house.broker : neighbour.broker
                        group.addTask { try await broker.open("flow-\(round)", with: house.grant()).forge.account() }
                    }
                    for try await account in group { #expect(account.login == "octavia") }
                }
                #expect(forge.refreshes == round)
            }
        }
        neighbour.refresher.stop()
        await service
    }

    @Test func `what a killed process had begun to renew, another renews when the lease is over`() async throws {
        let forge = RotatingGitLab()
        let house = try await TestHouse(network: StubNetwork { forge.answer($0) })
        try await house.store(Self.tokens(expires: 1), named: "flow", forge: .gitlab)
        let id = try #require(try await house.broker.authorizations(house.grant()).first?.id)
        #expect(try await house.vault.takeRenewal(of: id, owner: "killed", milliseconds: 10_000) == .granted)
        house.clock.advance(seconds: 11)
        let account = try await house.serving {
            try await house.broker.open("flow", with: house.grant()).forge.account()
        }
        #expect(account.login == "octavia")
        #expect(forge.refreshes == 1)
        // Given back: the next one is told nothing of a takeover.
        #expect(try await house.vault.takeRenewal(of: id, owner: "next", milliseconds: 10_000) == .granted)
    }

    @Test func `who finds another renewing waits, and takes what it has written`() async throws {
        let forge = RotatingGitLab()
        let house = try await TestHouse(network: StubNetwork { forge.answer($0) })
        try await house.store(Self.tokens(expires: 1, access: "stale"), named: "flow", forge: .gitlab)
        let authorization = try #require(try await house.broker.authorizations(house.grant()).first)
        #expect(
            try await house.vault.takeRenewal(of: authorization.id, owner: "other", milliseconds: 10_000) == .granted)
        try await house.serving {
            async let account = house.broker.open("flow", with: house.grant()).forge.account()
            #expect(
                try await house.vault.takeRenewal(of: authorization.id, owner: "third", milliseconds: 10_000) == .held)
            try await house.vault.replace(
                credential: Self.tokens(expires: nil), of: authorization.id, tenant: authorization.tenant, ifRevision: 1
            )
            #expect(try await account.login == "octavia")
        }
        #expect(forge.refreshes == 0)
    }

    @Test func `a token that the forge refuses before its end is renewed and the call repeated`() async throws {
        let forge = RotatingGitLab()
        let house = try await TestHouse(network: StubNetwork { forge.answer($0) })
        try await house.store(Self.tokens(expires: nil, access: "revoked"), named: "flow", forge: .gitlab)
        let account = try await house.serving {
            try await house.broker.open("flow", with: house.grant()).forge.account()
        }
        #expect(account.login == "octavia")
        #expect(forge.refreshes == 1)
    }

    @Test func `a grant that the forge has ended is told by its status`() async throws {
        let house = try await TestHouse(network: StubNetwork { RotatingGitLab().answer($0) })
        try await house.store(Self.tokens(expires: 1, refresh: "dead"), named: "flow", forge: .gitlab)
        let error = try await house.serving {
            await #expect(throws: ForgeError.self) {
                try await house.broker.open("flow", with: house.grant()).forge.account()
            }
        }
        #expect(error?.code == .credentialRejected)
        #expect(try await house.broker.authorizations(house.grant()).first?.status == .rejected)
    }

    @Test func `a token whose lifetime is over and that cannot be renewed is told by its status`() async throws {
        let network = StubNetwork()
        let house = try await TestHouse(network: network)
        try await house.store(Self.tokens(expires: 1, refresh: nil), named: "flow", forge: .gitlab)
        let error = await #expect(throws: ForgeError.self) {
            try await house.broker.open("flow", with: house.grant()).forge.account()
        }
        #expect(error?.code == .credentialRejected)
        #expect(try await house.broker.authorizations(house.grant()).first?.status == .expired)
        #expect(network.requests.isEmpty)
    }

    @Test func `an outage during a renewal changes no status`() async throws {
        let house = try await TestHouse(network: StubNetwork { _ in .json("", status: 503) })
        try await house.store(Self.tokens(expires: 1), named: "flow", forge: .gitlab)
        let error = try await house.serving {
            await #expect(throws: ForgeError.self) {
                try await house.broker.open("flow", with: house.grant()).forge.account()
            }
        }
        #expect(error?.code == .unavailable)
        #expect(try await house.broker.authorizations(house.grant()).first?.status == .normal)
    }
}
