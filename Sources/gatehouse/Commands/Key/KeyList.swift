// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Storage

struct KeyList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the versions of the master key: when each was made, and how many values are sealed under it.")

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.withHouse { house in
            let head = ["version", "created", "authorizations", "access keys", "OAuth flows", ""]
            let rows = try await house.vault.keyVersions().map { key in
                [
                    String(key.version),
                    Date(timeIntervalSince1970: Double(key.created) / 1000).formatted(.iso8601),
                    String(key.counts[.authorizations] ?? 0), String(key.counts[.accessKeys] ?? 0),
                    String(key.counts[.oauthStates] ?? 0),
                    key.isNewest ? "seals" : key.count == 0 ? "may be retired" : "is being replaced",
                ]
            }
            for row in [head] + rows {
                print(Self.line(row))
            }
        }
    }

    private static func line(_ cells: [String]) -> String {
        let widths = [9, 22, 16, 13, 13, 0]
        let line = zip(cells, widths).map { cell, width in
            cell + String(repeating: " ", count: max(0, width - cell.count))
        }.joined()
        return String(line.reversed().drop { $0 == " " }.reversed())
    }
}
