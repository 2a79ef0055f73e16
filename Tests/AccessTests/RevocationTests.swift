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

/// What is deleted here is ended at its forge, as far as the forge lets us, and never the other way round.
@Suite struct RevocationTests {
    private static let revoke = "https://api.github.com/applications/client-1/"

    private static func tokens(_ access: String = "canary-access", refresh: String? = "canary-refresh") -> Credential {
        .oauth(
            OAuthTokens(
                accessToken: Secret(access), refreshToken: refresh.map { Secret($0) }, expires: nil, scopes: []))
    }

    /// A house whose forge answers every revocation well, and what is logged in it.
    private static func house(
        limit: Duration = .seconds(60), network: StubNetwork = StubNetwork { _ in .json("", status: 204) }
    ) async throws -> (TestHouse, StubNetwork, LogRecorder) {
        let log = LogRecorder()
        return (try await TestHouse(network: network, revocationLimit: limit, logger: log.logger), network, log)
    }

    /// Lets what waits be revoked.
    private static func settle(_ house: TestHouse) async {
        house.revoker.stop()
        await house.revoker.run()
    }

    @Test func `deleting an authorization ends its grant at the forge, after it is gone here`() async throws {
        let (house, network, log) = try await Self.house()
        try await house.store(Self.tokens(), named: "flow")
        try await house.broker.delete("flow", with: house.grant())
        #expect(try await house.broker.authorizations(house.grant()).isEmpty)
        #expect(network.requests.isEmpty)
        await Self.settle(house)
        #expect(network.requests.map(\.url) == [Self.revoke + "grant"])
        #expect(
            log.lines.contains { $0.hasPrefix("info: tokens revoked authorization=") && $0.contains("reach=grant") })
        #expect(!log.lines.contains { $0.contains("canary") }, "\(log.lines)")
    }

    @Test func `a grant that another authorization needs is not ended, whichever tenant's it is`() async throws {
        let (house, network, _) = try await Self.house()
        try await house.store(Self.tokens(), named: "mine")
        try await house.store(Self.tokens("canary-other"), named: "theirs", of: house.stranger)
        try await house.broker.delete("mine", with: house.grant())
        try await house.broker.delete("theirs", with: house.grant(to: house.stranger))
        try await house.store(Self.tokens("canary-third"), named: "third")
        await Self.settle(house)
        #expect(network.requests.map(\.url) == [Self.revoke + "token", Self.revoke + "token"])
    }

    @Test(arguments: [
        ("another mode", Credential.personal(Secret("canary")), ForgeID.github, nil, "grant"),
        ("another forge", Self.tokens(), .gitlab, nil, "grant"),
        ("a label that no longer says which application it was", Self.tokens(), .github, "gone", "token"),
    ]) func `only what may hang on the same grant keeps it`(
        what: String, credential: Credential, forge: ForgeID, site: String?, end: String
    ) async throws {
        let (house, network, _) = try await Self.house()
        try await house.store(Self.tokens(), named: "mine")
        try await house.store(credential, named: "other", forge: forge, site: site)
        try await house.broker.delete("mine", with: house.grant())
        await Self.settle(house)
        #expect(network.requests.map(\.url) == [Self.revoke + end], "\(what)")
    }

    @Test func `tokens and passwords that a user has made are the user's own`() async throws {
        let (house, network, _) = try await Self.house()
        try await house.store(.personal(Secret("canary")), named: "token")
        try await house.store(.password(user: "octavia", password: Secret("canary")), named: "pass")
        for name in ["token", "pass"] { try await house.broker.delete(name, with: house.grant()) }
        await Self.settle(house)
        #expect(network.requests.isEmpty)
    }

    @Test(arguments: [500, 401, 429]) func `a forge that fails changes nothing here, and is told in the log`(
        status: Int
    ) async throws {
        let network = StubNetwork { _ in .json(#"{"message":"canary-of-the-forge"}"#, status: status) }
        let (house, _, log) = try await Self.house(network: network)
        try await house.store(Self.tokens(), named: "flow")
        try await house.broker.delete("flow", with: house.grant())
        await Self.settle(house)
        #expect(try await house.broker.authorizations(house.grant()).isEmpty)
        #expect(log.lines.contains { $0.hasPrefix("warning: tokens not revoked") && $0.contains("status \(status)") })
        #expect(!log.lines.contains { $0.contains("canary") }, "\(log.lines)")
    }

    @Test func `a forge that cannot be reached changes nothing here`() async throws {
        let network = StubNetwork { _ in throw Upstream.Failure.unreachable("x") }
        let (house, _, log) = try await Self.house(network: network)
        try await house.store(Self.tokens(), named: "flow")
        try await house.broker.delete("flow", with: house.grant())
        await Self.settle(house)
        #expect(log.lines.contains { $0.hasPrefix("warning: tokens not revoked") })
        #expect(try await house.broker.authorizations(house.grant()).isEmpty)
    }

    @Test func `a forge that does not answer is given up, and holds up nobody`() async throws {
        let network = StubNetwork { _ in
            try await Task.sleep(for: .seconds(3600))
            return .json("", status: 204)
        }
        let (house, _, log) = try await Self.house(limit: .milliseconds(50), network: network)
        for number in 0..<3 {
            try await house.store(Self.tokens(), named: "flow-\(number)")
            try await house.broker.delete("flow-\(number)", with: house.grant())
        }
        #expect(try await house.broker.authorizations(house.grant()).isEmpty)
        await Self.settle(house)
        #expect(log.lines.count { $0.contains("reason=the forge did not answer in time") } == 3, "\(log.lines)")
    }

    @Test func `what waits is bounded, and what is dropped is told`() async throws {
        let (house, network, log) = try await Self.house()
        let authorization = try await Self.stored(house)
        for _ in 0...TokenRevoker.capacity { house.revoker.submit(.init(authorization, Self.tokens(), .tokens)) }
        #expect(log.lines.count { $0.contains("reason=too many wait") } == 1)
        await Self.settle(house)
        #expect(network.requests.count == TokenRevoker.capacity)
        house.revoker.submit(.init(authorization, Self.tokens(), .tokens))
        #expect(log.lines.count { $0.contains("reason=the service is stopping") } == 1)
        #expect(network.requests.count == TokenRevoker.capacity)
    }

    @Test func `what waits when the time to stop is over is dropped and told`() async throws {
        let (house, network, log) = try await Self.house(limit: .zero)
        let authorization = try await Self.stored(house)
        for _ in 0..<5 { house.revoker.submit(.init(authorization, Self.tokens(), .tokens)) }
        await Self.settle(house)
        #expect(log.lines.count { $0.contains("tokens not revoked") } == 5, "\(log.lines)")
        #expect(network.requests.isEmpty)
    }

    @Test func `a token never goes to an application of another host`() async throws {
        let (house, network, log) = try await Self.house()
        let stored = try await Self.stored(house)
        let moved = Authorization(
            id: stored.id, tenant: stored.tenant, name: stored.name, forge: .github, mode: .oauth,
            host: "https://git.example.org/api/v3", account: Account(login: "octavia", home: "", avatar: ""), site: nil,
            created: 0, updated: 0, status: .normal)
        house.revoker.submit(.init(moved, Self.tokens(), .grant))
        await Self.settle(house)
        #expect(network.requests.isEmpty)
        #expect(log.lines.contains { $0.contains("another host's by now") })
    }

    @Test func `many are revoked one after another, and a silent host is asked once`() async throws {
        let network = StubNetwork { request in
            request.url.hasPrefix("https://gitlab.com/") ? .json("", status: 503) : .json("", status: 204)
        }
        let (house, _, _) = try await Self.house(network: network)
        var jobs: [TokenRevoker.Job] = []
        for number in 0..<6 {
            let forge = number.isMultiple(of: 2) ? ForgeID.github : .gitlab
            try await house.store(Self.tokens("canary-\(number)"), named: "flow-\(number)", forge: forge)
        }
        for authorization in try await house.broker.authorizations(house.grant()) {
            let entry = try await house.vault.entry(named: authorization.name, of: authorization.tenant)
            jobs += [TokenRevoker.Job(authorization, entry?.credential, .tokens)].compactMap(\.self)
        }
        let seen = Mutex<[Int]>([])
        let left = await house.revoker.revoke(jobs) { done in seen.withLock { $0.append(done) } }
        #expect(left == 3)
        #expect(seen.withLock { $0 } == [1, 2, 3, 4, 5, 6])
        #expect(network.requests.count { $0.url.hasPrefix("https://gitlab.com/") } == 1)
        #expect(network.requests.count { $0.url.hasPrefix(Self.revoke) } == 3)
    }

    @Test func `tokens that were renewed while the authorization was deleted are ended, too`() async throws {
        let box = Mutex<TestHouse?>(nil)
        let network = StubNetwork { request in
            guard request.url == "https://gitlab.com/oauth/token" else { return .json("{}") }
            let house = box.withLock { $0 }
            try await house?.broker.delete("flow", with: house?.grant() ?? { throw CocoaError(.featureUnsupported) }())
            return .json(#"{"access_token":"canary-fresh","refresh_token":"canary-newest","expires_in":7200}"#)
        }
        let (house, _, log) = try await Self.house(network: network)
        box.withLock { $0 = house }
        try await house.store(
            .oauth(
                OAuthTokens(
                    accessToken: Secret("canary-old"), refreshToken: Secret("canary-older"), expires: 1, scopes: [])),
            named: "flow", forge: .gitlab)
        let error = try await house.serving {
            await #expect(throws: ForgeError.self) {
                try await house.broker.open("flow", with: house.grant()).forge.account()
            }
        }
        #expect(error?.code == .credentialRejected)
        await Self.settle(house)
        let told = network.requests.filter { $0.url == "https://gitlab.com/oauth/revoke" }
            .map { String(decoding: $0.body ?? [], as: UTF8.self) }
        for token in ["canary-old", "canary-older", "canary-fresh", "canary-newest"] {
            #expect(told.contains { $0.hasSuffix("token=\(token)") }, "\(token)")
        }
        #expect(!log.lines.contains { $0.contains("canary") }, "\(log.lines)")
        box.withLock { $0 = nil }
    }

    @Test func `tokens of a visit that came to nothing are ended`() async throws {
        let network = StubNetwork { request in
            switch request.url {
            case "https://gitlab.com/oauth/token":
                .json(#"{"access_token":"canary-access","refresh_token":"canary-refresh","expires_in":7200}"#)
            case "https://gitlab.com/oauth/revoke": .json("{}")
            default: .json("", status: 503)
            }
        }
        let (house, _, _) = try await Self.house(network: network)
        let address = try await house.broker.redirect(to: .gitlab, site: nil, name: nil, with: house.grant())
        let state = URLComponents(string: address)?.queryItems?.first { $0.name == "state" }?.value ?? ""
        await #expect(throws: ForgeError.self) {
            try await house.broker.authorize(
                "flow", forge: .gitlab, site: nil, code: Secret("code"), state: Secret(state), with: house.grant())
        }
        await Self.settle(house)
        #expect(network.requests.count { $0.url == "https://gitlab.com/oauth/revoke" } == 2)
    }

    private static func stored(_ house: TestHouse) async throws -> Authorization {
        try await house.store(tokens(), named: "flow")
        return try #require(try await house.broker.authorizations(house.grant()).first)
    }
}
