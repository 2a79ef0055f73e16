// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Storage

struct KeyRotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Make a new version of the master key and seal everything anew under it, while Gatehouse serves.",
        discussion: """
            The new version is added to the key file first. Servers on the same store take it up by themselves. Then all
            that is sealed under older versions is sealed anew, in small transactions between those of the servers. It
            may be stopped at any moment: run it again, and it goes on.

            Where the key comes from master_key.value, add the new version to it yourself and start the servers again
            first: GATEHOUSE_MASTER_KEY_VALUE="1 OLDKEY 2 NEWKEY".
            """)

    @Option(help: "How many values are written in one transaction. Less is gentler to the servers.")
    var batch = 200

    @Option(help: "Milliseconds between two transactions. As long as the last one took, if not given.")
    var pause: Int?

    @OptionGroup var options: StoreOptions

    func validate() throws {
        guard (1...10_000).contains(batch) else { throw ValidationError("--batch is from 1 to 10000.") }
        guard pause.map({ (0...10_000).contains($0) }) ?? true else {
            throw ValidationError("--pause is from 0 to 10000 milliseconds.")
        }
    }

    func run() async throws {
        try await options.withHouse { house in
            let rotation = try await house.vault.beginRotation()
            let left = try await house.vault.keyVersions().reduce(0) { $1.isNewest ? $0 : $0 + $1.count }
            print(
                rotation.isNew
                    ? "made version \(rotation.version) of the master key; \(left) to seal anew"
                    : "going on with version \(rotation.version) of the master key; \(left) to seal anew")
            fflush(nil)
            let progress = ProgressLine("sealed anew")
            let result = try await house.vault.reseal(batch: batch, pause: pause.map { .milliseconds($0) }) { now in
                progress.show(now.done, remaining: now.remaining)
            }
            print(
                "sealed \(result.done) anew under version \(rotation.version), \(progress.rate(result.done)) a second")
            guard result.stuck.isEmpty else {
                throw Refusal(Self.stuck(result.stuck))
            }
            print(
                "Copy the key file, or the keys, to where you keep a copy. `gatehouse key list` shows what may be retired."
            )
        }
    }

    private static func stuck(_ labels: [SealedLabel]) -> String {
        let lines = labels.prefix(20).map { "  " + $0.text }
        let more = labels.count > 20 ? "\n  and \(labels.count - 20) more" : ""
        return """
            \(labels.count == 1 ? "One value does" : "\(labels.count) values do") not open and cannot be sealed anew: changed outside of Gatehouse, or damaged. \
            Delete them and make them anew, then run this again:
            \(lines.joined(separator: "\n"))\(more)
            """
    }
}

extension SealedLabel {
    /// For a list of what does not open.
    var text: String {
        switch table {
        case .authorizations: "authorization \(name) of tenant \(tenant)"
        case .accessKeys: "access key \(name) of tenant \(tenant)"
        case .oauthStates: "an unfinished OAuth flow of tenant \(tenant)"
        }
    }
}
