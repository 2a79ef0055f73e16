// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Model
import Testing

@testable import Storage

/// Projects and users of an external Keystone in the tables.
@Suite struct ExternalIdentityStoreTests {
    private func member(
        _ id: Character = "c", name: String = "one", user: String = "u-1", roles: [String] = ["reader"],
        hasAllRoles: Bool = true
    ) throws -> ExternalMember {
        let tenant = try #require(TenantID(String(repeating: id, count: 32)))
        return ExternalMember(
            tenant: Tenant(id: tenant, domain: "default", name: name, created: 5, externalDomain: "Default"),
            user: User(id: user, tenant: tenant, name: "tom", created: 5, roles: roles), hasAllRoles: hasAllRoles)
    }

    @Test func `a member is put down once, and written again only where something has changed`() async throws {
        try await Fixture.with { house in
            let member = try member()
            try await house.store.remember(member)
            let found = try #require(try await house.store.member("u-1", of: member.tenant.id))
            #expect(found.user == member.user && found.tenant == member.tenant)
            // A store that only reads still knows whom it knows.
            try house.sql("CREATE TRIGGER no_writes BEFORE INSERT ON tenants BEGIN SELECT RAISE(ABORT, 'a write'); END")
            try await house.store.remember(member)
            let other = try self.member(name: "other", roles: [])
            #expect(try await code { try await house.store.remember(other) } != nil)
            try house.sql("DROP TRIGGER no_writes")
            try await house.store.remember(other)
            #expect(try await house.store.member("u-1", of: member.tenant.id)?.tenant.name == "other")
            #expect(try await house.store.member("u-1", of: member.tenant.id)?.user.roles == [])
            try await house.store.remember(try self.member(name: "other", roles: ["x"], hasAllRoles: false))
            #expect(try await house.store.member("u-1", of: member.tenant.id)?.user.roles == [])
        }
    }

    @Test func `names and domains are shared with what was made here, and ids are not`() async throws {
        try await Fixture.with { house in
            try await house.store.remember(try member("c"))
            try await house.store.remember(try member("d"))
            #expect(try await house.store.tenants(called: "one").count == 3)
            let mine = house.tenants[0]
            let stolen = ExternalMember(
                tenant: Tenant(id: mine.id, domain: "default", name: "x", created: 0, externalDomain: "Default"),
                user: User(id: "u-1", tenant: mine.id, name: "tom", created: 0, roles: []), hasAllRoles: true)
            #expect(try await code { try await house.store.remember(stolen) } == .alreadyExists)
            #expect(try await house.store.tenant(mine.id) == mine)
            #expect(try await house.store.users(of: mine.id) == [house.users[0]])
        }
    }

    @Test func `who signs in by name or id is one who was made here`() async throws {
        try await Fixture.with { house in
            let member = try member()
            try await house.store.remember(member)
            #expect(try await house.store.login(.id("u-1")) == nil)
            #expect(try await house.store.login(.name("tom", domain: .name("one")))?.user == house.users[0])
            #expect(try await house.store.login(.name("tom", domain: .id("default"))) == nil)
            #expect(try await code { try await house.store.setPasswordHash("scrypt$x", of: member.user) } == .notFound)
        }
    }

    @Test func `what a project has goes with it`() async throws {
        try await Fixture.with { house in
            let member = try member()
            try await house.store.remember(member)
            let key = AccessKey(id: "AKEXTERNAL", tenant: member.tenant.id, user: "u-1", created: 1)
            try await house.vault.insert(key, secret: Secret("s"))
            #expect(try await house.vault.accessKey("AKEXTERNAL")?.user == member.user)
            #expect(try await house.store.deleteTenant(member.tenant.id))
            #expect(try await house.vault.accessKey("AKEXTERNAL") == nil)
            #expect(try await house.store.member("u-1", of: member.tenant.id) == nil)
        }
    }

    @Test func `the tables refuse what is half of one and half of the other`() async throws {
        try await Fixture.with { house in
            let id = RandomText.hexadecimal()
            for insert in [
                "INSERT INTO tenants VALUES (90, '\(id)', 'default', 'n', 1, NULL)",
                "INSERT INTO tenants VALUES (90, '\(id)', 'default', 'n', 1, '')",
                "INSERT INTO users VALUES (90, 'u-2', '\(house.tenants[0].id)', 'n', NULL, 1, NULL)",
                "INSERT INTO users VALUES (90, 'u-2', '\(house.tenants[0].id)', 'n', 'scrypt$', 1, NULL)",
                "INSERT INTO users VALUES (90, '\(id)', '\(house.tenants[0].id)', 'n', 'scrypt$', 1, 'admin')",
                "INSERT INTO users VALUES (90, 'u/2', '\(house.tenants[0].id)', 'n', NULL, 1, '')",
            ] {
                #expect(throws: DatabaseError.self, "\(insert)") { try house.sql(insert) }
            }
        }
    }

    @Test func `a store of the form before keeps its tenants, users and all that hangs on them`() async throws {
        try await Fixture.inTemporaryDirectory { directory in
            let path = directory + "/store"
            let (tenant, user) = (RandomText.hexadecimal(), RandomText.hexadecimal())
            let domain = RandomText.hexadecimal()
            let old = try DatabasePool(path: path)
            try SQLiteSchema.migrator.migrate(old, upTo: "8 audit")
            let insert = """
                INSERT INTO master_keys VALUES (1, x'00', 1);
                INSERT INTO tenants VALUES (7, '\(tenant)', '\(domain)', 'one', 1);
                INSERT INTO users VALUES (8, '\(user)', '\(tenant)', 'tom', 'scrypt$', 1);
                INSERT INTO access_keys VALUES ('AKKEPT', '\(tenant)', '\(user)', 1, 1, x'00', NULL, NULL);
                INSERT INTO tokens VALUES (zeroblob(32), '\(tenant)', '\(user)', 'project', 'password', 1, 2);
                """
            try await old.write { try $0.execute(sql: insert) }
            try old.close()
            let store = try SQLiteStore(path: path)
            let id = try #require(TenantID(tenant))
            #expect(
                try await store.tenants() == [Tenant(id: id, domain: domain, name: "one", created: 1)])
            #expect(try await store.users(of: id) == [User(id: user, tenant: id, name: "tom", created: 1)])
            #expect(try await store.accessKey("AKKEPT")?.user.id == user)
            #expect(try await store.token(digest: Data(count: 32))?.user.id == user)
            try await store.write { database in
                let broken = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check")
                let areKept = try Bool.fetchOne(database, sql: "PRAGMA foreign_keys")
                #expect(broken.isEmpty && areKept == true)
            }
            // Who hangs on whom is as before.
            #expect(try await store.deleteUser(user, of: id))
            #expect(try await store.accessKey("AKKEPT") == nil)
            #expect(try await store.token(digest: Data(count: 32)) == nil)
            try store.close()
        }
    }
}
