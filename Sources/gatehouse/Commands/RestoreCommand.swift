// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Storage

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Check a backup, and put it in the store's place.",
        discussion: """
            The file must be sound, of this version or an older one, and open with the master key; then it becomes the
            store at store.path, in one step. Stop every Gatehouse on that store first: a store in use is not replaced.

              gatehouse restore --check /var/backups/gatehouse.sqlite
              gatehouse restore --replace /var/backups/gatehouse.sqlite

            What was renewed after the backup is lost at forges whose refresh tokens work once: those authorizations must
            be made again. Tokens and keys that were deleted after it are good again.
            """)

    @Argument(help: "The backup's file. It stays as it is.")
    var file: String

    @Flag(help: "Put a store that is there aside under another name, which is printed.")
    var replace = false

    @Flag(help: "Only check the backup. The status is 1 when anything in it does not open, or its record is not whole.")
    var check = false

    @OptionGroup var options: StoreOptions

    func run() async throws {
        let file = URL(filePath: file).path
        let configuration = try await options.configuration()
        let progress = ProgressLine("seals opened")
        guard !check else {
            let report = try await Backup(file).check(
                in: FileManager.default.temporaryDirectory.path, keys: configuration.masterKey
            ) { progress.show($0) }
            report.say()
            if !report.seals.bad.isEmpty || report.record.fault != nil { throw ExitCode.failure }
            return
        }
        let restored = try await Backup(file).restore(
            to: configuration.storePath, replacing: replace, keys: configuration.masterKey
        ) { progress.show($0) }
        restored.report.say()
        if let aside = restored.aside { print("the store that was there is \(aside) now") }
        print("restored \(configuration.storePath)")
    }
}
