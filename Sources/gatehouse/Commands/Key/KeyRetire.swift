// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Storage

struct KeyRetire: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire",
        abstract: "Delete an old version of the master key, when nothing is sealed under it any more.",
        discussion: """
            Its line in the key file is deleted too. Backups from its time then open only with a copy of that line.
            """)

    @Argument(help: "The version's number, as `gatehouse key list` shows it.")
    var version: Int64

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.withHouse { house in
            if !yes {
                print(
                    "Backups made under version \(version) will need a copy of its key. Type \(version) to delete it: ",
                    terminator: "")
                fflush(nil)
                guard readLine(strippingNewline: true) == String(version) else {
                    throw Refusal("Nothing was deleted. --yes deletes without asking.")
                }
            }
            let isGone = try await house.vault.retire(version)
            print("retired version \(version) of the master key")
            if !isGone { print("Take it out of master_key.value: nothing here needs it any more.") }
        }
    }
}
