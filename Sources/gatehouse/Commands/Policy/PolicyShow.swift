// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Storage

struct PolicyShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print a policy, or whom it is attached to.")

    @Argument(help: "The policy's name.")
    var name: String

    @Flag(help: "Print the users whom it is attached to, tenant and name, a line each.")
    var users = false

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.withHouse { house in
            let document = try await house.document(ofPolicy: name)
            guard users else { return print(document) }
            for holder in try await house.store.holders(ofPolicy: name) { print("\(holder.tenant)  \(holder.user)") }
        }
    }
}

extension House {
    /// The text of a policy, the operator's or the system's.
    func document(ofPolicy name: String) async throws -> String {
        if let system = SystemPolicy(rawValue: name) { return system.document }
        guard let policy = try await store.policy(named: name) else {
            throw Refusal("There is no policy named \(name). `gatehouse policy list` shows those that there are.")
        }
        return policy.document
    }
}
