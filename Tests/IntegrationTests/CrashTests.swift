// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing

/// What was acknowledged is there after the process was killed at any moment.
@Suite(.serialized) struct CrashTests {
    @Test func `authorizations that were acknowledged outlive a kill during writes`() async throws {
        let directory = try TemporaryDirectory()
        let state = directory.url.appending(path: "state")
        var acknowledged: Set<String> = []
        for round in 0..<3 {
            let sandbox = try await RunningSandbox.start(in: directory.url, state: state)
            let before = try await names(sandbox)
            #expect(before.isSuperset(of: acknowledged), "lost: \(acknowledged.subtracting(before))")
            acknowledged.formUnion(try await write(round: round, to: sandbox, killAfter: 20 + round * 13))
        }
        let sandbox = try await RunningSandbox.start(in: directory.url, state: state)
        let left = try await names(sandbox)
        #expect(left.isSuperset(of: acknowledged), "lost: \(acknowledged.subtracting(left))")
        #expect(acknowledged.count >= 60)
    }

    /// Four writers at once; the process is killed when so many writes have been acknowledged, with others under way.
    private func write(round: Int, to sandbox: RunningSandbox, killAfter limit: Int) async throws -> Set<String> {
        let forge = try #require(sandbox.ready.forges["github"])
        let caller = sandbox.caller
        let process = sandbox.process.process.processIdentifier
        return await withTaskGroup(of: [String].self) { group in
            let count = Counter()
            for writer in 0..<4 {
                group.addTask {
                    var written: [String] = []
                    for number in 0..<1000 {
                        let name = "kill-\(round)-\(writer)-\(number)"
                        // The connection breaks when the process is killed: that write was not acknowledged.
                        guard
                            let answer = try? await caller.call(
                                "POST", "/auths/github/personal",
                                body: ["name": name, "token": forge.token, "host": forge.host]),
                            answer.status == 200
                        else { break }
                        written.append(name)
                        if count.next() == limit { kill(process, SIGKILL) }
                    }
                    return written
                }
            }
            var all: Set<String> = []
            for await names in group { all.formUnion(names) }
            return all
        }
    }

    private func names(_ sandbox: RunningSandbox) async throws -> Set<String> {
        let listed = try await sandbox.call("GET", "/auths").json()["authorizations"] as? [[String: Any]]
        return Set(try #require(listed).compactMap { $0["name"] as? String })
    }
}

/// Counts over several tasks.
private final class Counter: Sendable {
    private let value = Mutex(0)

    func next() -> Int {
        value.withLock {
            $0 += 1
            return $0
        }
    }
}
