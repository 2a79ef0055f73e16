// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Model

/// The values in a request's path and query, decoded.
///
/// The path is routed as it came, still percent-encoded, so that `%2F` stays in its segment; each value is decoded here, once.
struct RequestParameters: Sendable {
    private let path: Hummingbird.Parameters
    private let query: [(name: String, value: String)]

    /// - Throws: 400 for a query that is not UTF-8 or wrongly encoded.
    init(_ request: Request, _ path: Hummingbird.Parameters) throws {
        self.path = path
        query = try (request.uri.query ?? "").split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (try Self.decodeQuery(parts[0]), parts.count == 2 ? try Self.decodeQuery(parts[1]) : "")
        }
    }

    /// A path segment as it is meant.
    func segment(_ name: String) throws -> String {
        guard let raw = path.get(name), let text = Percent.decode(raw), Self.isText(text) else {
            throw ProblemError.invalid(
                "\(name) in the path is not valid percent-encoded UTF-8, or holds control characters.")
        }
        return text
    }

    /// A path segment that may stand for a path: `:` means `/`, unless the segment holds an encoded `/`; a `/` that was encoded
    /// twice (`%252F`) is one too.
    func path(_ name: String) throws -> String {
        // By bytes: to Swift a slash with a combining mark behind it is no slash.
        let slash = UInt8(ascii: "/")
        var bytes = Percent.slashesDecoded(Array(try segment(name).utf8))
        if !bytes.contains(slash) { bytes = bytes.map { $0 == UInt8(ascii: ":") ? slash : $0 } }
        let inner = bytes.drop { $0 == slash }.reversed().drop { $0 == slash }.reversed()
        return try Self.checked(String(decoding: Array(inner), as: UTF8.self), name)
    }

    /// A namespace or project: ``path(_:)``, and a name that was percent-encoded once more by the caller is decoded once more; no
    /// forge allows `%` in these.
    func place(_ name: String) throws -> String {
        let text = try path(name)
        guard text.utf8.contains(UInt8(ascii: "%")), let again = Percent.decode(text), Self.isText(again) else {
            return text
        }
        return try Self.checked(again, name)
    }

    private static func checked(_ path: String, _ name: String) throws -> String {
        guard !path.isEmpty, path.utf8.count <= 4096 else {
            throw ProblemError.invalid("\(name) in the path is empty or longer than 4096 bytes.")
        }
        guard !path.pathParts.contains(where: { ["", ".", ".."].contains($0) }) else {
            throw ProblemError.invalid(
                "\(name) in the path must not have empty parts, '.' or '..' between its slashes.")
        }
        return path
    }

    /// A query parameter; nil when it is absent or empty.
    func optional(_ name: String) throws -> String? {
        guard let value = query.first(where: { $0.name == name })?.value, !value.isEmpty else { return nil }
        guard value.utf8.count <= 4096, Self.isText(value) else {
            throw ProblemError.invalid(
                "The query parameter \(name) is longer than 4096 bytes or holds control characters.")
        }
        return value
    }

    /// A query parameter that must be there.
    func required(_ name: String) throws -> String {
        guard let value = try optional(name) else {
            throw ProblemError.invalid("The query parameter \(name) is missing or empty.")
        }
        return value
    }

    /// A query parameter that is a whole number; the fallback where it is absent or empty.
    func number(_ name: String, default fallback: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let text = try optional(name) else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            throw ProblemError.invalid(
                "The query parameter \(name) must be a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    /// A query parameter that is `true` or `false`; false where it is absent or empty.
    func flag(_ name: String) throws -> Bool {
        switch try optional(name)?.lowercased() {
        case nil, "false": return false
        case "true": return true
        default: throw ProblemError.invalid("The query parameter \(name) must be true or false.")
        }
    }

    /// A query parameter that must be there and may have lines: a commit's message.
    func requiredLines(_ name: String) throws -> String {
        guard let value = query.first(where: { $0.name == name })?.value, !value.isEmpty, value.utf8.count <= 30_000,
            !value.utf8.contains(0)
        else {
            throw ProblemError.invalid("The query parameter \(name) is missing, empty or longer than 30,000 bytes.")
        }
        return value
    }

    private static func isText(_ text: String) -> Bool {
        !text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
    }

    private static func decodeQuery(_ raw: Substring) throws -> String {
        guard let text = Percent.decode(raw.replacing("+", with: " ")) else {
            throw ProblemError.invalid("The query is not valid percent-encoded UTF-8.")
        }
        return text
    }
}

/// Percent-decoding, strict: every `%` stands before two hexadecimal digits and the result is UTF-8.
enum Percent {
    static func decode(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// `%2F` as a slash, and nothing else decoded.
    static func slashesDecoded(_ bytes: [UInt8]) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.starts(with: "2F".utf8) || rest.starts(with: "2f".utf8) {
                decoded.append(UInt8(ascii: "/"))
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
