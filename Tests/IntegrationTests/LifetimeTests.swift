// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Testing

/// What becomes of an authorization when its forge's credentials end: each rule of each forge, with the program itself. The
/// sandbox's forges end their credentials after seconds; all of them wait side by side.
@Suite(.serialized) struct LifetimeTests {
    /// Those with OAuth, by the names of the ready file.
    private static let granting = ["github", "gitlab", "bitbucket", "gitee", "gitea", "bitbucket-datacenter"]
    /// Those whose personal tokens end, and CodeArts Repo, whose passwords do.
    private static let personal = granting + ["devcloud"]

    /// A sandbox with short lives, and an authorization of each forge's, of the forge's name.
    private struct Stage {
        let sandbox: RunningSandbox
        let directory: TemporaryDirectory

        init(_ lifetimes: String...) async throws {
            directory = try TemporaryDirectory()
            sandbox = try await RunningSandbox.start(
                in: directory.url, state: directory.url.appending(path: "state"), more: lifetimes)
        }

        /// Authorizes at all these forges at once.
        func authorize(
            at forges: [String],
            by way: @escaping @Sendable (String, SandboxCaller) async throws -> SandboxCaller.Answer
        ) async throws {
            let caller = sandbox.caller
            try await withThrowingTaskGroup(of: Void.self) { group in
                for forge in forges {
                    group.addTask {
                        let made = try await way(forge, caller)
                        #expect(made.status == 200, "\(forge): \(String(decoding: made.body, as: UTF8.self))")
                    }
                }
                try await group.waitForAll()
            }
        }

        /// Waits until lives of so many seconds are over: the forges count in whole ones.
        func wait(_ seconds: Int) async throws {
            try await Task.sleep(for: .milliseconds(seconds * 1000 + 100))
        }

        /// What the forges answer now: the error's code, or nil.
        func use(_ forges: [String]) async throws -> [String: String?] {
            let caller = sandbox.caller
            return try await withThrowingTaskGroup(of: (String, String?).self) { group in
                for forge in forges {
                    group.addTask {
                        let answer = try await caller.call("GET", "/repos/namespaces", as: forge)
                        return (forge, answer.status == 200 ? nil : answer.errorCode ?? "\(answer.status)")
                    }
                }
                var all: [String: String?] = [:]
                for try await (forge, code) in group { all[forge] = .some(code) }
                return all
            }
        }

        func statuses() async throws -> [String: Int] {
            let listed = try await sandbox.call("GET", "/auths").json()["authorizations"] as? [[String: Any]]
            let pairs = try #require(listed).compactMap { item -> (String, Int)? in
                guard let name = item["name"] as? String, let status = item["status"] as? Int else { return nil }
                return (name, status)
            }
            return Dictionary(uniqueKeysWithValues: pairs)
        }

