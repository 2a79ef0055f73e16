// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import HTTPTypes
import Model
import Storage
import TestSupport
import Testing

@testable import Web

/// What a caller is told whose tenant uses too much.
@Suite struct QuotaRouteTests {
    @Test(arguments: DoorTests.samples) func `every operation counts, and too many are told so`(
        sample: DoorTests.Sample
    ) async throws {
        let quota = Quota(authorizations: 0, requests: 1, burst: 1, calls: 0)
        try await TestSite.withSite(quota: quota) { site async throws in
            let token = ["X-Auth-Token": try await site.token()]
            _ = try await site.send(.get, "\(site.root)/auths", headers: token)
            let refused = try await site.send(sample.method, site.address(of: sample.path), headers: token)
            #expect((refused.status, refused.code) == (429, "APIGW.0308"))
            #expect(refused.headers[.retryAfter] == "1")
            #expect(refused.message?.contains("quota of requests") == true)
            // Another tenant is not touched, and a stranger costs nobody anything.
            let other = ["X-Auth-Token": try await site.token(of: site.house.stranger)]
            let answer = try await site.send(
                .get, "/v1/\(site.house.stranger.tenant.id)/git/auths", headers: other)
            #expect(answer.status == 200)
            site.house.clock.advance(seconds: 1)
            for _ in 1...5 {
                let nobody = try await site.send(sample.method, site.address(of: sample.path))
                #expect(nobody.status == 401)
            }
            #expect(try await site.send(.get, "\(site.root)/auths", headers: token).status == 200)
            // What was too much is not in the record.
            await site.house.audit.flush()
            let events = try await site.house.vault.auditPage(of: site.house.caller.tenant.id, before: nil, limit: 9)
            #expect(events.allSatisfy { $0.event.status == 200 } && events.count == 2)
        }
    }

    @Test func `a full quota of authorizations is told in every way of making one`() async throws {
        let quota = Quota(authorizations: 2, requests: 0, burst: 0, calls: 0)
        try await TestSite.withSite(quota: quota) { site async throws in
            let address = try await site.call(.get, "/auths/github/redirect").json()["url"] as? String ?? ""
            let state = URLComponents(string: address)?.queryItems?.first { $0.name == "state" }?.value ?? ""
            #expect(!state.isEmpty)
            try await site.storeMain()
            try await site.house.store(.personal(Secret("x")), named: "more")
            for (path, body) in [
                ("/auths/github/personal", #"{"name":"third","token":"t"}"#),
                ("/auths/github/password", #"{"name":"third","user":"u","password":"p"}"#),
                ("/auths/github/oauth", #"{"name":"third","code":"c","state":"\#(state)"}"#),
            ] {
                let refused = try await site.call(.post, path, body: body)
                #expect((refused.status, refused.code) == (429, "SVCSTG.REPO.0455"), "\(path)")
                #expect(refused.headers[.retryAfter] == "3600")
                #expect(refused.message?.contains("quota") == true)
            }
            let page = try await site.send(
                .post, "/oauth/callback", headers: ["Content-Type": "application/x-www-form-urlencoded"],
                body: "name=third&code=c&state=\(state)")
            #expect(page.status == 429 && page.headers[.retryAfter] == "3600" && page.text.contains("quota"))
            // The visit is still good when there is room.
            #expect(try await site.call(.delete, "/auths/more").status == 204)
            let again = try await site.send(
                .post, "/oauth/callback", headers: ["Content-Type": "application/x-www-form-urlencoded"],
                body: "name=third&code=c&state=\(state)")
            #expect(again.status == 200, "\(again.text)")
        }
    }
}
