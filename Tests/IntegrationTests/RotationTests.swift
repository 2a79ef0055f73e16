// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import Storage
import Synchronization
import Testing

/// The master key is changed while a Gatehouse serves, by the program as it is run.
@Suite(.serialized) struct RotationTests {
    private static let count = 300

    /// A sandbox with many authorizations, and its files.
    private struct House {
        let directory: TemporaryDirectory
        let sandbox: RunningSandbox
        let vault: Vault
        let files: [String]

        init() async throws {
            directory = try TemporaryDirectory()
            let state = directory.url.appending(path: "state")
            sandbox = try await RunningSandbox.start(in: directory.url, state: state)
            let (path, key) = (state.path + "/gatehouse.sqlite", state.path + "/master.key")
            files = ["--store", path, "--master-key-file", key]
            vault = try await Vault(store: try SQLiteStore(path: path), keys: .file(key))
            let forge = try #require(sandbox.ready.forges["github"])
            let made = try await sandbox.call(
                "POST", "/auths/github/personal", body: ["name": "auth-0", "token": forge.token, "host": forge.host])
            #expect(made.status == 200, "\(String(decoding: made.body, as: UTF8.self))")
            let tenant = try #require(TenantID(sandbox.ready.project_id))
            let name = try #require(AuthorizationName("auth-0"))
            let first = try #require(try await vault.authorization(named: name, of: tenant))
            for number in 1..<RotationTests.count {
                let another = Authorization(
                    id: RandomText.hexadecimal(), tenant: tenant,
                    name: try #require(AuthorizationName("auth-\(number)")), forge: first.forge, mode: first.mode,
                    host: first.host,
                    account: Account(login: first.user, home: first.home, avatar: first.avatar), site: nil,
                    created: first.created, updated: first.updated, status: .normal)
                try await vault.insert(another, credential: .personal(Secret(forge.token)))
            }
        }

        func rotate(_ options: String...) throws -> GatehouseProcess {
            try GatehouseProcess(["key", "rotate"] + files + options, in: directory.url)
        }

        func run(_ arguments: String...) throws -> (status: Int32, output: String) {
            try GatehouseProcess.run(arguments + files, in: directory.url)
        }

        /// How many authorizations are sealed under a version.
        func sealed(under version: Int64) async throws -> Int {
            try await vault.keyVersions().first { $0.version == version }?.counts[.authorizations] ?? 0
        }
    }

    /// Lists all authorizations and uses one after the other until it is told to stop.
    private final class Reader: Sendable {
        private let caller: SandboxCaller
        private let isOver = Mutex(false)

        struct Outcome {
            /// How many calls were answered.
            var good = 0
            /// What the others said.
            var bad: [String] = []
        }

        init(_ caller: SandboxCaller) {
            self.caller = caller
        }

        func stop() {
            isOver.withLock { $0 = true }
        }

        func run() async throws -> Outcome {
            let forge = try #require(caller.ready.forges["github"])
            let repository = "/repos/\(forge.namespace)/\(forge.project)/branches"
            var outcome = Outcome()
            var number = 0
            while !isOver.withLock({ $0 }) {
                let list = try await caller.call("GET", "/auths")
                let names = try list.json()["authorizations"] as? [[String: Any]]
                if list.status == 200, (names?.count ?? 0) >= RotationTests.count {
                    outcome.good += 1
                } else {
                    outcome.bad.append(String(decoding: list.body, as: UTF8.self))
                }
                for _ in 0..<5 {
                    number = (number + 37) % RotationTests.count
                    let used = try await caller.call("GET", repository, as: "auth-\(number)")
                    if used.status == 200 {
                        outcome.good += 1
                    } else {
                        outcome.bad.append(String(decoding: used.body, as: UTF8.self))
                    }
                }
            }
            return outcome
        }
    }

    @Test func `a rotation that is killed half way goes on, and no read fails meanwhile`() async throws {
        let house = try await House()
        let reader = Reader(house.sandbox.caller)
        async let reads = reader.run()
        let process = try house.rotate("--batch", "10", "--pause", "30")
        while process.process.isRunning, try await house.sealed(under: 2) < 100 {
            try await Task.sleep(for: .milliseconds(5))
        }
        process.killAtOnce()
        let half = try await house.sealed(under: 1)
        #expect((1..<Self.count).contains(half), "\(half) left, \(process.output)")
        let again = try house.run("key", "rotate")
        #expect(again.status == 0, "\(again.output)")
        #expect(again.output.contains("going on with version 2"), "\(again.output)")
        #expect(try await house.sealed(under: 1) == 0)
        #expect(try await house.sealed(under: 2) == Self.count)
        reader.stop()
        let read = try await reads
        #expect(read.good > 0 && read.bad.isEmpty, "\(read.bad.prefix(3))")
        // The running server seals under the new version by itself.
        let forge = try #require(house.sandbox.ready.forges["github"])
        let made = try await house.sandbox.call(
            "POST", "/auths/github/personal", body: ["name": "made-later", "token": forge.token, "host": forge.host])
        #expect(made.status == 200)
        #expect(try await house.sealed(under: 2) == Self.count + 1)
        let retired = try house.run("key", "retire", "1", "--yes")
        #expect(retired.status == 0, "\(retired.output)")
        let list = try house.run("key", "list")
        #expect(list.output.contains("seals") && !list.output.contains("\n1 "), "\(list.output)")
        #expect(house.sandbox.process.stop() == 0)
    }
}
