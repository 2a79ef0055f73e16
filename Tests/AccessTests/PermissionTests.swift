// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Forges
import Model
import Storage
import TestSupport
import Testing

@testable import Access

@Suite struct PermissionTests {
    private static let reads =
        #"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["gatehouse:repository:read"]}]}"#
    private static let writes =
        #"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["gatehouse:repository:write"]}]}"#

    private func caller(_ house: TestHouse, _ roles: [String]) -> Caller {
        Caller(user: house.caller.user, tenant: house.caller.tenant, roles: roles)
    }

    private func permits(_ house: TestHouse, _ action: Action, _ caller: Caller? = nil) async throws -> Bool {
        do {
            _ = try await house.grant(action, to: caller)
            return true
        } catch let error as AccessError where error.code == .forbidden {
            return false
        }
    }

    @Test func `a role brings its policies, and one that is not known nothing`() async throws {
        let house = try await TestHouse(network: StubNetwork())
        for (roles, reading, writing) in [
            (["admin"], true, true), (["member"], true, true), (["reader"], true, false), (["Reader"], true, false),
            (["observer"], false, false), ([], false, false), (["observer", "reader"], true, false),
            (["reader", "member"], true, true),
        ] {
            let caller = caller(house, roles)
            #expect(try await permits(house, .getFile, caller) == reading, "\(roles)")
            #expect(try await permits(house, .updateFile, caller) == writing, "\(roles)")
            #expect(try await permits(house, .listAuthorizations, caller) == reading, "\(roles)")
            #expect(try await permits(house, .readAudit, caller) == reading, "\(roles)")
        }
        let error = await #expect(throws: AccessError.self) {
            try await house.grant(.getFile, to: caller(house, ["observer"]))
        }
        #expect(error?.message.contains("(observer)") == true)
    }

    @Test func `roles are mapped as configured, to policies of the operator's too`() async throws {
        let house = try await TestHouse(network: StubNetwork())
        try await house.save(Self.writes, as: "writers")
        let permission = Permission(store: house.store, roles: ["pusher": ["writers"], "lost": ["gone"]])
        let rights = try await permission.rights(of: caller(house, ["pusher", "member"]))
        #expect(rights.policies.map(\.name) == ["writers"] && rights.source == .roles(["pusher", "member"]))
        // A policy that is gone may have been one that denies.
        let error = await #expect(throws: AccessError.self) {
            try await permission.rights(of: caller(house, ["lost"]))
        }
        #expect(error?.code == .forbidden && error?.message.contains("gone") == true)
    }

    @Test func `attached policies take the place of the roles', from the next request on, in every process`()
        async throws
    {
        let house = try await TestHouse(network: StubNetwork())
        let other = try SQLiteStore(path: house.directory.appending(path: "store.sqlite").path)
        let elsewhere = Permission(store: other)
        #expect(try await permits(house, .updateFile))
        _ = try await other.attach(policy: "ReadOnlyAccess", isStored: false, to: house.caller.user)
        #expect(try await !permits(house, .updateFile))
        #expect(try await permits(house, .getFile))
        try await house.save(Self.writes, as: "writers")
        _ = try await house.store.attach(policy: "writers", isStored: true, to: house.caller.user)
        #expect(try await elsewhere.rights(of: house.caller).policies.map(\.name) == ["ReadOnlyAccess", "writers"])
        #expect(try await permits(house, .updateFile))
        // Changed, not attached anew.
        try await other.save(
            StoredPolicy(name: "writers", document: Self.reads, created: 1, updated: 2), mayReplace: true)
        #expect(try await !permits(house, .updateFile))
        // Another tenant's user of the same name goes on.
        #expect(try await permits(house, .updateFile, house.stranger))
        #expect(try await other.detach(policy: "writers", from: house.caller.user))
        #expect(try await other.detach(policy: "ReadOnlyAccess", from: house.caller.user))
        #expect(try await permits(house, .updateFile))
        try other.close()
    }

    @Test func `a policy in the store that cannot be read allows nothing`() async throws {
        let house = try await TestHouse(network: StubNetwork())
        try await house.save(Self.reads, as: "mine")
        _ = try await house.store.attach(policy: "mine", isStored: true, to: house.caller.user)
        for (sql, code) in [
            ("UPDATE policies SET document = '{\"Version\":\"9\"}'", AccessError.Code.unavailable),
            ("DELETE FROM policies", .forbidden),
        ] {
            try house.sql(sql)
            let error = await #expect(throws: AccessError.self) { try await house.grant(.getFile) }
            #expect(error?.code == code)
        }
    }

    @Test func `deleting a user or a tenant takes the attachments along, and a policy that is in use stays`()
        async throws
    {
        let house = try await TestHouse(network: StubNetwork())
        try await house.save(Self.reads, as: "mine")
        for user in [house.caller.user, house.stranger.user] {
            #expect(try await house.store.attach(policy: "mine", isStored: true, to: user))
            #expect(try await !house.store.attach(policy: "mine", isStored: true, to: user))
        }
        #expect(
            try await house.store.holders(ofPolicy: "mine").map { "\($0.tenant) \($0.user)" } == [
                "acme alice", "rival alice",
            ])
        let error = await #expect(throws: StoreError.self) { try await house.store.deletePolicy(named: "mine") }
        #expect(error?.code == .invalid)
        try await house.identity.delete(house.caller.user)
        #expect(try await house.store.holders(ofPolicy: "mine").map(\.tenant) == ["rival"])
        try await house.identity.delete(house.stranger.tenant)
        #expect(try await house.store.holders(ofPolicy: "mine").isEmpty)
        #expect(try await house.store.deletePolicy(named: "mine"))
        #expect(try await !house.store.deletePolicy(named: "mine"))
        let gone = await #expect(throws: StoreError.self) {
            try await house.store.attach(policy: "mine", isStored: true, to: house.stranger.user)
        }
        #expect(gone?.code == .notFound)
    }

    @Test func `a user has twenty policies at most`() async throws {
        let house = try await TestHouse(network: StubNetwork())
        for number in 0..<20 {
            try await house.save(Self.reads, as: "p\(number)")
            _ = try await house.store.attach(policy: "p\(number)", isStored: true, to: house.caller.user)
        }
        let error = await #expect(throws: StoreError.self) {
            try await house.store.attach(policy: "FullAccess", isStored: false, to: house.caller.user)
        }
        #expect(error?.code == .invalid)
    }

    @Test func `a use-policy is asked before the seal is opened, and stays with the authorization`() async throws {
        let house = try await TestHouse(
            network: StubNetwork { _ in
                .json(#"{"login":"octavia","html_url":"https://github.com/octavia","avatar_url":""}"#)
            })
        try await house.store(.personal(Secret("canary")), named: "main")
        try await house.store(.personal(Secret("canary")), named: "other")
        _ = try await house.broker.setUsePolicy(Array(Self.reads.utf8), of: "main", with: house.grant(.setUsePolicy))
        #expect(try await house.broker.usePolicy(of: "main", with: house.grant(.getUsePolicy)) == Self.reads)
        _ = try await house.broker.open("main", with: house.grant(.getFile))
        _ = try await house.broker.open("other", with: house.grant(.updateFile))
        // A row that would not open: the policy has the first word.
        try house.sql("UPDATE authorizations SET sealed = x'00'")
        let error = await #expect(throws: AccessError.self) {
            try await house.broker.open("main", with: house.grant(.updateFile))
        }
        #expect(error?.code == .usePolicyDenies)
        #expect(
            error?.message.contains(
                "use-policy of the authorization main does not allow gatehouse:repository:updateFile") == true)
        // Another credential of the same authorization, through the same policy.
        try await house.broker.delete("other", with: house.grant(.deleteAuthorization))
        _ = try await house.broker.authorize(
            .init(name: "other", forge: .github, credential: .personal(Secret("new")), host: nil),
            with: house.grant(.createAuthorization))
        _ = try await house.broker.setUsePolicy(Array(Self.reads.utf8), of: "other", with: house.grant(.setUsePolicy))
        _ = try await house.broker.reauthorize(
            .init(name: "other", forge: .github, credential: .personal(Secret("newer")), host: nil),
            with: house.grant(.createAuthorization))
        await #expect(throws: AccessError.self) {
            try await house.broker.open("other", with: house.grant(.updateFile))
        }
        try await house.broker.deleteUsePolicy(of: "other", with: house.grant(.deleteUsePolicy))
        _ = try await house.broker.open("other", with: house.grant(.updateFile))
        let none = await #expect(throws: AccessError.self) {
            try await house.broker.deleteUsePolicy(of: "other", with: house.grant(.deleteUsePolicy))
        }
        #expect(none?.code == .notFound)
        // One that was made anew under an old name has nothing of the old one's.
        _ = try await house.broker.setUsePolicy(Array(Self.reads.utf8), of: "other", with: house.grant(.setUsePolicy))
        try await house.broker.delete("other", with: house.grant(.deleteAuthorization))
        try await house.store(.personal(Secret("canary")), named: "other")
        _ = try await house.broker.open("other", with: house.grant(.updateFile))
    }

    @Test func `a use-policy that cannot be read lets nothing through`() async throws {
        let house = try await TestHouse(network: StubNetwork())
        try await house.store(.personal(Secret("canary")), named: "main")
        try house.sql("UPDATE authorizations SET use_policy = 'nonsense'")
        let error = await #expect(throws: AccessError.self) {
            try await house.broker.open("main", with: house.grant(.getFile))
        }
        #expect(error?.code == .unavailable)
    }

    @Test func `a use-policy can name users, and no other tenant's authorization can be given one`() async throws {
        let house = try await TestHouse(network: StubNetwork())
        try await house.store(.personal(Secret("canary")), named: "main")
        let bob = Caller(
            user: try await house.identity.createUser(
                named: "bob", password: TestHouse.password, in: house.caller.tenant), tenant: house.caller.tenant)
        let alone =
            #"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["*"],"Condition":{"StringEquals":{"g:UserName":["alice"]}}}]}"#
        _ = try await house.broker.setUsePolicy(Array(alone.utf8), of: "main", with: house.grant(.setUsePolicy))
        _ = try await house.broker.open("main", with: house.grant(.getFile))
        let error = await #expect(throws: AccessError.self) {
            try await house.broker.open("main", with: house.grant(.getFile, to: bob))
        }
        #expect(error?.code == .usePolicyDenies)
        let foreign = await #expect(throws: AccessError.self) {
            try await house.broker.setUsePolicy(
                Array(alone.utf8), of: "main", with: house.grant(.setUsePolicy, to: house.stranger))
        }
        #expect(foreign?.code == .notFound)
    }

    @Test func `whoever may not have an authorization is not told whether it is there`() async throws {
        let house = try await TestHouse(network: StubNetwork())
        try await house.store(.personal(Secret("canary")), named: "main")
        try await house.save(
            #"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["*"],"Resource":["servicestage:*:*:repositoryAuth:mine-*"]}]}"#,
            as: "mine")
        _ = try await house.store.attach(policy: "mine", isStored: true, to: house.caller.user)
        for name in ["main", "none-of-it"] {
            let error = await #expect(throws: AccessError.self) {
                try await house.broker.open(name, with: house.grant(.getFile))
            }
            #expect(error?.code == .forbidden)
        }
        let absent = await #expect(throws: AccessError.self) {
            try await house.broker.open("mine-1", with: house.grant(.getFile))
        }
        #expect(absent?.code == .noSuchAuthorization)
        try await house.store(.personal(Secret("canary")), named: "mine-1")
        _ = try await house.broker.open("mine-1", with: house.grant(.getFile))
        #expect(try await house.broker.authorizations(house.grant(.listAuthorizations)).map(\.name.text) == ["mine-1"])
    }

    @Test func `a grant is settled when the last word is said`() async throws {
        let house = try await TestHouse(network: StubNetwork { _ in .json("[]") })
        try await house.store(.personal(Secret("canary")), named: "main")
        let free = try await house.grant(.listBranches)
        #expect(!free.isSettled)
        _ = try await house.broker.open("main", with: free)
        #expect(free.isSettled)
        try await house.save(
            #"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["*"],"Condition":{"StringEquals":{"gatehouse:Branch":["main"]}}}]}"#,
            as: "mine")
        _ = try await house.store.attach(policy: "mine", isStored: true, to: house.caller.user)
        let bound = try await house.grant(.listBranches)
        let opened = try await house.broker.open("main", with: bound)
        #expect(!bound.isSettled)
        _ = try await opened.branches(of: RepositoryReference(namespace: "octavia", project: "harbour"))
        #expect(bound.isSettled)
    }
}
