// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Testing

/// The commands by which an operator keeps a store: keys, backups, the doctor.
@Suite(.serialized) struct OperatorTests {
    /// A store with a tenant, a user and an access key.
    private struct Site {
        let directory: TemporaryDirectory
        let environment: [String: String]

        var store: String { directory.url.path + "/data/store.sqlite" }
        var key: String { directory.url.path + "/keys/master.key" }

        init(hasStore: Bool = true, more: [String: String] = [:]) throws {
            directory = try TemporaryDirectory()
            let folder = directory.url.path
            environment = [
                "GATEHOUSE_STORE_PATH": folder + "/data/store.sqlite",
                "GATEHOUSE_MASTER_KEY_FILE": folder + "/keys/master.key", "GATEHOUSE_LOG_LEVEL": "critical",
                "GATEHOUSE_NETWORK_ALLOW": "127.0.0.0/8",
            ].merging(more) { $1 }
            guard hasStore else { return }
            for command in [
                ["tenant", "create", "acme"], ["user", "create", "acme", "alice"],
                ["access-key", "create", "acme", "alice"],
            ] {
                let made = try GatehouseProcess.run(command, in: directory.url, environment: environment)
                #expect(made.status == 0, "\(made.output)")
            }
        }

        func run(
            _ arguments: String..., environment more: [String: String] = [:]
        ) throws -> (status: Int32, output: String) {
            try GatehouseProcess.run(arguments, in: directory.url, environment: environment.merging(more) { $1 })
        }

        func sql(_ sql: String) throws {
            let queue = try DatabaseQueue(path: store)
            try queue.inDatabase { try $0.execute(sql: sql) }
            try queue.close()
        }
    }

    @Test func `a key is rotated, listed and retired by command`() throws {
        let site = try Site()
        let rotated = try site.run("key", "rotate")
        #expect(rotated.status == 0 && rotated.output.contains("made version 2"), "\(rotated.output)")
        #expect(rotated.output.contains("sealed 1 anew"), "\(rotated.output)")
        let list = try site.run("key", "list").output
        #expect(list.contains("may be retired") && list.contains("seals"), "\(list)")
        let newest = try site.run("key", "retire", "2", "--yes")
        #expect(newest.status != 0 && newest.output.contains("newest"), "\(newest.output)")
        let unasked = try site.run("key", "retire", "1")
        #expect(unasked.status != 0 && unasked.output.contains("Nothing was deleted"), "\(unasked.output)")
        #expect(try site.run("key", "retire", "1", "--yes").status == 0)
        let text = try String(contentsOfFile: site.key, encoding: .utf8)
        #expect(text.hasPrefix("2 ") && text.split(separator: "\n").count == 1)
        #expect(try site.run("tenant", "list").output.contains("acme"))
    }

    @Test func `a value that does not open is named by a rotation, which then fails`() throws {
        let site = try Site()
        try site.sql("UPDATE access_keys SET created = created + 1")
        let rotated = try site.run("key", "rotate")
        #expect(rotated.status != 0 && rotated.output.contains("access key"), "\(rotated.output)")
        #expect(rotated.output.contains("tenant acme"), "\(rotated.output)")
        let retired = try site.run("key", "retire", "1", "--yes")
        #expect(retired.status != 0 && retired.output.contains("still sealed"), "\(retired.output)")
    }

