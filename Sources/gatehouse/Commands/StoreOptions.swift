// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Storage

/// Which configuration and store a command works with.
struct StoreOptions: ParsableArguments {
    @Option(help: "The configuration file, YAML or JSON. Every setting is in docs/configuration.md.")
    var config: String?

    @Option(help: "The database file (store.path).")
    var store: String?

    @Option(help: "The master key's file (master_key.file). Made on the first start.")
    var masterKeyFile: String?

    /// The settings that these options stand for.
    var flags: [String: String] {
        var flags: [String: String] = [:]
        if let store { flags["store.path"] = store }
        if let masterKeyFile { flags["master_key.file"] = masterKeyFile }
        return flags
    }

    func configuration(with more: [String: String] = [:]) async throws -> ServiceConfiguration {
        try await ServiceConfiguration.load(file: config, flags: flags.merging(more) { $1 })
    }

    /// Opens the house that the options name, and closes it after the body: what was written then stands in the one file,
    /// and what was deleted in none.
    func withHouse(mayMakeStore: Bool = false, _ body: (House) async throws -> Void) async throws {
        let house = try await house(mayMakeStore: mayMakeStore)
        do {
            try await body(house)
        } catch {
            // The first failure is the one to tell.
            try? house.store.close()
            throw error
        }
        try house.store.close()
    }

    /// - Parameter mayMakeStore: whether a store that is absent is made. A typing error in its path must not look like an empty one.
    private func house(mayMakeStore: Bool) async throws -> House {
        let configuration = try await configuration()
        guard mayMakeStore || FileManager.default.fileExists(atPath: configuration.storePath) else {
            throw Refusal(
                "There is no store at \(configuration.storePath). `gatehouse tenant create` makes one; --store, store.path or --config names another."
            )
        }
        return try await House(configuration)
    }
}
