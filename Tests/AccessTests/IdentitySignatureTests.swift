// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import Storage
import Testing

@testable import Access

struct IdentitySignatureTests {
    private func refusal(
        _ request: TestRequest = TestRequest(), authorization: String? = nil, after seconds: Int64 = 0
    ) async throws -> AccessError? {
        var refusal: AccessError?
        try await IdentityFixture.with { house in
            house.clock.advance(seconds: seconds)
            refusal = try await accessError {
                _ = try await house.identity.caller(signing: request.signed(authorization))
            }
        }
        return refusal
    }

    @Test(arguments: [0, 899, 900, -899, -900] as [Int64])
    func `a clock that is off by up to fifteen minutes is borne with`(seconds: Int64) async throws {
        #expect(try await refusal(after: seconds) == nil)
    }

    @Test(arguments: [901, -901, 86400, -86400] as [Int64])
    func `a clock that is off by more is not`(seconds: Int64) async throws {
        let error = try #require(try await refusal(after: seconds))
        #expect(error.code == .unauthenticated)
        #expect(error.message.contains("signature expired, signature time:20250102T030405Z,server time:2025010"))
    }

    @Test(arguments: [
        "", "2025-01-02T03:04:05Z", "20250102T030405", "20250102T030405z", "20250102 030405Z", "20251302T030405Z",
        "20250230T030405Z", "20250102T240405Z", "20250102T036005Z", "20250102T030460Z", "٢0250102T030405Z",
        "1735787045",
        "20250102T030405Z, 20250102T030405Z", "-0250102T030405Z", "99999999T999999Z",
    ])
    func `a date that is none is refused`(date: String) async throws {
        var request = TestRequest()
        request.headers[0].value = date
        let error = try #require(try await refusal(request))
        #expect(error.code == .unauthenticated)
        #expect(error.message.contains("20250102T030405Z"))
    }

    @Test func `the date must be there, once, and signed`() async throws {
        var missing = TestRequest()
        missing.headers.removeFirst()
        missing.signedHeaders = ["host"]
        var double = TestRequest()
        double.headers.append(double.headers[0])
        var unsigned = TestRequest()
        unsigned.signedHeaders = ["host"]
        for request in [missing, double, unsigned] {
            let error = try #require(try await refusal(request))
            #expect(error.code == .unauthenticated)
            #expect(error.message.lowercased().contains("x-sdk-date"))
        }
    }

    @Test func `no credentials, and too many, are refused with what to do`() async throws {
        try await IdentityFixture.with { house in
            let bare = try await accessError { _ = try await house.identity.caller(signing: TestRequest().bare()) }
            #expect(bare?.code == .unauthenticated)
            #expect(bare?.message.contains("X-Auth-Token") == true)
            var double = TestRequest()
            double.headers.append(("Authorization", double.authorization()))
            let twice = try await accessError { _ = try await house.identity.caller(signing: double.signed()) }
            #expect(twice?.message.contains("more than one Authorization") == true)
        }
    }

