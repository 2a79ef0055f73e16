// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import Synchronization
import Testing

@testable import Storage

/// The versions of the master key: made, used, replaced, retired.
struct KeyRotationTests {
    /// A store whose key is in a file, with something sealed in each table.
    private struct House {
        let fixture: Fixture
        let vault: Vault
        let keyFile: String
        let state: String

        var source: KeySource { .file(keyFile) }
        var tenant: TenantID { fixture.tenants[0].id }

        /// Another program on the same store.
        func neighbour() async throws -> Vault {
            try await Vault(
                store: try SQLiteStore(path: fixture.path), keys: source, clock: fixture.clock.wall)
        }

        func credential(_ name: String, in vault: Vault? = nil) async throws -> Credential? {
            let name = try #require(AuthorizationName(name))
            return try await (vault ?? self.vault).entry(named: name, of: tenant)?.credential
        }

        /// How many values are sealed under each version.
        func counts() async throws -> [Int64: Int] {
            Dictionary(uniqueKeysWithValues: try await vault.keyVersions().map { ($0.version, $0.count) })
        }

        static func with(_ body: (House) async throws -> Void) async throws {
            try await Fixture.with { fixture in
                let file = fixture.directory + "/master.key"
                try KeySource.make(file, holding: fixture.key.base64 + "\n")
                let vault = try await Vault(store: fixture.store, keys: .file(file), clock: fixture.clock.wall)
                for number in 0..<7 {
                    try await vault.insert(
                        try fixture.authorization("name\(number)"), credential: .personal(Secret("token \(number)")))
                }
                let user = fixture.users[0]
                try await vault.insert(
                    AccessKey(id: "AKMINE", tenant: user.tenant, user: user.id, created: 0), secret: Secret("secret"))
                let state = try await vault.save(
                    OAuthState(
                        binding: OAuthStateBinding(tenant: user.tenant, forge: .github, site: nil), user: user.id,
                        name: nil, verifier: Secret("verifier")))
                try await body(House(fixture: fixture, vault: vault, keyFile: file, state: state))
            }
        }
    }

    private static let one = Data((0..<32).map { UInt8($0) }).base64EncodedString()
    private static let two = Data((1..<33).map { UInt8($0) }).base64EncodedString()

    @Test(arguments: [one, "1 \(one)", " 1\n\(one)\n", "1 \(one)\r\n"])
    func `a key alone is version 1`(text: String) throws {
        let ring = try KeyRing(text: text)
        #expect(ring.versions == [1] && ring[1]?.base64 == Self.one)
    }

    @Test(arguments: ["1 \(one)\n7 \(two)\n", "\(one) 7 \(two)", "7 \(two) \(one)"])
    func `several versions stand in one text`(text: String) throws {
        let ring = try KeyRing(text: text)
        #expect(ring.versions == [1, 7] && ring[7]?.base64 == Self.two)
        #expect(try KeyRing(text: ring.text).text == ring.text)
    }

    @Test(arguments: [
        "", "1", "\(one) \(two)", "1 \(one) 1 \(two)", "0 \(one)", "-1 \(one)", "2 short", "1 2 \(one)", "x \(one)",
    ])
    func `a text that is no list of keys is refused without being repeated`(text: String) throws {
        let error = #expect(throws: StoreError.self) { try KeyRing(text: text) }
        #expect(error?.code == .masterKeyRefused && error?.description.contains(Self.one) == false)
    }

