// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials
import Model

/// What a sealed value belongs to. It is not stored with the seal but made again from the row on opening, so that a seal
/// opens only in the row, and among the values, that it was made for.
struct SealContext: Sendable {
    /// What is sealed: a credential, a secret key, a verifier. One never opens as another.
    enum Kind: String, Sendable {
        case credential
        case accessKey
        case oauthVerifier
        case masterKeyProof
    }

    let kind: Kind
    let tenant: TenantID?
    let id: String
    /// Further values of the row that must not be changed apart from the seal. A credential's host is one: whoever could
    /// change it would have the credential sent to a server of his own.
    let bound: [String?]

    fileprivate func authenticatedData(for layer: StaticString, version: Int64?) -> [UInt8] {
        var bytes = CanonicalBytes("gatehouse seal 1")
        bytes.append("\(layer)")
        bytes.append(kind.rawValue)
        bytes.append(tenant?.text)
        bytes.append(id)
        bytes.append(version)
        for part in bound { bytes.append(part) }
        return bytes.bytes
    }
}

/// Sealing in two layers with AES-256-GCM: a random data key for each value, and the data key under the master key.
///
/// The master key thus seals only short random texts, and is replaced by sealing the data keys anew: only their layer is
/// bound to the master key's version.
///
/// Layout: one byte of format (1), the sealed data key (12 nonce, 32 key, 16 tag), then the value (12 nonce, n, 16 tag).
enum Envelope {
    private static let format: UInt8 = 1
    private static let wrappedLength = 12 + 32 + 16

    static func seal(
        _ plaintext: Data, under master: SymmetricKey, version: Int64, _ context: SealContext
    ) throws(StoreError) -> Data {
        let dataKey = SymmetricKey(size: .bits256)
        do {
            let wrapped = try AES.GCM.seal(
                dataKey.withUnsafeBytes { Data($0) }, using: master,
                authenticating: context.authenticatedData(for: "data key", version: version))
            let value = try AES.GCM.seal(
                plaintext, using: dataKey, authenticating: context.authenticatedData(for: "value", version: nil))
            guard let wrapped = wrapped.combined, let value = value.combined else {
                throw StoreError(.unavailable, "The cryptographic library gave no sealed text.")
            }
            return Data([format]) + wrapped + value
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(.unavailable, "A value could not be sealed.", cause: "\(type(of: error))")
        }
    }

    /// - Throws: ``StoreError/Code/unsealable``.
    static func open(
        _ sealed: Data, under master: SymmetricKey, version: Int64, _ context: SealContext
    ) throws(StoreError) -> Data {
        guard sealed.first == format, sealed.count > 1 + wrappedLength else {
            throw unsealable(context)
        }
        let body = sealed.dropFirst()
        do {
            let key = try AES.GCM.open(
                AES.GCM.SealedBox(combined: body.prefix(wrappedLength)), using: master,
                authenticating: context.authenticatedData(for: "data key", version: version))
            return try AES.GCM.open(
                AES.GCM.SealedBox(combined: body.dropFirst(wrappedLength)), using: SymmetricKey(data: key),
                authenticating: context.authenticatedData(for: "value", version: nil))
        } catch {
            throw unsealable(context)
        }
    }

    /// Seals the data key under another version of the master key. What it seals stays closed.
    /// - Throws: ``StoreError/Code/unsealable`` where the data key's layer does not open: the row was changed.
    static func reseal(
        _ sealed: Data, under old: SealingKey, to new: SealingKey, _ context: SealContext
    ) throws(StoreError) -> Data {
        guard sealed.first == format, sealed.count > 1 + wrappedLength else {
            throw unsealable(context)
        }
        let body = sealed.dropFirst()
        do {
            let key = try AES.GCM.open(
                AES.GCM.SealedBox(combined: body.prefix(wrappedLength)), using: old.key,
                authenticating: context.authenticatedData(for: "data key", version: old.version))
            let wrapped = try AES.GCM.seal(
                key, using: new.key,
                authenticating: context.authenticatedData(for: "data key", version: new.version))
            guard let wrapped = wrapped.combined else { throw unsealable(context) }
            return Data([format]) + wrapped + body.dropFirst(wrappedLength)
        } catch {
            throw unsealable(context)
        }
    }

    private static func unsealable(_ context: SealContext) -> StoreError {
        StoreError(
            .unsealable,
            "A sealed \(context.kind.rawValue) does not open: its row was changed outside of Gatehouse, or it was sealed "
                + "under another master key. Delete it and make it anew, or restore a backup.",
            cause: "\(context.kind.rawValue) \(context.id)")
    }
}