    @Test func `an unknown key and a wrong secret are told apart, and neither is echoed in full`() async throws {
        let request = TestRequest()
        let unknown = try #require(
            try await refusal(
                authorization: request.authorization().replacingOccurrences(of: "EXAMPLEAK0001", with: "NOSUCHKEY")))
        #expect(unknown.code == .unauthenticated)
        #expect(unknown.message == "Incorrect IAM authentication information: ak NOSUCHKEY not exist.")
        let wrong = try #require(try await refusal(authorization: request.authorization(key: "not the secret")))
        #expect(wrong.code == .unauthenticated)
        #expect(wrong.message.contains("verify aksk signature fail"))
        #expect(!wrong.message.contains(request.signature()) && !wrong.message.contains(request.path))
    }

    @Test(arguments: [
        "SDK-HMAC-SHA256   Access=AK,SignedHeaders=H,Signature=S",
        "\tSDK-HMAC-SHA256\tAccess = AK , SignedHeaders= H ,Signature =S ",
        "SDK-HMAC-SHA256 Signature=S, SignedHeaders=H, Access=AK",
        "SDK-HMAC-SHA256 Access=AK, SignedHeaders=HOST;X-Sdk-Date, Signature=S",
    ])
    func `spacing, order and letter case of names do not matter`(form: String) async throws {
        let request = TestRequest()
        let text = form.replacingOccurrences(of: "=AK", with: "=\(IdentityFixture.accessKey)")
            .replacingOccurrences(of: " AK", with: " \(IdentityFixture.accessKey)")
            .replacingOccurrences(of: "=H,", with: "=host;x-sdk-date,")
            .replacingOccurrences(of: " H ", with: " host;x-sdk-date ")
            .replacingOccurrences(of: "=S", with: "=\(request.signature())")
        #expect(try await refusal(authorization: text) == nil)
    }

    @Test func `names of headers on the wire may be of any letter case, values may have space around them`()
        async throws
    {
        var request = TestRequest()
        let authorization = request.authorization()
        request.headers = [("X-SDK-Date", "20250102T030405Z"), ("HOST", " \t127.0.0.1 ")]
        #expect(try await refusal(request, authorization: authorization) == nil)
    }

    @Test(arguments: [
        "", " ", "Bearer abc", "Basic dXNlcjpwYXNz", "sdk-hmac-sha256 Access=A, SignedHeaders=x-sdk-date, Signature=00",
        "SDK-HMAC-SHA256", "SDK-HMAC-SHA256 ", "SDK-HMAC-SHA256 Access", "SDK-HMAC-SHA256 Access=",
        "SDK-HMAC-SHA256 Access=A", "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date",
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date, Signature=", "SDK-HMAC-SHA256 ,,,,",
        "SDK-HMAC-SHA256 Access=A, Access=A, SignedHeaders=x-sdk-date, Signature=SIG",
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date, Signature=SIG, Extra=1",
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date, Signature=SIG,",
        "SDK-HMAC-SHA256 Access=A B, SignedHeaders=x-sdk-date, Signature=SIG",
        "SDK-HMAC-SHA256 Access=A', SignedHeaders=x-sdk-date, Signature=SIG",
        "SDK-HMAC-SHA256 Access=\u{0}, SignedHeaders=x-sdk-date, Signature=SIG",
        "SDK-HMAC-SHA256 Access=ÄÖ, SignedHeaders=x-sdk-date, Signature=SIG",
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=, Signature=SIG",
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=;, Signature=SIG",
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date;, Signature=SIG",
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date;x-sdk-date, Signature=SIG",
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date;X-Sdk-Date, Signature=SIG",
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=x sdk date, Signature=SIG",
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date:host, Signature=SIG",
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date;x-not-there, Signature=SIG",
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date, Signature=zz",
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date, Signature=0SIG",
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date, Signature=SIG00",
        "SDK-HMAC-SHA256 Access=\(String(repeating: "A", count: 100_000)), SignedHeaders=x-sdk-date, Signature=SIG",
        "SDK-HMAC-SHA256 Access=A, SignedHeaders=\(String(repeating: "a;", count: 50_000)), Signature=SIG",
        "AWS4-HMAC-SHA256 Credential=A/20250102/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=SIG",
    ])
    func `a header of nonsense is refused with a sentence`(form: String) async throws {
        let text = form.replacingOccurrences(of: "Access=A,", with: "Access=\(IdentityFixture.accessKey),")
            .replacingOccurrences(of: "SIG", with: TestRequest().signature())
        let error = try #require(try await refusal(authorization: text))
        #expect(error.code == .unauthenticated)
        #expect(error.message.hasPrefix("Incorrect IAM authentication information: "))
        #expect(error.message.utf8.count < 400)
        #expect(!error.message.contains(TestRequest().signature()))
    }

    @Test func `a header changed at any one place is either the same header or refused`() async throws {
        try await IdentityFixture.with { house in
            let request = TestRequest()
            let good = Array(request.authorization().utf8)
            let parsed = try SignatureHeader(request.authorization())
            for index in good.indices {
                for byte in [UInt8(ascii: " "), UInt8(ascii: ","), UInt8(ascii: "="), UInt8(ascii: "A"), 0, 255] {
                    var replaced = good
                    replaced[index] = byte
                    var inserted = good
                    inserted.insert(byte, at: index)
                    var removed = good
                    removed.remove(at: index)
                    for mutant in [replaced, inserted, removed] {
                        let text = String(decoding: mutant, as: UTF8.self)
                        let error = try await accessError {
                            _ = try await house.identity.caller(signing: request.signed(text))
                        }
                        if error == nil {
                            #expect(try SignatureHeader(text) == parsed)
                        } else {
                            #expect(error?.code == .unauthenticated)
                        }
                    }
                }
            }
        }
    }

    @Test func `a signature's hexadecimal digits may be of either letter case`() async throws {
        let request = TestRequest()
        let upper = request.authorization().replacingOccurrences(
            of: request.signature(), with: request.signature().uppercased())
        #expect(try await refusal(request, authorization: upper) == nil)
    }

    @Test func `a header that came twice is signed line by line, sorted`() async throws {
        var request = TestRequest()
        request.headers += [("x-many", "one"), ("x-many", "two")]
        request.signedHeaders = ["host", "x-many", "x-sdk-date"]
        let authorization = request.authorization()
        #expect(try await refusal(request, authorization: authorization) == nil)
        request.headers.swapAt(2, 3)
        #expect(try await refusal(request, authorization: authorization) == nil)
        request.headers.removeLast()
        #expect(try await refusal(request, authorization: authorization)?.code == .unauthenticated)
    }

    @Test func `an empty header is signed as empty`() async throws {
        var request = TestRequest()
        request.headers.append(("x-empty", ""))
        request.signedHeaders = ["host", "x-empty", "x-sdk-date"]
        #expect(try await refusal(request) == nil)
    }

    @Test(arguments: [
        // On the wire, and as the signature has it.
        ("b=2&a=1", "a=1&b=2"), ("a=2&a=1", "a=1&a=2"), ("a", "a="), ("a=", "a="), ("a=b=c", "a=b%3Dc"), ("", ""),
        ("&&a=1&", "a=1"), ("a=%E5%90%8D", "a=%E5%90%8D"), ("a=名", "a=%E5%90%8D"), ("a=x%20y", "a=x%20y"),
        ("a=x+y", "a=x%2By"), ("a=%zz%2", "a=%25zz%252"), ("a=%7e~", "a=~~"), ("a=%2f/", "a=%2F%2F"),
        ("A=1&a=2&B=3", "A=1&B=3&a=2"), ("=x", "=x"), ("a-b=1&a=2", "a=2&a-b=1"),
    ])
    func `a query is decoded, sorted and encoded again`(wire: String, canonical: String) async throws {
        var request = TestRequest()
        request.query = wire
        request.canonicalQuery = canonical
        #expect(try await refusal(request) == nil)
    }

    @Test(arguments: [
        ("/", "/"), ("/v3", "/v3/"), ("/v3/", "/v3/"), ("//x", "//x/"), ("/a b", "/a%20b/"), ("/a%20b", "/a%20b/"),
        ("/a%2fb", "/a/b/"), ("/a%3ab:", "/a%3Ab%3A/"), ("/%25", "/%25/"), ("/%", "/%25/"), ("/%4", "/%254/"),
        ("/名", "/%E5%90%8D/"), ("/a%2F", "/a/"), ("/~-_.", "/~-_./"), ("/a;b=c,d", "/a%3Bb%3Dc%2Cd/"),
    ])
    func `a path is decoded once, encoded again and ended by a slash`(wire: String, canonical: String) async throws {
        var request = TestRequest()
        request.path = wire
        request.canonicalPath = canonical
        #expect(try await refusal(request) == nil)
    }

    @Test func `a body is covered by its bytes`() async throws {
        var request = TestRequest()
        request.method = "POST"
        request.body = Array("{\"a\": \"ä\u{0}\"}".utf8) + [0xFF, 0xFE]
        #expect(try await refusal(request) == nil)
        let authorization = request.authorization()
        request.body.removeLast()
        #expect(try await refusal(request, authorization: authorization)?.code == .unauthenticated)
        request.body = []
        #expect(try await refusal(request, authorization: authorization)?.code == .unauthenticated)
    }

    private static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private static let bodyHash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

    @Test(arguments: [
        // Body, header, what the client signed, whether it goes through.
        ("hello", "UNSIGNED-PAYLOAD", "UNSIGNED-PAYLOAD", true), ("hello", bodyHash, bodyHash, true),
        ("hello", bodyHash.uppercased(), bodyHash.uppercased(), true), ("hello", bodyHash.uppercased(), bodyHash, true),
        ("", "UNSIGNED-PAYLOAD", "UNSIGNED-PAYLOAD", true), ("", "UNSIGNED-PAYLOAD", emptyHash, true),
        ("", emptyHash, emptyHash, true),
        ("hello", "UNSIGNED-PAYLOAD", bodyHash, false), ("hello", emptyHash, emptyHash, false),
        ("hello", "unsigned-payload", "unsigned-payload", false), ("hello", "", "", false),
        ("", bodyHash, bodyHash, false),
        ("hello", "anything", "anything", false), ("", bodyHash, emptyHash, false),
    ])
    func `X-Sdk-Content-Sha256 tells the truth or is refused`(
        body: String, header: String, payload: String, goes: Bool
    ) async throws {
        var request = TestRequest()
        request.method = "POST"
        request.body = Array(body.utf8)
        request.headers.append(("x-sdk-content-sha256", header))
        request.payload = payload
        #expect(try await refusal(request)?.code == (goes ? nil : .unauthenticated))
    }

    @Test func `an unsigned payload stands only for itself`() async throws {
        var request = TestRequest()
        request.method = "POST"
        request.body = Array("hello".utf8)
        let authorization = request.authorization()
        // Added on the way, to pass another body off.
        request.headers.append(("X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD"))
        request.body = Array("other".utf8)
        #expect(try await refusal(request, authorization: authorization)?.code == .unauthenticated)
        request.headers.append(("X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD"))
        #expect(try await refusal(request, authorization: authorization)?.code == .unauthenticated)
    }

    @Test func `X-Project-Id must be the signer's, signed or not`() async throws {
        try await IdentityFixture.with { house in
            for (signed, value, code) in [
                (false, house.tenants[0].id.text, nil), (true, house.tenants[0].id.text, nil), (false, "", nil),
                (false, house.tenants[1].id.text, AccessError.Code.otherTenant),
                (true, house.tenants[1].id.text, .otherTenant), (false, "not an id", .otherTenant),
            ] {
                var request = TestRequest()
                request.headers.append(("X-Project-Id", value))
                if signed { request.signedHeaders.append("x-project-id") }
                let error = try await accessError { _ = try await house.identity.caller(signing: request.signed()) }
                #expect(error?.code == code)
            }
            // Who cannot sign is not told whose project it is.
            var stranger = TestRequest()
            stranger.headers.append(("X-Project-Id", house.tenants[1].id.text))
            let error = try await accessError {
                _ = try await house.identity.caller(signing: stranger.signed(stranger.authorization(key: "wrong")))
            }
            #expect(error?.code == .unauthenticated)
        }
    }

    @Test func `a deleted access key, user or tenant is refused at once`() async throws {
        try await IdentityFixture.with { house in
            let issued = try await house.identity.createAccessKey(for: house.users[0])
            let request = TestRequest()
            let authorization = request.authorization(key: issued.secret.exposed)
                .replacingOccurrences(of: IdentityFixture.accessKey, with: issued.key.id)
            let caller = try await house.identity.caller(signing: request.signed(authorization))
            #expect(caller.user == house.users[0])
            try await house.identity.deleteAccessKey(issued.key.id)
            let error = try await accessError {
                _ = try await house.identity.caller(signing: request.signed(authorization))
            }
            #expect(error?.code == .unauthenticated)

            _ = try await house.identity.caller(signing: request.signed())
            try await house.identity.delete(house.users[0])
            let gone = try await accessError { _ = try await house.identity.caller(signing: request.signed()) }
            #expect(gone?.code == .unauthenticated)
        }
    }

    @Test func `a failing store is no wrong signature`() async throws {
        try await IdentityFixture.with { house in
            try house.store.close()
            let error = try await accessError { _ = try await house.identity.caller(signing: TestRequest().signed()) }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("SQLite") == false)
        }
    }
}
