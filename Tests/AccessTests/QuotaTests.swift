// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Foundation
import Model
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Access

@Suite struct QuotaTests {
    private static func code(_ call: () async throws -> Void) async throws -> AccessError.Code? {
        do {
            try await call()
            return nil
        } catch let error as AccessError {
            return error.code
        } catch let error as StoreError {
            return AccessError(error).code
        }
    }

    private static let account = StubNetwork { _ in
        .json(#"{"login":"octavia","id":7,"html_url":"https://github.com/octavia"}"#)
    }

    private static func offer(_ name: String) -> Broker.Offer {
        .init(name: name, forge: .github, credential: .personal(Secret("canary")), host: nil)
    }

    // MARK: Authorizations

    @Test func `a tenant gets as many authorizations as it may have, and another tenant gets its own`() async throws {
        let quota = Quota(authorizations: 2, requests: 0, burst: 0, calls: 0)
        let house = try await TestHouse(network: Self.account, quota: quota)
        for caller in [house.caller, house.stranger] {
            let grant = try await house.grant(.createAuthorization, to: caller)
            for name in ["one-1", "two-2"] { _ = try await house.broker.authorize(Self.offer(name), with: grant) }
            let refused = try await Self.code {
                _ = try await house.broker.authorize(Self.offer("three-3"), with: grant)
            }
            #expect(refused == .overQuota)
            #expect(try await house.broker.authorizations(grant).count == 2)
        }
        // One that goes makes room, and giving one another credential needs none.
        let grant = try await house.grant(.createAuthorization)
        _ = try await house.broker.reauthorize(Self.offer("one-1"), with: grant)
        try await house.broker.delete("one-1", with: grant)
        _ = try await house.broker.authorize(Self.offer("three-3"), with: grant)
    }

    @Test func `many at once do not get in where there is room for one`() async throws {
        let quota = Quota(authorizations: 3, requests: 0, burst: 0, calls: 0)
        let house = try await TestHouse(network: Self.account, quota: quota)
        let neighbour = house.neighbour(over: Self.account, quota: quota).broker
        let codes = try await withThrowingTaskGroup(of: AccessError.Code?.self) { group in
            for number in 0..<20 {
                let broker = number % 2 == 0 ? house.broker : neighbour
                let grant = try await house.grant(.createAuthorization)
                group.addTask {
                    try await Self.code { _ = try await broker.authorize(Self.offer("name-\(number)"), with: grant) }
                }
            }
            return try await group.reduce(into: [AccessError.Code?]()) { $0.append($1) }
        }
        #expect(codes.filter { $0 == nil }.count == 3)
        #expect(codes.filter { $0 == .overQuota }.count == 17)
        #expect(try await house.store.authorizationCount(of: house.caller.tenant.id) == 3)
    }

    @Test func `a visit that finds no room uses no code up, and tokens that came meanwhile are ended`() async throws {
        let asked = Mutex<[String]>([])
        let network = StubNetwork { request in
            asked.withLock { $0.append(request.url) }
            guard request.url.hasSuffix("access_token") else { return StubAccount.answer(request) }
            return .json(#"{"access_token":"canary","token_type":"bearer","scope":"repo"}"#)
        }
        let house = try await TestHouse(
            network: network, quota: Quota(authorizations: 1, requests: 0, burst: 0, calls: 0))
        let grant = try await house.grant(.createAuthorization)
        let address = try await house.broker.redirect(to: .github, site: nil, name: nil, with: grant)
        let state = URLComponents(string: address)?.queryItems?.first { $0.name == "state" }?.value ?? ""
        try await house.store(.personal(Secret("canary")), named: "main")
        for way in 0..<2 {
            let refused = try await Self.code {
                _ =
                    way == 0
                    ? try await house.broker.authorize(
                        "other", forge: .github, site: nil, code: Secret("c"), state: Secret(state), with: grant)
                    : try await house.broker.authorize("other", code: Secret("c"), state: Secret(state))
            }
            #expect(refused == .overQuota)
        }
        #expect(asked.withLock { $0.isEmpty })
        try await house.broker.delete("main", with: grant)
        _ = try await house.broker.authorize("other", code: Secret("c"), state: Secret(state))
    }

    @Test func `the operator's word counts for one tenant, in the transaction and before it`() async throws {
        let house = try await TestHouse(
            network: Self.account, quota: Quota(authorizations: 1, requests: 0, burst: 0, calls: 0))
        try await house.store.set(QuotaExceptions(authorizations: 3), of: house.caller.tenant.id)
        try await house.store.set(QuotaExceptions(authorizations: 0), of: house.stranger.tenant.id)
        for (caller, count) in [(house.caller, 3), (house.stranger, 10)] {
            for number in 0..<10 {
                let code = try await Self.code {
                    _ = try await house.broker.authorize(
                        Self.offer("name-\(number)"), with: try await house.grant(.createAuthorization, to: caller))
                }
                #expect(code == (number < count ? nil : .overQuota), "\(number)")
            }
        }
        let code = try await Self.code { try await house.store(.personal(Secret("x")), named: "late") }
        #expect(code == .overQuota, "whoever stores, and whatever is configured")
    }

    // MARK: Requests a second

    @Test func `requests come as fast as they may, in bursts, and each tenant's are its own`() async throws {
        let house = try await TestHouse(
            network: StubNetwork(), quota: Quota(authorizations: 0, requests: 10, burst: 30, calls: 0))
        let quotas = house.broker.quotas
        let (mine, other) = (house.caller.tenant.id, house.stranger.tenant.id)
        func admitted(_ tenant: TenantID, of count: Int) async throws -> Int {
            var admitted = 0
            for _ in 0..<count {
                if try await Self.code({ try await quotas.admit(tenant) }) == nil { admitted += 1 }
            }
            return admitted
        }
        #expect(try await admitted(mine, of: 50) == 30)
        #expect(try await admitted(other, of: 5) == 5)
        house.clock.advance(seconds: 1)
        #expect(try await admitted(mine, of: 50) == 10)
        house.clock.advance(seconds: 3600)
        #expect(try await admitted(mine, of: 50) == 30)
        try await house.store.set(QuotaExceptions(requests: 1, burst: 2), of: mine)
        house.clock.advance(seconds: 3600)
        #expect(try await admitted(mine, of: 50) == 2)
        #expect(try await admitted(other, of: 50) == 30)
        try await house.store.set(QuotaExceptions(requests: 0), of: mine)
        house.clock.advance(seconds: 6)
        #expect(try await admitted(mine, of: 500) == 500)
        // A clock that is set back gives nothing, and takes nothing.
        house.clock.advance(seconds: -3600)
        #expect(try await admitted(other, of: 50) == 0)
    }

    // MARK: Calls at once

    @Test func `a tenant whose forge hangs does not hold another up, and its own next ones are told so`() async throws {
        let (asked, isAsked) = AsyncStream.makeStream(of: Void.self)
        let (held, hold) = AsyncStream.makeStream(of: Void.self)
        let network = StubNetwork { request in
            guard request.header("Authorization")?.contains("hanging") == true else {
                return StubAccount.answer(request)
            }
            isAsked.yield()
            for await _ in held {}
            return StubAccount.answer(request)
        }
        let house = try await TestHouse(
            network: network, quota: Quota(authorizations: 0, requests: 0, burst: 0, calls: 2),
            quotaPatience: .milliseconds(50))
        try await house.store(.personal(Secret("hanging")), named: "main")
        try await house.store(.personal(Secret("good")), named: "main", of: house.stranger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 1...2 {
                group.addTask { try await Self.ask(house, house.caller) }
            }
            var iterator = asked.makeAsyncIterator()
            for _ in 1...2 { await iterator.next() }
            let refused = try await Self.code { try await Self.ask(house, house.caller) }
            #expect(refused == .tooManyRequests)
            for _ in 1...5 { try await Self.ask(house, house.stranger) }
            hold.finish()
            try await group.waitForAll()
            // The places are free again.
            for _ in 1...5 { try await Self.ask(house, house.caller) }
        }
    }

    private static func ask(_ house: TestHouse, _ caller: Caller) async throws {
        let grant = try await house.grant(to: caller)
        _ = try await house.broker.open("main", with: grant).forge.account()
    }

    @Test func `those who wait get a place in their order, and one request takes one`() async throws {
        let lanes = CallLanes(patience: .seconds(60))
        let tenant = try #require(TenantID(RandomText.hexadecimal()))
        let first = Mutex<CallPlace?>(nil)
        if case .entered(let place) = await lanes.enter(tenant, limit: 1) { first.withLock { $0 = place } }
        #expect(first.withLock { $0 } != nil)
        let (entered, enters) = AsyncStream.makeStream(of: Int.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...8 {
                group.addTask {
                    guard case .entered(let place) = await lanes.enter(tenant, limit: 1) else {
                        throw CancellationError()
                    }
                    enters.yield(number)
                    withExtendedLifetime(place) {}
                }
                while lanes.waiting(tenant) < number { await Task.yield() }
            }
            guard case .full = await lanes.enter(tenant, limit: 1) else {
                Issue.record("the line has no end")
                return
            }
            first.withLock { $0 = nil }
            try await group.waitForAll()
        }
        enters.finish()
        #expect(await entered.reduce(into: []) { $0.append($1) } == Array(1...8))
        #expect(lanes.isEmpty)
    }

    @Test func `who goes away while waiting leaves no trace`() async throws {
        let lanes = CallLanes(patience: .seconds(60))
        let tenant = try #require(TenantID(RandomText.hexadecimal()))
        var held: CallPlace?
        if case .entered(let place) = await lanes.enter(tenant, limit: 1) { held = place }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await lanes.enter(tenant, limit: 1) }
            while lanes.waiting(tenant) < 1 { await Task.yield() }
            group.cancelAll()
        }
        #expect(lanes.waiting(tenant) == 0)
        #expect(held != nil)
        held = nil
        #expect(lanes.isEmpty)
    }
}

private enum StubAccount {
    static func answer(_ request: Upstream.Request) -> Upstream.Response {
        .json(#"{"login":"octavia","id":7,"html_url":"https://github.com/octavia"}"#)
    }
}
