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
        say(listening)
        say(try certificate())
        say(try await store())
        say(identity)
        say(applications)
        say(variables)
        say([.good("settings", "good")])
    }

    private func say(_ findings: [Finding]) {
        for finding in findings {
            let label = finding.level == .warning ? "warning" : finding.about
            print(label.padding(toLength: 13, withPad: " ", startingAt: 0) + finding.text)
        }
    }

    var listening: [Finding] {
        var findings: [Finding] = [
            .good(
                "listen", "\(configuration.host):\(configuration.port)\(configuration.tls == nil ? "" : " with TLS")"),
            .good("public_url", configuration.publicURL),
        ]
        let isLocal = ["127.0.0.1", "::1", "localhost"].contains(configuration.host)
        if configuration.tls == nil, !isLocal {
            findings.append(.warning("listen", "without TLS here, put a proxy with TLS in front"))
        }
        guard configuration.port != 0, configuration.host == "127.0.0.1" else { return findings }
        do {
            _ = try ReservedPort(configuration.port)
        } catch {
            findings.append(
                .warning(
                    "listen",
                    "port \(configuration.port) is in use or not allowed to this user; a Gatehouse may be running on it"
                ))
        }
        return findings
    }

    /// - Throws: what is wrong with the certificate or its key.
    func certificate() throws -> [Finding] {
        try configuration.listen.checkCertificate()
        return configuration.tls == nil ? [] : [.good("certificate", "good, and the key is its own")]
    }

    /// Whose tokens callers send.
    var identity: [Finding] {
        guard let service = configuration.keystone?.service else { return [] }
        let finding = Finding.good("identity", "tokens of the Keystone at \(service.address)")
        guard service.isExposed else { return [finding] }
        return [
            finding,
            .warning(
                "identity",
                "identity.keystone.url is plain http: the service user's password and the callers' tokens cross the network in clear"
            ),
        ]
    }

    var applications: [Finding] {
        ForgeID.allCases.filter { $0.modes.contains(.oauth) }.map { forge in
            let sites = configuration.applications.filter { $0.host.forge == forge }
                .map { "\($0.site ?? "default") at \($0.host.pages)" }
            return .good(forge.rawValue, "OAuth: \(sites.isEmpty ? "not set up" : sites.joined(separator: ", "))")
        }
    }

    var variables: [Finding] {
        configuration.unknownVariables.map {
            .warning("environment", "no setting reads the environment variable \($0)")
        }
    }

    /// Whether there is a store. An empty file is no store yet, and opening it would make one.
    var hasStore: Bool {
        let size = try? FileManager.default.attributesOfItem(atPath: configuration.storePath)[.size] as? Int
        return FileManager.default.fileExists(atPath: configuration.storePath) && size != 0
    }

    private func store() async throws -> [Finding] {
        guard hasStore else { return try newStore() }
        let house = try await House(configuration)
        let tenants = try await house.identity.tenants()
        let policies = try await house.store.policies().map(\.name) + SystemPolicy.allCases.map(\.rawValue)
        try house.store.close()
        return [
            .good("store", "\(configuration.storePath), \(tenants.count) tenant\(tenants.count == 1 ? "" : "s")"),
            .good("master key", "opens the store"),
        ] + missing(besides: policies)
    }

    /// Roles with a policy that is not there: nobody who has one may do anything.
    private func missing(besides policies: [String]) -> [Finding] {
        configuration.roles.sorted { $0.key < $1.key }.flatMap { role, names in
            names.filter { !policies.contains($0) }.map { name in
                .warning(
                    "roles",
                    "permission.roles gives \(role) the policy \(name), which is not there: who has the role may do nothing"
                )
            }
        }
    }

    /// What the first start will make.
    /// - Throws: why it cannot.
    func newStore() throws -> [Finding] {
        try checkFolder(of: configuration.storePath, key: "store.path")
        return [.good("store", "\(configuration.storePath), will be made on the first start"), try masterKey()]
            + missing(besides: SystemPolicy.allCases.map(\.rawValue))
    }

    private func masterKey() throws -> Finding {
        switch configuration.masterKey {
        case .value(let text):
            _ = try KeyRing(text: text.exposed)
            return .good("master key", "good")
        case .file(let path):
            if try configuration.masterKey.read() != nil { return .good("master key", "good") }
            try checkFolder(of: path, key: "master_key.file")
            return .good("master key", "\(path), will be made on the first start")
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
