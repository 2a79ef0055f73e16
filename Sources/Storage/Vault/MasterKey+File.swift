// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

import Glibc

extension MasterKey {
    /// Reads the key from its file. Where there is no file and the store has never been sealed under a key, a random key is
    /// made and written (0600) first; where the store has been, the start is refused: a new key could open nothing in it.
    /// - Throws: ``StoreError/Code/masterKeyRefused`` for a missing, malformed, unreadable or open-to-others file.
    package static func load(
        fromFile path: String, makingOneFor store: SQLiteStore
    ) async throws(StoreError) -> MasterKey {
        if let key = try read(path) { return key }
        guard try await !store.hasMasterKey() else {
            throw StoreError(
                .masterKeyRefused,
                "The master key file \(path) is missing, and the store has been sealed under a key already. "
                    + "Put the file back; without it nothing in the store can be opened.")
        }
        try write(.random(), to: path)
        // Another program may have been quicker; what stands in the file now is the key of both.
        guard let key = try read(path) else {
            throw StoreError(.masterKeyRefused, "The master key file \(path) has vanished right after it was written.")
        }
        return key
    }

    /// nil where there is no file.
    package static func read(_ path: String) throws(StoreError) -> MasterKey? {
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
        var bytes = [UInt8](repeating: 0, count: 4096)
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
        do {
            return try MasterKey(text: String(decoding: bytes[..<length], as: UTF8.self))
        } catch {
            throw StoreError(.masterKeyRefused, "The master key file \(path) is of no use: \(error.message)")
        }
    }

    /// Writes a new file, never over another one. It appears under its name only when it is whole and on the disk.
    private static func write(_ key: MasterKey, to path: String) throws(StoreError) {
        let draft = "\(path).\(RandomText.hexadecimal(byteCount: 8))"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw refused("The master key file \(path) cannot be made. Make its directory, or make the file by hand.")
        }
        defer { unlink(draft) }
        let bytes = Array((key.base64 + "\n").utf8)
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        let synced = fsync(descriptor)
        guard close(descriptor) == 0, written == bytes.count, synced == 0 else {
            throw refused("The master key file \(path) cannot be written.")
        }
        guard link(draft, path) == 0 || errno == EEXIST else {
            throw refused("The master key file \(path) cannot be made. Make it by hand.")
        }
        let directory = open(parentDirectory(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw refused("The directory of the master key file \(path) cannot be read.") }
        defer { close(directory) }
        guard fsync(directory) == 0 else {
            throw refused("The directory of the master key file \(path) cannot be brought to the disk.")
        }
    }

    private static func refused(_ message: String) -> StoreError {
        StoreError(.masterKeyRefused, message, cause: String(cString: strerror(errno)))
    }
}
