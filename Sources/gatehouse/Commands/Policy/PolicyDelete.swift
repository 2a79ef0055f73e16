// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Storage

struct PolicyDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a policy that no user and no role has.",
        discussion: """
            It stays where a user has it: what it denies would be allowed. `gatehouse policy show NAME --users` shows who has it.
            """)

    @Argument(help: "The policy's name.")
    var name: String

    @OptionGroup var options: StoreOptions

    func run() async throws {
        guard SystemPolicy(rawValue: name) == nil else {
            throw Refusal("\(name) is a policy of the system's, and stays.")
        }
        try await options.withHouse { house in
            if let role = house.permission.roles.first(where: { $0.value.contains(name) })?.key {
                throw Refusal("The role \(role) has the policy \(name). Take it out of permission.roles first.")
            }
            guard try await house.store.deletePolicy(named: name) else {
                throw Refusal("There is no policy named \(name).")
            }
            try await house.record("DeletePolicy", of: name)
            print("deleted policy \(name)")
        }
    }
}
