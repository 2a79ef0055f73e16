// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials
import Storage

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

    /// Others that the clients' libraries know. They are named in the refusal, so that the cure is plain.
    static let unsupported = ["SDK-HMAC-SM3", "SDK-SM2-SM3", "V11-HMAC-SM3"]

    static let offered = allCases.map(\.rawValue).joined(separator: ", ")

    /// What the field before `SignedHeaders` is called, and what it holds.
    var credentialField: (name: String, form: String) {
        switch self {
        case .hmac, .ecdsa: ("Access", "<AK>")
        case .derived: ("Credential", "<AK>/<yyyyMMdd>/<region>/<service>")
        }
    }

    /// Of a signature in bytes. ECDSA's is DER, whose two numbers may be short.
    var signatureLength: ClosedRange<Int> {
        self == .ecdsa ? 8...72 : 32...32
    }

    /// Whether one request that is signed twice in one second has one signature.
    var isDeterministic: Bool { self != .ecdsa }
}

/// The key of one access key for one algorithm.
enum VerifyingKey: Sendable {
    case hmac(SymmetricKey)
    case ecdsa(P256.Signing.PublicKey)

    /// - Parameter secret: the access key's secret key.
    init(_ header: SignatureHeader, secret: String) throws(AccessError) {
        switch header.algorithm {
        case .hmac:
            self = .hmac(SymmetricKey(data: Data(secret.utf8)))
        case .derived:
            let key = HKDF<SHA256>.deriveKey(
                inputKeyMaterial: SymmetricKey(data: Data(secret.utf8)), salt: Data(header.accessKey.utf8),
                info: Data((header.scope ?? "").utf8), outputByteCount: 32)
            // The clients' libraries sign with the key's hexadecimal digits, not with its bytes.
            let digits = key.withUnsafeBytes { Hexadecimal.encode($0) }
            self = .hmac(SymmetricKey(data: Data(digits.utf8)))
        case .ecdsa:
            guard let key = Self.privateKey(accessKey: header.accessKey, secret: secret) else {
                throw SignatureHeader.refused(
                    "no key for \(header.algorithm.rawValue) can be derived; sign with another")
            }
            self = .ecdsa(key.publicKey)
        }
    }

    /// The libraries compare in constant time.
    func verifies(_ signature: [UInt8], of text: [UInt8]) -> Bool {
        switch self {
        case .hmac(let key):
            return HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: text, using: key)
        case .ecdsa(let key):
            guard let signature = Self.signature(der: signature) else { return false }
            return key.isValidSignature(signature, for: text)
        }
    }

    /// nil for what is no DER of two numbers.
    static func signature(der: [UInt8]) -> P256.Signing.ECDSASignature? {
        do {
            return try P256.Signing.ECDSASignature(derRepresentation: der)
        } catch {
            return nil
        }
    }

    /// Both sides try candidates one after another until one is below the group's order: `candidate + 1` is the key.
    static func privateKey(accessKey: String, secret: String) -> P256.Signing.PrivateKey? {
        let key = SymmetricKey(data: Data(secret.utf8))
        for counter in UInt8(0)..<UInt8(255) {
            var text: [UInt8] = [0, 0, 0, 1]
            text += Array(SigningAlgorithm.ecdsa.rawValue.utf8) + [0] + Array(accessKey.utf8) + [counter, 0, 0, 1, 0]
            var number = Array(HMAC<SHA256>.authenticationCode(for: text, using: key))
            guard !orderMinusTwo.lexicographicallyPrecedes(number) else { continue }
            for index in number.indices.reversed() {
                number[index] &+= 1
                if number[index] != 0 { break }
            }
            do {
                return try P256.Signing.PrivateKey(rawRepresentation: number)
            } catch {
                continue
            }
        }
        return nil
    }

    /// The order of P-256 less two. https://nvlpubs.nist.gov/nistpubs/SpecialPublications/NIST.SP.800-186.pdf
    private static let orderMinusTwo: [UInt8] = [
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x4F,
    ]
}
