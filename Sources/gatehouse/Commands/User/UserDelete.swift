// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Model

struct UserDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a user with its tokens and access keys.")

    @Argument(help: "The tenant's name or project ID.")
    var tenant: String

    @Argument(help: "The user's name or ID.")
    var name: String

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.withHouse { house in
            let identity = house.identity
            let user = try await identity.user(named: name, of: try await identity.tenant(named: tenant))
            try await identity.delete(user)
            try await house.record("DeleteUser", user: user)
            print("deleted user \(name) of \(tenant)")
        }
    }
}
