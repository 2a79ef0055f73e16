// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Model

/// An access key with its opened secret key and whom it stands for. Hold it no longer than one check of a signature.
package struct AccessKeyEntry: Sendable {
    package let key: AccessKey
    package let secret: Secret
    package let user: User
    package let tenant: Tenant
}

extension Vault {
    /// How long an ended temporary key is kept, in milliseconds: so that who signs with it is told that it ended.
    private static let memory: Int64 = 24 * 60 * 60 * 1000

    /// Seals and stores a new access key, and forgets temporary ones that ended a day ago.
    /// - Throws: ``StoreError/Code/alreadyExists``, ``StoreError/Code/notFound`` when the user is gone.
    package func insert(_ key: AccessKey, secret: Secret) async throws(StoreError) {
        try await sealing { (master) throws(StoreError) in
            let sealed = try seal(Data(secret.exposed.utf8), under: master, SealContext(key))
            try await store.insert(
                key, sealed: sealed, keyVersion: master.version,
                forgettingEndedBefore: clock.milliseconds - Self.memory)
        }
    }

    /// nil for a key that does not exist (any more); nothing is remembered between two calls.
    /// - Throws: ``StoreError/Code/unsealable``.
    package func accessKey(_ id: String) async throws(StoreError) -> AccessKeyEntry? {
        guard let row = try await store.accessKey(id) else { return nil }
        let secret = try open(row.sealed, version: row.keyVersion, SealContext(row.key))
        return AccessKeyEntry(
            key: row.key, secret: Secret(String(decoding: secret, as: UTF8.self)), user: row.user, tenant: row.tenant)
    }
}

extension SealContext {
    init(_ key: AccessKey) {
        // A permanent key's has nothing more, so that neither becomes the other.
        let temporary = key.temporary.map { ["temporary", String($0.expires), Hexadecimal.encode($0.tokenDigest)] }
        self.init(
            kind: .accessKey, tenant: key.tenant, id: key.id,
            bound: [key.user, String(key.created)] + (temporary ?? []))
    }
}
