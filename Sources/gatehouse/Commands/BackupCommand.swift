// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Storage

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Write a consistent copy of the store into a file, while Gatehouse serves, and check it.",
        discussion: """
            Credentials stay sealed in it, and the master key is not in it: keep a copy of the key file apart from the
            backups, and of each of its versions for as long as a backup from its time.

              gatehouse backup /var/backups/gatehouse-2026-01-31.sqlite
              gatehouse restore --check /var/backups/gatehouse-2026-01-31.sqlite
            """)

    @Argument(help: "The file to write. It must not be there yet.")
    var file: String

    @OptionGroup var options: StoreOptions

    func run() async throws {
        let file = URL(filePath: file).path
        try await options.withHouse { house in
            let copied = ProgressLine("bytes copied")
            try await house.store.backUp(to: file) { done, total in
                copied.show(done, remaining: max(0, total - done))
            }
            let size = try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
            print("wrote \(file), \(size ?? 0) bytes")
            let opened = ProgressLine("seals opened")
            let report = try await Backup(file).check(
                in: URL(filePath: file).deletingLastPathComponent().path, keys: house.configuration.masterKey
            ) { opened.show($0) }
            report.say()
            let versions = report.keyVersions.map(String.init).joined(separator: ", ")
            print("The master key is not in it: keep a copy of version \(versions) of it in another place.")
        }
    }
}

extension Backup.Report {
    func say() {
        print(
            "checked: sound, \(tenants) tenant\(tenants == 1 ? "" : "s"), \(seals.good) sealed value\(seals.good == 1 ? "" : "s") open, "
                + "\(record.count) event\(record.count == 1 ? "" : "s") on record"
        )
        if let fault = record.fault { print("The record is not whole. " + fault.message) }
        guard !seals.bad.isEmpty else { return }
        print(
            "\(seals.bad.count) do not open, and did not in the store when the backup was made, unless its key was another:"
        )
        for label in seals.bad.prefix(20) { print("  \(label.text)") }
        if seals.bad.count > 20 { print("  and \(seals.bad.count - 20) more") }
    }
}
