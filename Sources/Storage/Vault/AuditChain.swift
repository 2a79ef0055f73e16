// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials
import Model

/// How the events of the record hang together.
///
/// Each has a SHA-256 over the hash before it, its number and everything in it: a change, an omission or another order in the
/// middle shows. The end, and where the kept part begins, are signed under a key that is derived from the master key: a cut at
/// either end, and a record written anew, show to whoever has the master key.
enum AuditChain {
    /// What comes before the first event of all.
    static let origin = Data(count: 32)

    static func hash(after previous: Data, sequence: Int64, id: String, _ event: AuditEvent) -> Data {
        var bytes = CanonicalBytes("gatehouse audit event 1")
        bytes.append(Hexadecimal.encode(previous))
        bytes.append(sequence)
        bytes.append(id)
        bytes.append(event.time)
        bytes.append(event.tenant?.text)
        bytes.append(event.actor.rawValue)
        bytes.append(event.userID)
        bytes.append(event.userName)
        bytes.append(event.action)
        bytes.append(event.authorization)
        bytes.append(event.authorizationID)
        bytes.append(event.forge)
        bytes.append(event.repository)
        bytes.append(Int64(event.status))
        bytes.append(event.errorCode)
        bytes.append(event.requestID)
        bytes.append(event.source)
        bytes.append(event.duration)
        bytes.append(event.lost)
        return Data(SHA256.hash(data: bytes.bytes))
    }

    static func signature(of head: AuditHead, under key: SealingKey) -> Data {
        Data(HMAC<SHA256>.authenticationCode(for: signed(head, version: key.version), using: derived(from: key.key)))
    }

    /// Whether a head was signed by somebody with the master key.
    static func isAuthentic(_ head: AuditHead, under master: SymmetricKey) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(
            head.signature, authenticating: signed(head, version: head.keyVersion), using: derived(from: master))
    }

    private static func signed(_ head: AuditHead, version: Int64) -> [UInt8] {
        var bytes = CanonicalBytes("gatehouse audit head 1")
        bytes.append(version)
        bytes.append(head.first)
        bytes.append(Hexadecimal.encode(head.anchor))
        bytes.append(head.sequence)
        bytes.append(Hexadecimal.encode(head.hash))
        return bytes.bytes
    }

    private static func derived(from master: SymmetricKey) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: master, info: Data("gatehouse audit head 1".utf8), outputByteCount: 32)
    }
}
