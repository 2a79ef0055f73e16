// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL

/// Holds a certificate to the host's name where the TLS library does not.
///
/// NIOSSL takes a certificate also for the address that the connection was made to, though a name is wanted
/// (`validIdentityForService` in its IdentityVerification.swift). Certificates for addresses are to be had by whoever has the
/// address: with one of them, and a false answer of a name server, anybody could pass for any host.
enum CertificateNames {
    /// The certificate is for the address, not for the name.
    struct Foreign: Error {}

    /// What a client does with a connection that stands, before anything is sent over it.
    static func check(for host: String) -> @Sendable (any Channel) -> EventLoopFuture<Void> {
        { channel in
            channel.nioSSL_peerCertificate().flatMapThrowing { certificate in
                guard let certificate, isFor(host, certificate) else {
                    // The client only forgets the connection. It must have done so before the connection ends.
                    channel.eventLoop.execute { channel.close(promise: nil) }
                    throw Foreign()
                }
            }
        }
    }

    /// Whether the certificate, which NIOSSL has verified, is so for this name.
    static func isFor(_ host: String, _ certificate: NIOSSLCertificate) -> Bool {
        let names = certificate._subjectAlternativeNames()
        guard names.contains(where: { $0.nameType == .ipAddress }) else { return true }
        return names.contains { name in
            name.nameType == .dnsName && matches(String(decoding: Array(name.contents), as: UTF8.self), host)
        }
    }

    /// https://www.rfc-editor.org/rfc/rfc6125#section-6.4.3: `*` stands for one whole label, the first.
    static func matches(_ pattern: String, _ host: String) -> Bool {
        let (pattern, host) = (pattern.lowercased(), host.lowercased())
        guard pattern.hasPrefix("*.") else { return pattern == host }
        guard let dot = host.firstIndex(of: "."), dot != host.startIndex else { return false }
        return host[dot...] == pattern.dropFirst()
    }
}
