// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import Synchronization
import TestSupport
import Testing

@testable import Forges

/// The way from a stored password to a token.
struct IAMTests {
    private static let user = #"{"id":1,"name":"ada","username":"c1d2"}"#

    private func fail(
        _ network: StubNetwork, user: String = "acme/ada", host: ForgeHost = .official(.devcloud)
    ) async -> ForgeError? {
        let source = CredentialSource.fixed(.password(user: user, password: Secret(CodeArtsBench.password)))
        return await failure { () throws(ForgeError) in
            _ = try await host.open(source, upstream: network.upstream).account()
        }
    }

    @Test func `a password becomes a token of the region, for the user and account that it names`() async throws {
        let network = CodeArtsBench.network { _, _ in .json(Self.user) }
        #expect(try await CodeArtsBench.open(network).account().login == "ada")
        let requests = network.requests
        #expect(requests.map(\.url) == [CodeArtsBench.tokens, CodeArtsBench.api + "/v4/user/emails"])
        let expected = #"""
            {"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"ada","password":"\#(CodeArtsBench.password)",
            "domain":{"name":"acme"}}}},"scope":{"project":{"name":"cn-north-4"}}}}
            """#
        #expect(try JSONTree(parsing: requests[0].body ?? []) == JSONTree(parsing: Data(expected.utf8)))
        #expect(requests[0].header("Content-Type") == "application/json")
        #expect(requests[0].header("X-Auth-Token") == nil)
        #expect(requests[1].header("X-Auth-Token") == CodeArtsBench.token)
        #expect(!requests[1].headers.contains { $0.value.contains(CodeArtsBench.password) })
    }

    @Test func `an account's own user may be named once`() async throws {
        let network = CodeArtsBench.network { _, _ in .json(Self.user) }
        #expect(await fail(network, user: "acme") == nil)
        let body = try JSONTree(parsing: network.requests[0].body ?? [])
        let person = body["auth"]?["identity"]?["password"]?["user"]
        #expect(person?["name"]?.string == "acme")
        #expect(person?["domain"]?["name"]?.string == "acme")
    }

    @Test(arguments: ["", "/", "acme/", "/ada", "acme/ada/x"])
    func `a user of another form is refused before anything is sent`(user: String) async {
        let network = StubNetwork()
        #expect(await fail(network, user: user)?.code == .invalidRequest)
        #expect(network.requests.isEmpty)
    }

    @Test(arguments: [
        Credential.personal(Secret("t")),
        .oauth(OAuthTokens(accessToken: Secret("t"), refreshToken: nil, expires: nil, scopes: [])),
    ])
    func `no other credential is sent`(credential: Credential) async {
        let network = StubNetwork()
        let forge = ForgeHost.official(.devcloud).open(.fixed(credential), upstream: network.upstream)
        let error = await failure { () throws(ForgeError) in _ = try await forge.account() }
        #expect(error?.code == .unsupported)
        #expect(network.requests.isEmpty)
    }

    @Test(arguments: [
        (401, ForgeError.Code.credentialRejected), (403, .forbidden), (400, .invalidRequest), (404, .unavailable),
        (429, .rateLimited), (500, .unavailable), (503, .unavailable), (200, .unavailable), (302, .unavailable),
    ])
    func `IAM's refusals have their codes`(status: Int, code: ForgeError.Code) async {
        let network = StubNetwork { _ in
            .json(
                #"{"error":{"code":1,"message":"CANARY"}}"#, status: status,
                headers: ["Location": "https://evil.example/"])
        }
        let error = await fail(network)
        #expect(error?.code == code)
        #expect(error?.message.contains("CANARY") == false)
        #expect(error?.upstreamStatus == status)
        #expect(network.requests.count == 1)
    }

    @Test(arguments: [("", "{}"), ("t", "<html></html>")])
    func `an answer without a token is none`(token: String, body: String) async {
        let network = StubNetwork { _ in .json(body, status: 201, headers: ["X-Subject-Token": token]) }
        #expect(await fail(network)?.code == .unavailable)
    }

    @Test func `a rejected password is told, and no token is ever told`() async {
        let told = Mutex<[Bool]>([])
        let source = CredentialSource(
            current: { () throws(ForgeError) in .password(user: "acme/ada", password: Secret("p")) },
            renewed: { (_) throws(ForgeError) in nil }, proved: { accepted in told.withLock { $0.append(accepted) } })
        for (status, expected) in [(401, [false]), (500, []), (429, [])] {
            told.withLock { $0 = [] }
            let network = StubNetwork { _ in .json("{}", status: status) }
            let forge = ForgeHost.official(.devcloud).open(source, upstream: network.upstream)
            _ = await failure { () throws(ForgeError) in _ = try await forge.account() }
            #expect(told.withLock { $0 } == expected, "\(status)")
        }
    }

    @Test func `one login serves all calls, and all adapters over the same connections`() async throws {
        let network = CodeArtsBench.network { _, _ in .json(Self.user) }
        let upstream = network.upstream
        for _ in 0..<3 { _ = try await CodeArtsBench.open(upstream).account() }
        #expect(network.requests.filter { $0.url == CodeArtsBench.tokens }.count == 1)
        let other = ForgeHost.official(.devcloud).open(
            .fixed(.password(user: "acme/ada", password: Secret("other"))), upstream: upstream)
        _ = try await other.account()
        #expect(network.requests.filter { $0.url == CodeArtsBench.tokens }.count == 2)
    }

    @Test func `a refused token is changed for another one, once`() async throws {
        let logins = Count()
        let network = StubNetwork { request in
            if request.url == CodeArtsBench.tokens { return try CodeArtsBench.token("token-\(logins.next())") }
            return request.header("X-Auth-Token") == "token-0"
                ? .json(#"{"error_code":"DEV.00000003","error_msg":"认证信息过期"}"#, status: 401) : .json(Self.user)
        }
        let upstream = network.upstream
        #expect(try await CodeArtsBench.open(upstream).account().login == "ada")
        #expect(try await CodeArtsBench.open(upstream).account().login == "ada")
        #expect(logins.value == 2)
        #expect(network.requests.count == 5)

        let never = CodeArtsBench.network { _, _ in .json("{}", status: 401) }
        #expect(await fail(never)?.code == .credentialRejected)
        #expect(never.requests.count == 4)
    }

    @Test func `an installation's tokens are from its own origin, or from where the operator says`() async throws {
        let host = try #require(try ForgeHost.candidates(.devcloud, address: "https://repo.example.org").first)
        let network = StubNetwork { request in
            request.url.contains("/v3/") ? try CodeArtsBench.token("t") : .json(Self.user)
        }
        #expect(await fail(network, host: host) == nil)
        #expect(network.requests[0].url == "https://repo.example.org/v3/auth/tokens?nocatalog=true")
        let body = try JSONTree(parsing: network.requests[0].body ?? [])
        #expect(body["auth"]?["scope"] == .object(["domain": .object(["name": .string("acme")])]))

        let service = IAMService(address: "https://iam.example.org", project: "main")
        let upstream = Upstream(identities: [host: service]) { request in
            request.url == "https://iam.example.org/v3/auth/tokens?nocatalog=true"
                ? try CodeArtsBench.token("t") : .json(Self.user)
        }
        #expect(try await CodeArtsBench.open(upstream, host: host).account().login == "ada")
        // The operator's service is for the operator's host only.
        let other = try #require(try ForgeHost.candidates(.devcloud, address: "https://other.example").first)
        #expect(IAM(host: other, upstream: upstream).service.address == "https://other.example")
        #expect(IAM(host: .official(.devcloud), upstream: upstream).service.address == CodeArtsBench.identity)
    }
}

/// The tokens that are kept.
struct IAMTokensTests {
    private final class Clock: Sendable {
        let time = Mutex<Int64>(1_000_000)
    }

    private func key(_ tokens: IAMTokens, _ password: String = "p") -> IAMTokens.Key {
        tokens.key(address: "https://iam.example", scope: "x", user: "acme/ada", password: Secret(password))
    }

    @Test func `a token is used until shortly before its end`() async throws {
        let clock = Clock()
        let tokens = IAMTokens { clock.time.withLock { $0 } }
        let key = key(tokens)
        let logins = Count()
        func token() async throws(ForgeError) -> Secret {
            try await tokens.token(for: key) { () throws(ForgeError) in
                IAMToken(text: Secret("t\(logins.next())"), expires: clock.time.withLock { $0 } + 86_400)
            }
        }
        #expect(try await token().exposed == "t0")
        clock.time.withLock { $0 += 86_400 - IAMTokens.margin - 1 }
        #expect(try await token().exposed == "t0")
        clock.time.withLock { $0 += 1 }
        #expect(try await token().exposed == "t1")
    }

    @Test func `a token of a short life is used, and one that is over already is not kept`() async throws {
        let clock = Clock()
        let tokens = IAMTokens { clock.time.withLock { $0 } }
        let key = key(tokens)
        let logins = Count()
        for (life, expected) in [(60, "t0"), (60, "t0"), (60, "t0")] {
            let token = try await tokens.token(for: key) { () throws(ForgeError) in
                IAMToken(text: Secret("t\(logins.next())"), expires: clock.time.withLock { $0 } + Int64(life))
            }
            #expect(token.exposed == expected)
        }
        clock.time.withLock { $0 += 30 }
        for expected in ["t1", "t2"] {
            let token = try await tokens.token(for: key) { () throws(ForgeError) in
                IAMToken(text: Secret("t\(logins.next())"), expires: 0)
            }
            #expect(token.exposed == expected)
        }
    }

    /// All are under way before the one login is let go on.
    @Test func `many who ask at once wait for one login`() async throws {
        let tokens = IAMTokens()
        let key = key(tokens)
        let logins = Count()
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let found = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await tokens.token(for: key) { () throws(ForgeError) in
                        let number = logins.next()
                        for await _ in gate { break }
                        return IAMToken(text: Secret("t\(number)"), expires: .max)
                    }.exposed
                }
            }
            group.addTask {
                while logins.value == 0 { await Task.yield() }
                opener.yield()
                return "t0"
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(found == ["t0"])
        #expect(logins.value == 1)
    }

    @Test func `a login that fails, fails for all who wait, and not for the next`() async throws {
        let tokens = IAMTokens()
        let key = key(tokens)
        let refusal = ForgeError(.credentialRejected, .devcloud, "no")
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let logins = Count()
        let codes = await withTaskGroup(of: ForgeError?.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    await failure { () throws(ForgeError) in
                        _ = try await tokens.token(for: key) { () throws(ForgeError) in
                            _ = logins.next()
                            for await _ in gate { break }
                            throw refusal
                        }
                    }
                }
            }
            while logins.value == 0 { await Task.yield() }
            opener.finish()
            return await group.reduce(into: []) { $0.append($1?.code) }
        }
        #expect(codes == Array(repeating: .credentialRejected, count: 10))
        let token = try await tokens.token(for: key) { () throws(ForgeError) in
            IAMToken(text: Secret("good"), expires: .max)
        }
        #expect(token.exposed == "good")
    }

    @Test func `a login whose caller goes away is begun anew by one who waits`() async throws {
        let tokens = IAMTokens()
        let key = key(tokens)
        let logins = Count()
        let login: @Sendable () async throws(ForgeError) -> IAMToken = { () throws(ForgeError) in
            guard logins.next() == 0 else { return IAMToken(text: Secret("second"), expires: .max) }
            // Ends by cancellation only.
            let (never, _) = AsyncStream.makeStream(of: Void.self)
            for await _ in never {}
            throw ForgeError(.unavailable, .devcloud, "cut off")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await withTaskGroup(of: Void.self) { leader in
                    leader.addTask {
                        let error = await failure { () throws(ForgeError) in
                            _ = try await tokens.token(for: key, login: login)
                        }
                        #expect(error?.code == .unavailable)
                    }
                    while logins.value == 0 { await Task.yield() }
                    leader.cancelAll()
                }
            }
            while logins.value == 0 { await Task.yield() }
            group.addTask {
                let token = try await tokens.token(for: key, login: login)
                #expect(token.exposed == "second")
            }
            try await group.waitForAll()
        }
        #expect(logins.value == 2)
    }

    @Test func `what is kept of a password does not show it`() {
        let tokens = IAMTokens()
        let key = key(tokens, "CANARY-password")
        var shown = "\(key) \(String(reflecting: key))"
        dump(key, to: &shown)
        dump(tokens, to: &shown)
        #expect(!shown.contains("CANARY-password"))
        #expect(key == self.key(tokens, "CANARY-password"))
        #expect(key != self.key(tokens, "another"))
        #expect(key != self.key(IAMTokens(), "CANARY-password"))
    }
}
