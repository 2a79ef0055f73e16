// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials

/// How a PKCE challenge comes of its verifier. https://www.rfc-editor.org/rfc/rfc7636#section-4.2
enum PKCEMethod: String, Sendable, Codable, Hashable {
    case s256 = "S256"
    case plain

    /// Whether this verifier is the one behind the challenge.
    func verifies(_ verifier: String, against challenge: String) -> Bool {
        switch self {
        case .plain: verifier == challenge
        case .s256: Data(SHA256.hash(data: Data(verifier.utf8))).base64EncodedString().urlSafeUnpadded == challenge
        }
    }
}

/// Digests that a forge's answers hold.
enum Digest {
    /// Lower-case hexadecimal SHA-256.
    static func sha256(_ bytes: [UInt8]) -> String {
        hexadecimal(SHA256.hash(data: bytes))
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension String {
    /// Base64 in the alphabet for addresses, without padding.
    fileprivate var urlSafeUnpadded: String {
        String(compactMap { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 == "=" ? nil : $0 })
    }
}

/// New unguessable texts.
enum RandomText {
    /// Letters and digits from the system's generator.
    static func alphanumeric(_ count: Int) -> String {
        pick(count, of: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    }

    static func hexadecimal(_ count: Int) -> String {
        pick(count, of: "0123456789abcdef")
    }

    private static func pick(_ count: Int, of alphabet: String) -> String {
        let letters = Array(alphabet.utf8)
        var generator = SystemRandomNumberGenerator()
        return String(
            decoding: (0..<count).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] },
            as: UTF8.self
        )
    }
}