    @Test func `keys do not print`() throws {
        var dumped = ""
        let ring = try KeyRing(text: Self.one)
        dump(ring, to: &dumped)
        for text in ["\(ring)", String(reflecting: ring), dumped] { #expect(!text.contains("AAEC")) }
    }

    @Test func `a rotation seals everything anew, and everything opens as before`() async throws {
        try await House.with { house in
            let rotation = try await house.vault.beginRotation()
            #expect(rotation.version == 2 && rotation.isNew)
            #expect(try await house.counts() == [1: 9, 2: 0])
            let told = Mutex<[Int]>([])
            let result = try await house.vault.reseal(batch: 3, pause: .zero) { now in
                told.withLock { $0.append(now.remaining) }
            }
            #expect(result.done == 9 && result.stuck.isEmpty)
            #expect(told.withLock { $0 } == [6, 3, 2, 1, 0])
            #expect(try await house.counts() == [1: 0, 2: 9])
            for number in 0..<7 {
                #expect(try await house.credential("name\(number)") == .personal(Secret("token \(number)")))
            }
            #expect(try await house.vault.accessKey("AKMINE")?.secret == Secret("secret"))
            #expect(try await house.vault.consume(house.state)?.verifier == Secret("verifier"))
        }
    }

    @Test func `a program that knew only the old version opens and seals under the new one`() async throws {
        try await House.with { house in
            let neighbour = try await house.neighbour()
            _ = try await house.vault.beginRotation()
            try await neighbour.insert(
                try house.fixture.authorization("theirs"), credential: .personal(Secret("theirs")))
            #expect(try await house.counts() == [1: 9, 2: 1])
            #expect(try await house.credential("theirs") == .personal(Secret("theirs")))
            _ = try await house.vault.reseal(pause: .zero)
            let third = try await house.vault.beginRotation()
            #expect(third.version == 3)
            _ = try await house.vault.reseal(pause: .zero)
            #expect(try await house.credential("name0", in: neighbour) == .personal(Secret("token 0")))
            #expect(try await neighbour.accessKey("AKMINE")?.secret == Secret("secret"))
        }
    }

    @Test func `a rotation goes on where an earlier one was stopped`() async throws {
        try await House.with { house in
            _ = try await house.vault.beginRotation()
            let rows = try await house.fixture.store.sealedRows(
                of: .accessKeys, notUnder: 2, after: nil, limit: 9)
            #expect(rows.count == 1)
            let neighbour = try await house.neighbour()
            let again = try await neighbour.beginRotation()
            #expect(again.version == 2 && !again.isNew)
            #expect(try await neighbour.reseal(pause: .zero).done == 9)
            #expect(try await house.vault.beginRotation().version == 3)
        }
    }

    @Test func `a key that was written before a stop is the next rotation's`() async throws {
        try await House.with { house in
            #expect(try house.source.version(after: 1) == 2)
            let written = try #require(try house.source.read()?[2]).base64
            // The store knows nothing of it: an ordinary start goes on under version 1.
            #expect(try await house.neighbour().sealingKey().version == 1)
            #expect(try await house.vault.beginRotation().version == 2)
            #expect(try house.source.read()?[2]?.base64 == written)
        }
    }

    @Test func `rotations that begin at once make one version`() async throws {
        try await House.with { house in
            var vaults: [Vault] = []
            for _ in 0..<6 { vaults.append(try await house.neighbour()) }
            let versions = try await withThrowingTaskGroup(of: Int64.self) { group in
                for vault in vaults { group.addTask { try await vault.beginRotation().version } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(versions == [2])
            #expect(try house.source.read()?.versions == [1, 2])
            _ = try await house.neighbour().reseal(pause: .zero)
            #expect(try await house.credential("name3") == .personal(Secret("token 3")))
        }
    }

    @Test func `a credential that is renewed meanwhile is not overwritten`() async throws {
        try await House.with { house in
            _ = try await house.vault.beginRotation()
            let key = try await house.vault.sealingKey()
            let read = try await house.fixture.store.sealedRows(
                of: .authorizations, notUnder: 2, after: nil, limit: 100)
            let old = SealingKey(version: 1, key: house.fixture.key.key)
            let resealed = try read.map { row in
                let context = try #require(row.context)
                return ResealedRow(
                    old: row, sealed: try Envelope.reseal(row.sealed, under: old, to: key, context))
            }
            let name = try #require(AuthorizationName("name2"))
            let entry = try #require(try await house.vault.entry(named: name, of: house.tenant))
            try await house.vault.replace(
                credential: .personal(Secret("renewed")), of: entry.authorization.id, tenant: house.tenant,
                ifRevision: 1)
            #expect(try await house.fixture.store.reseal(resealed, in: .authorizations, under: 2) == 6)
            #expect(try await house.credential("name2") == .personal(Secret("renewed")))
            #expect(try await house.credential("name3") == .personal(Secret("token 3")))
        }
    }

    @Test func `a renewal that began before a value was sealed anew still finds its revision`() async throws {
        try await House.with { house in
            let name = try #require(AuthorizationName("name1"))
            let entry = try #require(try await house.vault.entry(named: name, of: house.tenant))
            _ = try await house.vault.beginRotation()
            _ = try await house.vault.reseal(pause: .zero)
            try await house.vault.replace(
                credential: .personal(Secret("renewed")), of: entry.authorization.id, tenant: house.tenant,
                ifRevision: entry.revision)
            #expect(try await house.credential("name1") == .personal(Secret("renewed")))
        }
    }

    @Test(arguments: ["host = 'https://evil.example'", "sealed = zeroblob(length(sealed))", "mode = 'oauth'"])
    func `a row that was tampered with is named, stays closed and holds up no other`(change: String) async throws {
        try await House.with { house in
            try house.fixture.sql("UPDATE authorizations SET \(change) WHERE name = 'name4'")
            _ = try await house.vault.beginRotation()
            let result = try await house.vault.reseal(pause: .zero)
            #expect(result.done == 8)
            #expect(result.stuck == [SealedLabel(table: .authorizations, name: "name4", tenant: "one")])
            #expect(try await code { _ = try await house.credential("name4") } == .unsealable)
            #expect(try await !house.vault.beginRotation().isNew)
            #expect(try await code { _ = try await house.vault.retire(1) } == .invalid)
            #expect(try await house.vault.checkSeals().bad == result.stuck)
            _ = try await house.vault.delete(named: try #require(AuthorizationName("name4")), of: house.tenant)
            #expect(try await house.vault.retire(1))
        }
    }

    @Test func `a version is retired when nothing is sealed under it, and never the newest`() async throws {
        try await House.with { house in
            #expect(try await code { _ = try await house.vault.retire(1) } == .invalid)
            _ = try await house.vault.beginRotation()
            #expect(try await code { _ = try await house.vault.retire(1) } == .invalid)
            #expect(try house.source.read()?.versions == [1, 2])
            _ = try await house.vault.reseal(pause: .zero)
            #expect(try await code { _ = try await house.vault.retire(2) } == .invalid)
            #expect(try await code { _ = try await house.vault.retire(9) } == .notFound)
            #expect(try await house.vault.retire(1))
            #expect(try house.source.read()?.versions == [2])
            #expect(try await house.vault.keyVersions().map(\.version) == [2])
            #expect(try await house.credential("name0", in: try await house.neighbour()) != nil)
            #expect(try await house.vault.beginRotation().version == 3)
        }
    }

    @Test func `a retirement that was stopped before the key file is finished by the next`() async throws {
        try await House.with { house in
            _ = try await house.vault.beginRotation()
            _ = try await house.vault.reseal(pause: .zero)
            try house.fixture.sql("DELETE FROM master_keys WHERE version = 1")
            #expect(try await house.neighbour().retire(1))
            #expect(try house.source.read()?.versions == [2])
        }
    }

    @Test func `a write that meets a version which was retired meanwhile is made under the new one`() async throws {
        try await House.with { house in
            let neighbour = try await house.neighbour()
            let authorization = try house.fixture.authorization("late")
            let tried = Mutex<[Int64]>([])
            try await neighbour.sealing { (key) throws(StoreError) in
                if tried.withLock({ $0.isEmpty }) {
                    _ = try await house.vault.beginRotation()
                    _ = try await house.vault.reseal(pause: .zero)
                    _ = try await house.vault.retire(1)
                }
                tried.withLock { $0.append(key.version) }
                let context = SealContext(authorization, revision: 1)
                let sealed = try neighbour.seal(
                    try Credential.personal(Secret("late")).encoded(), under: key, context)
                try await neighbour.store.insert(
                    AuthorizationRow(
                        authorization: authorization, keyVersion: key.version, revision: 1, sealed: sealed,
                        standing: Standing()))
            }
            #expect(tried.withLock { $0 } == [1, 2])
            #expect(try await house.credential("late") == .personal(Secret("late")))
        }
    }

    @Test func `a start without a version that is in use is refused and says which`() async throws {
        try await House.with { house in
            _ = try await house.vault.beginRotation()
            try KeySource.remove(1, from: house.keyFile)
            let error = await #expect(throws: StoreError.self) { try await house.neighbour() }
            #expect(error?.code == .masterKeyRefused && error?.message.contains("Version 1") == true)
        }
    }

    @Test func `a start without a version that nothing is sealed under is none of anybody's trouble`() async throws {
        try await House.with { house in
            _ = try await house.vault.beginRotation()
            _ = try await house.vault.reseal(pause: .zero)
            try KeySource.remove(1, from: house.keyFile)
            let neighbour = try await house.neighbour()
            #expect(try await neighbour.sealingKey().version == 2)
        }
    }

    @Test func `a value in the configuration holds several versions, and only the operator adds one`() async throws {
        try await House.with { house in
            let text = house.fixture.key.base64
            let store = house.fixture.store
            let alone = try await Vault(store: store, keys: .value(Secret(text)), clock: house.fixture.clock.wall)
            let error = await #expect(throws: StoreError.self) { try await alone.beginRotation() }
            #expect(error?.message.contains("GATEHOUSE_MASTER_KEY_VALUE") == true)
            let both = try await Vault(
                store: store, keys: .value(Secret("1 \(text) 2 \(Self.two)")), clock: house.fixture.clock.wall)
            #expect(try await both.sealingKey().version == 1)
            #expect(try await both.beginRotation().version == 2)
            #expect(try await both.reseal(pause: .zero).done == 9)
            // A server that has not been given the new key goes on as far as it can, and says what it lacks.
            let late = try await #require(throws: StoreError.self) { try await house.credential("name0", in: alone) }
            #expect(late.code == .unsealable && late.message.contains("version 2"))
            try await alone.insert(try house.fixture.authorization("older"), credential: .personal(Secret("t")))
            #expect(try await house.counts() == [1: 1, 2: 9])
            #expect(try await both.reseal(pause: .zero).done == 1)
            #expect(try await both.retire(1) == false)
        }
    }

    @Test func `the key file stays closed, whole and where a link points to`() async throws {
        try await House.with { house in
            let link = house.fixture.directory + "/link.key"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: house.keyFile)
            #expect(try KeySource.file(link).version(after: 1) == 2)
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == house.keyFile)
            #expect(try mode(of: house.keyFile) == 0o600)
            #expect(try house.source.read()?[1]?.base64 == house.fixture.key.base64)
            let names = try FileManager.default.contentsOfDirectory(atPath: house.fixture.directory)
            #expect(names.filter { $0.hasPrefix("master.key") } == ["master.key"])
        }
    }

    @Test func `a flow that has ended holds up no retirement`() async throws {
        try await House.with { house in
            _ = try await house.vault.beginRotation()
            for table in [SealedTable.authorizations, .accessKeys] {
                try house.fixture.sql("DELETE FROM \(table.name)")
            }
            #expect(try await code { _ = try await house.vault.retire(1) } == .invalid)
            house.fixture.clock.advance(seconds: 601)
            #expect(try await house.vault.retire(1))
        }
    }
}
