// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Model
import Testing

@testable import Storage

struct IdentityStoreTests {
    private func token(_ text: String, issued: Int64, expires: Int64) -> TokenRecord {
        TokenRecord(
            digest: Data(digestOf: text), scope: .project, methods: ["token", "password"], issued: issued,
            expires: expires)
    }

    @Test func `tenants are listed oldest first and found by name and id`() async throws {
        try await Fixture.with { house in
            let tenants = try await house.store.tenants()
            #expect(tenants == house.tenants)
            #expect(try await house.store.tenants(called: "two") == [house.tenants[1]])
            #expect(try await house.store.tenants(called: "Two").isEmpty)
            #expect(try await house.store.tenant(house.tenants[0].id) == house.tenants[0])
        }
    }

    @Test func `a tenant's name, id and domain are taken once`() async throws {
        try await Fixture.with { house in
            let one = house.tenants[0]
            let id = try #require(TenantID(RandomText.hexadecimal()))
            let fresh = RandomText.hexadecimal()
            for tenant in [
                Tenant(id: id, domain: fresh, name: one.name, created: 0),
                Tenant(id: one.id, domain: fresh, name: "new", created: 0),
                Tenant(id: id, domain: one.domain, name: "new", created: 0),
            ] {
                #expect(try await code { try await house.store.insert(tenant) } == .alreadyExists)
            }
        }
    }

