// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// Writes JSON straight into bytes, members in the order in which they are given.
///
/// Foundation's encoder took half of a list's time and gives no order: `docs/performance.md`.
struct JSONWriter: Sendable {
    private var bytes: [UInt8] = []
    private var needsComma = false

    init() {
        bytes.reserveCapacity(1024)
    }

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

    mutating func member(_ name: StaticString, _ value: Int64?) {
        if let value { member(name, value) } else { null(name) }
    }

    mutating func member(_ name: StaticString, _ value: Bool) {
        key(name)
        comma()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    mutating func member(_ name: StaticString, _ write: (inout JSONWriter) -> Void) {
        key(name)
        write(&self)
    }

    mutating func string(_ value: String) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { text in
            var plain = text.startIndex
            for index in text.indices where Self.mustBeEscaped(text[index]) {
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[plain..<index]))
                bytes.append(contentsOf: Self.escape(text[index]))
                plain = index + 1
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[plain...]))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    var buffer: ByteBuffer { ByteBuffer(bytes: bytes) }

    func response(_ status: HTTPResponse.Status = .ok) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = "application/json"
        return Response(status: status, headers: headers, body: .init(byteBuffer: buffer))
    }

    private mutating func nest(_ open: UInt8, _ close: UInt8, _ content: (inout JSONWriter) throws -> Void) rethrows {
        comma()
        bytes.append(open)
        needsComma = false
        try content(&self)
        bytes.append(close)
        needsComma = true
    }

    private mutating func key(_ name: StaticString) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func number(_ value: Int64) {
        comma()
        bytes.append(contentsOf: String(value).utf8)
    }

    private mutating func null(_ name: StaticString) {
        key(name)
        comma()
        bytes.append(contentsOf: "null".utf8)
    }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    /// RFC 8259 §7: quotation mark, reverse solidus and the control characters.
    private static func mustBeEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func escape(_ byte: UInt8) -> [UInt8] {
        switch byte {
        case 0x0A: Array(#"\n"#.utf8)
        case 0x0D: Array(#"\r"#.utf8)
        case 0x09: Array(#"\t"#.utf8)
        case 0..<0x20: Array(#"\u00"#.utf8) + [byte >> 4, byte & 15].map { $0 < 10 ? 0x30 + $0 : 0x57 + $0 }
        default: [UInt8(ascii: "\\"), byte]
        }
    }
}
