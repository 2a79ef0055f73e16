// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import FoundationEssentials
import Storage

struct PolicyList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the policies that there are, or those of a user.",
        discussion: """
            A line has the name, and system with what it is for, or own with the time of the last change. With --tenant and --user, the
            names of the user's policies, and whether they are attached or come from a role.
            """)

    @Option(help: "The tenant's name, for the policies of one user.")
    var tenant: String?

    @Option(help: "The user's name.")
    var user: String?

    @OptionGroup var options: StoreOptions

    func validate() throws {
        guard (tenant == nil) == (user == nil) else { throw ValidationError("--tenant and --user go together.") }
    }

    func run() async throws {
        try await options.withHouse { house in
            if let tenant, let user {
                let rights = try await house.permission.rights(of: try await house.caller(user, of: tenant))
                for policy in rights.policies { print("\(policy.name)  \(Self.origin(rights.source))") }
                return
            }
            for system in SystemPolicy.allCases { print("\(system.rawValue)  system  \(system.summary)") }
            for policy in try await house.store.policies() {
                let updated = Date(timeIntervalSince1970: Double(policy.updated) / 1000)
                print("\(policy.name)  own  \(updated.formatted(.iso8601))")
            }
        }
    }

    static func origin(_ source: Rights.Source) -> String {
        switch source {
        case .attached: "attached"
        case .roles(let roles): "of the roles \(roles.joined(separator: ", "))"
        }
    }
}
