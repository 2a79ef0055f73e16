// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore

/// An IPv4 or IPv6 address as 16 bytes; an IPv4 address in its mapped form `::ffff:a.b.c.d`.
struct IPAddress: Hashable, Sendable {
    let bytes: [UInt8]

    private static let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

    /// nil for what is no IPv4 address in four decimal parts and no IPv6 address.
    init?(_ text: String) {
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            bytes = Self.mapped + withUnsafeBytes(of: &v4) { Array($0) }
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            bytes = withUnsafeBytes(of: &v6) { Array($0) }
        } else {
            return nil
        }
    }

    /// nil for a Unix domain socket.
    init?(_ address: SocketAddress) {
        guard let text = address.ipAddress else { return nil }
        self.init(text.split(separator: "%").first.map(String.init) ?? text)
    }

    var isIPv4: Bool { bytes.starts(with: Self.mapped) }

    /// Whether the address is one of the public internet: in none of the ranges that RFC 6890 and its successors set apart,
    /// also where it carries an IPv4 address (mapped, NAT64, 6to4).
    var isPublic: Bool {
        guard !IPNetwork.reserved.contains(where: { $0.contains(self) }) else { return false }
        if let inner = embedded { return inner.isPublic }
        // Of IPv6 only 2000::/3 is given out to the public at all.
        return isIPv4 || bytes[0] & 0xE0 == 0x20
    }

    /// The IPv4 address inside a NAT64 (64:ff9b::/96) or 6to4 (2002::/16) address.
    private var embedded: IPAddress? {
        if bytes.starts(with: [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]) {
            return IPAddress(bytes: Self.mapped + bytes[12...])
        }
        if bytes.starts(with: [0x20, 0x02]) { return IPAddress(bytes: Self.mapped + bytes[2..<6]) }
        return nil
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }
}

/// A range of addresses in CIDR form.
struct IPNetwork: Hashable, Sendable {
    let address: IPAddress
    /// Of 128 bits, IPv4's counted from bit 96.
    let prefix: Int

    /// `10.0.0.0/8`, `fd00::/8`, or a single address.
    init?(_ text: String) {
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

    func contains(_ other: IPAddress) -> Bool {
        for bit in 0..<prefix {
            let mask = UInt8(0x80) >> UInt8(bit % 8)
            if (address.bytes[bit / 8] ^ other.bytes[bit / 8]) & mask != 0 { return false }
        }
        return true
    }

    /// https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry
    static let reserved: [IPNetwork] = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4", "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20",
        "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    ].compactMap { IPNetwork($0) }
}

/// Names to addresses, as the HTTP client's own connections will find them.
enum SystemResolver {
    struct Failed: Error {}

    /// Blocks. Throws ``Failed`` for a name without an address.
    static func addresses(of host: String) throws(Failed) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { throw Failed() }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var entry = list
        while let current = entry {
            if let address = current.pointee.ai_addr {
                switch current.pointee.ai_family {
                case AF_INET:
                    found.append(
                        address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                            SocketAddress($0.pointee, host: "")
                        })
                case AF_INET6:
                    found.append(
                        address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                            SocketAddress($0.pointee, host: "")
                        })
                default: break
                }
            }
            entry = current.pointee.ai_next
        }
        return found
    }
}
