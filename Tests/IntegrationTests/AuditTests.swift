// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Synchronization
import Testing

/// The record of a running Gatehouse, and the operator's commands on it.
@Suite(.serialized) struct AuditTests {
    private func run(
        _ arguments: String..., state: URL, in directory: URL
    ) throws -> (status: Int32, output: String) {
        try run(arguments, state: state, in: directory)
    }

    private func run(
        _ arguments: [String], state: URL, in directory: URL
    ) throws -> (status: Int32, output: String) {
        try GatehouseProcess.run(
            arguments + ["--store", state.path + "/gatehouse.sqlite", "--master-key-file", state.path + "/master.key"],
            in: directory, environment: ["GATEHOUSE_LOG_LEVEL": "critical"])
    }

    private func names(_ sandbox: RunningSandbox) async throws -> Set<String> {
        let listed = try await sandbox.call("GET", "/auths").json()["authorizations"] as? [[String: Any]]
        return Set(try #require(listed).compactMap { $0["name"] as? String })
    }

    @Test func `no acknowledged change is missing in the record after a kill, and the record is whole`() async throws {
        let directory = try TemporaryDirectory()
        let state = directory.url.appending(path: "state")
        let sandbox = try await RunningSandbox.start(in: directory.url, state: state)
        let forge = try #require(sandbox.ready.forges["github"])
        let caller = sandbox.caller
        let process = sandbox.process.process.processIdentifier
        let count = Count()
        let acknowledged = await withTaskGroup(of: [String].self) { group in
            for writer in 0..<4 {
                group.addTask {
                    var written: [String] = []
                    for number in 0..<1000 {
                        let name = "kill-\(writer)-\(number)"
                        // The connection breaks when the process is killed: that write was not acknowledged.
                        guard
                            let answer = try? await caller.call(
                                "POST", "/auths/github/personal",
                                body: ["name": name, "token": forge.token, "host": forge.host]),
                            answer.status == 200
                        else { break }
                        written.append(name)
                        if count.next() == 40 { kill(process, SIGKILL) }
                    }
                    return written
                }
            }
            var all: Set<String> = []
            for await names in group { all.formUnion(names) }
            return all
        }
        #expect(acknowledged.count >= 40)
        let exported = try run("audit", "export", state: state, in: directory.url)
        #expect(exported.status == 0, "\(exported.output)")
        var recorded: Set<String> = []
        for line in exported.output.split(separator: "\n") {
            let event = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            guard event?["trace_name"] as? String == "createPersonalAuth", event?["code"] as? Int == 200 else {
                continue
            }
            #expect(event?["source_ip"] as? String == "127.0.0.1")
            if let name = event?["resource_name"] as? String { recorded.insert(name) }
        }
        #expect(recorded.isSuperset(of: acknowledged), "lost: \(acknowledged.subtracting(recorded))")
        #expect(!exported.output.contains(forge.token))
        let verified = try run("audit", "verify", state: state, in: directory.url)
        #expect(verified.status == 0 && verified.output.contains("the record is whole"), "\(verified.output)")
    }

    @Test func `the operator's acts are recorded, listed and verified beside a running service`() async throws {
        let directory = try TemporaryDirectory()
        let state = directory.url.appending(path: "state")
        let sandbox = try await RunningSandbox.start(in: directory.url, state: state)
        let forge = try #require(sandbox.ready.forges["github"])
        for name in ["made-one", "made-two"] {
            let made = try await sandbox.call(
                "POST", "/auths/github/personal", body: ["name": name, "token": forge.token, "host": forge.host])
            #expect(made.status == 200)
        }
        let tenant = sandbox.ready.user.domain
        let deleted = try run("authorization", "delete", tenant, "made-one", state: state, in: directory.url)
        #expect(deleted.status == 0, "\(deleted.output)")
        let unknown = try run("authorization", "delete", tenant, "made-one", state: state, in: directory.url)
        #expect(unknown.status != 0)
        #expect(try run("tenant", "delete", tenant, "--yes", state: state, in: directory.url).status == 0)
        let list = try run(
            "audit", "list", "--tenant", sandbox.ready.project_id, "--since", "1h", state: state, in: directory.url)
        let lines = list.output.split(separator: "\n").map { $0.components(separatedBy: "  ") }
        #expect(lines.allSatisfy { $0.count == 13 }, "\(list.output)")
        let acts = lines.map { "\($0[4]) \($0[2]) \($0[6]) \($0[7])" }
        let who = sandbox.ready.user.name
        #expect(
            acts == [
                "\(who) 201 CreateToken -", "\(who) 200 CreatePersonalAuth made-one",
                "\(who) 200 CreatePersonalAuth made-two",
                "operator 200 DeleteAuthorize made-one", "operator 400 DeleteAuthorize -",
                "operator 200 DeleteAuthorize made-two", "operator 200 DeleteTenant -",
            ], "\(list.output)")
        #expect(
            try run("audit", "list", "--authorization", "made-two", state: state, in: directory.url).output.split(
                separator: "\n"
            ).count == 2)
        let verified = try run("audit", "verify", state: state, in: directory.url)
        let head = try #require(verified.output.split(separator: "\n").last?.split(separator: " ").last)
        #expect(verified.status == 0, "\(verified.output)")
        #expect(try run("audit", "verify", "--head", String(head), state: state, in: directory.url).status == 0)
        #expect(try run("doctor", state: state, in: directory.url).output.contains("whole"))
        let queue = try DatabaseQueue(path: state.path + "/gatehouse.sqlite")
        try await queue.write {
            try $0.execute(sql: "UPDATE audit_events SET authorization = 'other' WHERE sequence = 2")
        }
        try queue.close()
        let forged = try run("audit", "verify", state: state, in: directory.url)
        #expect(forged.status != 0 && forged.output.contains("Event 2 is not what was written"), "\(forged.output)")
        let doctor = try run("doctor", state: state, in: directory.url)
        #expect(doctor.status != 0 && doctor.output.contains("Event 2 is not what was written"), "\(doctor.output)")
        let copy = directory.url.path + "/copy.sqlite"
        #expect(try run("backup", copy, state: state, in: directory.url).status == 0)
        let checked = try run("restore", "--check", copy, state: state, in: directory.url)
        #expect(checked.status == 1 && checked.output.contains("Event 2 is not what was written"), "\(checked.output)")
    }

    @Test func `a record that was deleted as a whole is not taken for a new one`() async throws {
        let directory = try TemporaryDirectory()
        let state = directory.url.appending(path: "state")
        try FileManager.default.createDirectory(at: state, withIntermediateDirectories: true)
        #expect(try run("tenant", "create", "acme", state: state, in: directory.url).status == 0)
        #expect(try run("audit", "verify", state: state, in: directory.url).output.contains("1 event"))
        let queue = try DatabaseQueue(path: state.path + "/gatehouse.sqlite")
        try await queue.write { try $0.execute(sql: "DELETE FROM audit_events; DELETE FROM audit_head") }
        try queue.close()
        for command in [["audit", "verify"], ["doctor"]] {
            let found = try run(command, state: state, in: directory.url)
            #expect(found.status != 0 && found.output.contains("The record was deleted"), "\(found.output)")
        }
        // What is written from then on says so, too.
        #expect(try run("user", "create", "acme", "alice", state: state, in: directory.url).status == 0)
        let later = try run("audit", "verify", state: state, in: directory.url)
        #expect(later.status != 0 && later.output.contains("found the end of the record cut"), "\(later.output)")
    }

    @Test func `what the operator does with tenants, users and keys is on record`() throws {
        let directory = try TemporaryDirectory()
        let state = directory.url.appending(path: "state")
        try FileManager.default.createDirectory(at: state, withIntermediateDirectories: true)
        func gatehouse(_ arguments: String...) throws -> String {
            let run = try run(arguments, state: state, in: directory.url)
            #expect(run.status == 0, "\(arguments): \(run.output)")
            return run.output
        }
        _ = try gatehouse("tenant", "create", "acme")
        _ = try gatehouse("user", "create", "acme", "alice")
        let key = try #require(
            try gatehouse("access-key", "create", "acme", "alice").split(separator: " ").dropFirst().first)
        let id = String(key.prefix { !$0.isNewline })
        _ = try gatehouse("user", "password", "acme", "alice")
        _ = try gatehouse("access-key", "delete", id)
        _ = try gatehouse("user", "delete", "acme", "alice")
        _ = try gatehouse("tenant", "quota", "acme", "--calls", "5")
        _ = try gatehouse("tenant", "delete", "acme", "--yes")
        let export = try gatehouse("audit", "export")
        let events = try export.split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
        #expect(
            events.compactMap { $0["operation"] as? String } == [
                "CreateTenant", "CreateUser", "CreateAccessKey", "UpdateUserPassword", "DeleteAccessKey", "DeleteUser",
                "UpdateTenantQuota", "DeleteTenant",
            ])
        #expect(
            events.compactMap { $0["resource_type"] as? String } == [
                "tenant", "user", "accessKey", "user", "accessKey", "user", "tenant", "tenant",
            ])
        #expect(events.map { $0["resource_name"] as? String } == [nil, nil, id, nil, id, nil, nil, nil])
        #expect(events.allSatisfy { $0["actor"] as? String == "operator" })
    }

    @Test func `who follows the record is told of an event while it is written`() async throws {
        let directory = try TemporaryDirectory()
        let state = directory.url.appending(path: "state")
        let sandbox = try await RunningSandbox.start(in: directory.url, state: state)
        #expect(try await sandbox.call("GET", "/auths").status == 200)
        let follower = try GatehouseProcess(
            [
                "audit", "list", "--follow", "--store", state.path + "/gatehouse.sqlite", "--master-key-file",
                state.path + "/master.key",
            ], in: directory.url)
        try await follower.wait { $0.contains("ListAuthorizations") }
        let forge = try #require(sandbox.ready.forges["github"])
        let made = try await sandbox.call(
            "POST", "/auths/github/personal", body: ["name": "followed", "token": forge.token, "host": forge.host])
        #expect(made.status == 200)
        try await follower.wait { $0.contains("CreatePersonalAuth  followed") }
        #expect(follower.output.components(separatedBy: "ListAuthorizations").count == 2)
        follower.process.interrupt()
        follower.process.waitUntilExit()
    }
}

/// Counts over several tasks.
private final class Count: Sendable {
    private let value = Mutex(0)

    func next() -> Int {
        value.withLock {
            $0 += 1
            return $0
        }
    }
}
