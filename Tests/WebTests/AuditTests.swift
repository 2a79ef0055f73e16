// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import Hummingbird
import Model
import Storage
import TestSupport
import Testing

@testable import Web

/// What the API leaves in the record.
@Suite struct AuditTests {
    private func entries(_ site: TestSite) async throws -> [AuditEntry] {
        await site.house.audit.flush()
        return try await site.house.store.auditEntries(after: 0, limit: 1000)
    }

    @Test(arguments: DoorTests.samples) func `every operation leaves one event`(sample: DoorTests.Sample) async throws {
        try await TestSite.withSite { site async throws in
            try await site.storeMain()
            try await site.house.store(.password(user: "octavia", password: Secret("canary")), named: "pass")
            let answer = try await site.call(sample.method, sample.path, body: try await site.body(of: sample))
            #expect(answer.status == sample.status)
            let all = try await entries(site)
            let entry = try #require(all.first)
            #expect(all.count == 1)
            let event = entry.event
            #expect(event.action == sample.id)
            #expect(event.tenant == site.house.caller.tenant.id)
            #expect((event.actor, event.userID, event.userName) == (.user, site.house.caller.user.id, "alice"))
            #expect((event.status, event.errorCode) == (sample.status, nil))
            #expect(event.requestID == answer.headers[.xRequestID])
            #expect(event.time == site.house.clock.wall.milliseconds)
            #expect(event.authorization == sample.authorization)
            #expect((event.authorizationID != nil) == (sample.authorization != nil))
            #expect(event.forge == (sample.authorization == nil ? nil : "github"))
            #expect(event.repository == sample.repository)
            #expect(!"\(all)".contains("canary"))
            #expect(try await site.house.vault.verifyAudit().fault == nil)
        }
    }

    @Test(arguments: DoorTests.samples) func `a change is in the store before it is acknowledged`(
        sample: DoorTests.Sample
    )
        async throws
    {
        let isChange =
            ["Create", "Update", "Set", "Delete"].contains { sample.id.hasPrefix($0) }
            && sample.path.hasPrefix("/auths")
        guard isChange else { return }
        try await TestSite.withSite { site async throws in
            try await site.storeMain()
            let body = try await site.body(of: sample)
            #expect(try await site.call(sample.method, sample.path, body: body).status == sample.status)
            // Nobody has flushed.
            #expect(try await site.house.store.auditEntries(after: 0, limit: 10).map(\.event.action) == [sample.id])
        }
    }

    @Test func `a change that cannot be recorded is not acknowledged, and is recorded later`() async throws {
        try await TestSite.withSite { site async throws in
            try await site.storeMain()
            try site.house.sql("ALTER TABLE audit_head RENAME TO away")
            let answer = try await site.call(.delete, "/auths/main")
            #expect(answer.status == 500 && answer.code == "SVCSTG.REPO.0500", "\(answer.text)")
            try site.house.sql("ALTER TABLE away RENAME TO audit_head")
            let all = try await entries(site)
            #expect(all.map(\.event.action) == ["DeleteAuthorize"] && all.first?.event.authorization == "main")
        }
    }

    @Test(arguments: DoorTests.samples) func `whoever is refused at another tenant's door is in his own record`(
        sample: DoorTests.Sample
    ) async throws {
        try await TestSite.withSite { site async throws in
            try await site.storeMain()
            let headers = ["X-Auth-Token": try await site.token(of: site.house.stranger), "X-Repo-Auth": "main"]
            let answer = try await site.send(
                sample.method, site.address(of: sample.path), headers: headers, body: sample.body)
            #expect(answer.status == 403)
            let all = try await entries(site)
            #expect(all.count == 1)
            let event = try #require(all.first?.event)
            #expect((event.tenant, event.action) == (site.house.stranger.tenant.id, sample.id))
            #expect((event.status, event.errorCode) == (403, "APIGW.0302"))
            #expect(event.authorization == nil && event.repository == nil)
        }
    }

