// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Model

/// Which authorization a command is about.
struct AuthorizationOptions: ParsableArguments {
    @Argument(help: "The tenant's name or project ID.")
    var tenant: String

    @Argument(help: "The authorization's name.")
    var name: String

    @OptionGroup var store: StoreOptions

    /// Opens the house, lets the operator act for the tenant in it, and records that.
    /// - Parameter operation: the name of the API's operation that does the same.
    func withBroker(
        to action: Action, as operation: String, _ body: (Broker, Grant) async throws -> Void
    ) async throws {
        try await store.withHouse { house in
            let grant = house.operatorGrant(action, in: try await house.identity.tenant(named: tenant))
            try await house.withWorks { works in
                try await house.recording(operation, grant) { try await body(works.broker, grant) }
            }
        }
    }
}
