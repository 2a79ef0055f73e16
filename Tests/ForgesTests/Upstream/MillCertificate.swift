// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOSSL

/// Certificates of a mill that nobody trusts, good from 2020 to 2120. Their keys are here for everybody to read.
enum MillCertificate: String, CaseIterable {
    /// For git.mill.example and 127.0.0.1, signed by the mill's authority.
    case good
    /// For other.mill.example, signed by the mill's authority.
    case other
    /// For git.mill.example, signed by the mill's authority, until 2021.
    case expired
    /// For git.mill.example, signed by itself.
    case selfSigned

    /// A server that shows this certificate.
    var configuration: TLSConfiguration {
        get throws {
            .makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(Self.key.utf8), format: .pem)))
        }
    }

    /// Does something while the mill's authority is in a file.
    static func withAuthority<Result>(_ body: (_ path: String) async throws -> Result) async throws -> Result {
        let file = FileManager.default.temporaryDirectory.appending(path: "mill-\(UUID()).pem")
        try Data(authority.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try await body(file.path)
    }

    var pem: String {
        switch self {
        case .good: Self.goodPEM
        case .other: Self.otherPEM
        case .expired: Self.expiredPEM
        case .selfSigned: Self.selfSignedPEM
        }
    }

    private static let goodPEM = """
        -----BEGIN CERTIFICATE-----
        MIIBrTCCAVOgAwIBAgIBBjAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5NaWxsIEF1
        dGhvcml0eTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowDzENMAsG
        A1UEAwwEZ29vZDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNHPzDhRze6+LurF
        Et4IPwBDMfZFJfb1jql7EHfDjoaK3F9PwpZOS7ycLNSrRkDV/nsAxX7NthJBrGxw
        HAfbTR2jgZMwgZAwCQYDVR0TBAIwADALBgNVHQ8EBAMCB4AwEwYDVR0lBAwwCgYI
        KwYBBQUHAwEwIQYDVR0RBBowGIIQZ2l0Lm1pbGwuZXhhbXBsZYcEfwAAATAdBgNV
        HQ4EFgQUy4HKmO5EExgm91elRmgLOCvoO6gwHwYDVR0jBBgwFoAUPfT8HSQcuPuX
        hOmQaYshqDCQEBYwCgYIKoZIzj0EAwIDSAAwRQIhANUYGv9NhwaXPzROUZYSCTGl
        3Rt7h4c4sg+rKCjwXFE4AiAcrBKPgPcOdmg5swK6nVlV5P45q2JjetDm3nEDJnUX
        OA==
        -----END CERTIFICATE-----
        """

    private static let otherPEM = """
        -----BEGIN CERTIFICATE-----
        MIIBqjCCAVCgAwIBAgIBBzAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5NaWxsIEF1
        dGhvcml0eTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowEDEOMAwG
        A1UEAwwFb3RoZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATRz8w4Uc3uvi7q
        xRLeCD8AQzH2RSX29Y6pexB3w46GitxfT8KWTku8nCzUq0ZA1f57AMV+zbYSQaxs
        cBwH200do4GPMIGMMAkGA1UdEwQCMAAwCwYDVR0PBAQDAgeAMBMGA1UdJQQMMAoG
        CCsGAQUFBwMBMB0GA1UdEQQWMBSCEm90aGVyLm1pbGwuZXhhbXBsZTAdBgNVHQ4E
        FgQUy4HKmO5EExgm91elRmgLOCvoO6gwHwYDVR0jBBgwFoAUPfT8HSQcuPuXhOmQ
        aYshqDCQEBYwCgYIKoZIzj0EAwIDSAAwRQIgWa0GhtQtdnpm4ZkjU/B8u8AQS3ia
        B5/siUAf2U3bMl8CIQCfr9IUOml5sD2M44UF87Mvfo9Me8fdFiqsIkSBlIDckg==
        -----END CERTIFICATE-----
        """

    private static let expiredPEM = """
        -----BEGIN CERTIFICATE-----
        MIIBqDCCAU6gAwIBAgIBCDAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5NaWxsIEF1
        dGhvcml0eTAeFw0yMDAxMDEwMDAwMDBaFw0yMTAxMDEwMDAwMDBaMBIxEDAOBgNV
        BAMMB2V4cGlyZWQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATRz8w4Uc3uvi7q
        xRLeCD8AQzH2RSX29Y6pexB3w46GitxfT8KWTku8nCzUq0ZA1f57AMV+zbYSQaxs
        cBwH200do4GNMIGKMAkGA1UdEwQCMAAwCwYDVR0PBAQDAgeAMBMGA1UdJQQMMAoG
        CCsGAQUFBwMBMBsGA1UdEQQUMBKCEGdpdC5taWxsLmV4YW1wbGUwHQYDVR0OBBYE
        FMuBypjuRBMYJvdXpUZoCzgr6DuoMB8GA1UdIwQYMBaAFD30/B0kHLj7l4TpkGmL
        IagwkBAWMAoGCCqGSM49BAMCA0gAMEUCIQCQQ0V8jx3qhiZxdKdirWMf+5VXA13r
        m/dISlF4K9Tn6AIgekxCKgyAkjRNVFBZCO7ar0mEZkaCRfZ1tIBpMjDLXbQ=
        -----END CERTIFICATE-----
        """

    private static let selfSignedPEM = """
        -----BEGIN CERTIFICATE-----
        MIIBkTCCATigAwIBAgIBCTAKBggqhkjOPQQDAjAbMRkwFwYDVQQDDBBnaXQubWls
        bC5leGFtcGxlMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAbMRkw
        FwYDVQQDDBBnaXQubWlsbC5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD
        QgAE0c/MOFHN7r4u6sUS3gg/AEMx9kUl9vWOqXsQd8OOhorcX0/Clk5LvJws1KtG
        QNX+ewDFfs22EkGsbHAcB9tNHaNrMGkwCQYDVR0TBAIwADALBgNVHQ8EBAMCB4Aw
        EwYDVR0lBAwwCgYIKwYBBQUHAwEwGwYDVR0RBBQwEoIQZ2l0Lm1pbGwuZXhhbXBs
        ZTAdBgNVHQ4EFgQUy4HKmO5EExgm91elRmgLOCvoO6gwCgYIKoZIzj0EAwIDRwAw
        RAIgSP62ENXD9wUzRNso2PhWUYBew/yj/xS0rAGzGkNKgrgCIFMTxv9KOjdwxNC3
        j9agr/g0L7I834cEMLlewsB77Es1
        -----END CERTIFICATE-----
        """

    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggDN4nKwMwCq8Pz2V
        8gK1XX0d9dtN9CFhqzIPi7/6HTahRANCAATRz8w4Uc3uvi7qxRLeCD8AQzH2RSX2
        9Y6pexB3w46GitxfT8KWTku8nCzUq0ZA1f57AMV+zbYSQaxscBwH200d
        -----END PRIVATE KEY-----
        """

    static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBZTCCAQugAwIBAgIBBTAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5NaWxsIEF1
        dGhvcml0eTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGTEXMBUG
        A1UEAwwOTWlsbCBBdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASk
        J3CmSTQAx6DWohBRsmmPCj6hgwsofCcVJRKi/WoF9Z87zXa3ya9uFqpNjKz6gFA6
        UU7x6EATaDAfXCkomvvAo0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQE
        AwIBBjAdBgNVHQ4EFgQUPfT8HSQcuPuXhOmQaYshqDCQEBYwCgYIKoZIzj0EAwID
        SAAwRQIhAKEaMWbSSxZdQQIY5AWgvajY+iXb7OuB46nMM/8ePkW4AiAP4mQK1phO
        UAnHCGreqSVxc4LCyZTaS/8WKdq2M+bEkg==
        -----END CERTIFICATE-----
        """
}
