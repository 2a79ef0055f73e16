// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials
import Storage

/// The key of one access key for one algorithm.
enum VerifyingKey: Sendable {
    case hmac(SymmetricKey)
    case ecdsa(P256.Signing.PublicKey)
    case hmacSM3([UInt8])
    /// An uncompressed point.
    case sm2([UInt8])

    /// - Parameter secret: the access key's secret key.
    init(_ header: SignatureHeader, secret: String) throws(AccessError) {
        switch header.algorithm {
        case .hmac:
            self = .hmac(SymmetricKey(data: Data(secret.utf8)))
        case .hmacSM3:
            self = .hmacSM3(Array(secret.utf8))
        case .derived:
            let key = HKDF<SHA256>.deriveKey(
                inputKeyMaterial: SymmetricKey(data: Data(secret.utf8)), salt: Data(header.accessKey.utf8),
                info: Data((header.scope ?? "").utf8), outputByteCount: 32)
            // The clients' libraries sign with the key's hexadecimal digits, not with its bytes.
            let digits = key.withUnsafeBytes { Hexadecimal.encode($0) }
            self = .hmac(SymmetricKey(data: Data(digits.utf8)))
        case .ecdsa:
            guard let number = Self.privateKey(of: header, secret), let key = Self.publicKey(of: number) else {
                throw Self.underivable(header)
            }
            self = .ecdsa(key)
        case .sm2:
            guard let number = Self.privateKey(of: header, secret), let key = ShangMi.publicKey(of: number) else {
                throw Self.underivable(header)
            }
            self = .sm2(key)
        }
    }

    /// The libraries compare in constant time.
    func verifies(_ signature: [UInt8], of text: [UInt8]) -> Bool {
        switch self {
        case .hmac(let key):
            return HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: text, using: key)
        case .hmacSM3(let key):
            return ShangMi.isValid(signature, authenticating: text, key: key)
        case .ecdsa(let key):
            guard let signature = Self.signature(der: signature) else { return false }
            return key.isValidSignature(signature, for: text)
        case .sm2(let key):
            return ShangMi.verifies(signature, of: text, publicKey: key)
        }
    }

    /// nil for what is no DER of two numbers. SM2's are written as P-256's.
    static func signature(der: [UInt8]) -> P256.Signing.ECDSASignature? {
        do {
            return try P256.Signing.ECDSASignature(derRepresentation: der)
        } catch {
            return nil
        }
    }

    private static func publicKey(of number: [UInt8]) -> P256.Signing.PublicKey? {
        do {
            return try P256.Signing.PrivateKey(rawRepresentation: number).publicKey
        } catch {
            return nil
        }
    }

    private static func underivable(_ header: SignatureHeader) -> AccessError {
        SignatureHeader.refused("no key for \(header.algorithm.rawValue) can be derived; sign with another")
    }

    private static func privateKey(of header: SignatureHeader, _ secret: String) -> [UInt8]? {
        privateKey(header.algorithm, accessKey: header.accessKey, secret: secret)
    }

    /// The private key that both sides derive, as 32 bytes: they try candidates one after another until one is below the group's
    /// order less one; `candidate + 1` is the key.
    static func privateKey(_ algorithm: SigningAlgorithm, accessKey: String, secret: String) -> [UInt8]? {
        let orderMinusTwo = algorithm == .sm2 ? orderOfSM2MinusTwo : orderOfP256MinusTwo
        for counter in UInt8(0)..<UInt8(255) {
            var text: [UInt8] = [0, 0, 0, 1]
            text += Array(algorithm.rawValue.utf8) + [0] + Array(accessKey.utf8) + [counter, 0, 0, 1, 0]
            guard var number = code(of: text, algorithm.hash, key: Array(secret.utf8)) else { return nil }
            guard !orderMinusTwo.lexicographicallyPrecedes(number) else { continue }
            for index in number.indices.reversed() {
                number[index] &+= 1
                if number[index] != 0 { break }
            }
            return number
        }
        return nil
    }

    private static func code(of text: [UInt8], _ hash: SigningHash, key: [UInt8]) -> [UInt8]? {
        switch hash {
        case .sha256: Array(HMAC<SHA256>.authenticationCode(for: text, using: SymmetricKey(data: key)))
        case .sm3: ShangMi.hmac(text, key: key)
        }
    }

    /// https://nvlpubs.nist.gov/nistpubs/SpecialPublications/NIST.SP.800-186.pdf
    private static let orderOfP256MinusTwo: [UInt8] = [
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x4F,
    ]

    /// https://datatracker.ietf.org/doc/html/draft-shen-sm2-ecdsa-02#appendix-D
    private static let orderOfSM2MinusTwo: [UInt8] = [
        0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0x72, 0x03, 0xDF, 0x6B, 0x21, 0xC6, 0x05, 0x2B, 0x53, 0xBB, 0xF4, 0x09, 0x39, 0xD5, 0x41, 0x21,
    ]
}
