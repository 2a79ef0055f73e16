// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Model
import Synchronization
import Testing

@testable import Storage

/// A clock that stands still until it is told to move.
final class TestClock: Sendable {
    private let now = Mutex<Int64>(1_700_000_000_000)

    var milliseconds: Int64 { now.withLock { $0 } }
    var wall: WallClock { WallClock { self.milliseconds } }

    func advance(seconds: Int64) {
        now.withLock { $0 += seconds * 1000 }
    }
}

/// A store in a directory of its own, with two tenants that have a user each. Everything but the ids is equal in both.
struct Fixture: Sendable {
    let directory: String
    let store: SQLiteStore
    let vault: Vault
    let clock: TestClock
    let key: MasterKey
    let tenants: [Tenant]
    let users: [User]

    var path: String { directory + "/gatehouse.sqlite" }

    /// Runs SQL past the store, as somebody with the file in hand would.
    @discardableResult
    func sql(_ sql: String, _ arguments: [String] = []) throws -> Int {
        try DatabaseQueue(path: path).write { database in
            try database.execute(sql: sql, arguments: StatementArguments(arguments))
            return database.changesCount
        }
    }

    func authorization(
        _ name: String = "test", tenant: Int = 0, mode: AuthorizationMode = .personal, site: String? = nil
    ) throws -> Authorization {
        Authorization(
            id: RandomText.hexadecimal(), tenant: tenants[tenant].id, name: try #require(AuthorizationName(name)),
            forge: .github, mode: mode, host: "https://api.github.com",
            account: Account(login: "tom", home: "https://github.com/tom", avatar: "https://github.com/tom.png"),
            site: site, created: clock.milliseconds, updated: clock.milliseconds, status: .normal)
    }

    static func inTemporaryDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = NSTemporaryDirectory() + "gatehouse-" + RandomText.hexadecimal(byteCount: 8)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        do {
            try await body(directory)
        } catch {
            try FileManager.default.removeItem(atPath: directory)
            throw error
        }
        try FileManager.default.removeItem(atPath: directory)
    }

    static func with(_ body: (Fixture) async throws -> Void) async throws {
        try await inTemporaryDirectory { directory in
            let clock = TestClock()
            let store = try SQLiteStore(path: directory + "/gatehouse.sqlite")
            let key = MasterKey.random()
            let vault = try await Vault(store: store, masterKey: key, clock: clock.wall)
            var tenants: [Tenant] = []
            var users: [User] = []
            for name in ["one", "two"] {
                let tenant = Tenant(
                    id: try #require(TenantID(RandomText.hexadecimal())), domain: RandomText.hexadecimal(), name: name,
                    created: clock.milliseconds)
                let user = User(
                    id: RandomText.hexadecimal(), tenant: tenant.id, name: "tom", created: clock.milliseconds)
                try await store.insert(tenant)
                try await store.insert(user, passwordHash: "scrypt$\(name)")
                tenants.append(tenant)
                users.append(user)
            }
            try await body(
                Fixture(
                    directory: directory, store: store, vault: vault, clock: clock, key: key, tenants: tenants,
                    users: users))
            try store.close()
        }
    }
}

/// The code of the error that a call must throw.
func code(of call: () async throws -> Void) async throws -> StoreError.Code? {
    do {
        try await call()
        return nil
    } catch let error as StoreError {
        return error.code
    }
}