    @Test func `a key in the environment is rotated by giving both`() throws {
        let site = try Site()
        let old = try String(contentsOfFile: site.key, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        let new = Data((1..<33).map { UInt8($0) }).base64EncodedString()
        let alone = try site.run("key", "rotate", environment: ["GATEHOUSE_MASTER_KEY_VALUE": old])
        #expect(alone.status != 0 && alone.output.contains("head -c 32"), "\(alone.output)")
        let both = ["GATEHOUSE_MASTER_KEY_VALUE": "1 \(old) 2 \(new)"]
        #expect(try site.run("key", "rotate", environment: both).status == 0)
        let retired = try site.run("key", "retire", "1", "--yes", environment: both)
        #expect(retired.status == 0 && retired.output.contains("master_key.value"), "\(retired.output)")
        #expect(try site.run("tenant", "list", environment: ["GATEHOUSE_MASTER_KEY_VALUE": "2 \(new)"]).status == 0)
    }

    @Test func `a backup is made while a Gatehouse serves, and restored when none does`() async throws {
        let site = try Site()
        let ready = site.directory.url.appending(path: "ready.json")
        let state = site.directory.url.appending(path: "state")
        let sandbox = try GatehouseProcess(
            ["sandbox", "--port", "0", "--forge-port", "0", "--ready-file", ready.path, "--state", state.path],
            in: site.directory.url)
        _ = try await sandbox.wait(for: ready)
        let file = site.directory.url.path + "/backup.sqlite"
        let files = ["--store", state.path + "/gatehouse.sqlite", "--master-key-file", state.path + "/master.key"]
        func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
            try GatehouseProcess.run(arguments + files, in: site.directory.url)
        }
        let made = try run(["backup", file])
        #expect(made.status == 0 && made.output.contains("1 tenant"), "\(made.output)")
        #expect(made.output.contains("master key is not in it"), "\(made.output)")
        let twice = try run(["backup", file])
        #expect(twice.status != 0 && twice.output.contains("never written over"), "\(twice.output)")
        let checked = try run(["restore", "--check", file])
        #expect(checked.status == 0 && checked.output.contains("sound"), "\(checked.output)")
        let unasked = try run(["restore", file])
        #expect(unasked.status != 0 && unasked.output.contains("--replace"), "\(unasked.output)")
        let inUse = try run(["restore", "--replace", file])
        #expect(inUse.status != 0 && inUse.output.contains("in use"), "\(inUse.output)")
        #expect(sandbox.stop() == 0)
        #expect(try run(["tenant", "create", "later"]).status == 0)
        let restored = try run(["restore", "--replace", file])
        #expect(restored.status == 0, "\(restored.output)")
        let aside = try #require(restored.output.firstMatch(of: /was there is (\S+) now/)?.1)
        #expect(try run(["tenant", "list"]).output.contains("harbour-works"))
        #expect(try !run(["tenant", "list"]).output.contains("later"))
        let old = try GatehouseProcess.run(
            ["tenant", "list", "--store", String(aside)] + files.suffix(2), in: site.directory.url)
        #expect(old.output.contains("later"), "\(old.output)")
    }

    @Test func `a file that is no backup is refused with a sentence`() throws {
        let site = try Site()
        let file = site.directory.url.path + "/notes.txt"
        try Data("nothing of ours".utf8).write(to: URL(filePath: file))
        for path in [file, "/none/such", site.directory.url.path] {
            let refused = try site.run("restore", "--check", path)
            #expect(refused.status == 1 && refused.output.hasPrefix("Error: "), "\(refused.output)")
        }
    }

    @Test func `a store of a newer version is refused by every command with one sentence`() throws {
        let site = try Site()
        try site.sql("INSERT INTO grdb_migrations (identifier) VALUES ('999 not yet written')")
        for command in [
            ["tenant", "list"], ["key", "list"], ["key", "rotate"], ["backup", "b"], ["serve", "--check"],
        ] {
            let refused = try GatehouseProcess.run(command, in: site.directory.url, environment: site.environment)
            #expect(refused.status == 1 && refused.output.contains("newer Gatehouse"), "\(refused.output)")
        }
        let doctor = try site.run("doctor")
        #expect(doctor.status == 1 && doctor.output.contains("newer Gatehouse"), "\(doctor.output)")
    }

    @Test func `a store that another program holds is waited for, and then refused with a sentence`() async throws {
        let site = try Site()
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let holder = try DatabaseQueue(path: site.store, configuration: configuration)
        try await holder.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let refused = try site.run("tenant", "create", "second")
        #expect(refused.status == 1 && refused.output.contains("locked by another program"), "\(refused.output)")
        try await holder.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try holder.close()
        #expect(try site.run("tenant", "create", "second").status == 0)
    }

