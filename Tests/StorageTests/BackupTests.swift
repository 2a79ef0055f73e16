// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Model
import Testing

@testable import Storage

struct BackupTests {
    /// A store with some authorizations, its key, and where a backup goes.
    private static func with(_ body: (Fixture, KeySource, String) async throws -> Void) async throws {
        try await Fixture.with { house in
            for number in 0..<20 {
                try await house.vault.insert(
                    try house.authorization("name\(number)"), credential: .personal(Secret("canary-token-\(number)")))
            }
            try await body(house, .value(Secret(house.key.base64)), house.directory + "/backup.sqlite")
        }
    }

    private func message(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "nothing was thrown"
        } catch let error as StoreError {
            return error.message
        } catch {
            return "\(error)"
        }
    }

    @Test func `a backup is one closed file that holds everything, sealed`() async throws {
        try await Self.with { house, keys, path in
            try await house.store.backUp(to: path)
            #expect(try mode(of: path) == 0o600)
            for suffix in StoreFile.suffixes { #expect(!FileManager.default.fileExists(atPath: path + suffix)) }
            let report = try await Backup(path).check(in: house.directory, keys: keys)
            #expect(report.tenants == 2 && report.seals.good == 20 && report.seals.bad.isEmpty)
            #expect(report.keyVersions == [1])
            let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            #expect(bytes.range(of: Data("canary-token".utf8)) == nil)
            #expect(bytes.range(of: Data(house.key.base64.utf8)) == nil)
            let names = try FileManager.default.contentsOfDirectory(atPath: house.directory)
            #expect(names.filter { $0.contains("check") || $0.hasPrefix("backup") } == ["backup.sqlite"])
        }
    }

    @Test func `a backup is never written over anything`() async throws {
        try await Self.with { house, _, path in
            try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
            #expect(try await code { try await house.store.backUp(to: path) } == .alreadyExists)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
            #expect(try await code { try await house.store.backUp(to: house.directory + "/no/such") } == .unavailable)
        }
    }

    @Test func `a backup that is made while others write is of one moment`() async throws {
        try await Self.with { house, keys, path in
            let tenant = house.tenants[0].id
            try await withThrowingTaskGroup(of: Void.self) { group in
                // Each transaction leaves as many authorizations as there were.
                group.addTask {
                    for number in 0..<200 {
                        let old = try #require(AuthorizationName("name\(number % 20)"))
                        let made = try house.authorization("name\(number % 20)")
                        let sealed = try house.vault.seal(
                            try Credential.personal(Secret("t")).encoded(), under: try await house.vault.sealingKey(),
                            SealContext(made, revision: 1))
                        try await house.store.write { database in
                            try database.execute(
                                sql: "UPDATE authorizations SET id = ?, sealed = ? WHERE name = ?",
                                arguments: [made.id, sealed, old.text])
                        }
                    }
                }
                group.addTask { try await house.store.backUp(to: path) }
                try await group.waitForAll()
            }
            #expect(try await house.vault.authorizations(of: tenant).count == 20)
            #expect(try await Backup(path).check(in: house.directory, keys: keys).seals.good == 20)
        }
    }

    @Test func `a restored store is the one of the backup's time, and opens`() async throws {
        try await Self.with { house, keys, path in
            try await house.store.backUp(to: path)
            let place = house.directory + "/elsewhere/store.sqlite"
            let restored = try await Backup(path).restore(to: place, replacing: false, keys: keys)
            #expect(restored.aside == nil && restored.report.seals.good == 20)
            #expect(try mode(of: place) == 0o600)
            let store = try SQLiteStore(path: place)
            let vault = try await Vault(store: store, keys: keys, clock: house.clock.wall)
            let name = try #require(AuthorizationName("name7"))
            #expect(
                try await vault.entry(named: name, of: house.tenants[0].id)?.credential
                    == .personal(Secret("canary-token-7")))
            try store.close()
            #expect(FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func `a store that is there is only put aside when that is asked for, with what stood in its log`()
        async throws
    {
        try await Self.with { house, keys, path in
            try await house.store.backUp(to: path)
            try await house.vault.insert(try house.authorization("later"), credential: .personal(Secret("t")))
            try house.store.close()
            #expect(
                try await code { _ = try await Backup(path).restore(to: house.path, replacing: false, keys: keys) }
                    == .alreadyExists)
            let restored = try await Backup(path).restore(to: house.path, replacing: true, keys: keys)
            let aside = try #require(restored.aside)
            let (old, new) = (try SQLiteStore(path: aside), try SQLiteStore(path: house.path))
            #expect(try await old.authorizations(of: house.tenants[0].id).count == 21)
            #expect(try await new.authorizations(of: house.tenants[0].id).count == 20)
            try old.close()
            try new.close()
        }
    }

    @Test func `a log that a killed program has left goes aside with its store`() async throws {
        try await Self.with { house, keys, path in
            try await house.store.backUp(to: path)
            // As a kill leaves it: copied while it is open, with what stands in the log only.
            try await house.vault.insert(try house.authorization("later"), credential: .personal(Secret("t")))
            let place = house.directory + "/killed.sqlite"
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: house.path + suffix, toPath: place + suffix)
            }
            let restored = try await Backup(path).restore(to: place, replacing: true, keys: keys)
            #expect(!FileManager.default.fileExists(atPath: place + "-wal"))
            let old = try SQLiteStore(path: try #require(restored.aside))
            #expect(try await old.authorizations(of: house.tenants[0].id).count == 21)
            try old.close()
            // Nor does a damaged store pass on its log.
            try FileManager.default.copyItem(atPath: house.path + "-wal", toPath: place + "-wal")
            try Data(repeating: 7, count: 9000).write(to: URL(fileURLWithPath: place))
            let again = try #require(try await Backup(path).restore(to: place, replacing: true, keys: keys).aside)
            #expect(again != restored.aside && FileManager.default.fileExists(atPath: again))
            #expect(!FileManager.default.fileExists(atPath: place + "-wal"))
            let new = try SQLiteStore(path: place)
            #expect(try await new.authorizations(of: house.tenants[0].id).count == 20)
            try new.close()
        }
    }

    @Test func `what is no good backup is refused with a sentence, and nothing is put in place`() async throws {
        try await Self.with { house, keys, path in
            try await house.store.backUp(to: path)
            let bad = house.directory + "/bad.sqlite"
            let good = try Data(contentsOf: URL(fileURLWithPath: path))
            func changed(_ sql: String) throws -> Data {
                try? FileManager.default.removeItem(atPath: bad)
                try good.write(to: URL(fileURLWithPath: bad))
                let queue = try DatabaseQueue(path: bad)
                try queue.inDatabase { try $0.execute(sql: sql) }
                try queue.close()
                return try Data(contentsOf: URL(fileURLWithPath: bad))
            }
            var torn = good
            torn.replaceSubrange(
                good.count / 2..<good.count, with: Data(repeating: 0x55, count: good.count - good.count / 2))
            let cases: [(Data, String)] = [
                (Data(), "no store of Gatehouse"), (Data("text".utf8), "damaged"),
                (Data(good.prefix(good.count / 2)), "damaged"), (torn, "damaged"),
                (try changed("PRAGMA application_id = 7"), "no store of Gatehouse"),
                (try changed("INSERT INTO grdb_migrations (identifier) VALUES ('999 later')"), "newer Gatehouse"),
                (try changed("PRAGMA foreign_keys = OFF; DELETE FROM master_keys"), "damaged"),
            ]
            for (bytes, word) in cases {
                try bytes.write(to: URL(fileURLWithPath: bad))
                let place = house.directory + "/new.sqlite"
                let said = await message { _ = try await Backup(bad).restore(to: place, replacing: false, keys: keys) }
                #expect(said.contains(word) && said.hasSuffix("."), "\(said)")
                #expect(!FileManager.default.fileExists(atPath: place))
                #expect(try Data(contentsOf: URL(fileURLWithPath: bad)) == bytes)
            }
            #expect(
                await message { _ = try await Backup("/none").check(in: house.directory, keys: keys) }.contains(
                    "no file"))
            #expect(
                await message { _ = try await Backup(house.path).check(in: house.directory, keys: keys) }
                    .contains("write-ahead log"))
            #expect(
                await message { _ = try await Backup(house.directory).check(in: house.directory, keys: keys) }
                    .contains("not a regular file"))
        }
    }

    @Test func `a backup of another master key is refused`() async throws {
        try await Self.with { house, _, path in
            try await house.store.backUp(to: path)
            let other = KeySource.value(Secret(MasterKey.random().base64))
            let said = await message { _ = try await Backup(path).check(in: house.directory, keys: other) }
            #expect(said.contains("not the master key"), "\(said)")
        }
    }

    @Test func `a backup with one row that was tampered with says which`() async throws {
        try await Self.with { house, keys, path in
            try house.sql("UPDATE authorizations SET host = 'https://evil.example' WHERE name = 'name3'")
            try await house.store.backUp(to: path)
            let report = try await Backup(path).check(in: house.directory, keys: keys)
            #expect(report.seals.good == 19)
            #expect(report.seals.bad == [SealedLabel(table: .authorizations, name: "name3", tenant: "one")])
        }
    }

    @Test func `a backup from before a rotation opens as long as the old version is kept`() async throws {
        try await Self.with { house, keys, path in
            let file = KeySource.file(house.directory + "/master.key")
            try KeySource.make(house.directory + "/master.key", holding: house.key.base64)
            try await house.store.backUp(to: path)
            let vault = try await Vault(store: house.store, keys: file, clock: house.clock.wall)
            _ = try await vault.beginRotation()
            _ = try await vault.reseal(pause: .zero)
            #expect(try await Backup(path).check(in: house.directory, keys: file).seals.good == 20)
            let later = house.directory + "/later.sqlite"
            try await house.store.backUp(to: later)
            #expect(
                await message { _ = try await Backup(later).check(in: house.directory, keys: keys) }.contains(
                    "ersion 2"))
            _ = try await vault.retire(1)
            #expect(
                await message { _ = try await Backup(path).check(in: house.directory, keys: file) }.contains("ersion 1")
            )
        }
    }
}
