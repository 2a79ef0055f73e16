// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Model

struct TenantList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the tenants: project ID and name, a line each.",
        discussion: "Behind a project of an external Keystone stands the name of its domain there.")

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.withHouse { house in
            for tenant in try await house.identity.tenants() {
                print("\(tenant.id)  \(tenant.name)\(tenant.externalDomain.map { "  (\($0))" } ?? "")")
            }
        }
    }
}