    @Test func `the schema refuses what is no name, id or hash`() async throws {
        try await Fixture.with { house in
            let id = try #require(TenantID(RandomText.hexadecimal()))
            let domain = RandomText.hexadecimal()
            for tenant in [
                Tenant(id: id, domain: domain, name: "", created: 0),
                Tenant(id: id, domain: domain, name: String(repeating: "n", count: 65), created: 0),
                Tenant(id: id, domain: "not hexadecimal", name: "new", created: 0),
            ] {
                #expect(try await code { try await house.store.insert(tenant) } == .invalid)
            }
            let user = User(id: RandomText.hexadecimal(), tenant: house.tenants[0].id, name: "ann", created: 0)
            #expect(
                try await code { try await house.store.insert(user, passwordHash: "correct horse") } == .invalid)
        }
    }

    @Test func `users of two tenants may share a name and are told apart`() async throws {
        try await Fixture.with { house in
            for index in 0...1 {
                let (tenant, user) = (house.tenants[index], house.users[index])
                #expect(try await house.store.users(of: tenant.id) == [user])
                #expect(try await house.store.users(called: "tom", of: tenant.id) == [user])
                for reference in [
                    UserReference.id(user.id), .name("tom", domain: .id(tenant.domain)),
                    .name("tom", domain: .name(tenant.name)),
                ] {
                    let login = try #require(try await house.store.login(reference))
                    #expect(login.user == user)
                    #expect(login.tenant == tenant)
                    #expect(login.passwordHash == "scrypt$\(tenant.name)")
                }
            }
            #expect(try await house.store.login(.name("tom", domain: .name("three"))) == nil)
            let again = User(id: RandomText.hexadecimal(), tenant: house.tenants[0].id, name: "tom", created: 0)
            #expect(try await code { try await house.store.insert(again, passwordHash: "scrypt$") } == .alreadyExists)
        }
    }

    @Test func `a user of a tenant that is gone cannot be made`() async throws {
        try await Fixture.with { house in
            let user = User(
                id: RandomText.hexadecimal(), tenant: try #require(TenantID(RandomText.hexadecimal())), name: "x",
                created: 0)
            #expect(try await code { try await house.store.insert(user, passwordHash: "scrypt$") } == .notFound)
        }
    }

    @Test func `an access key opens with its secret, its user and its tenant`() async throws {
        try await Fixture.with { house in
            for (index, user) in house.users.enumerated() {
                let key = AccessKey(id: "AK\(index)XX", tenant: user.tenant, user: user.id, created: Int64(index))
                try await house.vault.insert(key, secret: Secret("secret \(index)"))
                let entry = try #require(try await house.vault.accessKey(key.id))
                #expect(entry.key == key)
                #expect(entry.secret == Secret("secret \(index)"))
                #expect(entry.user == user)
                #expect(entry.tenant == house.tenants[index])
                #expect(try await house.store.accessKeys(of: user) == [key])
            }
            #expect(try await house.vault.accessKey("AK9XX") == nil)
            let taken = AccessKey(id: "AK0XX", tenant: house.tenants[1].id, user: house.users[1].id, created: 0)
            #expect(try await code { try await house.vault.insert(taken, secret: Secret("s")) } == .alreadyExists)
        }
    }

    @Test func `a temporary access key is in no list, and is forgotten a day after its end`() async throws {
        try await Fixture.with { house in
            let user = house.users[0]
            func insert(_ id: String, lifetime: Int64?) async throws {
                let now = house.clock.milliseconds
                let temporary = lifetime.map {
                    AccessKey.Temporary(expires: now + $0 * 1000, tokenDigest: Data(digestOf: id))
                }
                try await house.vault.insert(
                    AccessKey(id: id, tenant: user.tenant, user: user.id, created: now, temporary: temporary),
                    secret: Secret("s"))
            }
            try await insert("AKFOREVER", lifetime: nil)
            try await insert("AKSHORT", lifetime: 900)
            #expect(try await house.store.accessKeys(of: user).map(\.id) == ["AKFOREVER"])
            house.clock.advance(seconds: 24 * 3600 + 900)
            try await insert("AKNEXT", lifetime: 900)
            #expect(try await house.vault.accessKey("AKSHORT") != nil)
            house.clock.advance(seconds: 1)
            try await insert("AKLAST", lifetime: nil)
            #expect(try await house.vault.accessKey("AKSHORT") == nil)
            #expect(try await house.vault.accessKey("AKNEXT") != nil)
            #expect(try await house.vault.accessKey("AKFOREVER") != nil)
        }
    }

    @Test func `the schema refuses half a temporary key`() async throws {
        try await Fixture.with { house in
            let user = house.users[0]
            let key = AccessKey(id: "AKMINE", tenant: user.tenant, user: user.id, created: 5)
            try await house.vault.insert(key, secret: Secret("s"))
            for change in [
                "expires = 9", "token = zeroblob(32)", "expires = 9, token = x'00'",
                "expires = 5, token = zeroblob(32)",
            ] {
                #expect(throws: DatabaseError.self) { try house.sql("UPDATE access_keys SET \(change)") }
            }
        }
    }

    @Test func `a used signature is remembered until its time is over, then forgotten`() async throws {
        try await Fixture.with { house async throws in
            let one = SignatureUse(digest: Data(digestOf: "one"), expires: 5000, tolerance: 0)
            let two = SignatureUse(digest: Data(digestOf: "two"), expires: 9000, tolerance: 2000)
            #expect(try await house.store.use(one, now: 1000))
            #expect(try await house.store.use(one, now: 1000) == false)
            #expect(try await house.store.use(two, now: 1000))
            #expect(try await house.store.use(two, now: 2999))
            #expect(try await house.store.use(two, now: 3000) == false)
            #expect(try await house.store.use(one, now: 5000) == false)
            #expect(try house.sql("UPDATE used_signatures SET uses = uses") == 2)
            #expect(try await house.store.use(two, now: 5001) == false)
            #expect(try house.sql("UPDATE used_signatures SET uses = uses") == 1)
        }
    }

    @Test func `an access key cannot belong to a user of another tenant`() async throws {
        try await Fixture.with { house in
            let key = AccessKey(id: "AK1XX", tenant: house.tenants[1].id, user: house.users[0].id, created: 0)
            let refusal = try await code { try await house.vault.insert(key, secret: Secret("s")) }
            #expect(refusal == .notFound)
        }
    }

    @Test func `an access key is deleted by its own tenant or by the operator only`() async throws {
        try await Fixture.with { house in
            for id in ["AK1XX", "AK2XX"] {
                let key = AccessKey(id: id, tenant: house.tenants[0].id, user: house.users[0].id, created: 0)
                try await house.vault.insert(key, secret: Secret("s"))
            }
            #expect(try await house.store.deleteAccessKey("AK1XX", of: house.tenants[1].id) == false)
            #expect(try await house.store.deleteAccessKey("AK1XX", of: house.tenants[0].id))
            #expect(try await house.vault.accessKey("AK1XX") == nil)
            #expect(try await house.store.deleteAccessKey("AK2XX", of: nil))
            #expect(try await house.store.deleteAccessKey("AK2XX", of: nil) == false)
        }
    }

    @Test func `a token is found by its digest until it is deleted or long over`() async throws {
        try await Fixture.with { house in
            let (store, user) = (house.store, house.users[0])
            let first = token("first", issued: 1000, expires: 2000)
            try await store.insert(first, of: user, forgettingEndedBefore: 0)
            let entry = try #require(try await store.token(digest: first.digest))
            #expect(entry.token == first)
            #expect(entry.user == user)
            #expect(entry.tenant == house.tenants[0])

            let second = token("second", issued: 1000, expires: 9000)
            try await store.insert(second, of: house.users[1], forgettingEndedBefore: 2000)
            #expect(try await store.token(digest: first.digest) != nil)
            try await store.insert(
                token("third", issued: 1000, expires: 9000), of: user, forgettingEndedBefore: 2001)
            #expect(try await store.token(digest: first.digest) == nil)

            #expect(try await store.deleteToken(digest: second.digest))
            #expect(try await store.deleteToken(digest: second.digest) == false)
            #expect(try await store.token(digest: second.digest) == nil)
        }
    }

    @Test func `a user's keys, tokens and flows go with the user, authorizations stay`() async throws {
        try await Fixture.with { house in
            let states = try await fill(house)
            #expect(try await house.store.deleteUser(house.users[0].id, of: house.tenants[1].id) == false)
            #expect(try await house.store.deleteUser(house.users[0].id, of: house.tenants[0].id))
            #expect(try await house.vault.accessKey("AK0XX") == nil)
            #expect(try await house.store.token(digest: Data(digestOf: "token 0")) == nil)
            #expect(try await house.vault.peek(states[0]) == nil)
            #expect(try await house.vault.authorizations(of: house.tenants[0].id).count == 1)
            try await expectUntouched(house, states[1])
        }
    }

    @Test func `everything of a tenant goes with the tenant, nothing of another`() async throws {
        try await Fixture.with { house in
            let states = try await fill(house)
            let tenant = house.tenants[0]
            #expect(try await house.store.deleteTenant(tenant.id))
            #expect(try await house.store.deleteTenant(tenant.id) == false)
            #expect(try await house.store.users(of: tenant.id).isEmpty)
            #expect(try await house.vault.accessKey("AK0XX") == nil)
            #expect(try await house.store.token(digest: Data(digestOf: "token 0")) == nil)
            #expect(try await house.vault.peek(states[0]) == nil)
            #expect(try await house.vault.authorizations(of: tenant.id).isEmpty)
            try await expectUntouched(house, states[1])
        }
    }

    @Test func `a changed password ends the user's tokens and nobody else's`() async throws {
        try await Fixture.with { house in
            let states = try await fill(house)
            try await house.store.setPasswordHash("scrypt$new", of: house.users[0])
            #expect(try await house.store.login(.id(house.users[0].id))?.passwordHash == "scrypt$new")
            #expect(try await house.store.token(digest: Data(digestOf: "token 0")) == nil)
            #expect(try await house.vault.accessKey("AK0XX") != nil)
            try await expectUntouched(house, states[1])
            let gone = User(id: RandomText.hexadecimal(), tenant: house.tenants[0].id, name: "x", created: 0)
            #expect(try await code { try await house.store.setPasswordHash("scrypt$", of: gone) } == .notFound)
        }
    }

    /// One of everything for both tenants; gives the states.
    private func fill(_ house: Fixture) async throws -> [String] {
        var states: [String] = []
        for (index, user) in house.users.enumerated() {
            let key = AccessKey(id: "AK\(index)XX", tenant: user.tenant, user: user.id, created: 0)
            try await house.vault.insert(key, secret: Secret("s"))
            try await house.store.insert(
                token("token \(index)", issued: 0, expires: 1), of: user, forgettingEndedBefore: 0)
            try await house.vault.insert(
                try house.authorization(tenant: index), credential: .personal(Secret("t")))
            let binding = OAuthStateBinding(tenant: user.tenant, forge: .gitlab, site: nil)
            let state = OAuthState(binding: binding, user: user.id, name: nil, verifier: Secret("v"))
            states.append(try await house.vault.save(state))
        }
        return states
    }

    private func expectUntouched(_ house: Fixture, _ state: String) async throws {
        #expect(try await house.vault.accessKey("AK1XX") != nil)
        #expect(try await house.store.token(digest: Data(digestOf: "token 1")) != nil)
        #expect(try await house.vault.peek(state) != nil)
        #expect(try await house.vault.authorizations(of: house.tenants[1].id).count == 1)
        #expect(try await house.store.users(of: house.tenants[1].id) == [house.users[1]])
    }
}
