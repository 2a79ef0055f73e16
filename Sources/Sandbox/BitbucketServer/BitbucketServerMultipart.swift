// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// The parts of a body of type `multipart/form-data`, by name. https://www.rfc-editor.org/rfc/rfc7578
struct BitbucketServerMultipart: Sendable {
    private let parts: [String: [UInt8]]

    /// - Throws: BitbucketServerRefusal for a body of another type or without a boundary.
    init(_ request: ForgeRequest, _ body: [UInt8]) throws(BitbucketServerRefusal) {
        guard request.mediaType == "multipart/form-data" else {
            throw BitbucketServerRefusal(status: 415, message: "HTTP 415 Unsupported Media Type")
        }
        guard let boundary = Self.parameter("boundary", of: request.headers[.contentType] ?? ""), !boundary.isEmpty
        else { throw .invalid(nil, "The form has no boundary.") }
        var parts: [String: [UInt8]] = [:]
        // Every part stands between two delimiters, each at a line's beginning.
        let delimiter = Array("\r\n--\(boundary)".utf8)
        var rest = (Array("\r\n".utf8) + body)[...]
        while let start = rest.firstRange(of: delimiter) {
            rest = rest[start.upperBound...]
            guard let end = rest.firstRange(of: delimiter) else { break }
            let part = rest[..<end.lowerBound]
            rest = rest[end.lowerBound...]
            guard let gap = part.firstRange(of: Array("\r\n\r\n".utf8)) else { continue }
            let head = String(decoding: part[..<gap.lowerBound], as: UTF8.self)
            let line = head.split(whereSeparator: \.isNewline)
                .first { $0.lowercased().hasPrefix("content-disposition:") }
            if let name = Self.parameter("name", of: line ?? "") { parts[name] = Array(part[gap.upperBound...]) }
        }
        self.parts = parts
    }

    /// nil where there is no such part.
    func bytes(_ name: String) -> [UInt8]? { parts[name] }

    /// nil where there is no such part, or an empty one.
    func text(_ name: String) -> String? {
        parts[name].flatMap { $0.isEmpty ? nil : String(decoding: $0, as: UTF8.self) }
    }

    /// `; name=value` or `; name="value"` of a header.
    private static func parameter(_ name: String, of header: some StringProtocol) -> String? {
        for part in header.split(separator: ";").dropFirst() {
            let halves = part.trimmed.split(separator: "=", maxSplits: 1)
            guard halves.count == 2, halves[0].lowercased() == name else { continue }
            let value = halves[1]
            return value.hasPrefix("\"") && value.hasSuffix("\"") && value.count > 1
                ? String(value.dropFirst().dropLast()) : String(value)
        }
        return nil
    }
}
