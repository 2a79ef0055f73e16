// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Model

struct AuthorizationPolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Say what may go through an authorization, whoever uses it: its use-policy.",
        discussion: """
            With a use-policy, an operation on repositories needs the leave of the user's policies and of the authorization's. It can
            name users (g:UserName, g:UserId), repositories, branches and files: docs/permissions.md.

              gatehouse authorization policy set acme build-robot use.json
              gatehouse authorization policy show acme build-robot
              gatehouse authorization policy delete acme build-robot
            """,
        subcommands: [AuthorizationPolicyShow.self, AuthorizationPolicySet.self, AuthorizationPolicyDelete.self])
}

struct AuthorizationPolicyShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print the use-policy of an authorization.")

    @OptionGroup var options: AuthorizationOptions

    func run() async throws {
        try await options.withBroker(to: .getUsePolicy, as: "ShowUsePolicy") { broker, grant in
            print(try await broker.usePolicy(of: options.name, with: grant))
        }
    }
}

struct AuthorizationPolicySet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Give an authorization a use-policy, in the place of what it has. It counts from the next request on."
    )

    @OptionGroup var options: AuthorizationOptions

    @Argument(help: PolicyFile.help)
    var file: PolicyFile

    func run() async throws {
        let document = try file.read(for: .use)
        try await options.withBroker(to: .setUsePolicy, as: "SetUsePolicy") { broker, grant in
            _ = try await broker.setUsePolicy(Array(document.utf8), of: options.name, with: grant)
            print("set the use-policy of \(options.name) of \(options.tenant)")
        }
    }
}

struct AuthorizationPolicyDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract:
            "Take an authorization's use-policy away. Whatever the users' own policies allow may go through it then.")

    @OptionGroup var options: AuthorizationOptions

    func run() async throws {
        try await options.withBroker(to: .deleteUsePolicy, as: "DeleteUsePolicy") { broker, grant in
            try await broker.deleteUsePolicy(of: options.name, with: grant)
            print("deleted the use-policy of \(options.name) of \(options.tenant)")
        }
    }
}
