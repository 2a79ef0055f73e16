// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import Hummingbird
import Model
import TestSupport
import Testing

@testable import Web

@Suite struct SiteTests {
    @Test func `liveness needs nothing, readiness the store`() async throws {
        try await TestSite.withSite { site async throws in
            #expect(try await site.send(.get, "/livez").status == 200)
            #expect(try await site.send(.get, "/readyz").status == 200)
            #expect(try await site.send(.head, "/livez").status == 200)
            #expect(try await site.send(.head, "/readyz").status == 200)
        }
        try await TestSite.withSite(isReady: false) { site async throws in
            #expect(try await site.send(.get, "/livez").status == 200)
            #expect(try await site.send(.get, "/readyz").status == 503)
        }
    }

    @Test func `the root lists the versions of the identity API, for clients that look for them`() async throws {
        try await TestSite.withSite { site async throws in
            let root = try await site.send(.get, "/")
            #expect(root.status == 300)
            let versions = try #require(try root.json()["versions"] as? [String: Any])
            let version = try #require((versions["values"] as? [[String: Any]])?.first)
            #expect(version["id"] as? String == "v3.14")
            let links = try #require(version["links"] as? [[String: Any]])
            #expect(links.first?["href"] as? String == "https://gate.example.org/v3/")
        }
    }

