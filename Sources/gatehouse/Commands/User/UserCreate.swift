// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Model

struct UserCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a user. Its password is read from standard input, or made and shown once.")

    @Argument(help: "The tenant's name or project ID.")
    var tenant: String

    @Argument(help: "The user's name, unique in the tenant.")
    var name: String

    @OptionGroup var source: PasswordSource

    @OptionGroup var options: StoreOptions

    func run() async throws {
        let given = try source.given()
        let password = given ?? Identity.makePassword()
        try await options.withHouse { house in
            let identity = house.identity
            let user = try await identity.createUser(
                named: name, password: password, in: try await identity.tenant(named: tenant))
            try await house.record("CreateUser", user: user)
            print("user      \(user.name)")
            print("user_id   \(user.id)")
            if given == nil { print("password  \(password.exposed)   (shown once)") }
        }
    }
}
