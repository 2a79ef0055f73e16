// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Model

struct UserList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List a tenant's users: ID and name, a line each.")

    @Argument(help: "The tenant's name or project ID.")
    var tenant: String

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.withHouse { house in
            let identity = house.identity
            for user in try await identity.users(of: try await identity.tenant(named: tenant)) {
                print("\(user.id)  \(user.name)")
            }
        }
    }
}
