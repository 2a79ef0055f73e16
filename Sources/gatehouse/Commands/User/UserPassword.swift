// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Model

struct UserPassword: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "password",
        abstract:
            "Give a user a new password. All of the user's tokens and temporary access keys end; access keys go on.",
        discussion: "The password is read from standard input, or made and shown once.")

    @Argument(help: "The tenant's name or project ID.")
    var tenant: String

    @Argument(help: "The user's name or ID.")
    var name: String

    @OptionGroup var source: PasswordSource

    @OptionGroup var options: StoreOptions

    func run() async throws {
        let given = try source.given()
        let password = given ?? Identity.makePassword()
        try await options.withHouse { house in
            let identity = house.identity
            let user = try await identity.user(named: name, of: try await identity.tenant(named: tenant))
            try await identity.setPassword(password, of: user)
            try await house.record("UpdateUserPassword", user: user)
            print("changed the password of \(name) of \(tenant)")
            if given == nil { print("password  \(password.exposed)   (shown once)") }
        }
    }
}
