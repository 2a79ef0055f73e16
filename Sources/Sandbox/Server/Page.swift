// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// One page of a list, asked for by `page` (from 1) and `per_page`.
struct Page: Sendable, Hashable {
    let number: Int
    let size: Int

    /// Numbers that are none, or below 1, count as if they had not been sent; a size beyond the maximum is the maximum.
    init(_ query: FormFields, defaultSize: Int, maximum: Int = 100) {
        number = query["page"].flatMap { Int($0) }.map { min(max($0, 1), 1_000_000) } ?? 1
        let wanted = query["per_page"].flatMap { Int($0) } ?? defaultSize
        size = wanted < 1 ? defaultSize : min(wanted, maximum)
    }

    /// How many entries stand before this page.
    var offset: Int { (number - 1) * size }

    func slice<Element>(_ all: [Element]) -> [Element] {
        Array(all.dropFirst(offset).prefix(size))
    }

    /// How many pages so many entries make, at least one.
    func count(of total: Int) -> Int {
        max((total + size - 1) / size, 1)
    }

    /// `<address?…&page=2>; rel="next"`, the form of one entry of a `Link` header.
    static func link(_ address: String, _ query: FormFields, page: Int, rel: String) -> String {
        "<\(address)?\(query.setting("page", to: String(page)).encoded)>; rel=\"\(rel)\""
    }
}
