// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import Storage

/// The parts of `Authorization: SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…` and its kin.
struct SignatureHeader: Sendable, Hashable {
    let algorithm: SigningAlgorithm
    let accessKey: String
    /// Day, region and service of a derived key, as written: `20250102/cn-north-4/servicestage`.
    let scope: String?
    /// Lower-case names in the order given, which is the order signed.
    let signedHeaders: [String]
    let signature: [UInt8]

    /// What tells this signature from every other of its access key, however it is written. Of two numbers it is the first:
    /// the second of an ECDSA signature has a twin that anybody can reckon.
    var identity: [UInt8] {
        guard !algorithm.isDeterministic, let signature = VerifyingKey.signature(der: signature) else {
            return signature
        }
        return Array(signature.rawRepresentation.prefix(32))
    }

    /// Strict about what is said, tolerant about spacing and order.
    /// - Throws: ``AccessError/Code/unauthenticated``.
    init(_ text: String) throws(AccessError) {
        // By bytes: this is done for every request, and walking a text by its characters costs ten times as much.
        let bytes = Array(text.utf8)
        guard bytes.count <= 16384 else { throw Self.malformed(.hmac) }
        let trimmed = bytes[...].trimmingSpaces()
        let scheme = trimmed.prefix { !$0.isSpace }
        algorithm = try Self.algorithm(String(decoding: scheme, as: UTF8.self))
        let credential = algorithm.credentialField.name
        let malformed = Self.malformed(algorithm)
        var access: ArraySlice<UInt8>?
        var headers: ArraySlice<UInt8>?
        var hex: ArraySlice<UInt8>?
        let fields = trimmed.dropFirst(scheme.count)
        for field in fields.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let equals = field.firstIndex(of: UInt8(ascii: "=")) else { throw malformed }
            let name = String(decoding: field[..<equals].trimmingSpaces(), as: UTF8.self)
            let value = field[(equals + 1)...].trimmingSpaces()
            switch name {
            case credential where access == nil: access = value
            case "SignedHeaders" where headers == nil: headers = value
            case "Signature" where hex == nil: hex = value
            default: throw malformed
            }
        }
        guard let access, let headers, let hex else { throw malformed }
        let (name, scope) = try Self.parts(of: access, algorithm)
        guard (1...64).contains(name.count), name.allSatisfy(\.isAlphanumeric) else {
            throw Self.refused("the access key id (AK) is made of letters and digits")
        }
        guard let signature = Hexadecimal.decode(hex), algorithm.signatureLength.contains(signature.count) else {
            throw Self.refused(
                !algorithm.isDeterministic
                    ? "the signature is not a DER signature in hexadecimal digits"
                    : "the signature is not 64 hexadecimal digits")
        }
        let names = headers.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        guard names.count <= 100, names.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isHeaderNameCharacter) }) else {
            throw Self.malformedList
        }
        accessKey = String(decoding: name, as: UTF8.self)
        self.scope = scope
        signedHeaders = names.map { String(decoding: $0.map(\.lowercased), as: UTF8.self) }
        self.signature = signature
        guard Set(signedHeaders).count == names.count else { throw Self.malformedList }
    }

    private static func algorithm(_ name: String) throws(AccessError) -> SigningAlgorithm {
        let known = SigningAlgorithm(rawValue: name)
        if let known, known.isOffered { return known }
        guard known != nil || SigningAlgorithm.unsupported.contains(name) else { throw malformed(.hmac) }
        throw refused("the signing algorithm \(name) is not offered; sign with one of \(SigningAlgorithm.offered)")
    }

    /// The access key's id, and what a derived key is for.
    private static func parts(
        of credential: ArraySlice<UInt8>, _ algorithm: SigningAlgorithm
    ) throws(AccessError) -> (name: ArraySlice<UInt8>, scope: String?) {
        guard algorithm == .derived else { return (credential, nil) }
        let parts = credential.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 4, parts.dropFirst().allSatisfy({ (1...64).contains($0.count) }),
            parts.dropFirst().joined().allSatisfy({ $0.isAlphanumeric || "-_.".utf8.contains($0) })
        else { throw malformed(algorithm) }
        return (
            parts[0], String(decoding: Array(parts.dropFirst().joined(separator: [UInt8(ascii: "/")])), as: UTF8.self)
        )
    }

    private static func malformed(_ algorithm: SigningAlgorithm) -> AccessError {
        let (field, value) = algorithm.credentialField
        return refused(
            "the Authorization header is not of the form `\(algorithm.rawValue) \(field)=\(value), "
                + "SignedHeaders=<name;name>, Signature=<hexadecimal digits>`")
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
