// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// One line of git's wire format: four hexadecimal digits that count the line and themselves, then its bytes.
/// https://git-scm.com/docs/gitprotocol-common#_pkt_line_format
enum PacketLine: Hashable, Sendable {
    /// Any bytes, most often a text with a line feed at its end.
    case data([UInt8])
    /// `0000`: the end of a section.
    case flush

    /// The most that one line holds.
    static let limit = 65_516

    /// Reads a whole message; nil for one that is cut off, holds a length that is none, or one that only other versions
    /// of the protocol have (`0001`, `0002`).
    static func read(_ bytes: [UInt8]) -> [PacketLine]? {
        var lines: [PacketLine] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let length = length(rest.prefix(4)) else { return nil }
            if length == 0 {
                lines.append(.flush)
                rest = rest.dropFirst(4)
                continue
            }
            guard length >= 4, length <= limit + 4, length <= rest.count else { return nil }
            lines.append(.data(Array(rest.prefix(length).dropFirst(4))))
            rest = rest.dropFirst(length)
        }
        return lines
    }

    /// A message of these lines; nil where one is too long.
    static func write(_ lines: [PacketLine]) -> [UInt8]? {
        var bytes: [UInt8] = []
        for line in lines {
            switch line {
            case .flush: bytes += "0000".utf8
            case .data(let data):
                guard data.count <= limit else { return nil }
                let digits = String(data.count + 4, radix: 16)
                bytes += (String(repeating: "0", count: 4 - digits.utf8.count) + digits).utf8
                bytes += data
            }
        }
        return bytes
    }

    /// The line as text without the line feed at its end; nil for a flush and for what is not UTF-8.
    var text: String? {
        guard case .data(let data) = self else { return nil }
        return String(validating: data.last == 0x0A ? data.dropLast() : data[...], as: UTF8.self)
    }

    /// nil for what is not four hexadecimal digits. `Int(_:radix:)` alone would take a sign.
    private static func length(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.count == 4, digits.allSatisfy(\.isHexadecimalDigit) else { return nil }
        return Int(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
