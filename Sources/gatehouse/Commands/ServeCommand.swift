// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Logging
import Sandbox

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the API.",
        discussion: """
            Settings come from these flags, the environment (GATEHOUSE_LISTEN_PORT for listen.port) and the file given
            with --config, in this order. Without any, it listens on 127.0.0.1:8080 and keeps its store below
            ~/.local/state/gatehouse and its master key below ~/.config/gatehouse. Keep a copy of the master key apart
            from the store: without it the store cannot be opened.
            """)

    @OptionGroup var options: StoreOptions

    @Option(help: "The address to listen on (listen.host).")
    var host: String?

    @Option(help: "The port to listen on (listen.port); 0 for any free one.")
    var port: Int?

    @Option(help: "The address that callers and browsers use, such as https://gate.example.org (public_url).")
    var publicURL: String?

    @Flag(help: "Check the settings, the store and the master key, say what was found, and stop.")
    var check = false

    func run() async throws {
        var flags: [String: String] = [:]
        if let host { flags["listen.host"] = host }
        if let port { flags["listen.port"] = String(port) }
        if let publicURL { flags["public_url"] = publicURL }
        var configuration = try await options.configuration(with: flags)
        if check {
            try await ConfigurationCheck(configuration).run()
            return
        }
        // Links and OAuth's redirect need the port's number before the server stands.
        let reserved = configuration.port == 0 ? try ReservedPort(0) : nil
        if let reserved {
            flags["listen.port"] = String(reserved.number)
            configuration = try await options.configuration(with: flags)
        }
        defer { withExtendedLifetime(reserved) {} }
        let house = try await House(configuration)
        let logger = house.logger
        for name in configuration.unknownVariables {
            logger.warning("the environment has a variable that no setting reads", metadata: ["name": "\(name)"])
        }
        let (host, publicURL) = (configuration.host, configuration.publicURL)
        try await house.serve { port in
            logger.notice(
                "listening", metadata: ["address": "\(host):\(port)", "public_url": "\(publicURL)"])
        }
    }
}
