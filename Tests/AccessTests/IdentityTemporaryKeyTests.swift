// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import Storage
import Testing

@testable import Access

/// Temporary access keys, which go with a security token.
struct IdentityTemporaryKeyTests {
    private func read(_ json: String) throws(AccessError) -> TemporaryKeyRequest {
        try TemporaryKeyRequest(json: Data(json.utf8))
    }

    private func body(_ token: String?) -> String {
        let token = token.map { #", "token": \#($0)"# } ?? ""
        return #"{"auth": {"identity": {"methods": ["token"]\#(token)}}}"#
    }

    /// A request that is signed with a key, with a security token in its header or without any.
    private func request(_ key: IssuedTemporaryKey, token: String?, isTokenSigned: Bool = true) -> SignedRequest {
        var request = TestRequest()
        if let token {
            request.headers.append(("X-Security-Token", token))
            if isTokenSigned { request.signedHeaders.append("x-security-token") }
        }
        return request.signed(request.authorization(key: key.secret.exposed, accessKey: key.key.id))
    }

    private func issue(_ house: IdentityFixture, user: Int = 0, duration: Int64 = 900) async throws
        -> IssuedTemporaryKey
    {
        let token = try await house.identity.issue(house.passwordRequest(tenant: user)).token.exposed
        return try await house.identity.issueTemporaryKey(TemporaryKeyRequest(duration: duration), header: token)
    }

    private func refusal(_ request: SignedRequest, _ house: IdentityFixture) async throws -> String? {
        let error = try await accessError { _ = try await house.identity.caller(signing: request) }
        if let error { #expect(error.code == .unauthenticated) }
        return error?.message
    }

    @Test func `the body says how long, and may hold the token`() throws {
        let cases: [(String?, String?, Int64)] = [
            (nil, nil, 900), ("null", nil, 900), ("{}", nil, 900), (#"{"duration_seconds": 900}"#, nil, 900),
            (#"{"duration_seconds": 86400, "id": "gate_x"}"#, "gate_x", 86400), (#"{"id": "gate_x"}"#, "gate_x", 900),
            (#"{"duration_seconds": 3600.0, "more": 1}"#, nil, 3600), (#"{"duration_seconds": null}"#, nil, 900),
        ]
        for (json, token, duration) in cases {
            let request = try read(body(json))
            #expect(request.token?.exposed == token)
            #expect(request.duration == duration)
        }
    }

    @Test(arguments: [
        ("", "not JSON"), ("[]", "the body must be an object"), ("{}", "auth is missing"),
        (#"{"auth": {}}"#, "auth.identity is missing"), (#"{"auth": {"identity": {}}}"#, "methods is missing"),
        (#"{"auth": {"identity": {"methods": "token"}}}"#, "must be a list of texts"),
        (#"{"auth": {"identity": {"methods": []}}}"#, "must be [\"token\"]"),
        (#"{"auth": {"identity": {"methods": ["token", "token"]}}}"#, "must be [\"token\"]"),
        (#"{"auth": {"identity": {"methods": ["assume_role"]}}}"#, "agencies are not offered"),
        (#"{"auth": {"identity": {"methods": ["token"], "token": 1}}}"#, "auth.identity.token must be an object"),
        (#"{"auth": {"identity": {"methods": ["token"], "token": {"id": ""}}}}"#, "auth.identity.token.id is empty"),
        (#"{"auth": {"identity": {"methods": ["token"], "token": {"id": 1}}}}"#, "token.id must be a text"),
        (#"{"auth": {"identity": {"methods": ["token"], "policy": {"Version": "1.1"}}}}"#, "policy is not offered"),
        (#"{"auth": {"identity": {"methods": ["token"], "policy": []}}}"#, "policy is not offered"),
    ])
    func `a body that is not right is refused with a sentence`(json: String, words: String) async throws {
        let error = try await accessError { _ = try read(json) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "none")")
    }

    @Test(arguments: ["899", "86401", "0", "-900", #""900""#, "true", "9e30", "900.5", "{}"])
    func `a duration that is none is refused`(duration: String) async throws {
        let error = try await accessError { _ = try read(body(#"{"duration_seconds": \#(duration)}"#)) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains("duration_seconds") == true, "\(error?.message ?? "none")")
    }

    @Test func `a temporary key signs for its user until its time is over`() async throws {
        try await IdentityFixture.with { house async throws in
            let key = try await issue(house, duration: 900)
            let wire = request(key, token: key.token.exposed)
            let caller = try await house.identity.caller(signing: wire)
            #expect(caller == Caller(user: house.users[0], tenant: house.tenants[0]))
            // Terraform's library adds the header after it has signed.
            let unsigned = request(key, token: key.token.exposed, isTokenSigned: false)
            #expect(try await refusal(unsigned, house) == nil)
            house.clock.advance(seconds: 899)
            #expect(try await refusal(wire, house) == nil)
            house.clock.advance(seconds: 1)
            #expect(try await refusal(wire, house)?.contains("has expired") == true)
        }
    }

    @Test func `a temporary key is of no use without its own security token`() async throws {
        try await IdentityFixture.with { house async throws in
            let key = try await issue(house)
            let other = try await issue(house)
            for token in [nil, "", other.token.exposed, key.token.exposed + "x", "gatests_"] {
                #expect(try await refusal(request(key, token: token), house)?.contains("X-Security-Token") == true)
                #expect(
                    try await refusal(request(key, token: token, isTokenSigned: false), house)?
                        .contains("X-Security-Token") == true)
            }
            var double = TestRequest()
            for token in [key.token.exposed, other.token.exposed] { double.headers.append(("X-Security-Token", token)) }
            let twice = double.signed(double.authorization(key: key.secret.exposed, accessKey: key.key.id))
            #expect(try await refusal(twice, house)?.contains("more than one") == true)
            let wrong = IssuedTemporaryKey(
                key: key.key, secret: other.secret, token: key.token, caller: key.caller)
            #expect(try await refusal(request(wrong, token: key.token.exposed), house)?.contains("verify") == true)
        }
    }

    @Test func `a body that is large is not read for a temporary key that cannot be good`() async throws {
        try await IdentityFixture.with { house async throws in
            let key = try await issue(house)
            let missing = try await accessError {
                try await house.identity.checkAccessKey(of: request(key, token: nil))
            }
            #expect(missing?.code == .unauthenticated)
            try await house.identity.checkAccessKey(of: request(key, token: key.token.exposed))
        }
    }

    @Test func `it ends with its user, with the user's password and by hand, and is in no list`() async throws {
        try await IdentityFixture.with { house async throws in
            let (mine, second, theirs) = (
                try await issue(house), try await issue(house), try await issue(house, user: 1)
            )
            #expect(try await house.identity.accessKeys(of: house.users[0]).map(\.id) == [IdentityFixture.accessKey])
            try await house.identity.deleteAccessKey(second.key.id)
            #expect(
                try await refusal(request(second, token: second.token.exposed), house)?.contains("not exist") == true)
            #expect(try await refusal(request(mine, token: mine.token.exposed), house) == nil)
            try await house.identity.setPassword(Secret("another password"), of: house.users[0])
            #expect(try await refusal(request(mine, token: mine.token.exposed), house)?.contains("not exist") == true)
            #expect(try await refusal(TestRequest().signed(), house) == nil)
            #expect(try await refusal(request(theirs, token: theirs.token.exposed), house) == nil)
            try await house.identity.delete(house.users[1])
            #expect(
                try await refusal(request(theirs, token: theirs.token.exposed), house)?.contains("not exist") == true)
        }
    }

    @Test func `it is given for a good token only, wherever the token stands`() async throws {
        try await IdentityFixture.with { house async throws in
            let token = try await house.identity.issue(house.passwordRequest()).token
            let other = try await house.identity.issue(house.passwordRequest(tenant: 1)).token
            for (inside, header, code) in [
                (nil, token.exposed, nil), (token, nil, nil), (token, token.exposed, nil),
                (nil, nil, AccessError.Code.unauthenticated), (nil, "gate_x", .unauthenticated),
                (nil, "", .unauthenticated),
                (Secret("gate_x"), nil, .unauthenticated), (token, other.exposed, .invalidRequest),
            ] as [(Secret?, String?, AccessError.Code?)] {
                let error = try await accessError {
                    _ = try await house.identity.issueTemporaryKey(TemporaryKeyRequest(token: inside), header: header)
                }
                #expect(error?.code == code)
            }
            house.clock.advance(seconds: 24 * 3600)
            let expired = try await accessError {
                _ = try await house.identity.issueTemporaryKey(TemporaryKeyRequest(), header: token.exposed)
            }
            #expect(expired?.code == .tokenExpired)
        }
    }

    @Test func `the answer is the cloud's, and neither secret nor token is on the disk`() async throws {
        try await IdentityFixture.with { house async throws in
            let key = try await issue(house, duration: 900)
            let object = try JSONSerialization.jsonObject(with: try TemporaryKeyAnswer(key).json()) as? [String: Any]
            let credential = try #require(object?["credential"] as? [String: String])
            #expect(Set(credential.keys) == ["access", "secret", "securitytoken", "expires_at"])
            #expect(credential["expires_at"] == "2025-01-02T03:19:05.000000Z")
            for name in try FileManager.default.contentsOfDirectory(atPath: house.directory) {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: house.directory + "/" + name))
                for secret in [key.secret, key.token] {
                    #expect(bytes.range(of: Data(secret.exposed.utf8)) == nil, "\(name)")
                }
            }
        }
    }
}
