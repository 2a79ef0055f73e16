// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Model
import Storage

struct AccessKeyCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make an access key. The secret key is shown once.")

    @Argument(help: "The tenant's name or project ID.")
    var tenant: String

    @Argument(help: "The user's name or ID.")
    var user: String

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.withHouse { house in
            let identity = house.identity
            let owner = try await identity.user(named: user, of: try await identity.tenant(named: tenant))
            let key = try await identity.createAccessKey(for: owner)
            try await house.record("CreateAccessKey", of: key.key.id, user: owner)
            print("access_key  \(key.key.id)")
            print("secret_key  \(key.secret.exposed)   (shown once)")
        }
    }
}
