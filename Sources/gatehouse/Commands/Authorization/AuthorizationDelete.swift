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

    @Argument(help: "The tenant's name.")
    var tenant: String

    @Argument(help: "The authorization's name.")
    var name: String

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.withHouse { house in
            let grant = house.operatorGrant(
                .deleteAuthorization, in: try await house.identity.tenant(named: tenant))
            try await house.withWorks { works in
                try await house.recording("DeleteAuthorize", grant) {
                    try await works.broker.delete(name, with: grant)
                }
                print("deleted authorization \(name) of \(tenant)")
            }
        }
    }
}
