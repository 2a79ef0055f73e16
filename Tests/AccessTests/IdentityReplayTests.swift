// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import Model
import Storage
import Testing

@testable import Access

/// A signature of a request that changes something is accepted once.
struct IdentityReplayTests {
    private func request(_ method: String, body: String = "{}") -> TestRequest {
        var request = TestRequest()
        request.method = method
        request.body = Array(body.utf8)
        return request
    }

    private func refusal(_ request: SignedRequest, by identity: Identity) async throws -> String? {
        let error = try await accessError { _ = try await identity.caller(signing: request) }
        if let error { #expect(error.code == .unauthenticated) }
        return error?.message
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "PATCH", "post", "ANYTHING"])
    func `a request that changes something is accepted once`(method: String) async throws {
        var request = request(method)
        request.method = method.uppercased()
        let authorization = request.authorization()
        request.method = method
        let wire = request.signed(authorization)
        try await IdentityFixture.with { house async throws in
            #expect(try await refusal(wire, by: house.identity) == nil)
            for seconds in [2, 10, 880] as [Int64] {
                house.clock.advance(seconds: seconds)
                #expect(try await refusal(wire, by: house.identity)?.contains("used already") == true)
            }
            house.clock.advance(seconds: 900)
            #expect(try await refusal(wire, by: house.identity)?.contains("signature expired") == true)
        }
    }

    @Test(arguments: ["GET", "HEAD"])
    func `a request that reads may come again`(method: String) async throws {
        let wire = request(method, body: "").signed()
        try await IdentityFixture.with { house async throws in
            for _ in 0..<3 {
                #expect(try await refusal(wire, by: house.identity) == nil)
                house.clock.advance(seconds: 100)
            }
        }
    }

    @Test func `the same request twice in one second is two requests`() async throws {
        let wire = request("POST").signed()
        try await IdentityFixture.with { house async throws in
            #expect(try await refusal(wire, by: house.identity) == nil)
            house.clock.advance(seconds: 1)
            #expect(try await refusal(wire, by: house.identity) == nil)
            // Counted from the first.
            house.clock.advance(seconds: 1)
            #expect(try await refusal(wire, by: house.identity) != nil)
        }
    }

    @Test func `where the body is not signed, or signatures differ each time, it is once and no more`() async throws {
        try await IdentityFixture.with { house async throws in
            var unsigned = request("POST")
            unsigned.headers.append(("X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD"))
            unsigned.payload = "UNSIGNED-PAYLOAD"
            let authorization = unsigned.authorization()
            #expect(try await refusal(unsigned.signed(authorization), by: house.identity) == nil)
            unsigned.body = Array("another".utf8)
            #expect(try await refusal(unsigned.signed(authorization), by: house.identity) != nil)

            let signed = try ecdsa(request("POST"))
            #expect(try await refusal(request("POST").signed(signed.text), by: house.identity) == nil)
            #expect(try await refusal(request("POST").signed(signed.text), by: house.identity) != nil)
            // (r, n − s) is as good a signature as (r, s).
            #expect(
                try await refusal(request("POST").signed(signed.twin), by: house.identity)?.contains("used") == true)
            let another = try ecdsa(request("POST"))
            #expect(try await refusal(request("POST").signed(another.text), by: house.identity) == nil)
            #expect(
                try await refusal(request("POST").signed(another.text.uppercasedSignature), by: house.identity) != nil)
        }
    }

    @Test func `the twin of an ECDSA signature would be accepted by itself`() async throws {
        try await IdentityFixture.with { house async throws in
            let twin = try ecdsa(request("POST")).twin
            #expect(try await refusal(request("POST").signed(twin), by: house.identity) == nil)
        }
    }

    @Test func `several processes with one store know of each other's`() async throws {
        try await IdentityFixture.with { house async throws in
            let store = try SQLiteStore(path: house.directory + "/gatehouse.sqlite")
            let clock = house.clock
            let neighbour = Identity(store: store, vault: house.vault, clock: WallClock { clock.milliseconds })
            let wire = request("DELETE").signed()
            #expect(try await refusal(wire, by: house.identity) == nil)
            house.clock.advance(seconds: 5)
            #expect(try await refusal(wire, by: neighbour)?.contains("used already") == true)
            try store.close()
        }
    }

    @Test func `of many that come at once, one is accepted`() async throws {
        try await IdentityFixture.with { house async throws in
            let text = try ecdsa(request("POST")).text
            let wire = request("POST").signed(text)
            let accepted = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await accessError { _ = try await house.identity.caller(signing: wire) } == nil
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(accepted == 1)
        }
    }

    @Test func `a signature that was released may come again, unless another request used it too`() async throws {
        try await IdentityFixture.with { house async throws in
            let first = request("POST").signed()
            try await house.identity.release(try await house.identity.signer(of: first))
            house.clock.advance(seconds: 5)
            #expect(try await refusal(first, by: house.identity) == nil)
            house.clock.advance(seconds: 5)
            #expect(try await refusal(first, by: house.identity) != nil)

            let second = request("PUT").signed()
            _ = try await house.identity.signer(of: second)
            try await house.identity.release(try await house.identity.signer(of: second))
            house.clock.advance(seconds: 5)
            #expect(try await refusal(second, by: house.identity) != nil)
        }
    }

    @Test func `a wrong signature uses nothing up`() async throws {
        try await IdentityFixture.with { house async throws in
            let request = request("POST")
            let wrong = request.signed(request.authorization(key: "wrong"))
            #expect(try await refusal(wrong, by: house.identity)?.contains("verify") == true)
            house.clock.advance(seconds: 5)
            #expect(try await refusal(wrong, by: house.identity)?.contains("verify") == true)
            #expect(try await refusal(request.signed(), by: house.identity) == nil)
        }
    }

    /// The Authorization header of a request, and that with the signature's twin.
    private func ecdsa(_ request: TestRequest) throws -> (text: String, twin: String) {
        let number = try #require(
            VerifyingKey.privateKey(.ecdsa, accessKey: IdentityFixture.accessKey, secret: IdentityFixture.secretKey))
        let key = try P256.Signing.PrivateKey(rawRepresentation: number)
        let signature = try key.signature(for: Data(request.stringToSign(algorithm: "SDK-ECDSA-P256-SHA256").utf8))
        let raw = Array(signature.rawRepresentation)
        let twin = try P256.Signing.ECDSASignature(rawRepresentation: raw[..<32] + Self.negated(Array(raw[32...])))
        func text(_ signature: P256.Signing.ECDSASignature) -> String {
            "SDK-ECDSA-P256-SHA256 Access=\(IdentityFixture.accessKey), "
                + "SignedHeaders=\(request.signedHeaders.joined(separator: ";")), "
                + "Signature=\(Hexadecimal.encode(signature.derRepresentation))"
        }
        return (text(signature), text(twin))
    }

    /// n − s.
    private static func negated(_ number: [UInt8]) -> [UInt8] {
        let order = Hexadecimal.decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551".utf8) ?? []
        var result = order
        var borrow = 0
        for index in order.indices.reversed() {
            let value = Int(order[index]) - Int(number[index]) - borrow
            borrow = value < 0 ? 1 : 0
            result[index] = UInt8((value + 256) % 256)
        }
        return result
    }
}

extension String {
    fileprivate var uppercasedSignature: String {
        let parts = components(separatedBy: "Signature=")
        return parts[0] + "Signature=" + parts[1].uppercased()
    }
}
