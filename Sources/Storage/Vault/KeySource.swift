// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

/// Where the versions of the master key come from.
package enum KeySource: Sendable {
    /// A file, which Gatehouse makes, and adds versions to.
    case file(String)
    /// A text that the operator gives, mostly in the environment. Only the operator can change it.
    case value(Secret)

    /// The keys as they are now; nil where there is no file.
    /// - Throws: ``StoreError/Code/masterKeyRefused`` for what is malformed, unreadable or open to others.
    package func read() throws(StoreError) -> KeyRing? {
        switch self {
        case .file(let path): try Self.read(path)
        case .value(let text): try KeyRing(text: text.exposed)
        }
    }

    /// Reads the keys. Where there is no file and the store has never been sealed under a key, a random key is made and
    /// written (0600) first; where the store has been, the start is refused: a new key could open nothing in it.
    /// - Throws: ``StoreError/Code/masterKeyRefused``.
    package func load(makingOneFor store: SQLiteStore) async throws(StoreError) -> KeyRing {
        if let ring = try read() { return ring }
        guard case .file(let path) = self else { return try KeyRing(text: "") }
        guard try await !store.hasMasterKey() else {
            throw StoreError(
                .masterKeyRefused,
                "The master key file \(path) is missing, and the store has been sealed under a key already. "
                    + "Put the file back; without it nothing in the store can be opened.")
        }
        try Self.make(path, holding: MasterKey.random().base64 + "\n")
        // Another program may have been quicker; what stands in the file now is the key of both.
        guard let ring = try read() else {
            throw StoreError(.masterKeyRefused, "The master key file \(path) has vanished right after it was written.")
        }
        return ring
    }

    /// A version after `newest`: the one that is there already, else a new random one, which is on the disk when this returns.
    /// - Throws: ``StoreError/Code/masterKeyRefused`` where only the operator can give it.
    func version(after newest: Int64) throws(StoreError) -> Int64 {
        switch self {
        case .file(let path): return try Self.add(to: path, after: newest)
        case .value(let text):
            if let next = try KeyRing(text: text.exposed).versions.first(where: { $0 > newest }) { return next }
            throw StoreError(
                .masterKeyRefused,
                "The master key comes from master_key.value, so only you can add a version: make one with "
                    + "`head -c 32 /dev/urandom | base64`, set master_key.value (GATEHOUSE_MASTER_KEY_VALUE) to "
                    + "\"\(newest) OLDKEY \(newest + 1) NEWKEY\", start every `gatehouse serve` again with it, then run this again with it."
            )
        }
    }

    /// Takes a version out of the file. Does nothing where it is not in it, or where the keys are the operator's own.
    /// - Returns: whether it is gone from where the keys are read.
    func remove(_ version: Int64) throws(StoreError) -> Bool {
        switch self {
        case .file(let path):
            try Self.remove(version, from: path)
            return true
        case .value(let text):
            return try KeyRing(text: text.exposed)[version] == nil
        }
    }
}
