// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import Synchronization
import TestSupport
import Testing

@testable import Forges

/// What is asked of a Keystone, and what is made of its answers.
@Suite struct KeystoneClientTests {
    private let keystone = StubKeystone()
    private let time = Time()

    private final class Time: Sendable {
        /// Unix time, noon of 2025-01-02.
        private let now = Mutex<Int64>(1_735_819_200)
        var seconds: Int64 { now.withLock { $0 } }
        func advance(_ seconds: Int64) { now.withLock { $0 += seconds } }
    }

    private func client() throws -> KeystoneClient {
        KeystoneClient(try #require(keystone.service), upstream: keystone.upstream, now: { [time] in time.seconds })
    }

    @Test func `the service user signs in once, and its token asks about others`() async throws {
        keystone.give("good")
        let client = try client()
        for _ in 0..<3 {
            guard case .good(let assertion) = await client.look(at: Secret("good")) else {
                Issue.record("not good")
                return
            }
            #expect(assertion.userID == String(repeating: "a", count: 32) && assertion.userName == "alice")
            #expect(assertion.project?.name == "apollo" && assertion.project?.domainName == "Default")
            #expect(assertion.roles == ["member", "reader"] && !assertion.isDelegated)
            #expect(assertion.expires == 1_735_822_800_000)
        }
        #expect(keystone.logins == 1 && keystone.questions == 3)
        let expected = #"""
            {"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"gatehouse",
            "domain":{"name":"Default"},"password":"canary-service-password"}}},
            "scope":{"project":{"name":"service","domain":{"name":"Services"}}}}}
            """#
        let login = keystone.requests[0]
        #expect(try JSONTree(parsing: login.body ?? []) == JSONTree(parsing: Data(expected.utf8)))
        #expect(login.header("X-Auth-Token") == nil)
        let question = keystone.requests[1]
        #expect(question.header("X-Subject-Token") == "good" && question.header("X-Auth-Token") == "own-canary-1")
        #expect(question.limit == 1 << 20 && login.limit == 1 << 20)
    }

    @Test func `a token of nobody and one that is over are told apart, and the second answer lets nobody in`()
        async throws
    {
        keystone.give("old")
        keystone.expire("old")
        let client = try client()
        #expect(await client.look(at: Secret("old")) == .expired)
        #expect(await client.look(at: Secret("none")) == .unknown)
    }

    @Test(arguments: [400, 404, 413, 414, 431])
    func `what a Keystone takes for no token is none`(status: Int) async throws {
        let client = try client()
        _ = await client.look(at: Secret("x"))
        keystone.fail { _ in .json("<html>", status: status) }
        #expect(await client.look(at: Secret("y")) == .unknown)
    }

    @Test func `a service token that was revoked is changed for another one, once for all`() async throws {
        keystone.give("good")
        let client = try client()
        _ = await client.look(at: Secret("good"))
        keystone.revokeOwn()
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    if case .good = await client.look(at: Secret("good")) { true } else { false }
                }
            }
            for await isGood in group { #expect(isGood) }
        }
        #expect(keystone.logins == 2)
    }

    @Test func `a new service token that is refused as well is not changed at once again`() async throws {
        keystone.give("good")
        let client = try client()
        _ = await client.look(at: Secret("good"))
        keystone.fail { request in
            request.method == .post
                ? .json(
                    #"{"token":{"user":{"id":"s","name":"s"},"expires_at":"2025-01-02T13:00:00Z"}}"#, status: 201,
                    headers: ["X-Subject-Token": "own-canary-9"])
                : .json("{}", status: 401)
        }
        for _ in 0..<10 {
            #expect(await client.look(at: Secret("good")) == .failed(.init(.refusesServiceUser)))
        }
        #expect(keystone.requests.count { $0.method == .post } == 2)
        time.advance(5)
        _ = await client.look(at: Secret("good"))
        #expect(keystone.requests.count { $0.method == .post } == 3)
    }

    @Test func `the service token is renewed a minute before its end`() async throws {
        keystone.give("good")
        let client = try client()
        _ = await client.look(at: Secret("good"))
        time.advance(3539)
        _ = await client.look(at: Secret("good"))
        #expect(keystone.logins == 1)
        time.advance(1)
        _ = await client.look(at: Secret("good"))
        #expect(keystone.logins == 2)
    }

    @Test func `a sign-in that is refused is not tried again for ten seconds`() async throws {
        keystone.acceptUser(false)
        let client = try client()
        for _ in 0..<5 {
            #expect(await client.look(at: Secret("good")) == .failed(.init(.refusesServiceUser)))
        }
        #expect(keystone.logins == 1 && keystone.questions == 0)
        keystone.acceptUser(true)
        keystone.give("good")
        time.advance(10)
        if case .good = await client.look(at: Secret("good")) {} else { Issue.record("still refused") }
        #expect(keystone.logins == 2)
    }

    static let troubles: [(answer: Upstream.Response, word: String)] = [
        (.json("", status: 500), "status 500"), (.json("", status: 503), "status 503"),
        (.json("", status: 429), "status 429"), (.json("", status: 204), "status 204"),
        (.json("", status: 302, headers: ["Location": "https://evil.example.org/v3/auth/tokens"]), "redirect"),
        (.json("", status: 308, headers: ["Location": "https://evil.example.org/v3/auth/tokens"]), "redirect"),
        (.json("{}", status: 403), "`service`"), (.json("", status: 200), "not of the known form"),
        (.json("<html>Welcome</html>", status: 200), "not of the known form"),
        (.json(#"{"token":{}}"#, status: 200), "not of the known form"),
        (.json(#"{"token":{"user":{"id":"u","name":"u"},"expires_at":"tomorrow"}}"#, status: 200), "no time"),
        (.json(#"{"token":{"user":{"id":"","name":"u"},"expires_at":"2025-01-02T13:00:00Z"}}"#), "names"),
        (
            .json(
                #"{"token":{"user":{"id":"u","name":"u"},"expires_at":"2025-01-02T13:00:00Z","roles":[\#(Array(repeating: #"{"name":"r"}"#, count: 300).joined(separator: ","))]}}"#
            ), "names"
        ),
    ]

    @Test(arguments: troubles.indices)
    func `an answer that is none says nothing about the token, and what was wrong`(index: Int) async throws {
        let (answer, word) = Self.troubles[index]
        keystone.give("good")
        let client = try client()
        _ = await client.look(at: Secret("good"))
        keystone.fail { _ in answer }
        guard case .failed(let failure) = await client.look(at: Secret("good")) else {
            Issue.record("not a failure")
            return
        }
        #expect("\(failure)".contains(word), "\(failure)")
        #expect(keystone.requests.allSatisfy { $0.url.hasPrefix(StubKeystone.address) })
    }

    @Test(arguments: [
        Upstream.Failure.unreachable("refused"), .distrusted, .timedOut, .tooLarge(limit: 1 << 20), .overloaded,
        .unknownHost, .refusedHost,
    ])
    func `a Keystone that gives no answer says nothing about the token`(failure: Upstream.Failure) async throws {
        keystone.fail { _ in throw failure }
        #expect(try await client().look(at: Secret("good")) == .failed(.init(.unreachable(failure))))
    }

    @Test func `a Keystone with too much to do may say for how long`() async throws {
        keystone.fail { _ in .json("", status: 503, headers: ["Retry-After": "7"]) }
        #expect(try await client().look(at: Secret("x")) == .failed(.init(.trouble(status: 503), retryAfter: 7)))
        keystone.fail { _ in .json("", status: 503, headers: ["Retry-After": "86400"]) }
        #expect(try await client().look(at: Secret("x")) == .failed(.init(.trouble(status: 503), retryAfter: 60)))
    }

    @Test func `scopes, roles and delegations are read as they stand`() throws {
        func read(_ token: StubKeystone.Token) throws -> KeystoneAssertion {
            try KeystoneAssertion(json: Array(token.json.utf8))
        }
        var token = StubKeystone.Token()
        token.project = nil
        #expect(try read(token).project == nil)
        token.more = #""domain":{"id":"d","name":"D"},"#
        #expect(try read(token).project == nil)
        token = StubKeystone.Token()
        token.roles = ["reader", "member", "reader", "a b"]
        token.user.name = "al\\u0007ice"
        #expect(try read(token).roles == ["reader", "member", "a b"])
        #expect(try read(token).userName == "al\u{FFFD}ice")
        token.methods = ["application_credential"]
        #expect(try read(token).isDelegated)
        token = StubKeystone.Token()
        token.more = #""OS-TRUST:trust":{"id":"t"},"#
        #expect(try read(token).isDelegated)
        // A project that is a domain itself has no other one.
        let own = #"""
            {"token":{"is_domain":true,"expires_at":"2025-01-02T13:00:00+01:00","user":{"id":"u","name":"n"},
            "project":{"id":"p","name":"P","domain":{"id":null,"name":null}}}}
            """#
        let assertion = try KeystoneAssertion(json: Array(own.utf8))
        #expect(assertion.project?.domainID == "p" && assertion.roles.isEmpty)
        #expect(assertion.expires == 1_735_819_200_000)
    }

    @Test(arguments: [
        ("https://k.example.org:5000", "https://k.example.org:5000/v3"),
        ("https://k.example.org/identity/v3/", "https://k.example.org/identity/v3"),
        ("http://127.0.0.1:5000//", "http://127.0.0.1:5000/v3"), ("https://[::1]:5000/v3", "https://[::1]:5000/v3"),
    ])
    func `an address is taken with the version and without`(given: String, read: String) {
        #expect(StubKeystone.service(at: given)?.address == read)
    }

    @Test(arguments: [
        "", "keystone", "keystone.example.org:5000", "ftp://k.example.org", "https://", "https://u:p@k.example.org",
        "https://k.example.org/v3?x", "https://k.example.org/#v3", "https://k.example.org /v3", "https://2130706433/v3",
    ])
    func `what is no address of a service is none`(given: String) {
        #expect(StubKeystone.service(at: given) == nil)
    }

    @Test func `plain http is told of where it crosses a network`() {
        for (address, isExposed) in [
            ("http://keystone.example.org", true), ("http://10.0.0.7:5000", true), ("http://127.0.0.1:5000", false),
            ("http://localhost:5000", false), ("http://[::1]:5000", false), ("https://keystone.example.org", false),
        ] {
            #expect(StubKeystone.service(at: address)?.isExposed == isExposed, "\(address)")
        }
    }

    @Test func `the check asks about the service user's own token`() async throws {
        try await client().check()
        #expect(keystone.requests.last?.header("X-Subject-Token") == "own-canary-1")
        keystone.acceptUser(false)
        let failure = await failure { () throws(KeystoneFailure) in try await fresh().check() }
        #expect(failure?.kind == .refusesServiceUser)
    }

    private func fresh() throws(KeystoneFailure) -> KeystoneClient {
        guard let service = keystone.service else { throw KeystoneFailure(.refusesServiceUser) }
        return KeystoneClient(service, upstream: keystone.upstream, now: { 0 })
    }

    private func failure(_ call: () async throws(KeystoneFailure) -> Void) async -> KeystoneFailure? {
        do throws(KeystoneFailure) {
            try await call()
            return nil
        } catch {
            return error
        }
    }

    @Test func `the way out to a Keystone knows its one origin, with its authority`() async throws {
        let service = try #require(StubKeystone.service(at: "http://127.0.0.1:5000"))
        let policy = NetworkPolicy(only: service, roots: nil)
        #expect(try await policy.route(to: service.address + "/auth/tokens").addresses.map(\.text) == ["127.0.0.1"])
        for other in ["http://127.0.0.1:5001/", "http://127.0.0.2:5000/", "https://127.0.0.1:5000/"] {
            await #expect(throws: Upstream.Failure.refusedHost) { _ = try await policy.route(to: other) }
        }
    }
}
