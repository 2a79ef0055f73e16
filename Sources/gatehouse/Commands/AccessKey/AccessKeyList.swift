// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import FoundationEssentials
import Model
import Storage

struct AccessKeyList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List a user's access keys, without their secrets: the key and when it was made, a line each.")

    @Argument(help: "The tenant's name or project ID.")
    var tenant: String

    @Argument(help: "The user's name or ID.")
    var user: String

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.withHouse { house in
            let identity = house.identity
            let owner = try await identity.user(named: user, of: try await identity.tenant(named: tenant))
            for key in try await identity.accessKeys(of: owner) {
                let created = Date(timeIntervalSince1970: Double(key.created) / 1000)
                print("\(key.id)  \(created.formatted(.iso8601))")
            }
        }
    }
}
