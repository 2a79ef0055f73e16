// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import CLibCrypto
import Storage

/// China's own hash and signature, SM3 and SM2, by OpenSSL's libcrypto: swift-crypto has neither.
/// https://docs.openssl.org/3.0/man7/EVP_PKEY-SM2/
enum ShangMi {
    /// False where the library was built without it.
    static let isOffered = sm3(UnsafeRawBufferPointer(start: nil, count: 0)) != nil

    /// nil where the library does not offer it.
    static func sm3(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_Digest(bytes.baseAddress, bytes.count, &digest, nil, EVP_sm3(), nil) == 1 else { return nil }
        return digest
    }

    static func hmac(_ bytes: [UInt8], key: [UInt8]) -> [UInt8]? {
        var code = [UInt8](repeating: 0, count: 32)
        guard HMAC(EVP_sm3(), key, Int32(key.count), bytes, bytes.count, &code, nil) != nil else { return nil }
        return code
    }

    /// In constant time.
    static func isValid(_ code: [UInt8], authenticating bytes: [UInt8], key: [UInt8]) -> Bool {
        guard let right = hmac(bytes, key: key), right.count == code.count else { return false }
        return CRYPTO_memcmp(right, code, code.count) == 0
    }

    /// The public key, as an uncompressed point, of a private key on the curve of GB/T 32918.5.
    /// - Parameter privateKey: 32 bytes, the number's most significant one first.
    static func publicKey(of privateKey: [UInt8]) -> [UInt8]? {
        guard let group = EC_GROUP_new_by_curve_name(NID_sm2) else { return nil }
        defer { EC_GROUP_free(group) }
        guard let point = EC_POINT_new(group) else { return nil }
        defer { EC_POINT_free(point) }
        guard let number = BN_bin2bn(privateKey, Int32(privateKey.count), nil) else { return nil }
        defer { BN_clear_free(number) }
        guard EC_POINT_mul(group, point, number, nil, nil, nil) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 65)
        let form = POINT_CONVERSION_UNCOMPRESSED
        return EC_POINT_point2oct(group, point, form, &bytes, bytes.count, nil) == bytes.count ? bytes : nil
    }

    /// Whether a signature in DER is that of a text, by the signer of the standard's usual name.
    ///
    /// The text is signed with a hash of the public key before it. Huawei Cloud's library for Python drops the zeros at the beginning
    /// of the key's two numbers there: one key in 128 has any, and its signatures are no others' to take for right.
    static func verifies(_ signature: [UInt8], of text: [UInt8], publicKey: [UInt8]) -> Bool {
        guard publicKey.count == 65, let key = key(of: publicKey) else { return false }
        defer { EVP_PKEY_free(key) }
        let numbers = [publicKey[1...32], publicKey[33...64]]
        let isShort = numbers.contains { $0.first == 0 }
        return verifies(signature, of: text, by: key, numbers)
            || isShort && verifies(signature, of: text, by: key, numbers.map { $0.drop { $0 == 0 } })
    }

    private static func verifies(
        _ signature: [UInt8], of text: [UInt8], by key: OpaquePointer, _ numbers: [ArraySlice<UInt8>]
    ) -> Bool {
        guard let name = (usualName + curve + numbers.joined()).withUnsafeBytes(sm3),
            let digest = (name + text).withUnsafeBytes(sm3), let context = EVP_PKEY_CTX_new(key, nil)
        else { return false }
        defer { EVP_PKEY_CTX_free(context) }
        return EVP_PKEY_verify_init(context) == 1
            && EVP_PKEY_verify(context, signature, signature.count, digest, digest.count) == 1
    }

    /// With its length in bits before it.
    private static let usualName: [UInt8] = [0, 128] + Array("1234567812345678".utf8)

    /// The curve's a and b and its base point.
    private static let curve: [UInt8] =
        Hexadecimal.decode(
            ("fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc"
                + "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"
                + "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
                + "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0").utf8) ?? []

    /// What stands before the point in a SubjectPublicKeyInfo: the kind of key, and the curve's object identifier.
    /// https://datatracker.ietf.org/doc/html/rfc5480#section-2
    private static let publicKeyHeader: [UInt8] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01,
        0x06, 0x08, 0x2A, 0x81, 0x1C, 0xCF, 0x55, 0x01, 0x82, 0x2D, 0x03, 0x42, 0x00,
    ]

    private static func key(of publicKey: [UInt8]) -> OpaquePointer? {
        (publicKeyHeader + publicKey).withUnsafeBufferPointer { info in
            var position = info.baseAddress
            return d2i_PUBKEY(nil, &position, info.count)
        }
    }
}