        /// How often each credential was changed for another one.
        func renewals() throws -> [String: Int] {
            var configuration = Configuration()
            configuration.readonly = true
            let path = directory.url.appending(path: "state/gatehouse.sqlite").path
            let rows = try DatabaseQueue(path: path, configuration: configuration).read { database in
                try Row.fetchAll(database, sql: "SELECT name, revision FROM authorizations")
            }
            return Dictionary(uniqueKeysWithValues: rows.map { ($0["name"], $0["revision"] - 1) })
        }
    }

    @Sendable private static func grant(_ forge: String, _ caller: SandboxCaller) async throws -> SandboxCaller.Answer {
        let seeded = try #require(caller.ready.forges[forge])
        // Data Center is a site of Bitbucket's.
        let isDataCenter = forge == "bitbucket-datacenter"
        let (type, site) = isDataCenter ? ("bitbucket", "?tag=datacenter") : (forge, "")
        let redirect = try await caller.call("GET", "/auths/\(type)/redirect\(site)").json()["url"] as? String
        var visitor = Visitor()
        let consent = try await visitor.allow(try #require(redirect), as: seeded.sign_in)
        return try await caller.call(
            "POST", "/auths/\(type)/oauth\(site)",
            body: ["name": forge, "code": consent.code, "state": consent.state])
    }

    @Sendable private static func give(_ forge: String, _ caller: SandboxCaller) async throws -> SandboxCaller.Answer {
        let seeded = try #require(caller.ready.forges[forge])
        if forge == "devcloud" {
            let basic = try #require(seeded.basic)
            return try await caller.call(
                "POST", "/auths/devcloud/password",
                body: ["name": forge, "user": basic.user, "password": basic.password])
        }
        var body = ["name": forge, "token": seeded.token]
        if forge == "bitbucket-datacenter" { body["host"] = seeded.host }
        return try await caller.call(
            "POST", "/auths/\(forge.prefix { $0 != "-" })/personal", body: body)
    }

    /// What ``Stage/use(_:)`` gives where all is well.
    private static func good(_ forges: [String]) -> [String: String?] {
        Dictionary(uniqueKeysWithValues: forges.map { ($0, nil) })
    }

    /// What it gives where the forge takes the credential no more.
    private static func rejected(_ forges: [String]) -> [String: String?] {
        Dictionary(uniqueKeysWithValues: forges.map { ($0, "SVCSTG.REPO.0451") })
    }

    private static func all<Value>(_ forges: [String], _ value: Value) -> [String: Value] {
        Dictionary(uniqueKeysWithValues: forges.map { ($0, value) })
    }

    @Test func `an access token near its end is renewed before it is used, and nobody notices`() async throws {
        // Two seconds longer than the margin in which it is renewed.
        let stage = try await Stage("--token-lifetime", "62")
        try await stage.authorize(at: Self.granting, by: Self.grant)
        #expect(try stage.renewals() == Self.all(Self.granting, 0))
        #expect(try await stage.use(Self.granting) == Self.good(Self.granting))
        for round in 1...2 {
            try await stage.wait(2)
            #expect(try await stage.use(Self.granting) == Self.good(Self.granting))
            // The checker may have renewed them once besides.
            let renewals = try stage.renewals()
            #expect(renewals.count == Self.granting.count && renewals.values.allSatisfy { $0 >= round }, "\(renewals)")
        }
        #expect(try await stage.statuses() == Self.all(Self.granting, 0))
    }

    @Test func `an access token that is refused before its end is renewed, and the call repeated`() async throws {
        let stage = try await Stage("--token-revoked-after", "2")
        let forges = Self.granting + ["devcloud"]
        try await stage.authorize(at: Self.granting, by: Self.grant)
        // IAM's token ends so, which is got for the password anew.
        try await stage.authorize(at: ["devcloud"], by: Self.give)
        try await stage.wait(2)
        #expect(try await stage.use(forges) == Self.good(forges))
        let renewals = try stage.renewals()
        #expect(Self.granting.allSatisfy { (renewals[$0] ?? 0) >= 1 } && renewals["devcloud"] == 0, "\(renewals)")
        #expect(try await stage.statuses() == Self.all(forges, 0))
    }

    @Test func `a refresh token over its lifetime rejects the authorization`() async throws {
        let stage = try await Stage("--token-lifetime", "62", "--refresh-token-lifetime", "2")
        try await stage.authorize(at: Self.granting, by: Self.grant)
        try await stage.wait(2)
        #expect(try await stage.use(Self.granting) == Self.rejected(Self.granting))
        #expect(try await stage.statuses() == Self.all(Self.granting, 2))
    }

    @Test func `an access token that ends without a refresh token has expired`() async throws {
        let stage = try await Stage("--token-lifetime", "3", "--no-refresh-tokens")
        let forges = Self.granting + ["devcloud"]
        try await stage.authorize(at: Self.granting, by: Self.grant)
        try await stage.authorize(at: ["devcloud"], by: Self.give)
        try await stage.wait(3)
        // A token of IAM that is over is none of the authorization's.
        #expect(try await stage.use(forges) == Self.rejected(Self.granting).merging(Self.good(["devcloud"])) { $1 })
        #expect(try await stage.statuses() == Self.all(Self.granting, 1).merging(["devcloud": 0]) { $1 })
    }

    @Test func `an access token without an end is used as it is`() async throws {
        let stage = try await Stage("--no-token-expiry")
        try await stage.authorize(at: Self.granting, by: Self.grant)
        #expect(try await stage.use(Self.granting) == Self.good(Self.granting))
        #expect(try stage.renewals() == Self.all(Self.granting, 0))
        #expect(try await stage.statuses() == Self.all(Self.granting, 0))
    }

    /// A token of IAM outlives the password that it was given for: here it is shorter.
    @Test func `a personal token or password over its end rejects the authorization`() async throws {
        let stage = try await Stage("--personal-token-lifetime", "2", "--token-lifetime", "3")
        try await stage.authorize(at: Self.personal, by: Self.give)
        try await stage.wait(2)
        #expect(try await stage.use(Self.personal) == Self.rejected(Self.personal))
        // 1 where the end was known beforehand.
        let statuses = try await stage.statuses()
        #expect(Set(statuses.keys) == Set(Self.personal))
        #expect(statuses.values.allSatisfy { [1, 2].contains($0) }, "\(statuses)")
    }
}
