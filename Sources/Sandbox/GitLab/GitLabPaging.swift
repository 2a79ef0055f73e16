// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// One page of a list, with the headers that tell where the others are.
/// https://docs.gitlab.com/api/rest/#pagination
struct GitLabPage<Element> {
    let elements: [Element]
    let headers: [(name: String, value: String)]
}

/// What a request says about paging, and the address that links are made from.
struct GitLabPaging {
    /// Above this number of records GitLab does not count: no `x-total`, no `x-total-pages`, no link to the last page.
    static let countLimit = 10_000

    /// The greatest number of records that a list of projects may be paged into by page numbers.
    static let offsetLimit = 50_000

    static let mostPerPage = 100

    /// 1 or more.
    let page: Int
    /// 1 to ``mostPerPage``.
    let perPage: Int
    /// As the request has it; 20 by default. Links repeat it unclipped.
    private let askedPerPage: Int
    let keyset: Bool

    /// Reads `page`, `per_page` and `pagination`.
    init(_ form: inout GitLabForm) {
        let page = form.integer("page") ?? 1
        let asked = form.integer("per_page") ?? 20
        if asked == 0 { form.complain("per_page has a value not allowed") }
        self.page = max(page, 1)
        self.askedPerPage = asked
        self.perPage = asked > 0 ? min(asked, Self.mostPerPage) : 20
        self.keyset = form.text("pagination") == "keyset"
    }

    /// How many elements come before the page.
    var offset: Int {
        let start = (page - 1).multipliedReportingOverflow(by: perPage)
        return start.overflow ? Int.max : start.partialValue
    }

    /// The page that was asked for, out of a complete list.
    func page<Element>(_ all: [Element], link: GitLabLink) -> GitLabPage<Element> {
        let from = min(offset, all.count)
        let elements = Array(all[from..<min(from + perPage, all.count)])
        let pages = max((all.count + perPage - 1) / perPage, 1)
        var numbers = headers(
            previous: page > 1 && page <= pages ? page - 1 : nil, next: page < pages ? page + 1 : nil,
            last: all.count <= Self.countLimit ? pages : nil, link: link)
        if all.count <= Self.countLimit {
            numbers.append(("X-Total", String(all.count)))
            numbers.append(("X-Total-Pages", String(pages)))
        }
        return GitLabPage(elements: elements, headers: numbers)
    }

    /// A page of a list that GitLab does not count (commits): it promises another page whenever this one is full.
    func uncounted<Element>(_ elements: [Element], link: GitLabLink) -> GitLabPage<Element> {
        let next = elements.count == perPage ? page + 1 : nil
        return GitLabPage(
            elements: elements,
            headers: headers(previous: page > 1 ? page - 1 : nil, next: next, last: nil, link: link))
    }

    private func headers(
        previous: Int?, next: Int?, last: Int?, link: GitLabLink
    ) -> [(name: String, value: String)] {
        let links = [("prev", previous), ("next", next), ("first", 1), ("last", last)].compactMap { rel, number in
            number.map { number in
                let href = link.href(adding: ["page": String(number), "per_page": String(askedPerPage)])
                return "<\(href)>; rel=\"\(rel)\""
            }
        }
        return [
            ("Link", links.joined(separator: ", ")), ("X-Next-Page", next.map(String.init) ?? ""),
            ("X-Page", String(page)), ("X-Per-Page", String(perPage)),
            ("X-Prev-Page", previous.map(String.init) ?? ""),
        ]
    }

    /// The page behind a token, out of a complete list whose order does not change.
    /// - Parameters:
    ///   - rest: what comes behind the token.
    ///   - whenFull: whether only a full page has a link to the next one (branches, tags, trees), or every page that is
    ///     not empty (projects). Either way the last page may be an empty one.
    ///   - token: the parameters that lead to what is behind an element.
    func keyset<Element>(
        _ rest: some Sequence<Element>, link: GitLabLink, whenFull: Bool = true, token: (Element) -> [String: String]
    ) -> GitLabPage<Element> {
        let elements = Array(rest.prefix(perPage))
        guard let last = elements.last, !whenFull || elements.count == perPage else {
            return GitLabPage(elements: elements, headers: [])
        }
        var parameters = token(last)
        parameters["per_page"] = String(askedPerPage)
        return GitLabPage(elements: elements, headers: [("Link", "<\(link.href(adding: parameters))>; rel=\"next\"")])
    }

    /// Refuses page numbers that lead too far into a list of projects.
    func checkOffset(of type: String) throws(GitLabRefusal) {
        let reach = page.multipliedReportingOverflow(by: perPage)
        guard reach.overflow || reach.partialValue > Self.offsetLimit else { return }
        throw .error(
            405,
            "Offset pagination has a maximum allowed offset of \(Self.offsetLimit) for requests that return objects of "
                + "type \(type). Remaining records can be retrieved using keyset pagination.")
    }
}

/// The address of a list: the request's own without its query, and the parameters that GitLab repeats, with defaults and
/// the path's own `id` among them.
struct GitLabLink {
    /// Scheme, host, port and the path as it came, still encoded.
    let address: String
    var parameters: [String: String]

    func href(adding more: [String: String]) -> String {
        let all = parameters.merging(more) { $1 }.sorted { $0.key < $1.key }
        let query = all.map { "\(Self.encoded($0.key))=\(Self.encoded($0.value))" }.joined(separator: "&")
        return "\(address)?\(query)"
    }

    /// As in a form: everything but letters, digits, `-`, `.`, `_`, `~` and `*` in `%XX`, spaces as `+`.
    static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "*"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: " "): result += "+"
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return result
    }
}
