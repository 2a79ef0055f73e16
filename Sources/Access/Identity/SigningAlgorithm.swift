// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto

/// How a request may be signed, by the word that `Authorization` begins with.
///
/// Each key is made from the secret key anew for every signature: nothing of them is stored.
enum SigningAlgorithm: String, CaseIterable, Sendable, Hashable {
    /// The signature is an HMAC under the secret key itself.
    case hmac = "SDK-HMAC-SHA256"
    /// An ECDSA signature under a P-256 key that both sides derive from the access key.
    case ecdsa = "SDK-ECDSA-P256-SHA256"
    /// An HMAC under a key that is derived for a day, a region and a service.
    case derived = "V11-HMAC-SHA256"

    /// As ``hmac``, by SM3.
    case hmacSM3 = "SDK-HMAC-SM3"
    /// As ``ecdsa``, by SM2.
    case sm2 = "SDK-SM2-SM3"

    /// Another that clients' libraries know. It is named in the refusal, so that the cure is plain.
    static let unsupported = ["V11-HMAC-SM3"]

    static let offered = allCases.filter(\.isOffered).map(\.rawValue).joined(separator: ", ")

    /// False by SM3 where libcrypto was built without it.
    var isOffered: Bool { hash == .sha256 || ShangMi.isOffered }

    var hash: SigningHash {
        switch self {
        case .hmac, .ecdsa, .derived: .sha256
        case .hmacSM3, .sm2: .sm3
        }
    }

    /// What the field before `SignedHeaders` is called, and what it holds.
    var credentialField: (name: String, form: String) {
        switch self {
        case .hmac, .ecdsa, .hmacSM3, .sm2: ("Access", "<AK>")
        case .derived: ("Credential", "<AK>/<yyyyMMdd>/<region>/<service>")
        }
    }

    /// Of a signature in bytes. One of two numbers is DER, and the numbers may be short.
    var signatureLength: ClosedRange<Int> {
        isDeterministic ? 32...32 : 8...72
    }

    /// Whether one request that is signed twice in one second has one signature.
    var isDeterministic: Bool {
        switch self {
        case .hmac, .derived, .hmacSM3: true
        case .ecdsa, .sm2: false
        }
    }
}

/// The hash that an algorithm of signatures goes with, for the body, the canonical request and the HMAC.
package enum SigningHash: Sendable {
    case sha256
    case sm3

    var name: String {
        switch self {
        case .sha256: "SHA-256"
        case .sm3: "SM3"
        }
    }

    /// The header in which clients may send the body's hash.
    var contentHeader: String {
        switch self {
        case .sha256: "X-Sdk-Content-Sha256"
        case .sm3: "X-Sdk-Content-Sm3"
        }
    }

    /// 32 bytes; none, which no client has signed, where libcrypto fails.
    func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        switch self {
        case .sha256:
            var hash = SHA256()
            hash.update(bufferPointer: bytes)
            return Array(hash.finalize())
        case .sm3:
            return ShangMi.sm3(bytes) ?? []
        }
    }
}
