// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Testing

/// The commands by which an operator says who may do what.
@Suite(.serialized) struct PolicyTests {
    private struct Site {
        let directory: TemporaryDirectory
        let environment: [String: String]

        init() throws {
            directory = try TemporaryDirectory()
            let folder = directory.url.path
            environment = [
                "GATEHOUSE_STORE_PATH": folder + "/store.sqlite", "GATEHOUSE_MASTER_KEY_FILE": folder + "/master.key",
                "GATEHOUSE_LOG_LEVEL": "critical",
            ]
            for command in [["tenant", "create", "acme"], ["user", "create", "acme", "alice"]] {
                let made = try GatehouseProcess.run(command, in: directory.url, environment: environment)
                #expect(made.status == 0, "\(made.output)")
            }
        }

        func run(_ arguments: String..., environment more: [String: String] = [:]) throws -> (
            status: Int32, output: String
        ) {
            try GatehouseProcess.run(arguments, in: directory.url, environment: environment.merging(more) { $1 })
        }

        func file(_ name: String, _ text: String) throws -> String {
            let url = directory.url.appending(path: name)
            try Data(text.utf8).write(to: url)
            return url.path
        }
    }

    private static let notMain =
        #"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["*"]},{"Effect":"Deny","Action":["gatehouse:repository:write"],"Condition":{"StringEquals":{"gatehouse:Branch":["main"]}}}]}"#

    @Test func `policies are made, changed, given, taken and deleted by command, and it is on record`() throws {
        let site = try Site()
        let file = try site.file("policy.json", Self.notMain)
        #expect(try site.run("policy", "create", "not-main", file).output.contains("made policy not-main"))
        let again = try site.run("policy", "create", "not-main", file)
        #expect(again.status != 0 && again.output.contains("--replace"), "\(again.output)")
        #expect(try site.run("policy", "create", "not-main", file, "--replace").output.contains("replaced"))
        #expect(try site.run("policy", "show", "not-main").output == Self.notMain + "\n")
        let list = try site.run("policy", "list").output
        for name in ["FullAccess  system", "ReadOnlyAccess  system", "Development  system", "not-main  own"] {
            #expect(list.contains(name), "\(list)")
        }
        let own = try site.run("policy", "list", "--tenant", "acme", "--user", "alice").output
        #expect(own == "FullAccess  of the roles member\n")
        #expect(try site.run("policy", "attach", "acme", "alice", "not-main").output.contains("none of its roles'"))
        #expect(try site.run("policy", "list", "--tenant", "acme", "--user", "alice").output == "not-main  attached\n")
        #expect(try site.run("policy", "show", "not-main", "--users").output == "acme  alice\n")
        let used = try site.run("policy", "delete", "not-main")
        #expect(used.status != 0 && used.output.contains("Detach it"), "\(used.output)")
        #expect(try site.run("policy", "detach", "acme", "alice", "not-main").output.contains("of its roles"))
        #expect(try site.run("policy", "detach", "acme", "alice", "not-main").status != 0)
        let mapped = try site.run(
            "policy", "delete", "not-main", environment: ["GATEHOUSE_PERMISSION_ROLES": "member=not-main"])
        #expect(mapped.status != 0 && mapped.output.contains("The role member has"), "\(mapped.output)")
        #expect(try site.run("policy", "delete", "not-main").output.contains("deleted policy not-main"))
        let record = try site.run("audit", "list").output
        for action in ["CreatePolicy", "UpdatePolicy", "AttachPolicy", "DetachPolicy", "DeletePolicy"] {
            #expect(record.contains("\(action)  not-main"), "\(record)")
        }
        #expect(try site.run("audit", "verify").status == 0)
    }

