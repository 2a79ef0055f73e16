// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// A range of addresses in CIDR form.
package struct IPNetwork: Hashable, Sendable {
    package let address: IPAddress
    /// Of 128 bits, IPv4's counted from bit 96.
    package let prefix: Int

    /// `10.0.0.0/8`, `fd00::/8`, or a single address.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(String(first)) else { return nil }
        let width = address.isIPv4 ? 32 : 128
        var length = width
        if parts.count == 2 {
            guard let given = Int(parts[1]), (0...width).contains(given) else { return nil }
            length = given
        }
        self.address = address
        prefix = length + 128 - width
    }

    package func contains(_ other: IPAddress) -> Bool {
        let (whole, rest) = prefix.quotientAndRemainder(dividingBy: 8)
        guard address.bytes[..<whole].elementsEqual(other.bytes[..<whole]) else { return false }
        return rest == 0 || (address.bytes[whole] ^ other.bytes[whole]) >> UInt8(8 - rest) == 0
    }

    /// https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry, and besides them:
    /// 6to4 (2002::/16, RFC 7526), and 168.63.129.16, at which every virtual machine of Azure finds its host:
    /// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
    ///
    /// Teredo, ORCHID and benchmarking are within 2001::/23.
    package static let reserved: [IPNetwork] = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "::/96", "64:ff9b:1::/48", "100::/64",
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10",
        "ff00::/8",
    ].compactMap { IPNetwork($0) }
}
