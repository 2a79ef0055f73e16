// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Model

/// Which authorization a command is about.
struct AuthorizationOptions: ParsableArguments {
    @Argument(help: "The tenant's name.")
    var tenant: String

    @Argument(help: "The authorization's name.")
    var name: String

    @OptionGroup var store: StoreOptions

    /// Opens the house, and lets the operator act for the tenant in it.
    func withBroker(to action: Action, _ body: (Broker, Grant) async throws -> Void) async throws {
        try await store.withHouse { house in
            let grant = house.operatorGrant(action, in: try await house.identity.tenant(named: tenant))
            try await house.withWorks { works in try await body(works.broker, grant) }
        }
    }
}
