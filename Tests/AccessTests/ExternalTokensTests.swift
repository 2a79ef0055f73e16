// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Foundation
import Logging
import Model
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Access

/// Tokens of an external Keystone at the door: what is asked, kept and refused.
@Suite struct ExternalTokensTests {
    /// A house whose tokens are a Keystone's, and two clocks that are moved by hand.
    final class Door: Sendable {
        let keystone: StubKeystone
        let house: TestHouse
        let tokens: ExternalTokens
        let identity: Identity
        init(
            _ settings: ExternalTokens.Settings = .init(), keystone: StubKeystone = StubKeystone(),
            logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) async throws {
            self.keystone = keystone
            house = try await TestHouse(network: StubNetwork(), logger: logger)
            let (wall, start) = (house.clock.wall, ContinuousClock.now)
            let client = KeystoneClient(
                try #require(keystone.service), upstream: keystone.upstream, now: { wall.seconds })
            let ticks = Ticks()
            self.ticks = ticks
            tokens = ExternalTokens(
                client, store: house.store, settings: settings, clock: wall, now: { start + ticks.elapsed })
            identity = house.identity.trusting(tokens)
        }

        private let ticks: Ticks

        /// Moves both clocks.
        func advance(seconds: Int64) {
            house.clock.advance(seconds: seconds)
            ticks.advance(.seconds(seconds))
        }

        /// Moves the monotonic clock alone.
        func wait(seconds: Int64) { ticks.advance(.seconds(seconds)) }

        /// What a token is answered with; nil where it is let in.
        func refusal(_ token: String) async throws -> AccessError? {
            try await accessError { _ = try await identity.caller(token: token) }
        }

        private final class Ticks: Sendable {
            private let time = Mutex<Duration>(.zero)
            var elapsed: Duration { time.withLock { $0 } }
            func advance(_ by: Duration) { time.withLock { $0 += by } }
        }
    }

    @Test func `a token of the Keystone is its user in its project, with its roles`() async throws {
        let door = try await Door()
        var token = StubKeystone.Token()
        token.roles = ["auditor"]
        door.keystone.give("good", token)
        let caller = try await door.identity.caller(token: "good")
        #expect(caller.user.name == "alice" && caller.user.id == token.user.id && caller.roles == ["auditor"])
        #expect(caller.tenant.id.text == token.project?.id && caller.tenant.name == "apollo")
        #expect(caller.tenant.externalDomain == "Default" && caller.tenant.domain == "default")
        #expect(try await door.house.identity.tenants().contains { $0.id == caller.tenant.id && $0.isExternal })
    }

    @Test func `a revoked token is good until the bound and no longer`() async throws {
        let door = try await Door()
        door.keystone.give("good")
        #expect(try await door.refusal("good") == nil)
        door.keystone.revoke("good")
        door.wait(seconds: 59)
        #expect(try await door.refusal("good") == nil)
        #expect(door.keystone.questions == 1)
        door.wait(seconds: 1)
        #expect(try await door.refusal("good")?.code == .unauthenticated)
    }

    @Test func `a token ends with its own end, however well it is known`() async throws {
        let door = try await Door(.init(memory: 300))
        var token = StubKeystone.Token()
        token.expires = "2025-01-02T12:00:30.000000Z"
        door.keystone.give("good", token)
        #expect(try await door.refusal("good") == nil)
        door.advance(seconds: 29)
        #expect(try await door.refusal("good") == nil)
        door.advance(seconds: 1)
        #expect(try await door.refusal("good")?.code == .tokenExpired)
        #expect(door.keystone.questions == 1)
        // Forgotten here, and still told apart from one that never was.
        door.advance(seconds: 300)
        door.keystone.expire("good")
        #expect(try await door.refusal("good")?.code == .tokenExpired)
        // The Keystone takes it, its clock being late; ours does not.
        door.keystone.give("late", token)
        #expect(try await door.refusal("late")?.code == .tokenExpired)
    }

