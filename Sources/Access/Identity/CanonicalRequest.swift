// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Storage

/// The text that a signature is made over, from a request as it came over the wire. Clients build the same text from what
/// they are about to send.
struct CanonicalRequest: Sendable {
    /// How the path of a signature is got from the path on the wire.
    enum PathForm: CaseIterable, Sendable {
        /// Decoded once, then every segment encoded: what the Python and Go libraries sign.
        case decoded
        /// Every segment encoded as it is on the wire, a percent sign becoming `%25`: what the Java library signs.
        case raw
    }

    let bytes: [UInt8]

    /// - Parameters:
    ///   - values: of each signed header, in the order of the list.
    ///   - payload: the hash of the body in hexadecimal digits, or a word that stands for it.
    init(
        method: String, path: String, form: PathForm, query: String, signedHeaders: [(name: String, values: [String])],
        payload: String
    ) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        bytes.append(contentsOf: method.uppercased().utf8)
        bytes.append(newline)
        Self.append(path: path, form: form, to: &bytes)
        bytes.append(newline)
        Self.append(query: query, to: &bytes)
        bytes.append(newline)
        for (name, values) in signedHeaders {
            // A header that came more than once has a line for each value.
            for value in values.map({ Self.trimmed(Array($0.utf8)) }).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
                bytes.append(contentsOf: name.utf8)
                bytes.append(UInt8(ascii: ":"))
                bytes.append(contentsOf: value)
                bytes.append(newline)
            }
        }
        bytes.append(newline)
        bytes.append(contentsOf: signedHeaders.map(\.name).joined(separator: ";").utf8)
        bytes.append(newline)
        bytes.append(contentsOf: payload.utf8)
        self.bytes = bytes
    }

    /// The text that is signed: the algorithm, the time, what a derived key is for, and the hash of the canonical request.
    func stringToSign(
        _ algorithm: SigningAlgorithm = .hmac, date: String, scope: String? = nil
    ) -> [UInt8] {
        let hash = Hexadecimal.encode(bytes.withUnsafeBytes { algorithm.hash.digest($0) })
        return Array([algorithm.rawValue, date, scope, hash].compactMap(\.self).joined(separator: "\n").utf8)
    }

    private static func append(path: String, form: PathForm, to bytes: inout [UInt8]) {
        var whole = Array(path.utf8)
        if form == .decoded { whole = percentDecoded(whole) }
        for byte in whole {
            if byte == UInt8(ascii: "/") { bytes.append(byte) } else { appendEncoded(byte, to: &bytes) }
        }
        if whole.last != UInt8(ascii: "/") { bytes.append(UInt8(ascii: "/")) }
    }

    private static func append(query: String, to bytes: inout [UInt8]) {
        guard !query.isEmpty else { return }
        let pairs = query.utf8.split(separator: UInt8(ascii: "&")).map { pair in
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            return (
                key: percentDecoded(Array(pair[..<equals])), value: percentDecoded(Array(pair[equals...].dropFirst()))
            )
        }
        let sorted = pairs.sorted { first, second in
            first.key == second.key
                ? first.value.lexicographicallyPrecedes(second.value) : first.key.lexicographicallyPrecedes(second.key)
        }
        for (index, pair) in sorted.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: "&")) }
            for byte in pair.key { appendEncoded(byte, to: &bytes) }
            bytes.append(UInt8(ascii: "="))
            for byte in pair.value { appendEncoded(byte, to: &bytes) }
        }
    }

    /// Once, by bytes. A percent sign that no two digits follow stays as it is.
    private static func percentDecoded(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(percent) else { return text }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if text[index] == percent, index + 2 < text.count, let high = Hexadecimal.value(of: text[index + 1]),
                let low = Hexadecimal.value(of: text[index + 2])
            {
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(text[index])
                index += 1
            }
        }
        return decoded
    }

    /// RFC 3986's unreserved characters are left bare.
    private static func appendEncoded(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "~"):
            bytes.append(byte)
        default:
            bytes.append(percent)
            bytes.append(upperHex[Int(byte >> 4)])
            bytes.append(upperHex[Int(byte & 15)])
        }
    }

    private static func trimmed(_ value: [UInt8]) -> [UInt8] {
        func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        guard let first = value.firstIndex(where: { !isSpace($0) }), let last = value.lastIndex(where: { !isSpace($0) })
        else { return [] }
        return Array(value[first...last])
    }
}

private let newline = UInt8(ascii: "\n")
private let percent = UInt8(ascii: "%")
private let upperHex = Array("0123456789ABCDEF".utf8)
