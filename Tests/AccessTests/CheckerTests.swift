// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Forges
import Foundation
import Logging
import Model
import Storage
import Synchronization
import TestSupport
import Testing

/// The checker's rounds, with the clock in hand.
@Suite struct CheckerTests {
    private static let day: Int64 = 86_400
    private static let user = "https://api.github.com/user"

    private static func checker(_ house: TestHouse, broker: Broker? = nil, log: LogRecorder = LogRecorder())
        -> AuthorizationChecker
    {
        AuthorizationChecker(
            broker: broker ?? house.broker, pace: .init(interval: day, warning: 14 * day), logger: log.logger)
    }

    private static func github(_ headers: [String: String] = [:], status: Int = 200) -> StubNetwork {
        StubNetwork { _ in
            .json(
                status == 200
                    ? #"{"login":"octavia","id":7,"html_url":"https://github.com/octavia","avatar_url":""}"#
                    : #"{"message":"no"}"#, status: status, headers: headers)
        }
    }

    private static let personal = Credential.personal(Secret("ghp_canary"))

    @Test func `a new authorization is proved soon, and then once an interval`() async throws {
        let network = Self.github()
        let house = try await TestHouse(network: network)
        try await house.store(Self.personal, named: "main")
        let checker = Self.checker(house)
        _ = await checker.round()
        #expect(network.requests.map(\.url) == [Self.user])
        _ = await checker.round()
        house.clock.advance(seconds: Self.day / 2)
        _ = await checker.round()
        #expect(network.requests.count == 1)
        house.clock.advance(seconds: Self.day)
        _ = await checker.round()
        #expect(network.requests.count == 2)
        let standing = try await house.broker.details("main", with: house.grant()).standing
        #expect(standing.proved == house.clock.wall.milliseconds)
        #expect(standing.used == nil)
    }

    @Test func `a credential that its forge refuses is found before anybody needs it`() async throws {
        let house = try await TestHouse(network: Self.github(status: 401))
        try await house.store(Self.personal, named: "main")
        _ = await Self.checker(house).round()
        let details = try await house.broker.details("main", with: house.grant())
        #expect(details.authorization.status == .rejected)
        #expect(details.standing.reason == .refused)
    }

    @Test(arguments: [403, 429, 500, 503]) func `a limit or an outage says nothing of a credential`(
        status: Int
    ) async throws {
        let network = Self.github(["Retry-After": "100", "X-RateLimit-Remaining": "0"], status: status)
        let house = try await TestHouse(network: network)
        try await house.store(Self.personal, named: "main")
        try await house.store(Self.personal, named: "other")
        let checker = Self.checker(house)
        _ = await checker.round()
        // The host is left alone: the second one is not tried.
        #expect(network.requests.count == 1)
        #expect(try await house.broker.authorizations(house.grant()).map(\.status) == [.normal, .normal])
        house.clock.advance(seconds: 2 * Self.day)
        _ = await checker.round()
        #expect(network.requests.count == 2)
    }

    @Test func `an end that the forge tells is known, warned of, and then the reason`() async throws {
        let dead = Mutex(false)
        let network = StubNetwork { _ in
            if dead.withLock({ $0 }) { return .json(#"{"message":"Bad credentials"}"#, status: 401) }
            return .json(
                #"{"login":"octavia","id":7,"html_url":"https://github.com/octavia","avatar_url":""}"#,
                headers: [
                    "GitHub-Authentication-Token-Expiration": "2025-01-12 12:00:00 UTC", "X-OAuth-Scopes": "repo, user",
                ])
        }
        let house = try await TestHouse(network: network)
        try await house.store(Self.personal, named: "main")
        let log = LogRecorder()
        let checker = Self.checker(house, log: log)
        _ = await checker.round()
        let standing = try await house.broker.details("main", with: house.grant()).standing
        #expect(standing.expires == house.clock.wall.milliseconds + 10 * Self.day * 1000)
        #expect(standing.scopes == ["repo", "user"])
        #expect(log.lines.filter { $0.contains("credential ends soon") && $0.contains("name=main") }.count == 1)
        // By then it has been proved on most days; the status is true at the end, not a day later.
        for _ in 0..<9 {
            house.clock.advance(seconds: Self.day)
            _ = await checker.round()
        }
        dead.withLock { $0 = true }
        house.clock.advance(seconds: Self.day + 2)
        _ = await checker.round()
        let ended = try await house.broker.details("main", with: house.grant())
        #expect(ended.standing.reason == .expired)
        #expect(ended.authorization.status == .expired)
    }

    @Test func `of two processes, one looks`() async throws {
        let network = Self.github()
        let house = try await TestHouse(network: network)
        for number in 0..<20 { try await house.store(Self.personal, named: "main-\(number)") }
        let first = Self.checker(house)
        let second = Self.checker(house, broker: house.neighbour(over: network).broker)
        async let one = first.round()
        async let two = second.round()
        _ = await (one, two)
        #expect(network.requests.count == 20)
        // Killed: the other goes on when the lease is over.
        house.clock.advance(seconds: 2 * Self.day)
        _ = await second.round()
        #expect(network.requests.count == 40)
    }

    @Test func `who loses the lease within a round leaves the rest to the one who has it`() async throws {
        let house = Mutex<TestHouse?>(nil)
        let network = StubNetwork { _ in
            // The forge takes its time, and another process thinks that this one is gone.
            let house = house.withLock { $0 }
            house?.clock.advance(seconds: 121)
            _ = try await house?.vault.takeCheckerLease(owner: "other", milliseconds: 120_000)
            return .json(#"{"login":"octavia","id":7,"html_url":"https://github.com/octavia","avatar_url":""}"#)
        }
        let made = try await TestHouse(network: network)
        house.withLock { $0 = made }
        defer { house.withLock { $0 = nil } }
        for name in ["main", "next"] { try await made.store(Self.personal, named: name) }
        _ = await Self.checker(made).round()
        #expect(network.requests.count == 1)
    }

    @Test func `tokens in use are renewed before a caller would wait, idle ones are not`() async throws {
        let renewals = Mutex(0)
        let network = StubNetwork { request in
            guard request.url == "https://gitlab.com/oauth/token" else {
                return .json(#"{"id":7,"username":"octavia","web_url":"https://gitlab.com/octavia","avatar_url":null}"#)
            }
            let number = renewals.withLock { count in
                count += 1
                return count
            }
            return .json(
                #"{"access_token":"a-\#(number)","token_type":"Bearer","expires_in":7200,"refresh_token":"r-\#(number)"}"#
            )
        }
        let house = try await TestHouse(network: network)
        let tokens = OAuthTokens(
            accessToken: Secret("a"), refreshToken: Secret("r"), expires: house.clock.wall.seconds + 7200, scopes: [])
        try await house.store(.oauth(tokens), named: "busy", forge: .gitlab)
        try await house.store(.oauth(tokens), named: "idle", forge: .gitlab)
        let checker = Self.checker(house)
        try await house.serving {
            _ = await checker.round()
            house.clock.advance(seconds: 3600)
            _ = try await house.broker.open("busy", with: house.grant()).forge.account()
            #expect(renewals.withLock { $0 } == 0)
            house.clock.advance(seconds: 3600 - Vault.renewalLead)
            _ = await checker.round()
            #expect(renewals.withLock { $0 } == 1)
            let asked = network.requests.count
            _ = try await house.broker.open("busy", with: house.grant()).forge.account()
            #expect(network.requests.count == asked + 1)
        }
        let name = try #require(AuthorizationName("idle"))
        #expect(try await house.vault.entry(named: name, of: house.caller.tenant.id)?.revision == 1)
    }

    @Test func `a row that does not open says so, and the others are looked at`() async throws {
        let network = Self.github()
        let house = try await TestHouse(network: network)
        try await house.store(Self.personal, named: "broken")
        try await house.store(Self.personal, named: "sound")
        try house.sql("UPDATE authorizations SET host = 'https://evil.example.org' WHERE name = 'broken'")
        _ = await Self.checker(house).round()
        #expect(network.requests.map(\.url) == [Self.user])
        let broken = try await house.broker.details("broken", with: house.grant())
        #expect(broken.standing.reason == .unreadable)
        #expect(try await house.broker.authorizations(house.grant()).map(\.status) == [.rejected, .normal])
    }
}
