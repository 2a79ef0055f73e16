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

/// Another credential under the same name.
@Suite struct ReauthorizationTests {
    /// A GitHub and a GitLab at any host whose tokens name their users: `token-tom` is tom's. OAuth codes become tokens of their own name.
    private static func answer(_ request: Upstream.Request) -> Upstream.Response {
        let body = String(decoding: request.body ?? [], as: UTF8.self)
        if request.url.hasSuffix("/oauth/token") || request.url.hasSuffix("/login/oauth/access_token") {
            let code = body.split(separator: "&").first { $0.hasPrefix("code=") }?.dropFirst(5) ?? ""
            return .json(#"{"access_token":"token-\#(code)","refresh_token":"refresh-\#(code)","expires_in":7200}"#)
        }
        if request.url.contains("revoke") || request.url.contains("/applications/") {
            return .json("{}", status: request.method == .delete ? 204 : 200)
        }
        guard let login = login(of: request) else { return .json(#"{"message":"401"}"#, status: 401) }
        return .json(
            #"{"id":7,"login":"\#(login)","username":"\#(login)","html_url":"https://example.org/\#(login)","web_url":"https://example.org/\#(login)","avatar_url":""}"#
        )
    }

    private static func login(of request: Upstream.Request) -> String? {
        for header in request.headers {
            var value = header.value
            if value.hasPrefix("Basic "), let data = Data(base64Encoded: String(value.dropFirst(6))) {
                value = String(decoding: data, as: UTF8.self)
            }
            if let range = value.range(of: "token-") { return String(value[range.upperBound...]) }
        }
        return nil
    }

    private static func offer(
        _ name: String, _ login: String, forge: ForgeID = .github, host: String? = nil
    ) -> Broker.Offer {
        .init(name: name, forge: forge, credential: .personal(Secret("token-\(login)")), host: host)
    }

    private static func house() async throws -> (TestHouse, StubNetwork) {
        let network = StubNetwork { answer($0) }
        return (try await TestHouse(network: network), network)
    }

    private static func state(_ address: String) throws -> Secret {
        let items = URLComponents(string: address)?.queryItems
        return Secret(try #require(items?.first { $0.name == "state" }?.value))
    }

    private static func code(_ body: () async throws -> Void) async -> AccessError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? AccessError)?.code
        }
    }

    private static func entry(_ house: TestHouse, _ name: String) async throws -> VaultEntry {
        let name = try #require(AuthorizationName(name))
        return try #require(try await house.vault.entry(named: name, of: house.caller.tenant.id))
    }

    /// Whom the forge takes the authorization's credential for.
    private static func whose(_ name: String, _ house: TestHouse) async throws -> String {
        try await house.broker.open(name, with: house.grant()).forge.account().login
    }

    @Test func `a new token takes the place of the old one, under the same name and id`() async throws {
        let (house, _) = try await Self.house()
        let before = try await house.broker.authorize(Self.offer("main", "tom"), with: house.grant())
        house.clock.advance(seconds: 5)
        let after = try await house.broker.reauthorize(Self.offer("main", "tim"), with: house.grant())
        #expect((after.id, after.name, after.created) == (before.id, before.name, before.created))
        #expect((after.user, after.home) == ("tim", "https://example.org/tim"))
        #expect((after.status, after.updated) == (.normal, before.updated + 5000))
        #expect(try await house.broker.authorizations(house.grant()) == [after])
        #expect(try await Self.whose("main", house) == "tim")
    }

    @Test func `a token becomes a password, then OAuth, and a token again, and only OAuth's is ended`() async throws {
        let (house, network) = try await Self.house()
        _ = try await house.broker.authorize(Self.offer("main", "tom"), with: house.grant())
        let password = Credential.password(user: "tom", password: Secret("token-tom"))
        let second = try await house.broker.reauthorize(
            .init(name: "main", forge: .github, credential: password, host: nil), with: house.grant())
        #expect(second.mode == .password)
        let address = try await house.broker.redirect(
            to: .github, site: nil, name: "main", renewing: true, with: house.grant())
        let third = try await house.broker.reauthorize(
            "main", forge: .github, site: nil, code: Secret("tom"), state: try Self.state(address), with: house.grant())
        #expect((third.mode, third.user, third.id) == (.oauth, "tom", second.id))
        #expect(try await Self.whose("main", house) == "tom")
        let last = try await house.broker.reauthorize(Self.offer("main", "tom"), with: house.grant())
        #expect((last.mode, last.site) == (.personal, nil))
        house.revoker.stop()
        await house.revoker.run()
        let revoked = network.requests.filter { $0.method == .delete }
        #expect(revoked.map(\.url) == ["https://api.github.com/applications/client-1/token"])
        #expect(revoked.first?.body.map { String(decoding: $0, as: UTF8.self) } == #"{"access_token":"token-tom"}"#)
    }

    @Test func `a new OAuth grant ends the old token, never the grant, and not a token that is the same`() async throws
    {
        let (house, network) = try await Self.house()
        for code in ["one", "two", "two"] {
            let address = try await house.broker.redirect(to: .github, site: nil, name: nil, with: house.grant())
            let state = try Self.state(address)
            if code == "one" {
                _ = try await house.broker.authorize(
                    "main", forge: .github, site: nil, code: Secret(code), state: state, with: house.grant())
            } else {
                _ = try await house.broker.reauthorize(
                    "main", forge: .github, site: nil, code: Secret(code), state: state, with: house.grant())
            }
        }
        house.revoker.stop()
        await house.revoker.run()
        let revoked = network.requests.filter { $0.method == .delete }
        #expect(revoked.map(\.url) == ["https://api.github.com/applications/client-1/token"])
        #expect(revoked.first?.body.map { String(decoding: $0, as: UTF8.self) } == #"{"access_token":"token-one"}"#)
    }

    @Test func `what is no good changes nothing`() async throws {
        let (house, _) = try await Self.house()
        let before = try await house.broker.authorize(Self.offer("main", "tom"), with: house.grant())
        house.clock.advance(seconds: 5)
        let refused = await #expect(throws: ForgeError.self) {
            try await house.broker.reauthorize(
                .init(name: "main", forge: .github, credential: .personal(Secret("wrong")), host: nil),
                with: house.grant())
        }
        #expect(refused?.code == .credentialRejected)
        func failing(_ offer: Broker.Offer, _ caller: Caller) async -> AccessError.Code? {
            await Self.code { _ = try await house.broker.reauthorize(offer, with: house.grant(to: caller)) }
        }
        #expect(await failing(Self.offer("other", "tom"), house.caller) == .notFound)
        #expect(await failing(Self.offer("no", "tom"), house.caller) == .notFound)
        #expect(await failing(Self.offer("main", "tom"), house.stranger) == .notFound)
        #expect(await failing(Self.offer("main", "tom", forge: .gitlab), house.caller) == .invalidRequest)
        let state = Secret("none")
        #expect(
            await Self.code {
                _ = try await house.broker.reauthorize(
                    "main", forge: .github, site: nil, code: Secret("c"), state: state, with: house.grant())
            } == .badState)
        #expect(try await house.broker.authorizations(house.grant()) == [before])
        #expect(try await Self.entry(house, "main").revision == 1)
    }

    @Test func `a mode that the forge does not have is refused`() async throws {
        let (house, _) = try await Self.house()
        _ = try await house.broker.authorize(Self.offer("main", "tom", forge: .gitlab), with: house.grant())
        let offer = Broker.Offer(
            name: "main", forge: .gitlab, credential: .password(user: "tom", password: Secret("token-tom")), host: nil)
        #expect(await Self.code { _ = try await house.broker.reauthorize(offer, with: house.grant()) } == .unsupported)
    }

    @Test func `the host stays unless another one is given`() async throws {
        let (house, network) = try await Self.house()
        let first = "https://git.example.org"
        _ = try await house.broker.authorize(
            Self.offer("main", "tom", forge: .gitlab, host: first), with: house.grant())
        for host in [nil, ""] {
            let kept = try await house.broker.reauthorize(
                Self.offer("main", "tim", forge: .gitlab, host: host), with: house.grant())
            #expect(kept.host == first)
        }
        let moved = try await house.broker.reauthorize(
            Self.offer("main", "tim", forge: .gitlab, host: "https://new.example.org"), with: house.grant())
        #expect(moved.host == "https://new.example.org")
        _ = try await house.broker.open("main", with: house.grant()).forge.account()
        #expect(network.requests.last?.url.hasPrefix("https://new.example.org/api/v4/") == true)
    }

    @Test func `of many who come at once all are answered, and what stands is one of theirs, whole`() async throws {
        let (house, _) = try await Self.house()
        _ = try await house.broker.authorize(Self.offer("main", "tom"), with: house.grant())
        let answers = try await withThrowingTaskGroup(of: Authorization.self) { group in
            for number in 0..<20 {
                group.addTask {
                    try await house.broker.reauthorize(Self.offer("main", "user-\(number)"), with: house.grant())
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(answers.map(\.user)).count == 20)
        let entry = try await Self.entry(house, "main")
        #expect(entry.credential == .personal(Secret("token-\(entry.authorization.user)")))
        #expect(entry.revision == 21)
        #expect(answers.contains(entry.authorization))
    }

    /// A GitLab at which, while it renews tokens, something else happens here first.
    private static func renewing(
        _ event: @escaping @Sendable (TestHouse) async throws -> Void,
        _ body: (TestHouse, StubNetwork) async throws -> Void
    ) async throws {
        let box = Mutex<TestHouse?>(nil)
        let network = StubNetwork { request in
            let asked = String(decoding: request.body ?? [], as: UTF8.self)
            guard request.url == "https://gitlab.com/oauth/token", asked.contains("refresh_token=canary-old") else {
                return answer(request)
            }
            if let house = box.withLock({ $0 }) { try await event(house) }
            return .json(#"{"access_token":"token-late","refresh_token":"canary-late","expires_in":7200}"#)
        }
        let house = try await TestHouse(network: network)
        box.withLock { $0 = house }
        try await house.store(
            .oauth(
                OAuthTokens(
                    accessToken: Secret("token-old"), refreshToken: Secret("canary-old"), expires: 1, scopes: [])),
            named: "main", forge: .gitlab)
        try await house.serving { try await body(house, network) }
        box.withLock { $0 = nil }
    }

    @Test func `a renewal that was under way does not win, and who waited for it goes on`() async throws {
        try await Self.renewing { house in
            _ = try await house.broker.reauthorize(Self.offer("main", "tom", forge: .gitlab), with: house.grant())
        } _: { house, network in
            let login = try await Self.whose("main", house)
            #expect(login == "tom")
            let entry = try await Self.entry(house, "main")
            #expect(entry.credential == .personal(Secret("token-tom")))
            #expect((entry.authorization.mode, entry.authorization.status) == (.personal, .normal))
            house.revoker.stop()
            await house.revoker.run()
            let told = network.requests.filter { $0.url.hasSuffix("/oauth/revoke") }
                .map { String(decoding: $0.body ?? [], as: UTF8.self) }
            for token in ["canary-old", "token-old", "canary-late", "token-late"] {
                #expect(told.contains { $0.hasSuffix("token=\(token)") }, "\(token)")
            }
        }
    }

    @Test func `a renewal that the forge refuses because of it is none's end`() async throws {
        let box = Mutex<TestHouse?>(nil)
        let network = StubNetwork { request in
            let asked = String(decoding: request.body ?? [], as: UTF8.self)
            guard request.url == "https://gitlab.com/oauth/token", asked.contains("refresh_token=canary-old") else {
                return Self.answer(request)
            }
            if let house = box.withLock({ $0 }) {
                _ = try await house.broker.reauthorize(Self.offer("main", "tom", forge: .gitlab), with: house.grant())
            }
            return .json(#"{"error":"invalid_grant"}"#, status: 400)
        }
        let house = try await TestHouse(network: network)
        box.withLock { $0 = house }
        try await house.store(
            .oauth(
                OAuthTokens(
                    accessToken: Secret("token-old"), refreshToken: Secret("canary-old"), expires: 1, scopes: [])),
            named: "main", forge: .gitlab)
        let login = try await house.serving { try await Self.whose("main", house) }
        #expect(login == "tom")
        #expect(try await house.broker.authorizations(house.grant()).first?.status == .normal)
        box.withLock { $0 = nil }
    }

    @Test func `a credential of a new host does not go to the old one with a request that was under way`() async throws
    {
        try await Self.renewing { house in
            _ = try await house.broker.reauthorize(
                Self.offer("main", "tom", forge: .gitlab, host: "https://new.example.org"), with: house.grant())
        } _: { house, network in
            let error = await #expect(throws: ForgeError.self) {
                try await house.broker.open("main", with: house.grant()).forge.account()
            }
            #expect(error?.code == .unavailable)
            #expect(
                !network.requests.contains { $0.url.hasPrefix("https://gitlab.com/") && Self.login(of: $0) == "tom" })
            let login = try await Self.whose("main", house)
            #expect(login == "tom")
        }
    }

    @Test func `a request whose token was replaced meanwhile goes on with the new one`() async throws {
        let (house, _) = try await Self.house()
        try await house.store(.personal(Secret("dead")), named: "main")
        let opened = try await house.broker.open("main", with: house.grant())
        _ = try await house.broker.reauthorize(Self.offer("main", "tom"), with: house.grant())
        #expect(try await opened.forge.account().login == "tom")
        #expect(try await house.broker.authorizations(house.grant()).first?.status == .normal)
    }

    @Test func `a visit to renew leads to the authorization's own site, and is good for nothing else`() async throws {
        let (house, _) = try await Self.house()
        func visit(_ name: String?, renewing: Bool, site: String? = nil) async throws -> Secret {
            let address = try await house.broker.redirect(
                to: .gitlab, site: site, name: name, renewing: renewing, with: house.grant())
            let client = site == "intl" || name == "intl-one" ? "client-3" : "client-2"
            #expect(address.contains("client_id=\(client)&"), "\(address)")
            return try Self.state(address)
        }
        let first = try await house.broker.authorize(
            "intl-one", forge: .gitlab, site: nil, code: Secret("tom"),
            state: try await visit(nil, renewing: false, site: "intl"), with: house.grant())
        #expect(first.site == "intl")
        _ = try await house.broker.authorize(Self.offer("main", "tom", forge: .gitlab), with: house.grant())

        let state = try await visit("intl-one", renewing: true)
        #expect(
            await Self.code {
                _ = try await house.broker.authorize(
                    "fresh", forge: .gitlab, site: nil, code: Secret("tim"), state: state, with: house.grant())
            } == .badState)
        #expect(
            await Self.code {
                _ = try await house.broker.reauthorize(
                    "main", forge: .gitlab, site: nil, code: Secret("tim"), state: state, with: house.grant())
            } == .badState)
        let renewed = try await house.broker.reauthorize(
            "intl-one", forge: .gitlab, site: "intl", code: Secret("tim"), state: state, with: house.grant())
        #expect((renewed.id, renewed.user, renewed.site) == (first.id, "tim", "intl"))
    }

    @Test func `a visit to renew is refused where there is nothing to renew, or no application of its host`()
        async throws
    {
        let (house, _) = try await Self.house()
        func failing(_ name: String?, _ forge: ForgeID) async -> AccessError.Code? {
            await Self.code {
                _ = try await house.broker.redirect(
                    to: forge, site: nil, name: name, renewing: true, with: house.grant())
            }
        }
        _ = try await house.broker.authorize(
            Self.offer("main", "tom", forge: .gitlab, host: "https://git.example.org"), with: house.grant())
        #expect(await failing("other", .gitlab) == .notFound)
        #expect(await failing(nil, .gitlab) == .notFound)
        #expect(await failing("main", .github) == .invalidRequest)
        #expect(await failing("main", .gitlab) == .invalidRequest)
    }

    @Test func `a browser is told that it renews, and renews what was asked for`() async throws {
        let (house, _) = try await Self.house()
        let before = try await house.broker.authorize(Self.offer("main", "tom"), with: house.grant())
        let state = try Self.state(
            try await house.broker.redirect(to: .github, site: nil, name: "main", renewing: true, with: house.grant()))
        let pending = try #require(try await house.broker.pending(state))
        #expect(pending.isRenewal && pending.name?.text == "main")
        let after = try await house.broker.authorize("another-name", code: Secret("tim"), state: state)
        #expect((after.id, after.name.text, after.mode, after.user) == (before.id, "main", .oauth, "tim"))
        #expect(try await house.broker.authorizations(house.grant()).count == 1)
    }

    @Test func `a visit to renew what was deleted meanwhile makes nothing, also where its name is taken again`()
        async throws
    {
        let (house, _) = try await Self.house()
        _ = try await house.broker.authorize(Self.offer("main", "tom"), with: house.grant())
        func visit() async throws -> Secret {
            try Self.state(
                try await house.broker.redirect(
                    to: .github, site: nil, name: "main", renewing: true, with: house.grant()))
        }
        let (first, second) = (try await visit(), try await visit())
        try await house.broker.delete("main", with: house.grant())
        #expect(
            await Self.code {
                _ = try await house.broker.authorize("main", code: Secret("tim"), state: first)
            } == .notFound)
        let other = try await house.broker.authorize(Self.offer("main", "tom"), with: house.grant())
        #expect(
            await Self.code {
                _ = try await house.broker.authorize("main", code: Secret("tim"), state: second)
            } == .notFound)
        #expect(try await house.broker.authorizations(house.grant()) == [other])
    }

    @Test func `the operator authorizes anew for any tenant, and begins no visit`() async throws {
        let (house, _) = try await Self.house()
        _ = try await house.broker.authorize(Self.offer("main", "tom"), with: house.grant())
        let grant = Grant.authorise(operatorOf: house.vault, to: .createAuthorization, in: house.caller.tenant)
        #expect(grant.caller == nil && grant.tenant == house.caller.tenant.id)
        let renewed = try await house.broker.reauthorize(Self.offer("main", "tim"), with: grant)
        #expect(renewed.user == "tim")
        #expect(
            await Self.code {
                _ = try await house.broker.redirect(to: .github, site: nil, name: nil, with: grant)
            } == .unsupported)
    }
}
