// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// The parts of a body of type `multipart/form-data`, in their order. https://www.rfc-editor.org/rfc/rfc7578
struct Multipart: Sendable {
    struct Part: Sendable {
        /// Of the line `Content-Disposition`, their names in lower case.
        let parameters: [String: String]
        let bytes: [UInt8]

        var name: String? { parameters["name"] }
    }

    private(set) var parts: [Part] = []

    /// nil where the type has no boundary.
    /// - Parameter type: the header `Content-Type`.
    init?(_ body: [UInt8], type: String) {
        guard let boundary = Self.parameters(of: type)["boundary"], !boundary.isEmpty else { return nil }
        // Every part stands between two delimiters, each at a line's beginning.
        let delimiter = Array("\r\n--\(boundary)".utf8)
        var rest = (Array("\r\n".utf8) + body)[...]
        while let start = rest.firstRange(of: delimiter) {
            rest = rest[start.upperBound...]
            guard let end = rest.firstRange(of: delimiter) else { break }
            let part = rest[..<end.lowerBound]
            rest = rest[end.lowerBound...]
            guard let gap = part.firstRange(of: Array("\r\n\r\n".utf8)) else { continue }
            let head = String(decoding: part[..<gap.lowerBound], as: UTF8.self).split(whereSeparator: \.isNewline)
            let line = head.first { $0.lowercased().hasPrefix("content-disposition:") } ?? ""
            parts.append(Part(parameters: Self.parameters(of: line), bytes: Array(part[gap.upperBound...])))
        }
    }

    /// `; name=value`, or `"value"` with `\` before quotes in it.
    private static func parameters(of header: some StringProtocol) -> [String: String] {
        var found: [String: String] = [:]
        var rest = Substring(String(header)).drop { $0 != ";" }
        while rest.popFirst() == ";" {
            let name = rest.prefix { $0 != "=" && $0 != ";" && $0 != ":" }
            rest = rest.dropFirst(name.count)
            guard rest.first == "=" || rest.first == ":" else { continue }
            rest.removeFirst()
            var value = ""
            if rest.first == "\"" {
                rest.removeFirst()
                while let character = rest.popFirst(), character != "\"" {
                    value.append(character == "\\" ? rest.popFirst() ?? character : character)
                }
                rest = rest.drop { $0 != ";" }
            } else {
                value = rest.prefix { $0 != ";" }.trimmed
                rest = rest.drop { $0 != ";" }
            }
            found[name.trimmed.lowercased()] = value
        }
        return found
    }
}