    @Test func `the doctor finds a sound store good and makes nothing where there is none`() throws {
        let site = try Site()
        let found = try site.run("doctor")
        #expect(found.status == 0 && !found.output.contains("bad "), "\(found.output)")
        for word in ["integrity", "version 1", "1 sealed value, all open", "MiB are free", "clock"] {
            #expect(found.output.contains(word), "\(found.output)")
        }
        let empty = try Site(hasStore: false)
        let none = try empty.run("doctor")
        #expect(none.status == 0 && none.output.contains("will be made"), "\(none.output)")
        #expect(!FileManager.default.fileExists(atPath: empty.directory.url.path + "/data"))
        #expect(!FileManager.default.fileExists(atPath: empty.directory.url.path + "/keys"))
    }

    @Test func `the doctor names what is bad and what to do`() throws {
        let site = try Site()
        try site.sql("UPDATE access_keys SET created = created + 1")
        let tampered = try site.run("doctor")
        #expect(tampered.status == 1 && tampered.output.contains("does not open"), "\(tampered.output)")
        #expect(tampered.output.contains("of tenant acme"), "\(tampered.output)")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: site.key)
        let open = try site.run("doctor")
        #expect(open.status == 1 && open.output.contains("chmod 600"), "\(open.output)")
        let settings = try site.run("doctor", environment: ["GATEHOUSE_LISTEN_PORT": "many"])
        #expect(settings.status == 1 && settings.output.contains("listen.port"), "\(settings.output)")
    }

    @Test func `the doctor asks the configured forges and their OAuth applications`() async throws {
        let directory = try TemporaryDirectory()
        let sandbox = try await RunningSandbox.start(in: directory.url)
        func variables(of forge: String, secret: String? = nil) throws -> [String: String] {
            let seeded = try #require(sandbox.ready.forges[forge])
            let name = "GATEHOUSE_FORGES_\(forge.uppercased())"
            return [
                // Of a Bitbucket that is Cloud's, the address of its API is named.
                name + "_HOST": forge == "bitbucket" && !seeded.host.hasSuffix("/2.0")
                    ? seeded.host + "/2.0" : seeded.host,
                name + "_OAUTH_DEFAULT_CLIENT_ID": seeded.oauth.client_id,
                name + "_OAUTH_DEFAULT_CLIENT_SECRET": secret ?? seeded.oauth.client_secret,
            ]
        }
        let forges = ["github", "gitlab", "bitbucket", "gitee", "gitea"].filter { sandbox.ready.forges[$0] != nil }
        let site = try Site(
            more: try forges.reduce(into: [:]) { $0.merge(try variables(of: $1)) { $1 } })
        let good = try site.run("doctor")
        #expect(good.status == 0, "\(good.output)")
        #expect(good.output.contains("clock's") || good.output.contains("machine's clock is"), "\(good.output)")
        for forge in forges where forge != "gitea" {
            #expect(
                good.output.split(separator: "\n").contains {
                    $0.hasPrefix("good     \(forge)") && $0.contains("accepted")
                },
                "\(forge): \(good.output)")
        }
        for forge in forges where forge != "gitea" {
            let wrong = try site.run("doctor", environment: try variables(of: forge, secret: "canary-wrong-secret"))
            #expect(
                wrong.status == 1
                    && wrong.output.split(separator: "\n").contains {
                        $0.hasPrefix("bad      \(forge)") && $0.contains("forges.\(forge).oauth.default")
                    }, "\(wrong.output)")
            #expect(!wrong.output.contains("canary"))
        }
        #expect(sandbox.process.stop() == 0)
        let away = try site.run("doctor")
        #expect(away.status == 1 && away.output.contains("could not be reached"), "\(away.output)")
    }
}
