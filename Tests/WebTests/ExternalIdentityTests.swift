// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Forges
import HTTPTypes
import Hummingbird
import Model
import Storage
import TestSupport
import Testing

@testable import Web

/// The site with an external Keystone: what opens the API, and what the identity's own routes say.
@Suite struct ExternalIdentityTests {
    private static let project = String(repeating: "b", count: 32)
    private static let root = "/v1/\(project)/git/auths"

    @Test func `a token of the Keystone opens its project and no other`() async throws {
        let keystone = StubKeystone()
        keystone.give("good")
        try await TestSite.withSite(keystone: keystone) { site async throws in
            let headers = ["X-Auth-Token": "good"]
            #expect(try await site.send(.get, Self.root, headers: headers).status == 200)
            let body = #"{"name":"mine","token":"canary"}"#
            let made = try await site.send(.post, Self.root + "/github/personal", headers: headers, body: body)
            #expect(made.status == 200, "\(made.text)")
            let other = try await site.send(.get, site.address(of: "/auths"), headers: headers)
            #expect(other.status == 403 && other.code == "APIGW.0302")
            #expect(try await site.house.vault.authorizations(of: site.house.caller.tenant.id).isEmpty)
        }
    }

    @Test func `each refusal has its status, code and sentence`() async throws {
        let keystone = StubKeystone()
        var unscoped = StubKeystone.Token()
        unscoped.project = nil
        keystone.give("unscoped", unscoped)
        keystone.give("old")
        keystone.expire("old")
        try await TestSite.withSite(keystone: keystone) { site async throws in
            for (token, status, code, word) in [
                ("unscoped", 403, "APIGW.0302", "auth.scope.project"), ("old", 401, "APIGW.0307", "expired"),
                ("none", 401, "APIGW.0301", StubKeystone.address),
            ] {
                let answer = try await site.send(.get, Self.root, headers: ["X-Auth-Token": token])
                #expect(answer.status == status && answer.code == code, "\(token): \(answer.text)")
                #expect(answer.message?.contains(word) == true, "\(answer.text)")
            }
            keystone.fail { _ in .json("", status: 503, headers: ["Retry-After": "17"]) }
            let down = try await site.send(.get, Self.root, headers: ["X-Auth-Token": "new"])
            #expect(down.status == 503 && down.code == "APIGW.0613" && down.headers[.retryAfter] == "17")
            #expect(down.message?.contains("identity service") == true)
            keystone.fail { _ in throw Upstream.Failure.unreachable("refused") }
            let gone = try await site.send(.get, Self.root, headers: ["X-Auth-Token": "new"])
            #expect(gone.status == 503 && gone.headers[.retryAfter] == "5")
        }
    }

    /// Of whom each operation is told the same, whatever else is in the request.
    private static let strangers: [(token: String?, status: Int, code: String)] = [
        (nil, 401, "APIGW.0301"), ("none", 401, "APIGW.0301"), ("old", 401, "APIGW.0307"),
        ("unscoped", 403, "APIGW.0302"), ("elsewhere", 403, "APIGW.0302"), ("down", 503, "APIGW.0613"),
    ]

    @Test func `no operation lets anybody in whom the Keystone does not vouch for`() async throws {
        let keystone = StubKeystone()
        var token = StubKeystone.Token()
        keystone.give("old", token)
        keystone.expire("old")
        keystone.give("elsewhere", token)
        token.project = nil
        keystone.give("unscoped", token)
        try await TestSite.withSite(keystone: keystone) { site async throws in
            keystone.fail { $0.header("X-Subject-Token") == "down" ? .json("", status: 500) : nil }
            for sample in DoorTests.samples {
                for (token, status, code) in Self.strangers {
                    var headers = ["X-Repo-Auth": "main"]
                    headers["X-Auth-Token"] = token
                    let answer = try await site.send(
                        sample.method, site.address(of: sample.path), headers: headers, body: sample.body)
                    #expect(answer.status == status && answer.code == code, "\(sample.id), \(token ?? "no token")")
                }
            }
            #expect(try await site.house.vault.authorizations(of: site.house.caller.tenant.id).isEmpty)
        }
    }

    @Test func `the identity's routes name the Keystone`() async throws {
        let keystone = StubKeystone()
        keystone.give("good")
        try await TestSite.withSite(keystone: keystone) { site async throws in
            let signIn = """
                {"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"alice",
                "password":"canary-user-password","domain":{"name":"acme"}}}}}}
                """
            let headers = ["X-Auth-Token": "good", "X-Subject-Token": "good"]
            for (method, path, body) in [
                (.post, "/v3/auth/tokens", signIn), (.get, "/v3/auth/tokens", nil), (.delete, "/v3/auth/tokens", nil),
                (.post, "/v3.0/OS-CREDENTIAL/securitytokens", IdentityRoutesTests.asked),
            ] as [(HTTPRequest.Method, String, String?)] {
                let answer = try await site.send(method, path, headers: headers, body: body)
                #expect(answer.status == 403, "\(method) \(path): \(answer.text)")
                #expect(answer.text.contains(StubKeystone.address), "\(answer.text)")
            }
            #expect(keystone.requests.isEmpty)
            for path in ["/v3/projects", "/v3/auth/projects", "/v3/auth/domains"] {
                let answer = try await site.send(.get, path, headers: ["X-Auth-Token": "good"])
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.text.contains(path.hasSuffix("domains") ? #""id":"default""# : Self.project))
            }
            keystone.fail { _ in .json("", status: 500) }
            let down = try await site.send(.get, "/v3/projects", headers: ["X-Auth-Token": "new"])
            #expect(down.status == 503 && down.headers[.retryAfter] == "5")
        }
    }
}
