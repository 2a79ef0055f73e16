// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

import Glibc

/// The key file: never half written, never open to others, and never without a version that something is sealed under.
extension KeySource {
    /// nil where there is no file.
    static func read(_ path: String) throws(StoreError) -> KeyRing? {
        guard let file = try content(of: path) else { return nil }
        do {
            return try KeyRing(text: file.text)
        } catch {
            throw StoreError(
                .masterKeyRefused,
                "The master key file \(path) is of no use: \(error.message) If the store has been used, put your copy of the "
                    + "file back: with another key nothing in it can be opened.")
        }
    }

    /// Writes a new file, never over another one.
    static func make(_ path: String, holding text: String) throws(StoreError) {
        try write(text, to: path, owner: nil) { draft in link(draft, path) == 0 || errno == EEXIST }
    }

    /// Adds a random key under the next version's number, unless a version after `newest` is in the file: then another
    /// program was quicker, or this one was stopped right after it had written.
    static func add(to path: String, after newest: Int64) throws(StoreError) -> Int64 {
        try changing(path) { (ring) throws(StoreError) in
            if let next = ring.versions.first(where: { $0 > newest }) { return (next, nil) }
            var keys = ring.keys
            keys[newest + 1] = .random()
            return (newest + 1, KeyRing(keys))
        }
    }

    static func remove(_ version: Int64, from path: String) throws(StoreError) {
        _ = try changing(path) { (ring) throws(StoreError) in
            var keys = ring.keys
            guard keys.removeValue(forKey: version) != nil, !keys.isEmpty else { return (version, nil) }
            return (version, KeyRing(keys))
        }
    }

    /// Reads the file and puts a new content in its place, one program at a time.
    private static func changing(
        _ path: String, _ change: (KeyRing) throws(StoreError) -> (Int64, KeyRing?)
    ) throws(StoreError) -> Int64 {
        // A link stays, what it leads to is replaced.
        let path = real(path)
        let directory = open(parentDirectory(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw refused("The directory of the master key file \(path) cannot be read.") }
        defer { close(directory) }
        while flock(directory, LOCK_EX) != 0 {
            guard errno == EINTR else {
                throw refused("The directory of the master key file \(path) cannot be locked.")
            }
        }
        guard let file = try content(of: path), let ring = try read(path) else {
            throw StoreError(.masterKeyRefused, "The master key file \(path) is missing. Put it back.")
        }
        let (version, changed) = try change(ring)
        if let changed {
            try write(changed.text, to: path, owner: file.owner) { draft in rename(draft, path) == 0 }
        }
        return version
    }

    private struct Content {
        let text: String
        let owner: (user: uid_t, group: gid_t)
    }

    private static func content(of path: String) throws(StoreError) -> Content? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw refused("The master key file \(path) cannot be read. Give its user the right to.")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw StoreError(.masterKeyRefused, "The master key file \(path) is not a regular file.")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw StoreError(
                .masterKeyRefused,
                "The master key file \(path) can be read or written by others. Close it: `chmod 600 \(path)`.")
        }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        var length = 0
        while length < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress?.advanced(by: length), buffer.count - length)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw refused("The master key file \(path) cannot be read.") }
            if count == 0 { break }
            length += count
        }
        return Content(
            text: String(decoding: bytes[..<length], as: UTF8.self), owner: (status.st_uid, status.st_gid))
    }

    /// Writes a draft beside the file, and puts it in place when it is whole and on the disk.
    /// - Parameters:
    ///   - owner: whose file it stays, also when root changes it.
    ///   - place: gives the draft its name; false with `errno` where that failed.
    private static func write(
        _ text: String, to path: String, owner: (user: uid_t, group: gid_t)?, place: (String) -> Bool
    ) throws(StoreError) {
        let draft = "\(path).\(RandomText.hexadecimal(byteCount: 8))"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw refused(
                "The master key file \(path) cannot be written: its directory is missing or closed to this user.")
        }
        defer { unlink(draft) }
        let bytes = Array(text.utf8)
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        let isOwned =
            owner.map { $0 == (geteuid(), getegid()) || fchown(descriptor, $0.user, $0.group) == 0 } ?? true
        let synced = fsync(descriptor)
        guard close(descriptor) == 0, written == bytes.count, synced == 0 else {
            throw refused("The master key file \(path) cannot be written.")
        }
        guard isOwned else {
            throw refused("The master key file \(path) is another user's. Run this as that user.")
        }
        guard place(draft) else { throw refused("The master key file \(path) cannot be put in place.") }
        try syncDirectory(of: path)
    }

    private static func syncDirectory(of path: String) throws(StoreError) {
        let directory = open(parentDirectory(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw refused("The directory of the master key file \(path) cannot be read.") }
        defer { close(directory) }
        guard fsync(directory) == 0 else {
            throw refused("The directory of the master key file \(path) cannot be brought to the disk.")
        }
    }

    private static func real(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func refused(_ message: String) -> StoreError {
        StoreError(.masterKeyRefused, message, cause: String(cString: strerror(errno)))
    }
}
