// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

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
        try ServiceConfiguration(
            try await ServiceConfiguration.reader(file: config, flags: flags.merging(more) { $1 }))
    }

    /// Opens the house that the options name.
    /// - Parameter mayMakeStore: whether a store that is absent is made. A typing error in its path must not look like an empty one.
    func house(mayMakeStore: Bool = false) async throws -> House {
        let configuration = try await configuration()
        guard mayMakeStore || FileManager.default.fileExists(atPath: configuration.storePath) else {
            throw ValidationError(
                "There is no store at \(configuration.storePath). `gatehouse tenant create` makes one; --store, store.path or --config names another."
            )
        }
        return try await House(configuration)
    }
}
