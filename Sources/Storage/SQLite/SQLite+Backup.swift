// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB

import Glibc

extension SQLiteStore {
    /// Writes a consistent copy of the store as one file, which only its user may read, while others read and write. What is
    /// sealed stays sealed. The file appears under its name when it is whole and on the disk.
    /// - Parameter progress: told about how many bytes have been written, and of how many.
    /// - Throws: ``StoreError/Code/alreadyExists`` where there is a file of this name, ``StoreError/Code/unavailable``.
    package func backUp(
        to path: String, progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws(StoreError) {
        guard !StoreFile.exists(path) else { throw Self.taken(path) }
        let draft = "\(path).\(RandomText.hexadecimal(byteCount: 8))"
        try StoreFile.make(draft)
        defer { unlink(draft) }
        let size = try read { database in
            let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            return try pages * (Int.fetchOne(database, sql: "PRAGMA page_size") ?? 0)
        }
        if let error = await copy(to: draft, size: size, progress) { throw error }
        try StoreFile.sync(draft)
        guard link(draft, path) == 0 else {
            throw errno == EEXIST
                ? Self.taken(path) : StoreFile.failed("The backup \(path) cannot be put in place.")
        }
        try StoreFile.syncDirectory(of: path)
    }

    /// A copy without what has been deleted, made in one read: a writer changes nothing in it.
    /// https://www.sqlite.org/lang_vacuum.html#vacuum_with_an_into_clause
    private func copy(to draft: String, size: Int, _ progress: @escaping @Sendable (Int, Int) -> Void) async
        -> StoreError?
    {
        await withTaskGroup(of: Copied.self) { group in
            group.addTask {
                do {
                    let source = try self.separateReader()
                    try await source.unsafeRead { try $0.execute(sql: "VACUUM INTO ?", arguments: [draft]) }
                    try source.close()
                    return Copied(error: nil)
                } catch {
                    return Copied(error: StoreError(error))
                }
            }
            group.addTask {
                while !Task.isCancelled {
                    progress(StoreFile.size(of: draft), size)
                    // Ends early when the copy is whole; that is what cancels it.
                    try? await Task.sleep(for: .milliseconds(250))
                }
                return Copied(error: nil)
            }
            // The second ends only after the first.
            let first = await group.next()
            group.cancelAll()
            return first?.error
        }
    }

    private struct Copied: Sendable {
        let error: StoreError?
    }

    private static func taken(_ path: String) -> StoreError {
        StoreError(
            .alreadyExists,
            "\(path) is there already, and a backup is never written over anything. Choose another name.")
    }

    /// What SQLite finds wrong in the file; nothing where it is sound.
    /// - Parameter isFull: whether the indexes are compared with their tables too, which takes longer.
    package func faults(isFull: Bool = false) async throws(StoreError) -> [String] {
        try read { database in try Self.faults(in: database, isFull: isFull) }
    }

    static func faults(in database: Database, isFull: Bool) throws -> [String] {
        let found = try String.fetchAll(database, sql: isFull ? "PRAGMA integrity_check(20)" : "PRAGMA quick_check(20)")
        let orphans = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").map {
            "a row of \($0[0] as String) belongs to nothing"
        }
        return found.filter { $0 != "ok" } + Set(orphans).sorted()
    }
}
