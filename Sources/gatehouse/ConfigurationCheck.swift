// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Forges
import Foundation
import Model

/// `gatehouse serve --check`: what the settings amount to, without serving.
struct ConfigurationCheck {
    let configuration: ServiceConfiguration

    init(_ configuration: ServiceConfiguration) {
        self.configuration = configuration
    }

    func run() async throws {
        print("settings     good")
        print("listen       \(configuration.host):\(configuration.port)\(configuration.tls == nil ? "" : " with TLS")")
        print("public_url   \(configuration.publicURL)")
        if configuration.tls == nil, !["127.0.0.1", "::1", "localhost"].contains(configuration.host) {
            print("             warning: without TLS here, put a proxy with TLS in front")
        }
        for file in [configuration.tls?.certificate, configuration.tls?.key].compactMap(\.self)
        where !FileManager.default.isReadableFile(atPath: file) {
            throw ServiceConfiguration.Invalid(description: "listen.tls: the file \(file) cannot be read.")
        }
        if FileManager.default.fileExists(atPath: configuration.storePath) {
            let house = try await House(configuration)
            let tenants = try await house.identity.tenants()
            print("store        \(configuration.storePath), \(tenants.count) tenants")
            print("master key   opens the store")
        } else {
            print("store        \(configuration.storePath), will be made on the first start")
        }
        for forge in ForgeID.allCases {
            let sites = configuration.applications.filter { $0.host.forge == forge }
                .map { "\($0.site ?? "default") at \($0.host.pages)" }
            print(
                "\(forge.rawValue.padding(toLength: 12, withPad: " ", startingAt: 0)) OAuth: \(sites.isEmpty ? "not set up" : sites.joined(separator: ", "))"
            )
        }
    }
}
