// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Model

struct AuthorizationDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete an authorization with its credential. There is no way back.",
        discussion: """
            An OAuth grant is then ended at its forge, where the forge has a call for it: tried once, for five seconds at most.
            A personal token or a password stays good at the forge until its user ends it there.
            """)

    @OptionGroup var options: AuthorizationOptions

    func run() async throws {
        try await options.withBroker(to: .deleteAuthorization) { broker, grant in
            try await broker.delete(options.name, with: grant)
            print("deleted authorization \(options.name) of \(options.tenant)")
        }
    }
}
