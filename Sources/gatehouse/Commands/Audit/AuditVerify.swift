// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Foundation
import Model
import Storage

struct AuditVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract:
            "Check that the record is whole: nothing changed, left out, put in or cut off. Prints where it does not fit.",
        discussion: """
            It says the number and the hash of the newest event. Keep them where nobody who can write to the store can change them,
            and give them back with --head next time: then it shows too when a whole older store was put in the place of this one.
            """)

    @Option(help: "NUMBER:HASH of an event that must be there, as an earlier run has printed it.")
    var head: String?

    @OptionGroup var options: StoreOptions

    func validate() throws {
        guard head.map({ AuditMark($0) != nil }) ?? true else {
            throw ValidationError("--head is NUMBER:HASH, the hash as 64 hexadecimal digits.")
        }
    }

    func run() async throws {
        try await options.withHouse { house in
            let progress = ProgressLine("verified")
            let verdict = try await house.vault.verifyAudit(expecting: head.flatMap { AuditMark($0) }) {
                progress.show($0, remaining: $1)
            }
            guard let fault = verdict.fault else {
                let from = verdict.first > 1 ? ", from \(verdict.first) on; older ones were deleted in order" : ""
                print("the record is whole: \(verdict.count) events\(from)")
                if verdict.sequence > 0 { print("head \(verdict.mark)") }
                return
            }
            var text = "The record is not whole. " + fault.message
            if let event = fault.entry?.event {
                let time = Date(timeIntervalSince1970: Double(event.time) / 1000).formatted(.iso8601)
                text += " It says: \(time), \(event.action), \(event.userName ?? event.actor.rawValue)."
            }
            throw Refusal(text)
        }
    }
}