    @Test func `setting the machine's clock back does not keep a revoked token`() async throws {
        let door = try await Door()
        door.keystone.give("good")
        #expect(try await door.refusal("good") == nil)
        door.keystone.revoke("good")
        door.house.clock.advance(seconds: -3600)
        door.wait(seconds: 60)
        #expect(try await door.refusal("good")?.code == .unauthenticated)
    }

    @Test func `a bad token is asked about once in ten seconds`() async throws {
        let door = try await Door()
        for _ in 0..<5 { #expect(try await door.refusal("bad")?.code == .unauthenticated) }
        // Once for a good one, once for one that is over.
        #expect(door.keystone.questions == 2)
        door.keystone.give("bad")
        door.wait(seconds: 9)
        #expect(try await door.refusal("bad")?.code == .unauthenticated)
        door.wait(seconds: 1)
        #expect(try await door.refusal("bad") == nil)
    }

    @Test func `without a memory each request asks`() async throws {
        let door = try await Door(.init(memory: 0, negativeMemory: 0))
        door.keystone.give("good")
        for _ in 0..<3 { #expect(try await door.refusal("good") == nil) }
        #expect(door.keystone.questions == 3)
        door.keystone.revoke("good")
        #expect(try await door.refusal("good")?.code == .unauthenticated)
        #expect(door.tokens.count == 0)
    }

    @Test func `a hundred requests with one token ask once`() async throws {
        let (arrived, go) = AsyncStream.makeStream(of: Void.self)
        let keystone = StubKeystone { for await _ in arrived { break } }
        let door = try await Door(keystone: keystone)
        keystone.give("good")
        try await withThrowingTaskGroup(of: Caller.self) { group in
            for _ in 0..<100 { group.addTask { try await door.identity.caller(token: "good") } }
            group.addTask {
                go.yield()
                go.finish()
                return door.house.caller
            }
            for try await caller in group where caller != door.house.caller { #expect(caller.user.name == "alice") }
        }
        #expect(keystone.questions == 1 && keystone.logins == 1)
    }

    @Test func `who goes away in the middle of a question does not fail the others`() async throws {
        let (first, goFirst) = AsyncStream.makeStream(of: Void.self)
        let (asked, isAsked) = AsyncStream.makeStream(of: Void.self)
        let keystone = StubKeystone {
            isAsked.yield()
            for await _ in first { break }
        }
        let door = try await Door(keystone: keystone)
        keystone.give("good")
        try await withThrowingTaskGroup(of: Void.self) { group in
            let leader = Leader()
            group.addTask {
                await leader.run { _ = try? await door.identity.caller(token: "good") }
            }
            for await _ in asked { break }
            group.addTask {
                let refusal = try await door.refusal("good")
                #expect(refusal == nil)
            }
            leader.cancel()
            goFirst.finish()
            try await group.waitForAll()
        }
    }

    /// A task that can be cancelled by itself.
    private final class Leader: Sendable {
        private let (stream, end) = AsyncStream.makeStream(of: Void.self)

        func cancel() { end.finish() }

        func run(_ work: @escaping @Sendable () async -> Void) async {
            await withTaskGroup(of: Void.self) { group in
                group.addTask(operation: work)
                for await _ in stream {}
                group.cancelAll()
            }
        }
    }

    @Test func `where the Keystone cannot be asked nobody new gets in, and who is known goes on until the bound`()
        async throws
    {
        let door = try await Door()
        door.keystone.give("good")
        door.keystone.give("new")
        #expect(try await door.refusal("good") == nil)
        door.keystone.fail { _ in throw Upstream.Failure.timedOut }
        #expect(try await door.refusal("good") == nil)
        let error = try #require(try await door.refusal("new"))
        #expect(error.code == .identityUnavailable)
        #expect(error.cause?.contains("timeout_seconds") == true)
        door.wait(seconds: 60)
        #expect(try await door.refusal("good")?.code == .identityUnavailable)
        // An outage is not remembered.
        door.keystone.fail(nil)
        #expect(try await door.refusal("new") == nil)
        #expect(try await door.refusal("good") == nil)
    }

    @Test(arguments: [
        "", " ", "to ken", "token\n", "to\rken", "to\u{0}ken", "tökén", "\u{7F}", "good, good",
        String(repeating: "a", count: 32_769), "gate_" + String(repeating: "a", count: 43),
    ])
    func `what can be no token of a Keystone is refused without a question`(token: String) async throws {
        let door = try await Door()
        #expect(try await door.refusal(token)?.code == .unauthenticated)
        #expect(door.keystone.requests.isEmpty)
        #expect(door.tokens.count == 0)
    }

    @Test func `an embedded token is none with a Keystone, and its password signs nobody in`() async throws {
        let door = try await Door()
        let request = KeystoneAuthRequest(
            method: .password(.id(door.house.caller.user.id), TestHouse.password), scope: nil)
        let old = try await door.house.identity.issue(request).token.exposed
        #expect(try await door.house.identity.caller(token: old) == door.house.caller)
        #expect(try await door.refusal(old)?.code == .unauthenticated)
        #expect(door.keystone.requests.isEmpty)
        for call in [
            { _ = try await door.identity.issue(request) }, { _ = try await door.identity.session(token: old) },
            { _ = try await door.identity.issueTemporaryKey(TemporaryKeyRequest(), header: old) },
        ] as [() async throws -> Void] {
            let error = try #require(try await accessError(call))
            #expect(error.code == .forbidden && error.message.contains(StubKeystone.address))
        }
    }

    @Test func `a token of another scope, or for a project that can be none here, is forbidden with a reason`()
        async throws
    {
        let door = try await Door()
        var token = StubKeystone.Token()
        token.project = nil
        door.keystone.give("unscoped", token)
        token.more = #""domain":{"id":"d","name":"D"},"#
        door.keystone.give("domain", token)
        for name in ["unscoped", "domain"] {
            let error = try #require(try await door.refusal(name))
            #expect(error.code == .forbidden && error.message.contains("not scoped to a project"))
        }
        for id in ["default", String(repeating: "B", count: 32), String(repeating: "b", count: 33)] {
            token = StubKeystone.Token()
            token.project = (id, "x")
            door.keystone.give(id, token)
            let error = try #require(try await door.refusal(id))
            #expect(error.code == .forbidden && error.message.contains("32 lower-case hexadecimal digits"))
        }
        token = StubKeystone.Token()
        token.user.id = "a/b"
        door.keystone.give("odd", token)
        #expect(try await door.refusal("odd")?.code == .forbidden)
        #expect(try await door.house.identity.tenants().count == 2)
    }

    @Test func `what is known is bounded, and bad tokens do not drive out good ones`() async throws {
        let door = try await Door(.init(capacity: 50))
        door.keystone.give("good")
        #expect(try await door.refusal("good") == nil)
        for number in 0..<500 { #expect(try await door.refusal("bad-\(number)") != nil) }
        #expect(door.tokens.count == 51)
        let questions = door.keystone.questions
        #expect(try await door.refusal("good") == nil)
        #expect(try await door.refusal("bad-499") != nil)
        #expect(door.keystone.questions == questions)
        for number in 0..<200 {
            door.keystone.give("good-\(number)")
            #expect(try await door.refusal("good-\(number)") == nil)
        }
        #expect(door.tokens.count == 100)
    }

    @Test func `more questions at once than may be are refused with later`() async throws {
        let (asked, isAsked) = AsyncStream.makeStream(of: Void.self)
        let (go, letGo) = AsyncStream.makeStream(of: Void.self)
        let keystone = StubKeystone {
            isAsked.yield()
            for await _ in go {}
        }
        let door = try await Door(.init(questions: 1), keystone: keystone)
        keystone.give("one")
        keystone.give("two")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let refusal = try await door.refusal("one")
                #expect(refusal == nil)
            }
            for await _ in asked { break }
            #expect(try await door.refusal("two")?.code == .tooManyAttempts)
            letGo.finish()
            try await group.waitForAll()
        }
        #expect(try await door.refusal("two") == nil)
    }
}
