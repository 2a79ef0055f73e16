// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Model

struct TenantCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a tenant: an account (Keystone domain) with one project of the same name.")

    @Argument(help: "The tenant's name, unique here.")
    var name: String

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.withHouse(mayMakeStore: true) { house in
            let tenant = try await house.identity.createTenant(named: name)
            try await house.record("CreateTenant", tenant: tenant.id)
            print("tenant      \(tenant.name)")
            print("project_id  \(tenant.id)")
            print("domain_id   \(tenant.domain)")
        }
    }
}
