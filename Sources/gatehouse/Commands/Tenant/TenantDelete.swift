// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser

struct TenantDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a tenant with its users, access keys and authorizations. There is no way back.")

    @Argument(help: "The tenant's name.")
    var name: String

    @OptionGroup var options: StoreOptions

    func run() async throws {
        let identity = try await options.house().identity
        try await identity.delete(try await identity.tenant(named: name))
        print("deleted tenant \(name)")
    }
}
