// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// A JSON text (RFC 8259), read strictly: UTF-8, nothing after the value, no name twice in an object. Foundation's decoder takes the last
/// of two members of one name, so that a reader of the text and the program could see two different policies.
enum StrictJSON: Sendable, Hashable {
    case object([Member])
    case array([StrictJSON])
    case string(String)
    /// A number, `true`, `false` or `null`: nothing here has a use for one.
    case other

    struct Member: Sendable, Hashable {
        let name: String
        let value: StrictJSON
    }

    /// What is wrong, with the place in bytes from the start.
    struct Malformed: Error, Sendable, Hashable {
        let reason: String
    }

    /// How deep objects and arrays may stand in each other.
    static let depthLimit = 8

    init(_ bytes: [UInt8]) throws(Malformed) {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw Malformed(reason: "it is not UTF-8") }
        var reader = Reader(bytes: bytes)
        reader.skipSpace()
        self = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.isAtEnd else { throw reader.malformed("there is something behind its end") }
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        var isAtEnd: Bool { position == bytes.count }

        func malformed(_ what: String) -> Malformed {
            Malformed(reason: "\(what), at byte \(position)")
        }

        private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

        mutating func skipSpace() {
            while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
        }

        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard next == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        private mutating func expect(_ character: Unicode.Scalar) throws(Malformed) {
            guard take(character) else { throw malformed("'\(character)' is missing") }
        }

        mutating func value(depth: Int) throws(Malformed) -> StrictJSON {
            switch next {
            case UInt8(ascii: "{"): return try object(depth: depth + 1)
            case UInt8(ascii: "["): return try array(depth: depth + 1)
            case UInt8(ascii: "\""): return .string(try string())
            case nil: throw malformed("it is cut off")
            default: return try word()
            }
        }

        private func check(depth: Int) throws(Malformed) {
            guard depth <= StrictJSON.depthLimit else {
                throw malformed("objects and arrays stand in each other more than \(StrictJSON.depthLimit) deep")
            }
        }

        private mutating func object(depth: Int) throws(Malformed) -> StrictJSON {
            try check(depth: depth)
            try expect("{")
            skipSpace()
            var members: [Member] = []
            var names: Set<String> = []
            if take("}") { return .object([]) }
            repeat {
                skipSpace()
                let name = try string()
                guard names.insert(name).inserted else { throw malformed("\(Quoted(name)) stands twice in one object") }
                skipSpace()
                try expect(":")
                skipSpace()
                members.append(Member(name: name, value: try value(depth: depth)))
                skipSpace()
            } while take(",")
            try expect("}")
            return .object(members)
        }

        private mutating func array(depth: Int) throws(Malformed) -> StrictJSON {
            try check(depth: depth)
            try expect("[")
            skipSpace()
            var elements: [StrictJSON] = []
            if take("]") { return .array([]) }
            repeat {
                skipSpace()
                elements.append(try value(depth: depth))
                skipSpace()
            } while take(",")
            try expect("]")
            return .array(elements)
        }

        private mutating func word() throws(Malformed) -> StrictJSON {
            let start = position
            while let byte = next, ![0x20, 0x09, 0x0A, 0x0D, 0x2C, 0x5D, 0x7D].contains(byte) { position += 1 }
            let text = String(decoding: bytes[start..<position], as: UTF8.self)
            let number = /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+\-]?[0-9]+)?/
            guard ["true", "false", "null"].contains(text) || text.wholeMatch(of: number) != nil else {
                position = start
                throw malformed("there is no value")
            }
            return .other
        }

        private mutating func string() throws(Malformed) -> String {
            try expect("\"")
            var text: [UInt8] = []
            while let byte = next {
                position += 1
                switch byte {
                case UInt8(ascii: "\""):
                    return String(decoding: text, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    text.append(contentsOf: String(try escaped()).utf8)
                case 0..<0x20:
                    throw malformed("a control character stands in a string")
                default:
                    text.append(byte)
                }
            }
            throw malformed("a string has no end")
        }

        private mutating func escaped() throws(Malformed) -> Unicode.Scalar {
            guard let byte = next else { throw malformed("a string has no end") }
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return "\""
            case UInt8(ascii: "\\"): return "\\"
            case UInt8(ascii: "/"): return "/"
            case UInt8(ascii: "b"): return "\u{8}"
            case UInt8(ascii: "f"): return "\u{C}"
            case UInt8(ascii: "n"): return "\n"
            case UInt8(ascii: "r"): return "\r"
            case UInt8(ascii: "t"): return "\t"
            case UInt8(ascii: "u"): return try unicode()
            default: throw malformed("a string has an escape that there is not")
            }
        }

        /// RFC 8259 §7: beyond the basic plane, a pair of surrogates.
        private mutating func unicode() throws(Malformed) -> Unicode.Scalar {
            let high = try fourDigits()
            if let scalar = Unicode.Scalar(high) { return scalar }
            guard (0xD800..<0xDC00).contains(high), take("\\"), take("u") else {
                throw malformed("a string has half of a surrogate pair")
            }
            let low = try fourDigits()
            guard (0xDC00..<0xE000).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
            else { throw malformed("a string has half of a surrogate pair") }
            return scalar
        }

        private mutating func fourDigits() throws(Malformed) -> UInt32 {
            guard position + 4 <= bytes.count,
                let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16),
                bytes[position] != UInt8(ascii: "+"), bytes[position] != UInt8(ascii: "-")
            else { throw malformed("a string has an escape that there is not") }
            position += 4
            return value
        }
    }
}

/// A text of somebody's for a sentence: at most 64 characters, without control characters.
struct Quoted: CustomStringConvertible {
    let description: String

    init(_ text: String) {
        let plain = text.unicodeScalars.prefix(64).map {
            $0.properties.isPatternWhitespace || $0.value < 0x20 || $0.value == 0x7F ? " " : $0
        }
        description = "\"\(String(String.UnicodeScalarView(plain)))\(text.unicodeScalars.count > 64 ? "…" : "")\""
    }
}