    @Test func `a list has the documented members, tag included`() async throws {
        try await TestSite.withSite { site async throws in
            try await site.storeMain()
            let listed = try await site.call(.get, "/auths").json()
            #expect(listed["count"] as? Int == 1)
            let item = try #require((listed["authorizations"] as? [[String: Any]])?.first)
            #expect(
                Set(item.keys) == [
                    "name", "repo_type", "repo_host", "repo_home", "repo_user", "avartar", "token_type", "create_time",
                    "update_time", "tag", "status",
                ])
            #expect(item["tag"] is NSNull)
            #expect(item["create_time"] as? Int == 1_735_819_200_000)
        }
    }

    @Test func `a token is issued, checked and revoked as Keystone does it`() async throws {
        try await TestSite.withSite { site async throws in
            let body = """
                {"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"alice","password":"\(TestHouse.password.exposed)",
                "domain":{"name":"acme"}}}},"scope":{"project":{"name":"acme","domain":{"name":"acme"}}}}}
                """
            let issued = try await site.send(.post, "/v3/auth/tokens", body: body)
            #expect(issued.status == 201)
            let token = try #require(issued.headers[.xSubjectToken])
            #expect(!issued.text.contains(token))
            let both = ["X-Auth-Token": token, "X-Subject-Token": token]
            #expect(try await site.send(.get, "/v3/auth/tokens", headers: both).status == 200)
            let head = try await site.send(.head, "/v3/auth/tokens", headers: both)
            #expect((head.status, head.text) == (200, ""))
            #expect(try await site.send(.get, "\(site.root)/auths", headers: both).status == 200)
            #expect(try await site.send(.delete, "/v3/auth/tokens", headers: both).status == 204)
            #expect(try await site.send(.get, "\(site.root)/auths", headers: both).status == 401)
            let wrong = try await site.send(
                .post, "/v3/auth/tokens", body: body.replacingOccurrences(of: TestHouse.password.exposed, with: "wrong")
            )
            #expect(wrong.status == 401)
            let refusal = try wrong.json()["error"] as? [String: Any]
            #expect(refusal?["code"] as? Int == 401)
        }
    }

    @Test(arguments: ["", "{}", "[]", "{\"auth\":1}", "{\"auth\":{\"identity\":{\"methods\":[\"password\"]}}}"])
    func `a sign-in that is none is told so in Keystone's form`(body: String) async throws {
        try await TestSite.withSite { site async throws in
            let answer = try await site.send(.post, "/v3/auth/tokens", body: body)
            #expect(answer.status == 400)
            let refusal = try answer.json()["error"] as? [String: Any]
            #expect(refusal?["title"] as? String == "Bad Request")
        }
    }

    @Test func `the callback page says who asks, escapes what it shows, and completes the flow`() async throws {
        try await TestSite.withSite { site async throws in
            let address = try await site.house.broker.redirect(
                to: .github, site: nil, name: "paged", with: site.house.grant())
            let state = URLComponents(string: address)?.queryItems?.first { $0.name == "state" }?.value ?? ""
            let shown = try await site.send(.get, "/oauth/callback?code=%22%3E%3Cscript%3E&state=\(state)")
            #expect(shown.status == 200)
            #expect(
                shown.text.contains("alice") && shown.text.contains("acme") && shown.text.contains("value=\"paged\""))
            #expect(!shown.text.contains("<script>"))
            #expect(shown.headers[.contentSecurityPolicy]?.contains("default-src 'none'") == true)
            #expect(shown.headers[.cacheControl] == "no-store")
            let form = "name=paged&code=c&state=\(state)"
            let done = try await site.send(.post, "/oauth/callback", body: form)
            #expect(done.status == 200, "\(done.text)")
            #expect(try await site.house.broker.authorizations(site.house.grant()).map(\.name.text) == ["paged"])
            #expect(try await site.send(.post, "/oauth/callback", body: form).status == 400)
        }
    }

    @Test func `the callback page says what it renews, asks for no name, and renews it`() async throws {
        try await TestSite.withSite { site async throws in
            try await site.storeMain()
            let asked = try await site.call(.get, "/auths/github/redirect?name=main&reauthorize=true").json()
            let address = try #require(asked["url"] as? String)
            let state = URLComponents(string: address)?.queryItems?.first { $0.name == "state" }?.value ?? ""
            let shown = try await site.send(.get, "/oauth/callback?code=c&state=\(state)")
            #expect(shown.status == 200)
            #expect(shown.text.contains("alice of acme has asked to renew the authorization main"), "\(shown.text)")
            #expect(shown.text.contains("type=\"hidden\" name=\"name\" value=\"main\""))
            #expect(!shown.text.contains("<label") && shown.text.contains("UpdateOAuth"))
            let done = try await site.send(.post, "/oauth/callback", body: "name=main&code=c&state=\(state)")
            #expect(done.status == 200 && done.text.contains("is renewed"), "\(done.text)")
            let after = try #require(try await site.house.broker.authorizations(site.house.grant()).first)
            #expect((after.name.text, after.mode) == ("main", .oauth))
            #expect(
                try await site.send(.post, "/oauth/callback", body: "name=main&code=c&state=\(state)").status == 400)
        }
    }

    @Test func `an authorization that was deleted during the visit is not made anew`() async throws {
        try await TestSite.withSite { site async throws in
            try await site.storeMain()
            let asked = try await site.call(.get, "/auths/github/redirect?name=main&reauthorize=true").json()
            let address = try #require(asked["url"] as? String)
            let state = URLComponents(string: address)?.queryItems?.first { $0.name == "state" }?.value ?? ""
            #expect(try await site.call(.delete, "/auths/main").status == 204)
            let told = try await site.send(.post, "/oauth/callback", body: "name=main&code=c&state=\(state)")
            #expect(told.status == 404 && told.text.contains("No authorization was made"), "\(told.text)")
            #expect(try await site.house.broker.authorizations(site.house.grant()).isEmpty)
        }
    }

    @Test(arguments: ["x", "", "taken", String(repeating: "a", count: 64)])
    func `a name that cannot be is told beside the form, and the visit stays good`(name: String) async throws {
        try await TestSite.withSite { site async throws in
            func visit(_ name: String) async throws -> String {
                let address = try await site.house.broker.redirect(
                    to: .github, site: nil, name: nil, with: site.house.grant())
                return URLComponents(string: address)?.queryItems?.first { $0.name == "state" }?.value ?? ""
            }
            let first = try await visit("taken")
            #expect(
                try await site.send(.post, "/oauth/callback", body: "name=taken&code=c&state=\(first)").status == 200)
            let state = try await visit("second")
            let told = try await site.send(.post, "/oauth/callback", body: "name=\(name)&code=c&state=\(state)")
            #expect(told.status == 400)
            #expect(told.text.contains("<form") && told.text.contains("value=\"\(state)\""))
            #expect(told.text.contains("role=\"alert\"") && told.text.contains("name"))
            let done = try await site.send(.post, "/oauth/callback", body: "name=second&code=c&state=\(state)")
            #expect(done.status == 200, "\(done.text)")
        }
    }

    @Test func `a stranger's body is not read, and a sign-in's is short`() async throws {
        try await TestSite.withSite { site async throws in
            let large = String(repeating: " ", count: (12 << 20) + 1)
            // Were it read, it would be too large.
            let path = "\(site.root)/auths/github/personal"
            #expect(try await site.send(.post, path, body: large).status == 401)
            let signed = [
                "Authorization": "SDK-HMAC-SHA256 Access=NOBODY, SignedHeaders=x-sdk-date, Signature=00",
                "Content-Length": String(large.utf8.count),
            ]
            #expect(try await site.send(.post, path, headers: signed, body: large).status == 401)
            let token = ["X-Auth-Token": "gate_nobody"]
            #expect(try await site.send(.post, path, headers: token, body: large).status == 401)
            let signIn = try await site.send(
                .post, "/v3/auth/tokens", body: String(repeating: " ", count: (64 << 10) + 1))
            #expect(signIn.status == 413)
            #expect((try signIn.json()["error"] as? [String: Any])?["code"] as? Int == 413)
        }
    }

    @Test(arguments: [
        "", "?code=x", "?state=x", "?code=x&state=y", "?error=access_denied&state=x", "?code=%FF&state=%FF",
    ]) func `a visit that is none gets a page that says so`(query: String) async throws {
        try await TestSite.withSite { site async throws in
            let answer = try await site.send(.get, "/oauth/callback\(query)")
            #expect(answer.status == 400)
            #expect(answer.headers[.contentType]?.hasPrefix("text/html") == true)
        }
    }
}
