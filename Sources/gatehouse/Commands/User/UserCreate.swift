// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Model

struct UserCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a user. Its password is read from standard input, or made and shown once.",
        discussion:
            "A password given as an argument would be seen by every user of the machine, so there is no option for it.")

    @Argument(help: "The tenant's name.")
    var tenant: String

    @Argument(help: "The user's name, unique in the tenant.")
    var name: String

    @Flag(help: "Read the password from the first line of standard input.")
    var passwordStdin = false

    @OptionGroup var options: StoreOptions

    func run() async throws {
        var given: Secret?
        if passwordStdin {
            guard let line = readLine(strippingNewline: true), !line.isEmpty else {
                throw ValidationError("There is no password on standard input.")
            }
            given = Secret(line)
        }
        let password = given ?? Identity.makePassword()
        let identity = try await options.house().identity
        let user = try await identity.createUser(
            named: name, password: password, in: try await identity.tenant(named: tenant))
        print("user      \(user.name)")
        print("user_id   \(user.id)")
        if given == nil { print("password  \(password.exposed)   (shown once)") }
    }
}
