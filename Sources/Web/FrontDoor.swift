// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

/// What the server asks of those who connect to it.
package struct FrontDoor: Sendable {
    /// The proxies whose `X-Forwarded-For` is believed.
    package var proxies = TrustedProxies([])
    /// From the connection to its first request's whole head, TLS included; and for what is left of a body that nobody wants.
    package var headTime: Duration = .seconds(20)
    /// From an answer to the next request's whole head.
    package var idleTime: Duration = .seconds(75)
    /// Bytes a second that a body must come with and an answer be taken with; 0 for no such limit.
    package var minimumRate = 500
    /// Over how long ``minimumRate`` is measured.
    package var rateTime: Duration = .seconds(20)
    /// Open connections; those beyond wait to be accepted.
    package var connections = 4096
    /// Open connections from one address, a proxy's excepted; those beyond are closed at once. 0 for no such limit.
    package var connectionsPerAddress = 1024
    /// Whether TLS is served here, so that browsers are told to come back with TLS only.
    package var isTLS = false

    package init() {}
}

/// Whose word about where a request comes from is taken.
package struct TrustedProxies: Sendable {
    private let networks: [IPNetwork]

    package init(_ networks: [IPNetwork]) {
        self.networks = networks
    }

    var isEmpty: Bool { networks.isEmpty }

    func contains(_ address: IPAddress) -> Bool {
        networks.contains { $0.contains(address) }
    }

    /// Where a request comes from: the right-most address that is no trusted proxy's.
    ///
    /// Each proxy appends what it has seen, so whatever stands left of the first word of a stranger is a stranger's word too. What
    /// is no address ends the search, at the last proxy whose word was good.
    /// - Parameter forwarded: the values of `X-Forwarded-For`, in their order.
    func origin(peer: IPAddress, forwarded: [String]) -> IPAddress {
        var origin = peer
        for value in forwarded.reversed() {
            for part in value.split(separator: ",", omittingEmptySubsequences: false).reversed() {
                guard contains(origin), let address = Self.address(part) else { return origin }
                origin = address
            }
        }
        return origin
    }

    /// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`, as proxies write it.
    private static func address(_ part: Substring) -> IPAddress? {
        // No address is longer, and the list may be.
        guard part.utf8.count <= 64 else { return nil }
        var text = part.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || isPort(rest) else { return nil }
            return IPAddress(String(text[text.index(after: text.startIndex)..<end]))
        }
        if let colon = text.firstIndex(of: ":"), text.firstIndex(of: ".") != nil, text[..<colon].contains(".") {
            guard isPort(text[colon...]) else { return nil }
            return IPAddress(String(text[..<colon]))
        }
        return IPAddress(String(text))
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.first == ":" && (2...6).contains(text.utf8.count)
            && text.dropFirst().utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
