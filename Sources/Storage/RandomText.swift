// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Unguessable text, from the system's random number generator (`getrandom` on Linux).
package enum RandomText {
    /// Lower-case hexadecimal digits, two a byte. Sixteen bytes make the id of a tenant, a user or an authorization.
    package static func hexadecimal(byteCount: Int = 16) -> String {
        Hexadecimal.encode(bytes(byteCount))
    }

    /// The URL-safe alphabet of RFC 4648, section 5, without padding.
    package static func base64URL(byteCount: Int = 32) -> String {
        Base64URL.encode(bytes(byteCount))
    }

    /// Characters drawn evenly from an alphabet, which must not be empty.
    package static func drawn(from alphabet: String, count: Int) -> String {
        let characters = Array(alphabet.utf8)
        var generator = SystemRandomNumberGenerator()
        let drawn = (0..<count).map { _ in characters[Int.random(in: 0..<characters.count, using: &generator)] }
        return String(decoding: drawn, as: UTF8.self)
    }

    package static func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        // Eight at a time: each number is a call of the system.
        while bytes.count < count { withUnsafeBytes(of: generator.next() as UInt64) { bytes.append(contentsOf: $0) } }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}

/// Bytes as hexadecimal digits and back.
package enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// nil for an odd number of digits and for anything that is no hexadecimal digit; both letter cases are read.
    package static func decode(_ digits: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in digits {
            guard let value = value(of: character) else { return nil }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return high == nil ? bytes : nil
    }

    /// The value of one digit, nil for anything else.
    package static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// RFC 4648, section 5, without padding.
enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var buffer: UInt32 = 0
        var bits = 0
        for byte in bytes {
            buffer = (buffer << 8 | UInt32(byte)) & 0xFFFF
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(alphabet[Int(buffer >> UInt32(bits) & 63)])
            }
        }
        if bits > 0 {
            text.append(alphabet[Int(buffer << UInt32(6 - bits) & 63)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