    @Test func `what cannot be is refused with a sentence`() throws {
        let site = try Site()
        let bad = try site.file("bad.json", #"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["x:y:z"]}]}"#)
        let good = try site.file("good.json", Self.notMain)
        for (arguments, sentence) in [
            (["policy", "create", "mine", bad], "Statement[0].Action[0] names no action"),
            (["policy", "create", "mine", "/none.json"], "cannot be read"),
            (["policy", "create", "FullAccess", good], "policy of the system's"),
            (["policy", "create", "no name", good], "1 to 64 letters"),
            (["policy", "attach", "acme", "alice", "none"], "There is no policy named none"),
            (["policy", "attach", "acme", "bob", "FullAccess"], "no user named bob"),
            (["policy", "delete", "none"], "There is no policy named none"),
            (["policy", "delete", "FullAccess"], "and stays"),
            (["policy", "list", "--tenant", "acme"], "go together"),
            (["policy", "simulate", "acme", "alice", "a:b:c"], "gatehouse:repository:listBranches"),
            (
                ["policy", "simulate", "acme", "alice", "gatehouse:audit:list", "--branch", "x"],
                "has no gatehouse:Branch"
            ),
            (["authorization", "policy", "set", "acme", "none", good], "no authorization of this name"),
        ] {
            let run = try GatehouseProcess.run(arguments, in: site.directory.url, environment: site.environment)
            #expect(run.status != 0 && run.output.contains(sentence), "\(arguments): \(run.output)")
        }
        for (roles, sentence) in [
            ("", "permission.roles is empty"), ("=,", "ROLE=POLICY"), (" , ", "permission.roles is empty"),
            ("member", "not of the form ROLE=POLICY"), ("=x", "ROLE=POLICY"), ("a=b c", "ROLE=POLICY"),
        ] {
            let run = try site.run("policy", "list", environment: ["GATEHOUSE_PERMISSION_ROLES": roles])
            #expect(run.status != 0 && run.output.contains(sentence), "\(run.output)")
        }
    }

    @Test func `the check of the settings warns of a role whose policy is not there`() throws {
        let site = try Site()
        let roles = ["GATEHOUSE_PERMISSION_ROLES": "member=FullAccess,pusher=writers"]
        let bad = try site.run("serve", "--check", environment: roles)
        #expect(
            bad.status == 0 && bad.output.contains("gives pusher the policy writers, which is not there"),
            "\(bad.output)")
        #expect(!bad.output.contains("gives member"))
        _ = try site.run("policy", "create", "writers", try site.file("policy.json", Self.notMain))
        #expect(try !site.run("serve", "--check", environment: roles).output.contains("which is not there"))
    }

    @Test func `the doctor finds a policy that cannot be read, and one that is attached and gone`() async throws {
        let site = try Site()
        _ = try site.run("policy", "create", "not-main", try site.file("policy.json", Self.notMain))
        _ = try site.run("policy", "attach", "acme", "alice", "not-main")
        #expect(try site.run("doctor").output.contains("policies     1 of your own, all readable"))
        let path = site.environment["GATEHOUSE_STORE_PATH"] ?? ""
        let queue = try DatabaseQueue(path: path)
        try await queue.write { try $0.execute(sql: #"UPDATE policies SET document = '{"Version":"9"}'"#) }
        let unreadable = try site.run("doctor")
        #expect(
            unreadable.status == 1 && unreadable.output.contains("not-main cannot be read"), "\(unreadable.output)")
        try await queue.writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA foreign_keys = OFF")
            try $0.execute(sql: "DELETE FROM policies")
        }
        try await queue.write {
            try $0.execute(
                sql: """
                    INSERT INTO authorizations (tenant, id, name, forge, mode, host, home, user, avatar, created, updated,
                        status, key_version, revision, sealed, proved, use_policy)
                    SELECT id, '00000000000000000000000000000001', 'robot', 'github', 'personal', 'github.com', '', 'u', '', 1, 1,
                        0, 1, 1, x'00', 1, '{"Version":"9"}' FROM tenants
                    """)
        }
        try queue.close()
        let gone = try site.run("doctor")
        #expect(gone.output.contains("the use-policy of robot of acme cannot be read"), "\(gone.output)")
        #expect(gone.status == 1 && gone.output.contains("not-main is attached and not there"), "\(gone.output)")
    }

    @Test func `a simulation explains each statement, and its status is the decision`() throws {
        let site = try Site()
        let file = try site.file("policy.json", Self.notMain)
        _ = try site.run("policy", "create", "not-main", file)
        _ = try site.run("policy", "attach", "acme", "alice", "not-main")
        let action = "gatehouse:repository:updateFile"
        let denied = try site.run("policy", "simulate", "acme", "alice", action, "--branch", "main")
        #expect(denied.status == 3, "\(denied.output)")
        #expect(
            denied.output == """
                user      alice of acme
                action    gatehouse:repository:updateFile
                policies  not-main (attached)
                  policy not-main, Statement[0], Allow: applies
                  policy not-main, Statement[1], Deny: applies
                  by default: not allowed, since a statement allows something in repositories
                denied by policy not-main, Statement[1]

                """, "\(denied.output)")
        let allowed = try site.run("policy", "simulate", "acme", "alice", action, "--branch", "dev")
        #expect(allowed.status == 0 && allowed.output.hasSuffix("\nallowed\n"), "\(allowed.output)")
        let open = try site.run("policy", "simulate", "acme", "alice", action)
        #expect(open.status == 4 && open.output.contains("not given: ") && open.output.contains("gatehouse:Branch"))
        let role = try site.run("policy", "simulate", "acme", "alice", action, "--role", "reader")
        #expect(role.status == 3 && role.output.contains("not allowed: nothing allows it"), "\(role.output)")
        let nobody = try site.run("policy", "simulate", "acme", "alice", action, "--role", "observer")
        #expect(nobody.status == 3 && nobody.output.contains("there is no policy"), "\(nobody.output)")
        let tried = try site.file("try.json", #"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["*"]}]}"#)
        #expect(try site.run("policy", "simulate", "acme", "alice", action, "--policy", tried).status == 0)
        let help = try site.run("policy", "--help").output
        #expect(help.contains("gatehouse policy attach acme alice docs-writer"))
    }
}
