// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOSSL
import Testing

@testable import Forges

/// Certificates are always verified, against the host's name, though the connection is made to an address.
struct TrustTests {
    /// What comes of a request to a server with this certificate, and how much of it the server saw.
    private func ask(
        _ certificate: MillCertificate, at name: String = "git.mill.example", roots: TrustRoots? = nil,
        configured: Bool = true, minimum: Bool = false
    ) async throws -> (error: ForgeError?, seen: String) {
        let names = StubNames([name: [["127.0.0.1"]]])
        var result: (error: ForgeError?, seen: String) = (nil, "")
        var configuration = try certificate.configuration
        if minimum { configuration.maximumTLSVersion = .tlsv11 }
        try await RawServer.run(RawServer.empty, tls: configuration) { server in
            let address = "https://\(name):\(server.port)"
            let host = try #require(try ForgeHost.candidates(.gitlab, address: address).first)
            let policy = NetworkPolicy(
                trusted: configured ? [host] : [], allowing: ["127.0.0.1"],
                roots: roots.map { [.gitlab: $0] } ?? [:], names: names)
            let connections = UpstreamConnections(limits: .init())
            do throws(ForgeError) {
                _ = try await connections.upstream(policy: policy).send(Upstream.Request(.get, address), to: .gitlab)
            } catch {
                result.error = error
            }
            try await connections.shutdown()
            result.seen = server.log.text
        }
        return result
    }

    private func isDistrusted(_ result: (error: ForgeError?, seen: String)) -> Bool {
        result.error?.code == .unavailable && result.error?.message.contains("forges.gitlab.ca") == true
            && result.seen.isEmpty
    }

    @Test(arguments: MillCertificate.allCases)
    func `a certificate of nobody known is refused, and nothing is sent`(certificate: MillCertificate) async throws {
        #expect(isDistrusted(try await ask(certificate)))
    }

    @Test func `with the operator's authority its certificates are accepted, for their names and times`() async throws {
        try await MillCertificate.withAuthority { path in
            let roots = try TrustRoots(file: path)
            let good = try await ask(.good, roots: roots)
            #expect(good.error == nil)
            #expect(good.seen.hasPrefix("GET / HTTP/1.1\r\n"))
            let literal = try await ask(.good, at: "127.0.0.1", roots: roots)
            #expect(literal.error == nil)
            for certificate in [MillCertificate.other, .expired, .selfSigned] {
                #expect(isDistrusted(try await ask(certificate, roots: roots)), "\(certificate)")
            }
            #expect(try await ask(.other, at: "other.mill.example", roots: roots).error == nil)
        }
    }

    @Test func `a certificate for the address alone is none for the name`() async throws {
        try await MillCertificate.withAuthority { path in
            // It holds 127.0.0.1, where the connection goes, and another name.
            let result = try await ask(.good, at: "other.mill.example", roots: try TrustRoots(file: path))
            #expect(isDistrusted(result))
        }
    }

    @Test(arguments: [
        ("git.mill.example", "git.mill.example", true), ("GIT.mill.example", "git.Mill.example", true),
        ("*.mill.example", "git.mill.example", true), ("*.mill.example", "mill.example", false),
        ("*.mill.example", "a.git.mill.example", false), ("*", "localhost", false),
        ("g*.mill.example", "git.mill.example", false), ("mill.example", "git.mill.example", false), ("", "git", false),
        ("*.mill.example", ".mill.example", false),
    ])
    func `a name in a certificate stands for itself or for one label`(pattern: String, host: String, matches: Bool) {
        #expect(CertificateNames.matches(pattern, host) == matches)
    }

    @Test func `the operator's authority counts for configured installations only`() async throws {
        try await MillCertificate.withAuthority { path in
            let roots = try TrustRoots(file: path)
            #expect(isDistrusted(try await ask(.good, roots: roots, configured: false)))
        }
    }

    @Test func `it does not count for a forge's public service, nor for another forge's hosts`() async throws {
        try await MillCertificate.withAuthority { path in
            let roots = try TrustRoots(file: path)
            let own = try #require(try ForgeHost.candidates(.gitlab, address: "https://git.mill.example").first)
            let other = try #require(try ForgeHost.candidates(.github, address: "https://hub.mill.example").first)
            let names = StubNames([
                "gitlab.com": [["8.8.8.8"]], "git.mill.example": [["8.8.8.8"]], "hub.mill.example": [["8.8.8.8"]],
                "iam.mill.example": [["8.8.8.8"]],
            ])
            let policy = NetworkPolicy(
                trusted: [.official(.gitlab), own, other],
                identities: [IAMService(address: "https://iam.mill.example", project: nil)],
                roots: [.gitlab: roots], names: names)
            #expect(try await policy.route(to: "https://git.mill.example/x").roots == roots)
            for address in ["https://gitlab.com", "https://hub.mill.example", "https://iam.mill.example"] {
                #expect(try await policy.route(to: address).roots == nil, "\(address)")
            }
            let identity = NetworkPolicy(
                trusted: [], identities: [IAMService(address: "https://iam.mill.example", project: nil)],
                roots: [.devcloud: roots], names: names)
            #expect(try await identity.route(to: "https://iam.mill.example").roots == roots)
        }
    }

    @Test func `TLS before 1.2 is refused`() async throws {
        try await MillCertificate.withAuthority { path in
            let result = try await ask(.good, roots: try TrustRoots(file: path), minimum: true)
            #expect(result.error?.code == .unavailable)
            #expect(result.seen.isEmpty)
        }
    }

    @Test func `a file without certificates is no file of authorities`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "roots-\(UUID()).pem")
        #expect(throws: TrustRoots.Unusable.self) { try TrustRoots(file: file.path) }
        for text in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            try Data(text.utf8).write(to: file)
            #expect(throws: TrustRoots.Unusable.self) { try TrustRoots(file: file.path) }
        }
        try FileManager.default.removeItem(at: file)
    }
}
