// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB

import Glibc

/// The files of a store, as files.
enum StoreFile {
    /// What SQLite keeps beside a database in WAL mode. https://www.sqlite.org/tempfiles.html
    static let suffixes = ["-wal", "-shm"]

    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    static func size(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Makes an empty file that only its user may read; never over another one.
    static func make(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw failed("\(path) cannot be made. Check that its directory is there and writable.")
        }
        close(descriptor)
    }

    /// Copies a regular file to a new one that only its user may read.
    static func copy(_ path: String, to copy: String) throws(StoreError) {
        let source = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard source >= 0 else {
            throw failed(
                errno == ENOENT ? "There is no file \(path)." : "\(path) cannot be read. Give its user the right to.")
        }
        defer { close(source) }
        var status = stat()
        guard fstat(source, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw StoreError(.unavailable, "\(path) is not a regular file. Give a backup's file.")
        }
        try make(copy)
        let target = open(copy, O_WRONLY | O_CLOEXEC)
        guard target >= 0 else { throw failed("\(copy) cannot be written.") }
        defer { close(target) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(source, &buffer, buffer.count)
            if count == 0 { return }
            guard count > 0 else { throw failed("\(path) cannot be read to its end.") }
            var written = 0
            while written < count {
                let more = buffer.withUnsafeBytes {
                    write(target, $0.baseAddress?.advanced(by: written), count - written)
                }
                guard more > 0 else { throw failed("\(copy) cannot be written to its end. Make room.") }
                written += more
            }
        }
    }

    /// Deletes a draft with what SQLite may have left beside it.
    static func remove(_ draft: String) {
        for name in [draft] + (suffixes + ["-journal"]).map({ draft + $0 }) { unlink(name) }
    }

    static func sync(_ path: String) throws(StoreError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failed("\(path) cannot be read.") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failed("\(path) cannot be brought to the disk.") }
    }

    static func syncDirectory(of path: String) throws(StoreError) {
        try sync(parentDirectory(of: path))
    }

    /// Puts a finished draft in a store's place, in one step: there is the old store or the new one, never half of one, and
    /// never one with the other's write-ahead log.
    /// - Parameters:
    ///   - replacing: whether a store that is there may be put aside.
    ///   - aside: the name for it.
    /// - Returns: whether one was put aside.
    /// - Throws: ``StoreError/Code/alreadyExists`` where there is one that may not, ``StoreError/Code/unavailable`` while a
    ///   program has it open.
    static func place(_ draft: String, at path: String, replacing: Bool, aside: String) throws(StoreError) -> Bool {
        try requirePlace(at: path, replacing: replacing)
        let isThere = exists(path)
        var lock: Int32 = -1
        if isThere {
            settle(path)
            lock = try locked(path)
            guard link(path, aside) == 0 else { throw failed("The store \(path) cannot be put aside as \(aside).") }
        }
        defer { if lock >= 0 { close(lock) } }
        for suffix in suffixes where exists(path + suffix) {
            guard rename(path + suffix, aside + suffix) == 0 else {
                throw failed("\(path + suffix) cannot be put aside as \(aside + suffix).")
            }
        }
        if isThere {
            guard rename(draft, path) == 0 else { throw failed("The store \(path) cannot be replaced.") }
        } else {
            guard link(draft, path) == 0 else { throw failed("The store \(path) cannot be put in place.") }
            unlink(draft)
        }
        try syncDirectory(of: path)
        return isThere
    }

    /// - Throws: as ``place(_:at:replacing:aside:)``, before any work is done.
    static func requirePlace(at path: String, replacing: Bool) throws(StoreError) {
        if exists(path) {
            guard replacing else {
                throw StoreError(
                    .alreadyExists,
                    "There is a store at \(path) already. --replace puts it aside under another name; --store gives another place."
                )
            }
            close(try locked(path))
        } else if !replacing, suffixes.contains(where: { exists(path + $0) }) {
            throw StoreError(
                .alreadyExists,
                "There is no store at \(path), but a write-ahead log of one (\(path)-wal), which may hold what was written last. "
                    + "Put the store back beside it, or use --replace to put it aside.")
        }
    }

    /// Brings what stands in the write-ahead log into the store, so that it is one file. A damaged one keeps its log.
    private static func settle(_ path: String) {
        do {
            let queue = try DatabaseQueue(path: path)
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
            try queue.close()
        } catch {
            // It is put aside as it is.
        }
    }

    /// Takes the lock that SQLite's connections share for as long as they have a database in WAL mode open.
    /// https://www.sqlite.org/src/file/src/os_unix.c (PENDING_BYTE and the 511 bytes after it)
    /// - Returns: a descriptor that holds it.
    private static func locked(_ path: String) throws(StoreError) -> Int32 {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw failed("The store \(path) cannot be opened for writing.") }
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = 0x4000_0000
        lock.l_len = 512
        guard fcntl(descriptor, F_SETLK, &lock) == 0 else {
            close(descriptor)
            throw StoreError(
                .unavailable, "The store \(path) is in use. Stop every Gatehouse that has it open, then try again.")
        }
        return descriptor
    }

    static func failed(_ message: String) -> StoreError {
        StoreError(.unavailable, message, cause: String(cString: strerror(errno)))
    }
}
