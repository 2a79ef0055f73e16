// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// `start` and `limit`, and the page that comes of them.
/// https://developer.atlassian.com/server/bitbucket/how-tos/command-line-rest/
struct BitbucketServerPaging: Sendable {
    let start: Int
    let limit: Int

    /// - Parameter maximum: the server's own limit, which its administrator may set (`page.max.*`); a larger one counts as it.
    init(_ query: FormFields, maximum: Int = 100) throws(BitbucketServerRefusal) {
        start = try Self.number("start", query, default: 0)
        limit = min(max(try Self.number("limit", query, default: 25), 1), maximum)
    }

    private static func number(
        _ name: String, _ query: FormFields, default fallback: Int
    ) throws(BitbucketServerRefusal) -> Int {
        guard let text = query[name], !text.isEmpty else { return fallback }
        guard let number = Int(text), (0...1_000_000_000).contains(number) else {
            throw .invalid(name, "The value '\(text)' of \(name) is not a number that can be used.")
        }
        return number
    }

    /// The page of a complete list.
    func page<Element>(of all: [Element], _ render: (Element) throws -> JSON) rethrows -> JSON {
        page(try all.dropFirst(start).prefix(limit).map(render), isLast: start + limit >= all.count)
    }

    /// A page whose values are there already.
    func page(_ values: [JSON], isLast: Bool) -> JSON {
        [
            "size": .integer(values.count), "limit": .integer(limit), "isLastPage": .bool(isLast),
            "values": .array(values), "start": .integer(start),
            "nextPageStart": isLast ? .null : .integer(start + values.count),
        ]
    }
}
