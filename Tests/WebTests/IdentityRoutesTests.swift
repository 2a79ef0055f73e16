// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Crypto
import Foundation
import Forges
import HTTPTypes
import Hummingbird
import Model
import Storage
import TestSupport
import Testing

@testable import Web

/// The identity's routes for Huawei Cloud's libraries, and requests that are signed.
@Suite struct IdentityRoutesTests {
    static let keys = "/v3.0/OS-CREDENTIAL/securitytokens"
    static let asked = #"{"auth":{"identity":{"methods":["token"],"token":{"duration_seconds":900}}}}"#

    /// What a client signs and sends, with no query.
    private func headers(
        _ method: String, _ path: String, body: String = "", key: (id: String, secret: String), date: String,
        more: [String: String] = [:]
    ) -> [String: String] {
        func hex(_ bytes: some Sequence<UInt8>) -> String { Hexadecimal.encode(bytes) }
        let canonical =
            "\(method)\n\(path)/\n\nx-sdk-date:\(date)\n\nx-sdk-date\n"
            + hex(SHA256.hash(data: Data(body.utf8)))
        let text = "SDK-HMAC-SHA256\n\(date)\n\(hex(SHA256.hash(data: Data(canonical.utf8))))"
        let code = HMAC<SHA256>.authenticationCode(
            for: Data(text.utf8), using: SymmetricKey(data: Data(key.secret.utf8)))
        return [
            "X-Sdk-Date": date,
            "Authorization": "SDK-HMAC-SHA256 Access=\(key.id), SignedHeaders=x-sdk-date, Signature=\(hex(code))",
        ].merging(more) { $1 }
    }

