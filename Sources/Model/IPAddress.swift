// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An IPv4 or IPv6 address as 16 bytes; an IPv4 address in its mapped form `::ffff:a.b.c.d`.
package struct IPAddress: Hashable, Sendable {
    package let bytes: [UInt8]

    private static let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
    /// https://www.rfc-editor.org/rfc/rfc6052#section-2.1
    private static let translated: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]

    /// nil for what is no IPv4 address in four decimal parts and no IPv6 address.
    package init?(_ text: String) {
        // The C library would read as far as a NUL.
        guard !text.utf8.contains(0) else { return nil }
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

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    package var isIPv4: Bool { bytes.starts(with: Self.mapped) }

    /// As it is written without brackets: `192.0.2.1`, `2001:db8:0:0:0:0:0:1`.
    package var text: String {
        guard !isIPv4 else { return bytes[12...].map(String.init).joined(separator: ".") }
        return stride(from: 0, to: 16, by: 2)
            .map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }
            .joined(separator: ":")
    }

    /// As people write it, in the shortest form: `192.0.2.1`, `2001:db8::1`.
    package var shortest: String {
        guard !isIPv4 else { return text }
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let isWritten = bytes.withUnsafeBytes { raw in
            inet_ntop(AF_INET6, raw.baseAddress, &buffer, socklen_t(buffer.count)) != nil
        }
        guard isWritten else { return text }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// What one customer of a provider has: the address itself or, of IPv6, its first half.
    package var site: [UInt8] { isIPv4 ? bytes : Array(bytes[..<8]) }

    /// Whether the address is one of the public internet: in none of the ranges that RFC 6890 and its successors set apart,
    /// and carrying no IPv4 address that is.
    package var isPublic: Bool {
        if let inner = embedded { return inner.isPublic }
        // Of IPv6 only 2000::/3 is given out to the public at all.
        guard isIPv4 || bytes[0] & 0xE0 == 0x20, !isTunnel else { return false }
        return !IPNetwork.reserved.contains { $0.contains(self) }
    }

    /// The IPv4 address that a NAT64 (64:ff9b::/96) leads to. A network without IPv4 reaches the whole IPv4 internet so.
    private var embedded: IPAddress? {
        bytes.starts(with: Self.translated) ? IPAddress(bytes: Self.mapped + bytes[12...]) : nil
    }

    /// Whether the last half is that of ISATAP, by which a router sends to the IPv4 address in it.
    /// https://www.rfc-editor.org/rfc/rfc5214#section-6.1
    private var isTunnel: Bool {
        !isIPv4 && bytes[8] & 0xFD == 0 && bytes[9...11].elementsEqual([0, 0x5E, 0xFE])
    }
}
