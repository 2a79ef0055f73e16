// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import ArgumentParser
import Model
import Storage

struct AccessKeyDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete an access key. Requests signed with it are refused at once.")

    @Argument(help: "The access key (AK).")
    var accessKey: String

    @OptionGroup var options: StoreOptions

    func run() async throws {
        try await options.withHouse { house in
            let owner = try await house.store.owner(ofAccessKey: accessKey)
            try await house.identity.deleteAccessKey(accessKey)
            if let owner { try await house.record("DeleteAccessKey", of: accessKey, user: owner) }
            print("deleted access key \(accessKey)")
        }
    }
}