    private func date(_ site: TestSite) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "yyyyMMdd'T'HHmmss'Z'"
        return formatter.string(
            from: Date(timeIntervalSince1970: Double(site.house.clock.wall.milliseconds / 1000)))
    }

    private func permanentKey(_ site: TestSite) async throws -> (id: String, secret: String) {
        let key = try await site.house.identity.createAccessKey(for: site.house.caller.user)
        return (key.key.id, key.secret.exposed)
    }

    private func error(_ answer: TestSite.Answer) throws -> [String: Any]? {
        try answer.json()["error"] as? [String: Any]
    }

    @Test func `a token and a temporary key that a caller gets are on record, and what is refused is not`() async throws
    {
        try await TestSite.withSite { site async throws in
            func signIn(_ password: String) async throws -> TestSite.Answer {
                try await site.send(
                    .post, "/v3/auth/tokens",
                    body:
                        #"{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"\#(site.house.caller.user.id)","password":"\#(password)"}}}}}"#
                )
            }
            #expect(try await signIn("wrong").status == 401)
            let made = try await signIn(TestHouse.password.exposed)
            let token = try #require(made.headers[.xSubjectToken])
            let issued = try await site.send(.post, Self.keys, headers: ["X-Auth-Token": token], body: Self.asked)
            let credential = try #require(try issued.json()["credential"] as? [String: String])
            let page = try await site.house.vault.auditPage(
                of: site.house.caller.tenant.id, before: nil, limit: 10)
            let events = page.map(\.event)
            #expect(events.map(\.action) == ["CreateTemporaryAccessKey", "CreateToken"])
            #expect(events.allSatisfy { $0.userID == site.house.caller.user.id && $0.status == 201 })
            #expect(events.map(\.authorization) == [credential["access"], nil])
            #expect(events.map(\.resourceType) == ["accessKey", "token"])
        }
    }

    @Test func `a temporary key is issued for a token and opens the API with its security token`() async throws {
        try await TestSite.withSite { site async throws in
            let token = try await site.token()
            let issued = try await site.send(.post, Self.keys, headers: ["X-Auth-Token": token], body: Self.asked)
            #expect(issued.status == 201)
            let credential = try #require(try issued.json()["credential"] as? [String: String])
            let key = (id: try #require(credential["access"]), secret: try #require(credential["secret"]))
            let security = ["X-Security-Token": try #require(credential["securitytoken"])]
            let path = site.root + "/auths"
            func status(_ more: [String: String]) async throws -> Int {
                try await site.send(.get, path, headers: headers("GET", path, key: key, date: date(site), more: more))
                    .status
            }
            #expect(try await status(security) == 200)
            #expect(try await status([:]) == 401)
            #expect(try await status(["X-Security-Token": "another"]) == 401)
            site.house.clock.advance(seconds: 900)
            #expect(try await status(security) == 401)
        }
    }

    @Test func `a temporary key is given to nobody without a good token`() async throws {
        try await TestSite.withSite { site async throws in
            let token = try await site.token()
            let stranger = try await site.token(of: site.house.stranger)
            let inside = #"{"auth":{"identity":{"methods":["token"],"token":{"id":"TOKEN"}}}}"#
            for (header, body, status) in [
                (nil, Self.asked, 401), ("wrong", Self.asked, 401), (nil, inside, 401), ("wrong", "no JSON", 401),
                (token, "", 400), (token, "{}", 400), (nil, "{}", 400), (token, "[1]", 400),
                (token, Self.asked.replacingOccurrences(of: "900", with: "899"), 400),
                (token, Self.asked.replacingOccurrences(of: "900", with: "86401"), 400),
                (stranger, inside.replacingOccurrences(of: "TOKEN", with: token), 400),
                (token, Self.asked + String(repeating: " ", count: 64 << 10), 413),
                (nil, inside.replacingOccurrences(of: "TOKEN", with: token), 201), (token, Self.asked, 201),
            ] as [(String?, String, Int)] {
                let headers = header.map { ["X-Auth-Token": $0] } ?? [:]
                let answer = try await site.send(.post, Self.keys, headers: headers, body: body)
                #expect(answer.status == status, "\(answer.text)")
                if status >= 400 { #expect(try error(answer)?["code"] as? Int == status) }
            }
            // A signature is not a token: a temporary key gets no other one.
            let key = try await permanentKey(site)
            let signed = headers("POST", Self.keys, body: Self.asked, key: key, date: date(site))
            #expect(try await site.send(.post, Self.keys, headers: signed, body: Self.asked).status == 401)
            site.house.clock.advance(seconds: 24 * 3600 + 1)
            let late = try await site.send(.post, Self.keys, headers: ["X-Auth-Token": token], body: Self.asked)
            #expect(late.status == 401)
        }
    }

    @Test func `projects and domains are told to who signs, and to nobody else`() async throws {
        try await TestSite.withSite { site async throws in
            let key = try await permanentKey(site)
            let wrong = (id: key.id, secret: "wrong")
            for path in ["/v3/projects", "/v3/auth/projects", "/v3/auth/domains"] {
                let signed = headers("GET", path, key: key, date: date(site))
                #expect(try await site.send(.get, path, headers: signed).status == 200)
                #expect(
                    try await site.send(.get, path, headers: ["X-Auth-Token": try await site.token()]).status == 200)
                for none in [[:], ["X-Auth-Token": "wrong"], headers("GET", path, key: wrong, date: date(site))] {
                    let answer = try await site.send(.get, path, headers: none)
                    #expect(answer.status == 401)
                    #expect(try error(answer)?["title"] as? String == "Unauthorized")
                }
                let foreign = headers(
                    "GET", path, key: key, date: date(site),
                    more: ["X-Project-Id": site.house.stranger.tenant.id.text])
                #expect(try await site.send(.get, path, headers: foreign).status == 403)
            }
            for (name, count) in [("acme", 1), ("cn-north-4", 1), ("RegionOne", 1), ("rival", 0)] {
                let answer = try await site.send(
                    .get, "/v3/projects?name=\(name)", headers: ["X-Auth-Token": try await site.token()])
                let projects = try #require(try answer.json()["projects"] as? [[String: Any]])
                #expect(projects.count == count, "\(name)")
                #expect(projects.allSatisfy { $0["id"] as? String == site.house.caller.tenant.id.text })
            }
        }
    }

    @Test func `a signed request that changes something is carried out once`() async throws {
        try await TestSite.withSite { site async throws in
            try await site.storeMain()
            let key = try await permanentKey(site)
            let path = site.root + "/auths/main"
            let signed = headers("DELETE", path, key: key, date: date(site))
            #expect(try await site.send(.delete, path, headers: signed).status == 204)
            try await site.storeMain()
            site.house.clock.advance(seconds: 3)
            let again = try await site.send(.delete, path, headers: signed)
            #expect((again.status, again.code) == (401, "APIGW.0301"))
            #expect(again.message?.contains("used already") == true)
            #expect(try await site.house.broker.authorizations(site.house.grant()).count == 1)
        }
    }

    @Test func `a signed request that is told to come later may come later as it is`() async throws {
        let network = StubNetwork { request in
            request.method == .get
                ? StubGitHub.answer(request) : .json("{}", status: 429, headers: ["Retry-After": "7"])
        }
        try await TestSite.withSite(network: network) { site async throws in
            try await site.storeMain()
            let key = try await permanentKey(site)
            let path = site.root + "/repos/octavia/projects"
            let body = #"{"name":"harbour"}"#
            let signed = headers(
                "POST", path, body: body, key: key, date: date(site), more: ["X-Repo-Auth": "main"])
            for _ in 0..<3 {
                let answer = try await site.send(.post, path, headers: signed, body: body)
                #expect((answer.status, answer.code) == (429, "SVCSTG.REPO.0429"), "\(answer.text)")
                site.house.clock.advance(seconds: 7)
            }
        }
    }
}
