// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Model
import Testing

@testable import Storage

struct SQLiteFileTests {
    private func open(_ path: String, busyTimeout: Double = 5) -> StoreError? {
        do {
            _ = try SQLiteStore(path: path, busyTimeout: busyTimeout)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a new store and its directory are for their user only`() async throws {
        try await Fixture.inTemporaryDirectory { directory in
            let path = directory + "/a/b/gatehouse.sqlite"
            let store = try SQLiteStore(path: path)
            _ = try await Vault(store: store, masterKey: .random())
            #expect(try mode(of: directory + "/a") == 0o700)
            #expect(try mode(of: directory + "/a/b") == 0o700)
            for suffix in ["", "-wal", "-shm"] { #expect(try mode(of: path + suffix) == 0o600) }
            try store.close()
        }
    }

    @Test func `what a store has returned from survives closing, and opening it twice changes nothing`() async throws {
        try await Fixture.inTemporaryDirectory { directory in
            let (path, key) = (directory + "/store", MasterKey.random())
            let tenant = Tenant(
                id: try #require(TenantID(RandomText.hexadecimal())), domain: RandomText.hexadecimal(), name: "one",
                created: 1)
            for round in 0..<3 {
                let store = try SQLiteStore(path: path)
                _ = try await Vault(store: store, masterKey: key)
                if round == 0 { try await store.insert(tenant) }
                #expect(try await store.tenants() == [tenant])
                try store.close()
            }
        }
    }

    @Test func `writes are synchronous in full and the log is a write-ahead one`() async throws {
        try await Fixture.with { house in
            let settings = try await house.store.write { database in
                try (
                    Int.fetchOne(database, sql: "PRAGMA synchronous"),
                    String.fetchOne(database, sql: "PRAGMA journal_mode"),
                    Int.fetchOne(database, sql: "PRAGMA foreign_keys")
                )
            }
            #expect(settings == (2, "wal", 1))
        }
    }

    @Test func `two programs see each other's changes at once`() async throws {
        try await Fixture.with { house in
            let other = try SQLiteStore(path: house.path)
            let vault = try await Vault(store: other, masterKey: house.key, clock: house.clock.wall)
            let authorization = try house.authorization()
            try await vault.insert(authorization, credential: .personal(Secret("t")))
            #expect(try await house.vault.authorizations(of: authorization.tenant) == [authorization])
            #expect(try await house.store.deleteTenant(authorization.tenant))
            #expect(try await vault.authorizations(of: authorization.tenant).isEmpty)
        }
    }

    @Test func `many writers of two programs all get through`() async throws {
        try await Fixture.with { house in
            let other = try await Vault(
                store: try SQLiteStore(path: house.path), masterKey: house.key, clock: house.clock.wall)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<60 {
                    let authorization = try house.authorization("name\(index)", tenant: index % 2)
                    let vault = index % 3 == 0 ? other : house.vault
                    group.addTask { try await vault.insert(authorization, credential: .personal(Secret("t"))) }
                }
                try await group.waitForAll()
            }
            for tenant in house.tenants { #expect(try await house.vault.authorizations(of: tenant.id).count == 30) }
        }
    }

    @Test func `a file that another program holds is unavailable, and usable afterwards`() async throws {
        try await Fixture.with { house in
            let impatient = try SQLiteStore(path: house.path, busyTimeout: 0.05)
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let holder = try DatabaseQueue(path: house.path, configuration: configuration)
            try holder.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
            let id = house.tenants[0].id
            #expect(try await code { _ = try await impatient.deleteTenant(id) } == .unavailable)
            #expect(try await impatient.tenants().count == 2)
            try holder.inDatabase { try $0.execute(sql: "ROLLBACK") }
            #expect(try await impatient.deleteTenant(id))
        }
    }

    @Test func `a store of a newer version is refused and left as it is`() async throws {
        try await Fixture.with { house in
            try house.sql("INSERT INTO grdb_migrations (identifier) VALUES ('999 not yet written')")
            let error = try #require(open(house.path))
            #expect(error.code == .newerSchema)
            #expect(error.message.contains(house.path))
        }
    }

    @Test func `a store of the first form keeps what it holds, and takes forges that it did not know`() async throws {
        try await Fixture.inTemporaryDirectory { directory in
            let path = directory + "/store"
            let tenant = RandomText.hexadecimal()
            let old = try DatabasePool(path: path)
            try SQLiteSchema.migrator.migrate(old, upTo: "1 house")
            let insert = """
                INSERT INTO master_keys VALUES (1, x'00', 1);
                INSERT INTO tenants VALUES (1, '\(tenant)', '\(RandomText.hexadecimal())', 'one', 1);
                INSERT INTO authorizations VALUES (7, '\(RandomText.hexadecimal())', '\(tenant)', 'kept', 'gitlab',
                    'oauth', 'https://gitlab.com', 'h', 'u', 'a', 'intl', 1, 2, 1, 1, 3, x'00');
                INSERT INTO users VALUES (1, '\(tenant)', '\(tenant)', 'tom', 'scrypt$', 1);
                INSERT INTO access_keys VALUES ('AKKEPT', '\(tenant)', '\(tenant)', 1, 1, x'00');
                """
            try await old.write { try $0.execute(sql: insert) }
            try old.close()
            let store = try SQLiteStore(path: path)
            let kept = try await store.authorizations(of: try #require(TenantID(tenant)))
            #expect(kept.map(\.name.text) == ["kept"])
            let key = try await store.accessKey("AKKEPT")
            #expect(key != nil && key?.key.temporary == nil)
            #expect(kept.first?.site == "intl" && kept.first?.status == .expired && kept.first?.updated == 2)
            try await store.write { database in
                try database.execute(sql: "UPDATE authorizations SET forge = 'gitea'")
                #expect(try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").isEmpty)
            }
            #expect(try await store.deleteTenant(try #require(TenantID(tenant))))
            try store.close()
        }
    }

    @Test func `a file that is no database, a directory and a forbidden place are refused with a sentence`()
        async throws
    {
        try await Fixture.inTemporaryDirectory { directory in
            let text = directory + "/notes.txt"
            try Data(String(repeating: "not a database ", count: 500).utf8).write(to: URL(fileURLWithPath: text))
            for path in [text, directory, text + "/store", "/proc/gatehouse/store"] {
                let error = try #require(open(path))
                #expect(error.code == .unavailable)
                #expect(error.message.hasSuffix("."))
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: text)).count == 7500)
        }
    }

