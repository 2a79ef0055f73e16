// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
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

    /// The same call with a JSON body.
    func sending(_ value: some Encodable, to forge: ForgeID) throws(ForgeError) -> Call {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var call = self
        do {
            call.body = [UInt8](try encoder.encode(value))
        } catch {
            throw ForgeError(.invalidRequest, forge, "The request holds a value that JSON cannot carry.")
        }
        call.headers.append(Upstream.Header("Content-Type", "application/json"))
        return call
    }
}

extension ForgeError {
    /// The same error with another sentence where its code is this one: for a verb that knows what the error is about.
    func saying(_ message: @autoclosure () -> String, of code: Code) -> ForgeError {
        self.code == code ? becoming(code, message()) : self
    }

    /// Another code and sentence for the same answer of the forge.
    func becoming(_ code: Code, _ message: String) -> ForgeError {
        ForgeError(
            code, forge, message, upstreamStatus: upstreamStatus, upstreamRequestID: upstreamRequestID,
            retryAfter: retryAfter)
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
