// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A port of 127.0.0.1 that is taken before its server starts, so that the forge's address is known at once and nobody
/// else gets the port in between.
///
/// The socket is bound but does not listen; with `SO_REUSEADDR` on both, the server may bind beside it.
package final class ReservedPort: Sendable {
    package let number: Int
    private let descriptor: Int32

    /// - Parameter wanted: 0 for any free one.
    /// - Throws: ``SandboxError/portTaken(_:)``.
    package init(_ wanted: Int) throws(SandboxError) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var reuse: Int32 = 1
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(truncatingIfNeeded: wanted).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = self.descriptor
        let isBound =
            descriptor >= 0
            && setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size)) == 0
            && withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
                }
            }
        number = Int(in_port_t(bigEndian: address.sin_port))
        if !isBound || !(0...65535).contains(wanted) { throw .portTaken(wanted) }
    }

    deinit {
        close(descriptor)
    }
}
