// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Forges
import Foundation
import Model
import Sandbox
import Storage
import Web

/// `gatehouse serve --check`: what the settings amount to, without serving and without making anything.
struct ConfigurationCheck {
    let configuration: ServiceConfiguration

    init(_ configuration: ServiceConfiguration) {
        self.configuration = configuration
    }

    /// Prints what was found, the verdict last.
    /// - Throws: what would keep `gatehouse serve` from starting.
    func run() async throws {
        checkListening()
        try configuration.listen.checkCertificate()
        if configuration.tls != nil { say("certificate", "good, and the key is its own") }
        try await checkStore()
        for forge in ForgeID.allCases where forge.modes.contains(.oauth) {
            let sites = configuration.applications.filter { $0.host.forge == forge }
                .map { "\($0.site ?? "default") at \($0.host.pages)" }
            say(forge.rawValue, "OAuth: \(sites.isEmpty ? "not set up" : sites.joined(separator: ", "))")
        }
        for name in configuration.unknownVariables {
            say("warning", "no setting reads the environment variable \(name)")
        }
        say("settings", "good")
    }

    private func say(_ label: String, _ text: String) {
        print(label.padding(toLength: 13, withPad: " ", startingAt: 0) + text)
    }

    private func checkListening() {
        say("listen", "\(configuration.host):\(configuration.port)\(configuration.tls == nil ? "" : " with TLS")")
        say("public_url", configuration.publicURL)
        let isLocal = ["127.0.0.1", "::1", "localhost"].contains(configuration.host)
        if configuration.tls == nil, !isLocal { say("warning", "without TLS here, put a proxy with TLS in front") }
        guard configuration.port != 0, configuration.host == "127.0.0.1" else { return }
        do {
            _ = try ReservedPort(configuration.port)
        } catch {
            say(
                "warning",
                "port \(configuration.port) is in use or not allowed to this user; a Gatehouse may be running on it")
        }
    }

    private func checkStore() async throws {
        // An empty file is no store yet, and opening it would make one.
        let size = try? FileManager.default.attributesOfItem(atPath: configuration.storePath)[.size] as? Int
        guard FileManager.default.fileExists(atPath: configuration.storePath), size != 0 else {
            try checkFolder(of: configuration.storePath, key: "store.path")
            say("store", "\(configuration.storePath), will be made on the first start")
            try checkMasterKey()
            return
        }
        let house = try await House(configuration)
        let tenants = try await house.identity.tenants()
        try house.store.close()
        say("store", "\(configuration.storePath), \(tenants.count) tenant\(tenants.count == 1 ? "" : "s")")
        say("master key", "opens the store")
    }

    private func checkMasterKey() throws {
        switch configuration.masterKey {
        case .value(let text):
            _ = try KeyRing(text: text.exposed)
            say("master key", "good")
        case .file(let path):
            guard try configuration.masterKey.read() == nil else {
                say("master key", "good")
                return
            }
            try checkFolder(of: path, key: "master_key.file")
            say("master key", "\(path), will be made on the first start")
        }
    }

    /// Whether a file can be made there: its nearest folder that exists must be writable.
    private func checkFolder(of path: String, key: String) throws {
        var folder = URL(filePath: path).deletingLastPathComponent().standardizedFileURL
        while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
            folder.deleteLastPathComponent()
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue,
            FileManager.default.isWritableFile(atPath: folder.path)
        else {
            throw ServiceConfiguration.Invalid(
                description:
                    "\(key): \(path) cannot be made, because \(folder.path) is not a folder that this user may write to."
            )
        }
    }
}
