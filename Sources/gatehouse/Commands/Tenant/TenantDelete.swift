// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Foundation
import Model
import Storage

struct TenantDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a tenant with its users, access keys and authorizations. There is no way back.")

    @Argument(help: "The tenant's name.")
    var name: String

    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.withHouse { house in
            let tenant = try await house.identity.tenant(named: name)
            if !yes {
                let users = try await house.identity.users(of: tenant).count
                let authorizations = try await house.vault.authorizations(of: tenant.id).count
                print(
                    "\(name) has \(Self.counted(users, "user")) and \(Self.counted(authorizations, "authorization")). Type its name to delete it all: ",
                    terminator: "")
                fflush(nil)
                guard readLine(strippingNewline: true) == name else {
                    throw Refusal("Nothing was deleted. --yes deletes without asking.")
                }
            }
            try await house.identity.delete(tenant)
            print("deleted tenant \(name)")
        }
    }

    private static func counted(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }
}
