// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOCore
import NIOPosix

/// Names to addresses. In service it is ``Resolver/system``; a test gives its own.
struct Resolver: Sendable {
    struct Failed: Error {}

    /// All addresses of a name, in the order in which they are best tried. Throws where it has none.
    let addresses: @Sendable (_ name: String) async throws -> [IPAddress]

    /// The machine's own: its files, its name servers, its order.
    static let system = Resolver { name in
        try await NIOThreadPool.singleton.runIfActive { try lookUp(name) }
    }

    /// Blocks.
    private static func lookUp(_ name: String) throws(Failed) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
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
        let addresses = found.compactMap(IPAddress.init)
        guard !addresses.isEmpty, addresses.count == found.count else { throw Failed() }
        return addresses
    }
}

extension IPAddress {
    /// nil for a Unix domain socket.
    init?(_ address: SocketAddress) {
        guard let text = address.ipAddress else { return nil }
        self.init(text.split(separator: "%").first.map(String.init) ?? text)
    }
}
