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
        let trimmed = text.drop { $0 == " " || $0 == "\t" }
        let scheme = trimmed.prefix { $0 != " " && $0 != "\t" }
        guard scheme == Self.algorithm else {
            if Self.known.contains(String(scheme)) {
                throw Self.refused("the signing algorithm \(scheme) is not offered; sign with \(Self.algorithm)")
            }
            throw Self.refused("the Authorization header is not of the form `\(Self.form)`")
        }
        var values: [Substring: Substring] = [:]
        for part in trimmed.dropFirst(scheme.count).split(separator: ",", omittingEmptySubsequences: false) {
            let part = part.trimmingSpaces()
            guard let equals = part.firstIndex(of: "=") else { throw Self.malformed }
            let name = part[..<equals].trimmingSpaces()
            guard ["Access", "SignedHeaders", "Signature"].contains(name), values[name] == nil else {
                throw Self.malformed
            }
            values[name] = part[part.index(after: equals)...].trimmingSpaces()
        }
        guard let access = values["Access"], let headers = values["SignedHeaders"], let hex = values["Signature"] else {
            throw Self.malformed
        }
        guard (1...64).contains(access.utf8.count), access.utf8.allSatisfy(\.isAlphanumeric) else {
            throw Self.refused("the access key id (AK) is made of letters and digits")
        }
        guard let signature = Hexadecimal.decode(hex), signature.count == 32 else {
            throw Self.refused("the signature is not 64 hexadecimal digits")
        }
        let names = headers.split(separator: ";", omittingEmptySubsequences: false).map { $0.lowercased() }
        guard names.count <= 100, names.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(\.isHeaderNameCharacter) }),
            Set(names).count == names.count
        else {
            throw Self.refused("SignedHeaders is not a list of header names, each once, joined by semicolons")
        }
        accessKey = String(access)
        signedHeaders = names
        self.signature = signature
    }

    private static let form = "\(algorithm) Access=<AK>, SignedHeaders=<name;name>, Signature=<64 hexadecimal digits>"

    private static var malformed: AccessError {
        refused("the Authorization header is not of the form `\(form)`")
    }

    /// The sentence's beginning is what clients know from the gateway that they are written for.
    static func refused(_ reason: String) -> AccessError {
        AccessError(.unauthenticated, "Incorrect IAM authentication information: \(reason).")
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> Substring {
        let start = drop { $0 == " " || $0 == "\t" }
        guard let end = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return start.prefix(0) }
        return start[...end]
    }
}

extension UInt8 {
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
