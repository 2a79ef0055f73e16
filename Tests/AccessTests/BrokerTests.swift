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

@Suite struct BrokerTests {
    private static let user =
        #"{"login":"octavia","html_url":"https://github.com/octavia","avatar_url":"https://avatars.example.org/1"}"#

    private static func offer(_ name: String, host: String? = nil) -> Broker.Offer {
        Broker.Offer(name: name, forge: .github, credential: .personal(Secret("canary-token")), host: host)
    }

    @Test func `a personal token that its forge accepts is stored with the forge's answer`() async throws {
        let network = StubNetwork { _ in .json(Self.user) }
        let house = try await TestHouse(network: network)
        let made = try await house.broker.authorize(
            Self.offer("main", host: "https://github.com/tom-repo"), with: house.grant(.createAuthorization))
        #expect(made.host == "https://api.github.com")
        #expect((made.user, made.home) == ("octavia", "https://github.com/octavia"))
        #expect(made.avatar == "https://avatars.example.org/1")
        #expect(made.created == made.updated)
        #expect(try await house.broker.authorizations(house.grant()) == [made])
        #expect(network.requests.map(\.url) == ["https://api.github.com/user"])
    }

    @Test(arguments: [nil, ""]) func `who names no host means the one that is set up for the forge`(
        host: String?
    ) async throws {
        let network = StubNetwork { _ in .json(Self.user) }
        let house = try await TestHouse(network: network, usualHosts: [.github: "https://git.example.org"])
        let made = try await house.broker.authorize(Self.offer("main", host: host), with: house.grant())
        #expect(made.host == "https://git.example.org/api/v3")
        #expect(network.requests.map(\.url) == ["https://git.example.org/api/v3/user"])
    }

    @Test(arguments: [
        (Upstream.Response.json(#"{"message":"Bad credentials"}"#, status: 401), ForgeError.Code.credentialRejected),
        (.json("<html>", status: 200), .unavailable), (.json("{}", status: 404), .unavailable),
        (.json("", status: 503), .unavailable),
    ]) func `nothing that its forge has not accepted is stored`(
        answer: Upstream.Response, code: ForgeError.Code
    ) async throws {
        let house = try await TestHouse(network: StubNetwork { _ in answer })
        let error = await #expect(throws: ForgeError.self) {
            try await house.broker.authorize(Self.offer("main"), with: house.grant(.createAuthorization))
        }
        #expect(error?.code == code)
        #expect(try await house.broker.authorizations(house.grant()).isEmpty)
    }

    @Test(arguments: [
        #"{"login":"<script>","html_url":"https://x.example","avatar_url":""}"#,
        #"{"login":"o\u0000","html_url":"https://x.example","avatar_url":""}"#,
        #"{"login":"o","html_url":"javascript:alert(1)","avatar_url":""}"#,
        #"{"login":"o","html_url":"https://x.example","avatar_url":"data:text/html,x"}"#,
        #"{"login":"\#(String(repeating: "o", count: 300))","html_url":"https://x.example","avatar_url":""}"#,
    ]) func `an account that makes no sense is not kept`(account: String) async throws {
        let network = StubNetwork { _ in .json(account) }
        let house = try await TestHouse(network: network)
        let error = await #expect(throws: ForgeError.self) {
            try await house.broker.authorize(Self.offer("main"), with: house.grant(.createAuthorization))
        }
        #expect(error?.code == .unavailable)
        #expect(try await house.broker.authorizations(house.grant()).isEmpty)
        // Of a host that nobody knows yet, little is read.
        #expect(network.requests.allSatisfy { $0.limit == 1 << 20 })
    }

    @Test func `a name belongs to one authorization of a tenant, and to another of another`() async throws {
        let house = try await TestHouse(network: StubNetwork { _ in .json(Self.user) })
        _ = try await house.broker.authorize(Self.offer("same"), with: house.grant())
        let error = await #expect(throws: AccessError.self) {
            try await house.broker.authorize(Self.offer("same"), with: house.grant())
        }
        #expect(error?.code == .alreadyExists)
        _ = try await house.broker.authorize(Self.offer("same"), with: house.grant(to: house.stranger))
        _ = try await house.broker.authorize(Self.offer("Same"), with: house.grant())
        try await house.broker.delete("same", with: house.grant())
        #expect(try await house.broker.authorizations(house.grant()).map(\.name.text) == ["Same"])
        #expect(try await house.broker.authorizations(house.grant(to: house.stranger)).map(\.name.text) == ["same"])
    }

    @Test func `of many who take one name at once, one gets it`() async throws {
        let house = try await TestHouse(network: StubNetwork { _ in .json(Self.user) })
        let made = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    do {
                        _ = try await house.broker.authorize(Self.offer("wanted"), with: house.grant())
                        return true
                    } catch let error as AccessError where error.code == .alreadyExists {
                        return false
                    }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(made == 1)
    }

    @Test(arguments: [
        "", "abc", "with space", "ünïcode", "a/bc", "x".padding(toLength: 64, withPad: "x", startingAt: 0),
    ])
    func `a name outside the rule is refused before the forge is asked`(name: String) async throws {
        let network = StubNetwork { _ in .json(Self.user) }
        let house = try await TestHouse(network: network)
        let error = await #expect(throws: AccessError.self) {
            try await house.broker.authorize(Self.offer(name), with: house.grant())
        }
        #expect(error?.code == .invalidRequest)
        #expect(network.requests.isEmpty)
    }

    @Test(arguments: [nil, "", "nobody", "no such name", "ünïcode"] as [String?])
    func `a name that is no authorization opens nothing`(name: String?) async throws {
        let house = try await TestHouse(network: StubNetwork())
        let error = await #expect(throws: AccessError.self) { try await house.broker.open(name, with: house.grant()) }
        #expect(error?.code == .noSuchAuthorization)
    }

    @Test func `another tenant's authorization opens nothing`() async throws {
        let house = try await TestHouse(network: StubNetwork())
        try await house.store(.personal(Secret("canary-token")), named: "theirs", of: house.stranger)
        let error = await #expect(throws: AccessError.self) {
            try await house.broker.open("theirs", with: house.grant())
        }
        #expect(error?.code == .noSuchAuthorization)
    }

    @Test func `the status follows what the forge says of the credential, not its outages`() async throws {
        let status = Mutex(401)
        let network = StubNetwork { _ in
            let now = status.withLock { $0 }
            return .json(now == 200 ? Self.user : #"{"message":"no"}"#, status: now)
        }
        let house = try await TestHouse(network: network)
        try await house.store(.personal(Secret("canary-token")), named: "main")
        for (answer, expected) in [(401, 2), (503, 2), (429, 2), (200, 0), (500, 0), (401, 2)] {
            status.withLock { $0 = answer }
            _ = try? await house.broker.open("main", with: house.grant()).forge.account()
            #expect(try await house.broker.authorizations(house.grant()).first?.status.rawValue == expected)
        }
    }

    @Test func `another tenant's project is refused before anything is opened`() async throws {
        let house = try await TestHouse(network: StubNetwork())
        let error = await #expect(throws: AccessError.self) {
            try await Grant.authorise(
                house.caller, to: .listAuthorizations, in: house.stranger.tenant.id.text, by: house.permission)
        }
        #expect(error?.code == .otherTenant)
    }
}
