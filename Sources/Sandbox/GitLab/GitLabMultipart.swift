// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// A body of type `multipart/form-data`, as `curl --form` sends it: what GitLab's own documentation uses in its examples.
/// https://www.rfc-editor.org/rfc/rfc7578
enum GitLabMultipart {
    /// - Throws: ``GitLabRefusal`` where there is no boundary or a part is not UTF-8 text.
    static func fields(of request: ForgeRequest, _ body: [UInt8]) throws(GitLabRefusal) -> FormFields {
        guard let boundary = parameter("boundary", of: request.headers[.contentType] ?? ""), !boundary.isEmpty else {
            throw .error(400, "message body does not match declared format")
        }
        var fields: [(String, String)] = []
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
            guard let value = String(validating: part[gap.upperBound...], as: UTF8.self) else {
                throw .error(400, "message body does not match declared format")
            }
            let line = head.split(whereSeparator: \.isNewline)
                .first { $0.lowercased().hasPrefix("content-disposition:") }
            if let name = parameter("name", of: line ?? "") { fields.append((name, value)) }
        }
        return FormFields(fields)
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
