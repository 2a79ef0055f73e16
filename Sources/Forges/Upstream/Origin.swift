// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

/// Scheme, host and port of an address: the bounds within which a credential may travel.
struct Origin: Hashable, Sendable {
    let scheme: String
    let host: String
    let port: Int

    /// nil for what is not an absolute http or https address in plain ASCII, or has a user part.
    ///
    /// The host is taken as it is written: one with `%`, a zone, or letters that some parsers map to others (`。` to a dot) is
    /// refused, so that no two readers can see two hosts in one address.
    init?(_ address: String) {
        guard address.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }),
            let url = URL(string: address), let scheme = url.scheme?.lowercased(), let host = url.host(),
            url.user() == nil, url.password() == nil
        else { return nil }
        switch scheme {
        case "http": port = url.port ?? 80
        case "https": port = url.port ?? 443
        default: return nil
        }
        // `[fe80]` is no address, but to Foundation the name `fe80`.
        let authority = address.utf8.drop { $0 != UInt8(ascii: "/") }.dropFirst(2).prefix { !"/?#".utf8.contains($0) }
        guard authority.contains(UInt8(ascii: "[")) == host.utf8.contains(UInt8(ascii: ":")) else { return nil }
        guard (1...65_535).contains(port), Self.isHost(host) else { return nil }
        self.scheme = scheme
        self.host = host.lowercased()
    }

    /// A name of labels of letters, digits, `-` and `_`, an IPv4 address in four decimal parts, or an IPv6 address without its brackets.
    ///
    /// Some readers take `127.1`, `0x7f000001`, `017700000001` and `2130706433` for IPv4 addresses, and `h.` for `h`: here they
    /// are nothing.
    private static func isHost(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        guard !text.contains(":") else { return IPAddress(text) != nil }
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.allSatisfy({ (1...63).contains($0.count) && $0.allSatisfy(isPartOfLabel) }) else { return false }
        return labels.last.map(isNumber) != true || IPAddress(text) != nil
    }

    private static func isPartOfLabel(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// https://url.spec.whatwg.org/#ends-in-a-number-checker: no name's last label may be a number.
    private static func isNumber(_ label: Substring.UTF8View) -> Bool {
        let text = Substring(label).lowercased()
        let digits = text.hasPrefix("0x") ? text.dropFirst(2) : text[...]
        return digits.allSatisfy { text.hasPrefix("0x") ? $0.isHexDigit : $0.isNumber }
    }
}

/// The `Link` header of RFC 8288, as far as paging needs it.
enum LinkHeader {
    /// The address of the relation `next`; nil on the last page.
    static func next(in response: Upstream.Response) -> String? {
        for header in response.headers where header.name.lowercased() == "link" {
            var rest = Substring(header.value)
            while let start = rest.firstIndex(of: "<"), let end = rest[start...].firstIndex(of: ">") {
                let address = rest[rest.index(after: start)..<end]
                rest = rest[rest.index(after: end)...]
                let relations = relations(of: &rest)
                if relations.contains("next"), !address.isEmpty { return String(address) }
            }
        }
        return nil
    }

    /// Reads one link's parameters up to the comma that ends it. A comma or semicolon within quotes ends nothing.
    private static func relations(of rest: inout Substring) -> [String] {
        var parameters = [""]
        var isQuoted = false
        reading: while let character = rest.popFirst() {
            switch character {
            case "\"": isQuoted.toggle()
            case "," where !isQuoted: break reading
            case ";" where !isQuoted: parameters.append("")
            default: parameters[parameters.count - 1].append(character)
            }
        }
        for parameter in parameters {
            let pair = parameter.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, pair[0].filter({ !$0.isWhitespace }).lowercased() == "rel" else { continue }
            return pair[1].split(whereSeparator: \.isWhitespace).map { $0.lowercased() }
        }
        return []
    }
}
