// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import NIOSSL

/// The certificate or its key cannot be served with. The sentence says which of them, and why.
package struct UnusableCertificate: Error, CustomStringConvertible {
    package let description: String
}

extension WebService.Listen {
    /// Reads the certificate and its key, and tries whether they belong together.
    /// - Throws: ``UnusableCertificate``.
    package func checkCertificate() throws {
        _ = try tls()
    }

    /// nil for plain HTTP.
    func tls() throws(UnusableCertificate) -> TLSConfiguration? {
        guard let certificate, let key else { return nil }
        for file in [certificate, key] where !FileManager.default.isReadableFile(atPath: file) {
            throw UnusableCertificate(
                description: "listen.tls: the file \(file) is not there, or its user may not read it.")
        }
        let chain = try Self.parsed("listen.tls.certificate: \(certificate) holds no certificate in PEM form.") {
            try NIOSSLCertificate.fromPEMFile(certificate)
        }
        guard !chain.isEmpty else {
            throw UnusableCertificate(
                description: "listen.tls.certificate: \(certificate) holds no certificate in PEM form.")
        }
        let privateKey = try Self.parsed(
            "listen.tls.key: \(key) holds no private key in PEM form without a passphrase."
        ) {
            try NIOSSLPrivateKey(file: key, format: .pem)
        }
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        _ = try Self.parsed("listen.tls: the key \(key) is not that of the first certificate in \(certificate).") {
            try NIOSSLContext(configuration: configuration)
        }
        return configuration
    }

    private static func parsed<Value>(
        _ otherwise: String, _ read: () throws -> Value
    ) throws(UnusableCertificate) -> Value {
        do {
            return try read()
        } catch {
            throw UnusableCertificate(description: otherwise)
        }
    }
}
