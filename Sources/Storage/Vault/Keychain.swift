// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import Synchronization

/// One version of the master key, to seal with.
struct SealingKey: Sendable {
    let version: Int64
    let key: SymmetricKey
}

/// A vault's keys. When a version turns up that is not among them, their source is read again: another program has made a
/// new one meanwhile.
final class Keychain: Sendable {
    let source: KeySource
    private let keys: Mutex<[Int64: MasterKey]>
    /// The newest version that the store's proof was found good for.
    private let proved: Mutex<Int64>

    init(_ ring: KeyRing, from source: KeySource, proved version: Int64) {
        self.source = source
        keys = Mutex(ring.keys)
        proved = Mutex(version)
    }

    /// nil for a version that is not to be had.
    /// - Throws: ``StoreError/Code/masterKeyRefused`` where the source cannot be read again.
    func key(_ version: Int64) throws(StoreError) -> SymmetricKey? {
        if let held = keys.withLock({ $0[version] }) { return held.key }
        guard let read = try source.read() else { return nil }
        // What is held has opened the store's proof and stays, whatever the file says by now.
        return keys.withLock { keys in
            keys.merge(read.keys) { held, _ in held }
            return keys[version]?.key
        }
    }

    /// Forgets a version whose key is not the store's, so that it is read again.
    func forget(_ version: Int64) {
        keys.withLock { _ = $0.removeValue(forKey: version) }
    }

    /// What is sealed under now.
    var newest: SealingKey? {
        let version = proved.withLock { $0 }
        return keys.withLock { $0[version] }.map { SealingKey(version: version, key: $0.key) }
    }

    func prove(_ version: Int64) {
        proved.withLock { $0 = max($0, version) }
    }
}