    @Test func `another program's database is left alone`() async throws {
        try await Fixture.inTemporaryDirectory { directory in
            let path = directory + "/other.sqlite"
            let other = try DatabaseQueue(path: path)
            try await other.write { try $0.execute(sql: "CREATE TABLE notes (text)") }
            let error = try #require(open(path))
            #expect(error.message.contains("another program"))
            #expect(try await other.read { try $0.tableExists("tenants") } == false)
        }
    }

    @Test(.enabled(if: geteuid() != 0, "root may write to what is read-only"))
    func `a read-only file is unavailable for writing, with a sentence`() async throws {
        try await Fixture.with { house in
            try house.store.close()
            try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: house.path)
            let error = try #require(open(house.path))
            #expect(error.code == .unavailable)
            #expect(error.message.contains("read-only"))
        }
    }

    @Test func `a full disk is unavailable, and what was there stays`() async throws {
        try await Fixture.with { house in
            let authorization = try house.authorization("first")
            try await house.vault.insert(authorization, credential: .personal(Secret("t")))
            try await house.store.write { database in
                try database.execute(sql: "CREATE TEMP TABLE keep (x)")
            }
            let pages = try await house.store.write { database in
                try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            }
            _ = try await house.store.write { database in
                try Int.fetchOne(database, sql: "PRAGMA max_page_count = \(pages)")
            }
            let large = Credential.personal(Secret(String(repeating: "x", count: 100_000)))
            let second = try house.authorization("second")
            #expect(try await code { try await house.vault.insert(second, credential: large) } == .unavailable)
            #expect(try await house.vault.authorizations(of: authorization.tenant) == [authorization])
        }
    }

    @Test func `a closed store is unavailable`() async throws {
        try await Fixture.with { house in
            let store = try SQLiteStore(path: house.path)
            try await store.ping()
            try store.close()
            #expect(try await code { try await store.ping() } == .unavailable)
            #expect(try await code { _ = try await store.deleteTenant(house.tenants[0].id) } == .unavailable)
        }
    }
}
