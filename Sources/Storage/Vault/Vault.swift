// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials
import Model

/// Keeps what must not be read: credentials of forges, secret keys, verifiers of OAuth flows. Sealing happens here, once,
/// above the store; ids are made before sealing, so that a new credential is one INSERT.
///
/// Nothing opened is kept: every call opens its row anew.
package struct Vault: Sendable {
    let store: SQLiteStore
    let clock: WallClock
    let keychain: Keychain

    /// Checks every version of the key against the proof that the store holds of it, and writes the proof where the store is
    /// new.
    /// - Throws: ``StoreError/Code/masterKeyRefused`` when the store was sealed under another key, or a version is missing.
    package init(
        store: SQLiteStore, keys source: KeySource, clock: WallClock = .system
    ) async throws(StoreError) {
        self.store = store
        self.clock = clock
        let ring = try await source.load(makingOneFor: store)
        var rows = try await store.masterKeys()
        if rows.isEmpty, let key = ring[ring.newest] {
            let sealing = SealingKey(version: ring.newest, key: key.key)
            rows = try await store.insertFirstMasterKey(
                try Self.proof(of: sealing), Self.emptyAudit(under: sealing), created: clock.milliseconds)
        }
        for row in rows {
            guard let key = ring[row.version] else {
                if row.version != rows.last?.version, try await Self.isUnused(row.version, in: store, clock) {
                    continue
                }
                throw Self.missing(row.version)
            }
            guard Self.proves(row, key.key) else { throw Self.refused(row.version) }
        }
        keychain = Keychain(ring, from: source, proved: rows.last?.version ?? ring.newest)
        if store.wasWithoutAudit { try await beginAudit() }
    }

    /// Whether nothing is sealed under a version: then its key may be gone.
    private static func isUnused(
        _ version: Int64, in store: SQLiteStore, _ clock: WallClock
    ) async throws(StoreError) -> Bool {
        try await store.sealedCounts(now: clock.milliseconds)[version, default: [:]].values.allSatisfy { $0 == 0 }
    }

    /// A vault with one key, which is version 1.
    package init(
        store: SQLiteStore, masterKey: MasterKey, clock: WallClock = .system
    ) async throws(StoreError) {
        try await self.init(store: store, keys: .value(Secret(masterKey.base64)), clock: clock)
    }

    private static let proven = Data("This store is sealed under this key.".utf8)

    private static func proofContext(version: Int64) -> SealContext {
        SealContext(kind: .masterKeyProof, tenant: nil, id: String(version), bound: [])
    }

    static func proof(of key: SealingKey) throws(StoreError) -> MasterKeyRow {
        MasterKeyRow(
            version: key.version,
            proof: try Envelope.seal(proven, under: key.key, version: key.version, proofContext(version: key.version)))
    }

    /// Whether a key is the one that a proof was made with.
    static func proves(_ row: MasterKeyRow, _ key: SymmetricKey) -> Bool {
        do {
            return try Envelope.open(row.proof, under: key, version: row.version, proofContext(version: row.version))
                == proven
        } catch {
            return false
        }
    }

    private static func missing(_ version: Int64) -> StoreError {
        StoreError(
            .masterKeyRefused,
            "Version \(version) of the master key is missing, and the store has been sealed under it. Put its line, "
                + "`\(version) KEY`, back into the key file or into master_key.value.")
    }

    private static func refused(_ version: Int64) -> StoreError {
        StoreError(
            .masterKeyRefused,
            "This is not the master key (version \(version)) that the store was sealed under. Give the right one; "
                + "a new key would need a new, empty store.")
    }

    /// The newest version that the store knows and this process has. A version that another program has just made is taken
    /// up here; one that this process cannot have (its `master_key.value` lacks it) is left alone: what is sealed under the
    /// older one is sealed anew by whoever has both.
    func sealingKey() async throws(StoreError) -> SealingKey {
        if let row = try await store.newestMasterKey(), row.version != keychain.newest?.version {
            try takeUp(row)
        }
        guard let newest = keychain.newest else {
            throw StoreError(.masterKeyRefused, "There is no master key to seal with.")
        }
        return newest
    }

    private func takeUp(_ row: MasterKeyRow) throws(StoreError) {
        do {
            guard let key = try keychain.key(row.version) else { return }
            if Self.proves(row, key) { keychain.prove(row.version) } else { keychain.forget(row.version) }
        } catch {
            // A key file that cannot be read at this moment ends no write: the older version is good to seal with.
            guard error.code == .masterKeyRefused else { throw error }
        }
    }

    /// Seals and writes. Where the version is retired between the two, which a process can only meet that stood still for
    /// the whole of a rotation, once more.
    func sealing<Value: Sendable>(
        _ write: (SealingKey) async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let key = try await sealingKey()
        do {
            return try await write(key)
        } catch {
            // The store refuses a row of a version that it does not have.
            guard error.code == .notFound, try await !store.masterKeys().contains(where: { $0.version == key.version })
            else { throw error }
        }
        let newer = try await sealingKey()
        guard newer.version != key.version else {
            throw StoreError(
                .masterKeyRefused,
                "Version \(key.version) of the master key has been retired, and this process has no newer one. "
                    + "Start it again with the newer one.")
        }
        return try await write(newer)
    }

    func seal(_ plaintext: Data, under key: SealingKey, _ context: SealContext) throws(StoreError) -> Data {
        try Envelope.seal(plaintext, under: key.key, version: key.version, context)
    }

    func open(_ sealed: Data, version: Int64, _ context: SealContext) throws(StoreError) -> Data {
        try Envelope.open(sealed, under: try openingKey(version), version: version, context)
    }

    /// - Throws: ``StoreError/Code/unsealable``.
    func openingKey(_ version: Int64) throws(StoreError) -> SymmetricKey {
        var cause: String?
        do {
            if let key = try keychain.key(version) { return key }
        } catch {
            cause = "\(error)"
        }
        throw StoreError(
            .unsealable,
            "A value is sealed under version \(version) of the master key, which this process does not have. Put its line "
                + "into the key file; with master_key.value, start again with it.", cause: cause)
    }
}

extension Data {
    /// The stored form of a text that only its bearer may know.
    package init(digestOf text: String) {
        self = Data(SHA256.hash(data: Data(text.utf8)))
    }
}