    @Test func `what was refused is told with its code, and a name that is none is not told`() async throws {
        try await TestSite.withSite { site async throws in
            let path = "/repos/octavia/harbour/branches"
            let answer = try await site.call(.get, path, headers: ["X-Repo-Auth": "ghp_canary-in-the-wrong-place"])
            #expect(answer.status == 400)
            _ = try await site.call(.delete, "/auths/canary-unknown")
            _ = try await site.call(.post, "/auths/github/personal", body: #"{"name":"x","token":"canary"}"#)
            let all = try await entries(site)
            #expect(all.map(\.event.status) == [400, 404, 400])
            #expect(all.map(\.event.errorCode) == ["SVCSTG.REPO.0450", "SVCSTG.REPO.0404", "SVCSTG.REPO.0400"])
            #expect(!"\(all)".contains("canary"))
        }
    }

    @Test func `nobody's request leaves nothing`() async throws {
        try await TestSite.withSite { site async throws in
            #expect(try await site.send(.get, site.root + "/auths").status == 401)
            #expect(try await site.send(.post, "/oauth/callback", body: "name=none&code=c&state=s").status == 400)
            #expect(try await entries(site).isEmpty)
        }
    }

    @Test func `the page that a browser comes back to records for whoever asked for the visit`() async throws {
        try await TestSite.withSite { site async throws in
            let address = try await site.house.broker.redirect(
                to: .github, site: nil, name: "paged", with: site.house.grant())
            let state = URLComponents(string: address)?.queryItems?.first { $0.name == "state" }?.value ?? ""
            let form = "name=paged&code=canary-code&state=\(state)"
            #expect(try await site.send(.post, "/oauth/callback", body: form).status == 200)
            let all = try await site.house.store.auditEntries(after: 0, limit: 10)
            #expect(all.map(\.event.action) == ["OAuthCallback"])
            #expect(all.first?.event.userID == site.house.caller.user.id && all.first?.event.authorization == "paged")
            #expect(!"\(all)".contains("canary") && !"\(all)".contains(state))
        }
    }

    @Test func `a tenant reads its own record, newest first, page by page`() async throws {
        try await TestSite.withSite { site async throws in
            try await site.storeMain()
            for _ in 0..<3 { _ = try await site.call(.get, "/auths/main") }
            let foreign = ["X-Auth-Token": try await site.token(of: site.house.stranger)]
            let theirs = "/v1/\(site.house.stranger.tenant.id)/git/auths"
            _ = try await site.send(.get, theirs, headers: foreign)
            _ = try await site.call(.delete, "/auths/main")
            let page = try await site.call(.get, "/audit?limit=3").json()
            let events = try #require(page["events"] as? [[String: Any]])
            #expect(
                events.map { $0["trace_name"] as? String } == [
                    "deleteAuthorize", "showAuthorization", "showAuthorization",
                ])
            #expect(events.allSatisfy { $0["resource_type"] as? String == "repositoryAuth" })
            #expect(events.allSatisfy { $0["resource_name"] as? String == "main" })
            #expect(events[0]["resource_id"] == nil && events[0]["sequence"] == nil && events[0]["hash"] == nil)
            let marker = try #require(page["next_marker"] as? String)
            let rest = try await site.call(.get, "/audit?limit=1000&marker=\(marker)").json()
            #expect(rest["count"] as? Int == 1 && rest["next_marker"] is NSNull)
            let other = try await site.send(
                .get, "/v1/\(site.house.stranger.tenant.id)/audit?marker=\(marker)", headers: foreign)
            #expect(other.status == 400)
            for query in ["limit=0", "limit=1001", "limit=x", "marker=none"] {
                #expect(try await site.call(.get, "/audit?\(query)").status == 400)
            }
        }
    }
}

extension DoorTests.Sample {
    /// The authorization that the operation finds or makes.
    fileprivate var authorization: String? {
        switch id {
        case "ListAuthorizations", "ShowRedirectUrl", "ListAuditEvents": nil
        case "CreateOAuth": "new-flow"
        case "CreatePersonalAuth": "new-one"
        case "CreatePasswordAuth": "new-two"
        case "CheckRepositoryPassword": "pass"
        default: "main"
        }
    }

    fileprivate var repository: String? {
        guard path.hasPrefix("/repos") || path.hasPrefix("/files") else { return nil }
        return ["ListNamespaces", "ListProjects"].contains(id) ? nil : "octavia/harbour"
    }
}
