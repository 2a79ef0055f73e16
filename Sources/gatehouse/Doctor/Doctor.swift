// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Forges
import Foundation
import Storage

/// `gatehouse doctor`: looks at everything that a Gatehouse needs, and says of each whether it is good.
struct Doctor: Sendable {
    let configuration: ServiceConfiguration
    /// Told of each finding as soon as it is made.
    let tell: @Sendable (Finding) -> Void

    func examine() async {
        examineConfiguration()
        await examineStore()
        await examineKeystone()
        await examineForges()
    }

    func tell(_ findings: [Finding]) {
        for finding in findings { tell(finding) }
    }

    /// Runs a part; what it throws is a bad finding.
    private func attempt(_ about: String, _ part: () async throws -> [Finding]) async {
        do {
            tell(try await part())
        } catch {
            tell(.bad(about, Self.sentence(error)))
        }
    }

    static func sentence(_ error: any Error) -> String {
        switch error {
        case let error as StoreError: error.message
        case let error as AccessError: error.message
        default: "\(error)"
        }
    }

    private func examineConfiguration() {
        let check = ConfigurationCheck(configuration)
        tell(check.listening)
        do {
            tell(try check.certificate())
        } catch {
            tell(.bad("certificate", Self.sentence(error)))
        }
        tell(check.variables)
    }

    private func examineStore() async {
        let check = ConfigurationCheck(configuration)
        await attempt("store") {
            guard check.hasStore else { return try check.newStore() }
            let house = try await House(configuration)
            await attempt("store") { try await storeFindings(house) }
            await attempt("master key") { try await keyFindings(house) }
            await attempt("policies") { try await policyFindings(house) }
            await attempt("record") { [try await recordFinding(house)] }
            try house.store.close()
            return []
        }
        tell(diskFindings)
    }

    private func storeFindings(_ house: House) async throws -> [Finding] {
        let path = configuration.storePath
        let tenants = try await house.identity.tenants()
        var findings: [Finding] = [
            .good("store", "\(path) opens and can be written; \(counted(tenants.count, "tenant"))")
        ]
        let faults = try await house.store.faults()
        findings.append(
            faults.isEmpty
                ? .good("integrity", "the store is sound")
                : .bad(
                    "integrity",
                    "the store is damaged (\(faults.prefix(3).joined(separator: "; "))). Stop Gatehouse and restore a backup: `gatehouse restore`."
                ))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        if let mode, mode & 0o077 != 0 {
            findings.append(
                .warning(
                    "store", "others may read \(path): it holds hashes of passwords. Close it: `chmod 600 \(path)`."))
        }
        return findings
    }

    private func keyFindings(_ house: House) async throws -> [Finding] {
        var findings: [Finding] = []
        switch configuration.masterKey {
        case .file(let path): findings.append(.good("master key", "\(path), closed to others"))
        case .value: findings.append(.good("master key", "from master_key.value"))
        }
        for key in try await house.vault.keyVersions() {
            let what = "version \(key.version) is the store's; \(counted(key.count, "value")) sealed under it"
            if key.isNewest || key.count == 0 {
                findings.append(
                    .good(
                        "master key",
                        key.isNewest ? what : what + "; `gatehouse key retire \(key.version)` may delete it"))
            } else {
                findings.append(
                    .warning(
                        "master key", what + ", though there is a newer one. `gatehouse key rotate` goes on with it."))
            }
        }
        let progress = ProgressLine("seals opened")
        let seals = try await house.vault.checkSeals { progress.show($0) }
        if seals.bad.isEmpty { findings.append(.good("seals", "\(counted(seals.good, "sealed value")), all open")) }
        for label in seals.bad {
            findings.append(
                .bad(
                    "seals",
                    "\(label.text) does not open: changed outside of Gatehouse, or damaged. Delete it and make it anew, or restore a backup."
                ))
        }
        return findings
    }

    private func policyFindings(_ house: House) async throws -> [Finding] {
        let policies = try await house.store.policies()
        var findings: [Finding] = []
        for stored in policies {
            do throws(Policy.Invalid) {
                _ = try Policy(stored.document)
            } catch {
                findings.append(
                    .bad(
                        "policies",
                        "\(stored.name) cannot be read, so whoever has it may do nothing: \(error.description) `gatehouse policy create --replace` puts a good one in its place."
                    ))
            }
        }
        let known = Set(policies.map(\.name)).union(SystemPolicy.policies.keys)
        for name in try await house.store.attachedPolicyNames() where !known.contains(name) {
            findings.append(
                .bad("policies", "\(name) is attached and not there, so whoever has it may do nothing. Make it anew."))
        }
        let useless = try await house.store.authorizations(upTo: 10) { (try? Policy($0, for: .use)) == nil }
        for name in useless {
            findings.append(
                .bad(
                    "policies",
                    "the use-policy of \(name) cannot be read, so nothing may go through it. `gatehouse authorization policy` sets or deletes it."
                ))
        }
        return findings.isEmpty ? [.good("policies", "\(policies.count) of your own, all readable")] : findings
    }

    private func recordFinding(_ house: House) async throws -> Finding {
        let progress = ProgressLine("events verified")
        let verdict = try await house.vault.verifyAudit { progress.show($0, remaining: $1) }
        guard let fault = verdict.fault else { return .good("record", "whole, \(counted(verdict.count, "event"))") }
        return .bad("record", fault.message + " `gatehouse audit verify` tells more.")
    }

    /// How much room there is where the store is, or will be.
    private var diskFindings: [Finding] {
        var folder = URL(filePath: configuration.storePath).deletingLastPathComponent()
        while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
            folder.deleteLastPathComponent()
        }
        var status = statvfs()
        guard statvfs(folder.path, &status) == 0 else {
            return [.warning("disk", "the room left in \(folder.path) cannot be told")]
        }
        let free = Int(status.f_bavail) * Int(status.f_frsize)
        let size =
            (try? FileManager.default.attributesOfItem(atPath: configuration.storePath)[.size] as? Int).flatMap { $0 }
            ?? 0
        return [Self.disk(free: free, store: size, folder: folder.path)]
    }

    /// - Parameters:
    ///   - free: bytes.
    ///   - store: the store's size in bytes. A migration or a rotation may need as much again.
    static func disk(free: Int, store: Int, folder: String) -> Finding {
        let text = "\(free >> 20) MiB are free in \(folder)"
        if free < 16 << 20 { return .bad("disk", text + ". Make room: nothing can be written soon.") }
        if free < max(256 << 20, 2 * store) { return .warning("disk", text + ", which is little. Make room.") }
        return .good("disk", text)
    }

    func counted(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }
}
