// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

/// What an adapter wants from its forge: one request, and the statuses that mean success.
struct Call: Sendable {
    var method: Upstream.Method
    /// Below the API base, beginning with `/`, its segments encoded by ``PercentEncoding/segment(_:)``; or an absolute
    /// address of the same origin.
    var path: String
    var query: [(name: String, value: String)]
    var headers: [Upstream.Header]
    var body: [UInt8]?
    var expected: Set<Int>

    init(
        _ method: Upstream.Method, _ path: String, query: [(name: String, value: String)] = [],
        headers: [Upstream.Header] = [], body: [UInt8]? = nil, expecting expected: Set<Int> = [200]
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.expected = expected
    }
}

/// Percent-encoding by RFC 3986: everything but letters, digits, `-`, `.`, `_`, `~` is encoded.
enum PercentEncoding {
    /// For one path segment, a query's name or value. A `/` becomes `%2F`.
    static func segment(_ text: String) -> String {
        encode(text, keeping: [])
    }

    /// For a path whose slashes stay slashes.
    static func path(_ text: String) -> String {
        encode(text, keeping: [UInt8(ascii: "/")])
    }

    private static func encode(_ text: String, keeping kept: [UInt8]) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            case _ where kept.contains(byte):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
