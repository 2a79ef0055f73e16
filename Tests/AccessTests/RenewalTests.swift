// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Forges
import Foundation
import GRDB
import Model
import Storage
import Synchronization
import TestSupport
import Testing

/// What becomes of renewals that go wrong, against a GitLab's token endpoint.
@Suite struct RenewalTests {
    private static func tokens(_ number: Int, previous: String? = nil) -> Credential {
        var tokens = OAuthTokens(
            accessToken: Secret("access-\(number)"), refreshToken: Secret("refresh-\(number)"), expires: 1,
            scopes: ["api"])
        tokens.previousRefreshToken = previous.map { Secret($0) }
        return .oauth(tokens)
    }

    private static let account = Upstream.Response.json(
        #"{"id":7,"username":"octavia","web_url":"https://gitlab.com/octavia","avatar_url":null}"#)

    /// A GitLab that knows one refresh token, and answers it with the pair of a number.
    private static func gitlab(
        knowing refresh: String, answering number: Int = 1, _ also: @escaping @Sendable () throws -> Void = {}
    ) -> StubNetwork {
        StubNetwork { request in
            guard request.url == "https://gitlab.com/oauth/token" else { return account }
            let body = String(decoding: request.body ?? [], as: UTF8.self)
            guard body.contains("refresh_token=\(refresh)&") else {
                return .json(#"{"error":"invalid_grant"}"#, status: 400)
            }
            try also()
            return .json(
                #"{"access_token":"access-\#(number)","token_type":"Bearer","expires_in":7200,"refresh_token":"refresh-\#(number)"}"#
            )
        }
    }

    /// Out of the way of the asynchronous form, which wants a transaction to end in one call.
    private static func run(_ sql: String, at queue: DatabaseQueue) throws {
        try queue.inDatabase { try $0.execute(sql: sql) }
    }

    private static func account(at house: TestHouse) async throws -> Account {
        try await house.broker.open("flow", with: house.grant()).forge.account()
    }

    @Test func `an ended grant is told with its reason, and its forge is not asked at each call`() async throws {
        let network = Self.gitlab(knowing: "another")
        let house = try await TestHouse(network: network)
        try await house.store(Self.tokens(0), named: "flow", forge: .gitlab)
        try await house.serving {
            for _ in 0..<5 {
                let error = await #expect(throws: ForgeError.self) { try await Self.account(at: house) }
                #expect(error?.code == .credentialRejected)
            }
            #expect(network.requests.count == 1)
            house.clock.advance(seconds: 61)
            await #expect(throws: ForgeError.self) { try await Self.account(at: house) }
        }
        #expect(network.requests.count == 2)
        let details = try await house.broker.details("flow", with: house.grant())
        #expect(details.standing.reason == .grantEnded)
        #expect(details.authorization.status == .rejected)
    }

    @Test func `tokens that a killed process has lost are told as lost, in the status and in the log`() async throws {
        let log = LogRecorder()
        let house = try await TestHouse(
            network: Self.gitlab(knowing: "what the killed one was given"), logger: log.logger)
        try await house.store(Self.tokens(0), named: "flow", forge: .gitlab)
        let id = try #require(try await house.broker.authorizations(house.grant()).first?.id)
        #expect(try await house.vault.takeRenewal(of: id, owner: "killed", milliseconds: 10_000) == .granted)
        house.clock.advance(seconds: 11)
        _ = try await house.serving {
            await #expect(throws: ForgeError.self) { try await Self.account(at: house) }
        }
        let details = try await house.broker.details("flow", with: house.grant())
        #expect(details.standing.reason == .renewalLost)
        #expect(details.authorization.status == .rejected)
        #expect(log.lines.contains { $0.contains("tokens lost in a renewal that was cut off") && $0.contains(id) })
    }

    @Test func `new tokens that never came into force are renewed by the refresh token before them`() async throws {
        let house = try await TestHouse(network: Self.gitlab(knowing: "refresh-0", answering: 2))
        try await house.store(Self.tokens(1, previous: "refresh-0"), named: "flow", forge: .gitlab)
        let account = try await house.serving { try await Self.account(at: house) }
        #expect(account.login == "octavia")
        #expect(try await house.broker.details("flow", with: house.grant()).standing.reason == nil)
    }

    @Test func `a renewal is on record as Gatehouse's own, and so is one that the forge refuses`() async throws {
        let house = try await TestHouse(network: Self.gitlab(knowing: "refresh-0"))
        try await house.store(Self.tokens(0), named: "flow", forge: .gitlab)
        try await house.store(Self.tokens(7), named: "dead", forge: .gitlab)
        try await house.serving {
            _ = try await Self.account(at: house)
            await #expect(throws: ForgeError.self) {
                try await house.broker.open("dead", with: house.grant()).forge.account()
            }
        }
        await house.audit.flush()
        let events = try await house.store.auditEntries(after: 0, limit: 10).map(\.event)
        #expect(events.map(\.action) == [AuditEvent.renewal, AuditEvent.renewal])
        #expect(events.map(\.authorization) == ["flow", "dead"] && events.map(\.status) == [200, 400])
        #expect(events.allSatisfy { $0.actor == .service && $0.tenant == house.caller.tenant.id })
        #expect(events.last?.errorCode == ForgeError.Code.credentialRejected.rawValue)
    }

    @Test func `a renewal keeps the refresh token before it, and survives sealing`() async throws {
        let house = try await TestHouse(network: Self.gitlab(knowing: "refresh-0"))
        try await house.store(Self.tokens(0), named: "flow", forge: .gitlab)
        _ = try await house.serving { try await Self.account(at: house) }
        let name = try #require(AuthorizationName("flow"))
        let entry = try #require(try await house.vault.entry(named: name, of: house.caller.tenant.id))
        guard case .oauth(let tokens) = entry.credential else {
            Issue.record("not an OAuth credential")
            return
        }
        #expect(tokens.refreshToken == Secret("refresh-1"))
        #expect(tokens.previousRefreshToken == Secret("refresh-0"))
    }

    @Test func `new tokens that the store does not take are kept until it does, and callers are told`() async throws {
        let holder = Mutex<DatabaseQueue?>(nil)
        let path = Mutex("")
        // The forge has answered, and from now on somebody holds the store.
        let network = Self.gitlab(knowing: "refresh-0") {
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let queue = try DatabaseQueue(path: path.withLock { $0 }, configuration: configuration)
            try queue.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
            holder.withLock { $0 = queue }
        }
        let house = try await TestHouse(network: network, busyTimeout: 0.01, patience: .zero)
        path.withLock { $0 = house.directory.appending(path: "store.sqlite").path }
        try await house.store(Self.tokens(0), named: "flow", forge: .gitlab)
        try await house.serving {
            let error = await #expect(throws: ForgeError.self) { try await Self.account(at: house) }
            #expect(error?.code == .unavailable)
            let again = await #expect(throws: ForgeError.self) { try await Self.account(at: house) }
            #expect(again?.code == .unavailable)
            try holder.withLock { try $0?.inDatabase { try $0.execute(sql: "ROLLBACK") } }
            var saved = try await house.vault.entry(
                named: #require(AuthorizationName("flow")), of: house.caller.tenant.id)
            while saved?.revision == 1 {
                await Task.yield()
                saved = try await house.vault.entry(
                    named: #require(AuthorizationName("flow")), of: house.caller.tenant.id)
            }
            #expect(try await Self.account(at: house).login == "octavia")
        }
        #expect(network.requests.filter { $0.url.hasSuffix("/oauth/token") }.count == 1)
    }

    @Test func `a store that takes no writes begins no renewal, and nothing is called lost`() async throws {
        let log = LogRecorder()
        let network = StubNetwork()
        let house = try await TestHouse(network: network, busyTimeout: 0.01, logger: log.logger)
        try await house.store(Self.tokens(0), named: "flow", forge: .gitlab)
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let holder = try DatabaseQueue(
            path: house.directory.appending(path: "store.sqlite").path, configuration: configuration)
        try Self.run("BEGIN IMMEDIATE", at: holder)
        let error = try await house.serving {
            await #expect(throws: ForgeError.self) { try await Self.account(at: house) }
        }
        #expect(error?.code == .unavailable)
        try Self.run("ROLLBACK", at: holder)
        #expect(network.requests.isEmpty)
        #expect(log.lines.contains { $0.contains("renewal not begun") })
        #expect(!log.lines.contains { $0.contains("lost") })
    }

    @Test func `an application that is no longer configured is the operator's fault, not the grant's end`() async throws
    {
        let house = try await TestHouse(network: StubNetwork())
        try await house.store(Self.tokens(0), named: "flow", forge: .gitea)
        let error = try await house.serving {
            await #expect(throws: ForgeError.self) { try await Self.account(at: house) }
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("forges.gitea.oauth") == true)
        #expect(try await house.broker.authorizations(house.grant()).first?.status == .normal)
    }
}
