// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB

import Glibc

/// A file that ``SQLiteStore/backUp(to:progress:)`` has written, or SQLite's own `.backup`.
package struct Backup: Sendable {
    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// What a backup that is good holds.
    package struct Report: Sendable {
        package let tenants: Int
        /// The versions of the master key that it opens under.
        package let keyVersions: [Int64]
        package let seals: SealCheck
        package let record: AuditVerdict
    }

    /// What was done to restore it.
    package struct Restored: Sendable {
        package let report: Report
        /// Where the store is now that was there before.
        package let aside: String?
    }

    /// Checks everything: the file, its form, the master key, that each seal opens, and that the record is whole. The backup stays
    /// as it is: what is opened is a copy.
    /// - Parameter directory: where the copy is made for that time.
    /// - Throws: a ``StoreError`` that says why nothing of it can be used. Seals that do not open, and a record that
    ///   does not fit, are in the report.
    package func check(
        in directory: String, keys: KeySource, progress: @Sendable (Int) -> Void = { _ in }
    ) async throws(StoreError) -> Report {
        let draft = "\(directory)/gatehouse-check-\(RandomText.hexadecimal(byteCount: 8))"
        defer { StoreFile.remove(draft) }
        return try await prove(as: draft, keys: keys, progress: progress)
    }

    /// Checks a copy of the backup as ``check(in:keys:progress:)`` does, then puts it in the store's place.
    /// - Parameter replacing: whether a store that is there may be put aside.
    package func restore(
        to store: String, replacing: Bool, keys: KeySource, progress: @Sendable (Int) -> Void = { _ in }
    ) async throws(StoreError) -> Restored {
        try StoreFile.requirePlace(at: store, replacing: replacing)
        try SQLiteStore.prepareDirectory(of: store)
        let draft = "\(store).\(RandomText.hexadecimal(byteCount: 8))"
        defer { StoreFile.remove(draft) }
        let report = try await prove(as: draft, keys: keys, progress: progress)
        try StoreFile.sync(draft)
        let aside = Self.free("\(store).before-restore-\(WallClock.system.seconds)")
        let isAside = try StoreFile.place(draft, at: store, replacing: replacing, aside: aside)
        return Restored(report: report, aside: isAside ? aside : nil)
    }

    /// A name that no file has, nor a log beside it.
    private static func free(_ name: String) -> String {
        var (candidate, number) = (name, 1)
        while ([""] + StoreFile.suffixes).contains(where: { StoreFile.exists(candidate + $0) }) {
            number += 1
            candidate = "\(name)-\(number)"
        }
        return candidate
    }

    private func prove(
        as draft: String, keys: KeySource, progress: @Sendable (Int) -> Void
    ) async throws(StoreError) -> Report {
        guard StoreFile.size(of: path + "-wal") == 0 else {
            throw StoreError(
                .unavailable,
                "\(path) has a write-ahead log beside it (\(path)-wal): it is a store in use or a part of one, no backup. "
                    + "`gatehouse backup` makes one of it.")
        }
        try StoreFile.copy(path, to: draft)
        try examine(draft)
        let store = try SQLiteStore(path: draft)
        do {
            let report = try await report(on: store, keys: keys, progress: progress)
            try store.close()
            return report
        } catch {
            // The first failure is the one to tell.
            try? store.close()
            throw error
        }
    }

    private func report(
        on store: SQLiteStore, keys: KeySource, progress: @Sendable (Int) -> Void
    ) async throws(StoreError) -> Report {
        guard try await store.hasMasterKey() else {
            throw StoreError(
                .unavailable, "\(path) has never been sealed under a master key: it is no backup of a store.")
        }
        let vault = try await Vault(store: store, keys: keys)
        return Report(
            tenants: try await store.tenants().count, keyVersions: try await store.masterKeys().map(\.version),
            seals: try await vault.checkSeals(progress: progress), record: try await vault.verifyAudit())
    }

    /// The file alone, before it is opened as a store.
    private func examine(_ draft: String) throws(StoreError) {
        do {
            let queue = try DatabaseQueue(path: draft)
            try queue.writeWithoutTransaction { database in
                guard try Int.fetchOne(database, sql: "PRAGMA application_id") == SQLiteSchema.applicationID else {
                    throw StoreError(.unavailable, "\(path) is no store of Gatehouse.")
                }
                guard try !SQLiteSchema.migrator.hasBeenSuperseded(database) else {
                    throw StoreError(
                        .newerSchema, "\(path) was written by a newer Gatehouse. Restore it with that version.")
                }
                if let fault = try SQLiteStore.faults(in: database, isFull: true).first {
                    throw StoreError(.unavailable, "\(path) is damaged. Take another backup.", cause: fault)
                }
            }
            try queue.close()
        } catch let error as DatabaseError where [.SQLITE_NOTADB, .SQLITE_CORRUPT].contains(error.resultCode) {
            throw StoreError(
                .unavailable, "\(path) is damaged, or no store of Gatehouse. Take another backup.",
                cause: error.message)
        } catch {
            throw StoreError(error)
        }
    }
}
