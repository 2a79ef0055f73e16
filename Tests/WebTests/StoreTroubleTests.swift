// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import HTTPTypes
import Model
import TestSupport
import Testing

@testable import Storage
@testable import Web

/// What callers are told when the store is in trouble. What can be read is answered; what must be written is refused with a
/// sentence; nothing else fails with it.
struct StoreTroubleTests {
    private static let branches = "/repos/octavia/harbour/branches"

    private struct Caller {
        let site: TestSite
        let headers: [String: String]

        init(_ site: TestSite) async throws {
            self.site = site
            try await site.storeMain()
            // Signing in writes: it has been done before the trouble begins.
            headers = ["X-Auth-Token": try await site.token(), "X-Repo-Auth": "main"]
        }

        func get(_ path: String, as authorization: String = "main") async throws -> TestSite.Answer {
            try await site.send(
                .get, site.root + path, headers: headers.merging(["X-Repo-Auth": authorization]) { $1 })
        }

        func create(_ name: String) async throws -> TestSite.Answer {
            try await site.send(
                .post, site.root + "/auths/github/personal", headers: headers,
                body: #"{"name":"\#(name)","token":"canary-other-token"}"#)
        }

        func expectReads() async throws {
            let list = try await get("/auths")
            #expect(list.status == 200 && list.text.contains(#""main""#), "\(list.text)")
            let branches = try await get(StoreTroubleTests.branches)
            #expect(branches.status == 200, "\(branches.text)")
        }

        func expectRefusal(_ answer: TestSite.Answer) {
            #expect(answer.status == 500 && answer.code == "SVCSTG.REPO.0500", "\(answer.text)")
            #expect(answer.message == "The service cannot use its store right now. Try again later.")
        }
    }

    @Test func `a store that has become read-only is read, and a write says so`() async throws {
        try await TestSite.withSite { site in
            let caller = try await Caller(site)
            try await site.house.store.write { try $0.execute(sql: "PRAGMA query_only = ON") }
            try await caller.expectReads()
            caller.expectRefusal(try await caller.create("second"))
            caller.expectRefusal(
                try await site.send(.delete, site.root + "/auths/main", headers: caller.headers))
            try await caller.expectReads()
        }
    }

    @Test func `a full store is read, and a write says so`() async throws {
        try await TestSite.withSite { site in
            let caller = try await Caller(site)
            _ = try await site.house.store.write { try Int.fetchOne($0, sql: "PRAGMA max_page_count = 1") }
            var answer = try await caller.create("full-0")
            var made: [String] = []
            while answer.status == 200, made.count < 200 {
                made.append("full-\(made.count)")
                answer = try await caller.create("full-\(made.count)")
            }
            // The page that cannot be had is wanted by the change, or by its event after it; the answer tells which.
            let isDone = answer.message?.hasPrefix("This was done, and could not be recorded.") == true
            if isDone {
                #expect(answer.status == 500 && answer.code == "SVCSTG.REPO.0500", "\(answer.text)")
            } else {
                caller.expectRefusal(answer)
            }
            try await caller.expectReads()
            let list = try await caller.get("/auths")
            for name in made { #expect(list.text.contains("\"\(name)\"")) }
            #expect(list.text.contains("\"full-\(made.count)\"") == isDone)
        }
    }

    @Test func `a store that another program holds is read, and a write says so and works later`() async throws {
        try await TestSite.withSite { site in
            let caller = try await Caller(site)
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let path = site.house.directory.appending(path: "store.sqlite").path
            let holder = try DatabaseQueue(path: path, configuration: configuration)
            try await holder.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
            try await caller.expectReads()
            caller.expectRefusal(try await caller.create("second"))
            try await holder.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
            try holder.close()
            #expect(try await caller.create("second").status == 200)
        }
    }

    @Test func `one row that was tampered with says so when it is used, and the others work`() async throws {
        try await TestSite.withSite { site in
            let caller = try await Caller(site)
            #expect(try await caller.create("second").status == 200)
            try await site.house.store.write {
                try $0.execute(sql: "UPDATE authorizations SET host = 'https://evil.example' WHERE name = 'second'")
            }
            let list = try await caller.get("/auths")
            #expect(list.status == 200 && list.text.contains(#""second""#) && list.text.contains(#""main""#))
            let used = try await caller.get(Self.branches, as: "second")
            #expect(used.status == 500 && used.code == "SVCSTG.REPO.0500", "\(used.text)")
            #expect(used.message?.contains("cannot be opened") == true && !used.text.contains("evil"))
            try await caller.expectReads()
            let deleted = try await site.send(.delete, site.root + "/auths/second", headers: caller.headers)
            #expect(deleted.status == 204, "\(deleted.text)")
            #expect(try await caller.create("second").status == 200)
            #expect(try await caller.get(Self.branches, as: "second").status == 200)
        }
    }
}
