// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOSSL

/// Authorities that the operator trusts besides those of the system, for the operator's own installations.
package struct TrustRoots: Sendable, Hashable {
    /// The file cannot be used. The sentence says why, and names it.
    package struct Unusable: Error, CustomStringConvertible {
        package let description: String
    }

    /// What they are told apart by.
    private let path: String
    private let certificates: [NIOSSLCertificate]

    /// Reads the certificates of a PEM file.
    /// - Throws: ``Unusable``.
    package init(file path: String) throws(Unusable) {
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw Unusable(description: "\(path) is not there, or its user may not read it.")
        }
        do {
            certificates = try NIOSSLCertificate.fromPEMFile(path)
        } catch {
            throw Unusable(description: "\(path) holds no certificate in PEM form.")
        }
        guard !certificates.isEmpty else { throw Unusable(description: "\(path) holds no certificate in PEM form.") }
        self.path = path
    }

    private init(path: String, certificates: [NIOSSLCertificate]) {
        self.path = path
        self.certificates = certificates
    }

    /// Both.
    func union(_ other: TrustRoots) -> TrustRoots {
        self == other
            ? self : TrustRoots(path: path + "\n" + other.path, certificates: certificates + other.certificates)
    }

    package static func == (one: TrustRoots, other: TrustRoots) -> Bool { one.path == other.path }

    package func hash(into hasher: inout Hasher) { hasher.combine(path) }

    /// TLS of a client: the certificate must be one for the host's name and lead to the system's authorities or to these.
    static func configuration(with roots: TrustRoots?) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .fullVerification
        configuration.minimumTLSVersion = .tlsv12
        if let roots { configuration.additionalTrustRoots = [.certificates(roots.certificates)] }
        return configuration
    }
}
