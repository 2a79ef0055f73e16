// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// One page of a list: `pagelen` entries, and the address of the next page in the body.
/// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#pagination
struct BitbucketPage: Sendable {
    /// From 1.
    let number: Int
    let length: Int
    private let request: ForgeRequest
    private let host: String
    /// Whether pages are counted. Where they are not, `page` is a text that means nothing to others, and there is no `size`.
    private let isCounted: Bool

    init(_ call: BitbucketCall, isCounted: Bool = true) throws(BitbucketProblem) {
        request = call.request
        host = call.backend.host
        self.isCounted = isCounted
        guard let length = Int(request.query["pagelen"] ?? "10"), (1...100).contains(length) else {
            throw BitbucketProblem(400, "Invalid pagelen")
        }
        self.length = length
        let text = request.query["page"] ?? "1"
        let digits = isCounted ? text : (text == "1" ? text : Self.opened(text))
        guard let number = Int(digits), (1...1_000_000).contains(number) else {
            throw BitbucketProblem(404, "Invalid page")
        }
        self.number = number
    }

    var offset: Int { (number - 1) * length }

    /// A page of a complete list, filtered and sorted as the request says.
    func response(_ all: [JSON]) throws(BitbucketProblem) -> Response {
        var entries = all
        if let text = request.query["q"], !text.isEmpty {
            let filter = try BitbucketFilter(text)
            entries = entries.filter(filter.matches)
        }
        if let key = request.query["sort"], !key.isEmpty { entries = BitbucketFilter.sorted(entries, by: key) }
        let page = Array(entries.dropFirst(offset).prefix(length))
        return response(page, hasNext: entries.count > offset + length, size: entries.count)
    }

    /// A page that has been cut already.
    func response(_ page: [JSON], hasNext: Bool, size: Int? = nil) -> Response {
        var body: JSON = ["pagelen": .integer(length), "values": .array(page)]
        if isCounted || number == 1 { body = body.adding(["page": .integer(number)]) }
        if isCounted, let size { body = body.adding(["size": .integer(size)]) }
        if hasNext { body = body.adding(["next": .string(address(of: number + 1))]) }
        if isCounted, number > 1 { body = body.adding(["previous": .string(address(of: number - 1))]) }
        return .json(body)
    }

    private func address(of page: Int) -> String {
        let text = isCounted ? String(page) : Self.sealed(page)
        return host + request.rawPath + "?" + request.query.setting("page", to: text).encoded
    }

    private static func sealed(_ page: Int) -> String { "p" + String(page * 7919, radix: 36) }

    private static func opened(_ text: String) -> String {
        guard text.hasPrefix("p"), let number = Int(text.dropFirst(), radix: 36), number % 7919 == 0 else { return "" }
        return String(number / 7919)
    }
}

/// The simple half of Bitbucket's query language: one comparison, or several joined by AND.
/// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#filtering
struct BitbucketFilter: Sendable {
    private struct Comparison: Sendable {
        let field: String
        let sign: String
        let value: String
    }

    private let comparisons: [Comparison]

    init(_ text: String) throws(BitbucketProblem) {
        var found: [Comparison] = []
        for part in text.replacing(" and ", with: " AND ").split(separator: " AND ") {
            guard let sign = ["!=", "!~", "=", "~"].first(where: { part.contains($0) }),
                let range = part.firstRange(of: sign)
            else { throw BitbucketProblem(400, "Invalid query", detail: "The filter cannot be read.") }
            let value = part[range.upperBound...].trimmed
            let isQuoted = value.count > 1 && value.hasPrefix("\"") && value.hasSuffix("\"")
            found.append(
                Comparison(
                    field: part[..<range.lowerBound].trimmed, sign: sign,
                    value: isQuoted ? String(value.dropFirst().dropLast()) : value))
        }
        comparisons = found
    }

    func matches(_ entry: JSON) -> Bool {
        comparisons.allSatisfy { comparison in
            let text = Self.text(entry, comparison.field)
            return switch comparison.sign {
            case "=": text == comparison.value
            case "!=": text != comparison.value
            case "~": text.lowercased().contains(comparison.value.lowercased())
            default: !text.lowercased().contains(comparison.value.lowercased())
            }
        }
    }

    static func sorted(_ entries: [JSON], by key: String) -> [JSON] {
        let isDescending = key.hasPrefix("-")
        let field = isDescending ? String(key.dropFirst()) : key
        let sorted = entries.sorted { text($0, field) < text($1, field) }
        return isDescending ? sorted.reversed() : sorted
    }

    private static func text(_ entry: JSON, _ field: String) -> String {
        let value = field.split(separator: ".").reduce(Optional(entry)) { $0?[String($1)] }
        return switch value {
        case .string(let text)?: text
        case .integer(let number)?: String(number)
        case .bool(let flag)?: String(flag)
        default: ""
        }
    }
}
