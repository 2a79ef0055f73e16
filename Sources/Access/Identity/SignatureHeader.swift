// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Storage

/// The parts of `Authorization: SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…`.
struct SignatureHeader: Sendable, Hashable {
    static let algorithm = "SDK-HMAC-SHA256"

    /// Other algorithms that the clients' libraries know. They are named in the refusal, so that the cure is plain.
    private static let known = [
        "SDK-HMAC-SM3", "SDK-ECDSA-P256-SHA256", "SDK-SM2-SM3", "V11-HMAC-SHA256", "V11-HMAC-SM3",
    ]

    let accessKey: String
    /// Lower-case names in the order given, which is the order signed.
    let signedHeaders: [String]
    /// 32 bytes.
    let signature: [UInt8]

    /// Strict about what is said, tolerant about spacing and order.
    /// - Throws: ``AccessError/Code/unauthenticated``.
    init(_ text: String) throws(AccessError) {
        // By bytes: this is done for every request, and walking a text by its characters costs ten times as much.
        let bytes = Array(text.utf8)
        guard bytes.count <= 16384 else { throw Self.malformed }
        let trimmed = bytes[...].trimmingSpaces()
        let scheme = trimmed.prefix { !$0.isSpace }
        guard scheme.elementsEqual(Self.algorithm.utf8) else {
            let name = String(decoding: scheme, as: UTF8.self)
            if Self.known.contains(name) {
                throw Self.refused("the signing algorithm \(name) is not offered; sign with \(Self.algorithm)")
            }
            throw Self.malformed
        }
        var access: ArraySlice<UInt8>?
        var headers: ArraySlice<UInt8>?
        var hex: ArraySlice<UInt8>?
        let fields = trimmed.dropFirst(scheme.count)
        for field in fields.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let equals = field.firstIndex(of: UInt8(ascii: "=")) else { throw Self.malformed }
            let name = String(decoding: field[..<equals].trimmingSpaces(), as: UTF8.self)
            let value = field[(equals + 1)...].trimmingSpaces()
            switch name {
            case "Access" where access == nil: access = value
            case "SignedHeaders" where headers == nil: headers = value
            case "Signature" where hex == nil: hex = value
            default: throw Self.malformed
            }
        }
        guard let access, let headers, let hex else { throw Self.malformed }
        guard (1...64).contains(access.count), access.allSatisfy(\.isAlphanumeric) else {
            throw Self.refused("the access key id (AK) is made of letters and digits")
        }
        guard let signature = Hexadecimal.decode(hex), signature.count == 32 else {
            throw Self.refused("the signature is not 64 hexadecimal digits")
        }
        let names = headers.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        guard names.count <= 100, names.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isHeaderNameCharacter) }) else {
            throw Self.malformedList
        }
        accessKey = String(decoding: access, as: UTF8.self)
        signedHeaders = names.map { String(decoding: $0.map(\.lowercased), as: UTF8.self) }
        self.signature = signature
        guard Set(signedHeaders).count == names.count else { throw Self.malformedList }
    }

    private static let form = "\(algorithm) Access=<AK>, SignedHeaders=<name;name>, Signature=<64 hexadecimal digits>"

    private static var malformed: AccessError {
        refused("the Authorization header is not of the form `\(form)`")
    }

    private static var malformedList: AccessError {
        refused("SignedHeaders is not a list of header names, each once, joined by semicolons")
    }

    /// The sentence's beginning is what clients know from the gateway that they are written for.
    static func refused(_ reason: String) -> AccessError {
        AccessError(.unauthenticated, "Incorrect IAM authentication information: \(reason).")
    }
}

extension ArraySlice<UInt8> {
    fileprivate func trimmingSpaces() -> ArraySlice<UInt8> {
        guard let first = firstIndex(where: { !$0.isSpace }), let last = lastIndex(where: { !$0.isSpace }) else {
            return prefix(0)
        }
        return self[first...last]
    }
}

extension UInt8 {
    fileprivate var isSpace: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

    fileprivate var lowercased: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }

    fileprivate var isAlphanumeric: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    /// RFC 9110, section 5.6.2.
    fileprivate var isHeaderNameCharacter: Bool {
        isAlphanumeric || "!#$%&'*+-.^_`|~".utf8.contains(self)
    }
}
