// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import FoundationEssentials
import Model
import Storage

struct AuthorizationList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List a tenant's authorizations, without their credentials, a line each.",
        discussion: """
            A line has the name, the status (0 normal, 1 expired, 2 rejected by the forge), the forge, the mode, the user at
            the forge, when it was last authorized, and the host.
            """)

    @Argument(help: "The tenant's name or project ID.")
    var tenant: String

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.withHouse { house in
            let owner = try await house.identity.tenant(named: tenant)
            try await house.recording("ListAuthorizations", house.operatorGrant(.listAuthorizations, in: owner)) {
                for authorization in try await house.vault.authorizations(of: owner.id) {
                    print(Self.line(authorization))
                }
            }
        }
    }

    private static func line(_ authorization: Authorization) -> String {
        let updated = Date(timeIntervalSince1970: Double(authorization.updated) / 1000)
        return [
            authorization.name.text, String(authorization.status.rawValue), authorization.forge.rawValue,
            authorization.mode.rawValue, authorization.user, updated.formatted(.iso8601), authorization.host,
        ].joined(separator: "  ")
    }
}
