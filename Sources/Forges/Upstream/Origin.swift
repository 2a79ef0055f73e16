// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Scheme, host and port of an address: the bounds within which a credential may travel.
struct Origin: Hashable, Sendable {
    let scheme: String
    let host: String
    let port: Int

    /// nil for what is not an absolute http or https address, or has a user part.
    init?(_ address: String) {
        guard let url = URL(string: address), let scheme = url.scheme?.lowercased(), let host = url.host(),
            !host.isEmpty, url.user() == nil, url.password() == nil
        else { return nil }
        switch scheme {
        case "http": port = url.port ?? 80
        case "https": port = url.port ?? 443
        default: return nil
        }
        self.scheme = scheme
        self.host = host.lowercased()
    }
}

/// The `Link` header of RFC 8288, as far as paging needs it.
enum LinkHeader {
    /// The address of the relation `next`; nil on the last page.
    static func next(in response: Upstream.Response) -> String? {
        for header in response.headers where header.name.lowercased() == "link" {
            for link in split(header.value) {
                guard let start = link.firstIndex(of: "<"), let end = link[start...].firstIndex(of: ">") else {
                    continue
                }
                let relations = link[end...].split(separator: ";").compactMap { parameter -> [Substring]? in
                    let pair = parameter.split(separator: "=", maxSplits: 1)
                    guard pair.count == 2, pair[0].trimmingSpaces.lowercased() == "rel" else { return nil }
                    return pair[1].trimmingSpaces.trimmingQuotes.split(separator: " ")
                }
                if relations.contains(where: { $0.contains { $0.lowercased() == "next" } }) {
                    return String(link[link.index(after: start)..<end])
                }
            }
        }
        return nil
    }

    /// Splits at the commas that stand between links, not at those inside `<…>`.
    private static func split(_ value: String) -> [Substring] {
        var links: [Substring] = []
        var start = value.startIndex
        var inside = false
        for index in value.indices {
            switch value[index] {
            case "<": inside = true
            case ">": inside = false
            case "," where !inside:
                links.append(value[start..<index])
                start = value.index(after: index)
            default: break
            }
        }
        links.append(value[start...])
        return links
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = self
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }

    fileprivate var trimmingQuotes: Substring {
        guard count >= 2, first == "\"", last == "\"" else { return self }
        return dropFirst().dropLast()
    }
}
