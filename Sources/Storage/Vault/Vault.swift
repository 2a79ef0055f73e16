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
    private let master: SymmetricKey
    private let version: Int64

    /// Checks the key against the proof that the store holds, and writes the proof where the store is new.
    /// - Throws: ``StoreError/Code/masterKeyRefused`` when the store was sealed under another key.
    package init(
        store: SQLiteStore, masterKey: MasterKey, clock: WallClock = .system
    ) async throws(StoreError) {
        self.store = store
        self.clock = clock
        master = masterKey.key
        let row: MasterKeyRow
        if let present = try await store.newestMasterKey() {
            row = present
        } else {
            let proof = try Envelope.seal(
                Self.proven, under: masterKey.key, version: 1, Self.proofContext(version: 1))
            row = try await store.insertFirstMasterKey(
                MasterKeyRow(version: 1, proof: proof), created: clock.milliseconds)
        }
        version = row.version
        do {
            let opened = try Envelope.open(
                row.proof, under: masterKey.key, version: row.version, Self.proofContext(version: row.version))
            guard opened == Self.proven else { throw StoreError(.unsealable, "The proof holds another text.") }
        } catch {
            throw StoreError(
                .masterKeyRefused,
                "This is not the master key that the store was sealed under. Give the right one; "
                    + "a new key would need a new, empty store.")
        }
    }

    private static let proven = Data("This store is sealed under this key.".utf8)

    private static func proofContext(version: Int64) -> SealContext {
        SealContext(kind: .masterKeyProof, tenant: nil, id: String(version), bound: [])
    }

    var currentVersion: Int64 { version }

    func seal(_ plaintext: Data, _ context: SealContext) throws(StoreError) -> Data {
        try Envelope.seal(plaintext, under: master, version: version, context)
    }

    func open(_ sealed: Data, version: Int64, _ context: SealContext) throws(StoreError) -> Data {
        try Envelope.open(sealed, under: master, version: version, context)
    }
}

extension Data {
    /// The stored form of a text that only its bearer may know.
    package init(digestOf text: String) {
        self = Data(SHA256.hash(data: Data(text.utf8)))
    }
}
