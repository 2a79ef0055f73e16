// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// Writes JSON straight into a buffer, members in the order in which they are given.
///
/// Foundation's encoder took half of a list's time and gives no order: `docs/performance.md`.
struct JSONWriter: Sendable {
    private var buffer = ByteBuffer()
    private var needsComma = false

    mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
        try nest(UInt8(ascii: "{"), UInt8(ascii: "}"), members)
    }

    mutating func array<Element>(_ elements: some Sequence<Element>, _ write: (inout JSONWriter, Element) -> Void) {
        nest(UInt8(ascii: "["), UInt8(ascii: "]")) { for element in elements { write(&$0, element) } }
    }

    mutating func member(_ name: StaticString, _ value: String) {
        key(name)
        string(value)
    }

    mutating func member(_ name: StaticString, _ value: String?) {
        if let value { member(name, value) } else { null(name) }
    }

    mutating func member(_ name: StaticString, _ value: Int64) {
        key(name)
        number(value)
    }

    mutating func member(_ name: StaticString, _ write: (inout JSONWriter) -> Void) {
        key(name)
        write(&self)
    }

    mutating func string(_ value: String) {
        comma()
        buffer.writeInteger(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { bytes in
            var plain = bytes.startIndex
            for index in bytes.indices {
                guard let escape = Self.escape(bytes[index]) else { continue }
                buffer.writeBytes(bytes[plain..<index])
                buffer.writeBytes(escape)
                plain = index + 1
            }
            buffer.writeBytes(bytes[plain...])
        }
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    func response(_ status: HTTPResponse.Status = .ok) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = "application/json"
        return Response(status: status, headers: headers, body: .init(byteBuffer: buffer))
    }

    private mutating func nest(_ open: UInt8, _ close: UInt8, _ content: (inout JSONWriter) throws -> Void) rethrows {
        comma()
        buffer.writeInteger(open)
        needsComma = false
        try content(&self)
        buffer.writeInteger(close)
        needsComma = true
    }

    private mutating func key(_ name: StaticString) {
        comma()
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeStaticString(name)
        buffer.writeStaticString("\":")
        needsComma = false
    }

    private mutating func number(_ value: Int64) {
        comma()
        buffer.writeString(String(value))
    }

    private mutating func null(_ name: StaticString) {
        key(name)
        comma()
        buffer.writeStaticString("null")
    }

    private mutating func comma() {
        if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
        needsComma = true
    }

    /// RFC 8259 §7: quotation mark, reverse solidus and the control characters.
    private static func escape(_ byte: UInt8) -> [UInt8]? {
        switch byte {
        case UInt8(ascii: "\""): Array(#"\""#.utf8)
        case UInt8(ascii: "\\"): Array(#"\\"#.utf8)
        case 0x0A: Array(#"\n"#.utf8)
        case 0x0D: Array(#"\r"#.utf8)
        case 0x09: Array(#"\t"#.utf8)
        case 0..<0x20: Array(#"\u00"#.utf8) + [byte >> 4, byte & 15].map { $0 < 10 ? 0x30 + $0 : 0x57 + $0 }
        default: nil
        }
    }
}
