// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import Model
import Storage
import Testing

@testable import Access

/// Signatures that Huawei Cloud's own Python library made, recorded on a socket, and the requests they were made for.
struct IdentityVectorTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        var method = "GET"
        /// After the project's id, with the query.
        let target: String
        var body = ""
        /// The value of `X-Repo-Auth`, which is then signed.
        var repoAuth: String?
        let signature: String

        var testDescription: String { "\(method) \(target)" }

        var request: TestRequest {
            var request = TestRequest()
            request.method = method
            let parts = target.split(separator: "?", maxSplits: 1)
            request.path = "/v1/\(IdentityFixture.project)/git" + parts[0]
            request.query = parts.count > 1 ? String(parts[1]) : ""
            request.body = Array(body.utf8)
            request.headers = [
                ("content-type", "application/json"), ("host", "127.0.0.1:18999"),
                ("user-agent", "huaweicloud-usdk-python/3.0; ua-fixed"), ("x-project-id", IdentityFixture.project),
                ("x-sdk-date", "20250102T030405Z"),
            ]
            request.signedHeaders = ["content-type", "host", "user-agent", "x-project-id", "x-sdk-date"]
            if let repoAuth {
                request.headers.append(("x-repo-auth", repoAuth))
                request.signedHeaders.insert("x-repo-auth", at: 4)
            }
            return request
        }

        func authorization(_ signature: String? = nil) -> String {
            "SDK-HMAC-SHA256 Access=\(IdentityFixture.accessKey), "
                + "SignedHeaders=\(request.signedHeaders.joined(separator: ";")), Signature=\(signature ?? self.signature)"
        }
    }

    private static let vectors = [
        Vector(target: "/auths", signature: "eab54be0ff8aede67f6406cfcb1e76564c6820881229c1a3ac56731015f425a0"),
        Vector(
            target: "/auths/github/redirect?tag=intl",
            signature: "5631cc6d526dc236132c57813dc1f8c7b01748f832e131dd6b4544c10384b5f2"),
        Vector(
            method: "POST", target: "/auths/bitbucket/password",
            body: #"{"name": "test", "user": "tom", "password": "p w"}"#,
            signature: "018b8109056b20f0ab3aa20e6d6667b57120718db06a9486161e9b834d16cc69"),
        Vector(
            method: "POST", target: "/auths/gitlab/personal", body: #"{"name": "token1", "token": "tok"}"#,
            signature: "55e1850cd0ac53bf20764629a9dbd7bab2dc8a84b18999c81c24c37852f4ad97"),
        Vector(
            target: "/repos/project-info?clone_url=http%3A%2F%2Fxxx.gitlab.com%3A8090%2Fxxx%2Fa%20b.git",
            repoAuth: "test",
            signature: "aa31c6e4c5e910e41beae9761e6272628e9476c7525114545616501318694784"),
        Vector(
            target: "/files/zmg/zmg%3Ademo/app%3Amodels%3Akey.rb?ref=feature%2Fx%20y", repoAuth: "test",
            signature: "f24ddb2d4407e11a062248f5b9e4dad13e30d6c4d10d4b40e68335e7160351d5"),
        Vector(
            target: "/repos/a%2Fb/projects", repoAuth: "test",
            signature: "6451ba29be7777e14b3a4228bf903ac0bc15adfaf7ce08a963469c1f249a9c0f"),
        Vector(
            target: "/repos/a%252Fb/projects", repoAuth: "test",
            signature: "e4d9aae7f1fc8da5d7ebdfa37c0880f47ae3066bc1f1af94126caa2852b49174"),
        Vector(
            target: "/repos/%E5%90%8D/projects", repoAuth: "测试",
            signature: "c5a144c0e04a4c11e74871f244ea02c8b35b1a2e1df70faf2da83cb2891da537"),
        Vector(
            method: "POST", target: "/files/zmg/79/app%3Aproject.rb?ref=main",
            body: #"{"message": "create a new file", "content": "aGVsbG8K"}"#, repoAuth: "test",
            signature: "9a9e08d8b699465d24e55bbf6ad94c1b831deb01f6b8b9b6063451e2dd8fee89"),
        Vector(
            method: "DELETE", target: "/files/zmg/79/a%3Ab%20c.txt?message=del%20it%20%26%20go&ref=main&sha=abc",
            repoAuth: "test", signature: "7dfb2a6b8ec995ff22bbe5eeb089986ae93d715be639ac00e2a3dd3df0056864"),
    ]

    @Test(arguments: vectors)
    func `a recorded signature is accepted`(vector: Vector) async throws {
        try await IdentityFixture.with { house in
            let caller = try await house.identity.caller(signing: vector.request.signed(vector.authorization()))
            #expect(caller == Caller(user: house.users[0], tenant: house.tenants[0]))
        }
    }

    @Test(arguments: vectors)
    func `a recorded signature covers everything that it names`(vector: Vector) async throws {
        try await IdentityFixture.with { house in
            var changes = [vector.request]
            func change(_ edit: (inout TestRequest) -> Void) {
                var request = vector.request
                edit(&request)
                changes.append(request)
            }
            changes.removeAll()
            change { $0.method = "PUT" }
            change { $0.path += "x" }
            change { $0.query += "&x=1" }
            change { $0.body.append(32) }
            for index in vector.request.headers.indices where vector.request.headers[index].name != "x-sdk-date" {
                change { $0.headers[index].value += "x" }
                change { $0.headers.append($0.headers[index]) }
            }
            change { $0.headers[4].value = "20250102T030406Z" }
            for request in changes {
                let error = try await accessError {
                    _ = try await house.identity.caller(signing: request.signed(vector.authorization()))
                }
                #expect(error?.code == .unauthenticated)
            }
        }
    }

    @Test func `the signature of the Java library, made over the raw path, is accepted`() async throws {
        // Over `a%2Fb` it signs what the Python library signs over `a%252Fb`.
        let wire = Self.vectors[6]
        let raw = Self.vectors[7]
        try await IdentityFixture.with { house in
            let request = wire.request.signed(wire.authorization(raw.signature))
            let caller = try await house.identity.caller(signing: request)
            #expect(caller.user == house.users[0])
            // Not the other way round.
            let swapped = raw.request.signed(raw.authorization(wire.signature))
            let error = try await accessError { _ = try await house.identity.caller(signing: swapped) }
            #expect(error?.code == .unauthenticated)
        }
    }

    @Test func `the canonical request is the recorded one, to the byte`() {
        let request = Self.vectors[5].request
        let signed = request.signedHeaders.map { name in
            (name: name, values: request.headers.filter { $0.name == name }.map(\.value))
        }
        let canonical = CanonicalRequest(
            method: "get", path: request.path, form: .decoded, query: request.query, signedHeaders: signed,
            payload: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            String(decoding: canonical.bytes, as: UTF8.self) == """
                GET
                /v1/7c6a62ddb2bf45a3920d8053d3cb8fbf/git/files/zmg/zmg%3Ademo/app%3Amodels%3Akey.rb/
                ref=feature%2Fx%20y
                content-type:application/json
                host:127.0.0.1:18999
                user-agent:huaweicloud-usdk-python/3.0; ua-fixed
                x-project-id:7c6a62ddb2bf45a3920d8053d3cb8fbf
                x-repo-auth:test
                x-sdk-date:20250102T030405Z

                content-type;host;user-agent;x-project-id;x-repo-auth;x-sdk-date
                e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                """)
        let text = String(decoding: canonical.stringToSign(date: "20250102T030405Z"), as: UTF8.self)
        #expect(text.hasSuffix("035471d7d02363879c3042a615dfc673b6a3b1000cfa46655b1f6731fbfeb284"))
    }

    private static let names = "SignedHeaders=content-type;host;user-agent;x-project-id;x-sdk-date"
    private static let otherVectors = [
        (
            0,
            "V11-HMAC-SHA256 Credential=EXAMPLEAK0001/20250102/cn-north-4/servicestage, \(names), "
                + "Signature=528d687d06063a1bf922709a10e8583b49715526f01358025637725d177260a7"
        ),
        (
            3,
            "V11-HMAC-SHA256 Credential=EXAMPLEAK0001/20250102/cn-north-4/servicestage, \(names), "
                + "Signature=5a5acff83c481d88236b994459e05718eb1667034c31416d1b15527bd30e210a"
        ),
        (
            0,
            "SDK-ECDSA-P256-SHA256 Access=EXAMPLEAK0001, \(names), Signature=3044022049b7ce5deeb05a3056926343087b09be8191"
                + "f0776abd9e1871e06b878729cbdd02203b686030f46c0361a53c20cc26f00982d90f90d96622e69ea716e126f5a779cb"
        ),
        (
            3,
            "SDK-ECDSA-P256-SHA256 Access=EXAMPLEAK0001, \(names), Signature=3044022024f702d0ffea03c199bfb6438476f841e8c2"
                + "1bc90258cb3ef0f3ee2da6a7c85902202b10b044b22ca8742bf13f51a717b9036e460803ce4db5d0d151f1748a3229b0"
        ),
        (
            0,
            "SDK-HMAC-SM3 Access=EXAMPLEAK0001, \(names), "
                + "Signature=8e6d569f9c2463e66151ec1480cbab0e211ea43eefcb0a32df90efb523aa2a27"
        ),
        (
            3,
            "SDK-HMAC-SM3 Access=EXAMPLEAK0001, \(names), "
                + "Signature=7eaf31093874ad6d2f0860a413a608e0e781d3e7c5cdb6436495ab8f3514df9a"
        ),
        (
            0,
            "SDK-SM2-SM3 Access=EXAMPLEAK0001, \(names), Signature=3046022100fe3625eba938094778d00e2ce149004451bb2b6c21b8"
                + "a1b8e837b78c74139c8d022100ba027b3d493798728ecbe32e872ece89826498420178d8287c0abee2d731a91c"
        ),
        (
            3,
            "SDK-SM2-SM3 Access=EXAMPLEAK0001, \(names), Signature=304402205ce30438c6282bef85d6f3a1da1f4ff95c43b6a3c6566c"
                + "c530972a3b2ec1a2720220185e22b59dacad230009a85732371c43d511e035e84d58784b5f3a0dee2bfd0f"
        ),
    ]

    @Test(arguments: otherVectors)
    func `a recorded signature of another algorithm is accepted, and covers what it names`(
        index: Int, authorization: String
    ) async throws {
        let vector = Self.vectors[index]
        try await IdentityFixture.with { house in
            let caller = try await house.identity.caller(signing: vector.request.signed(authorization))
            #expect(caller == Caller(user: house.users[0], tenant: house.tenants[0]))
            var changes: [(TestRequest, String)] = []
            for header in vector.request.headers.indices where header < 4 {
                var request = vector.request
                request.headers[header].value += "x"
                changes.append((request, authorization))
            }
            var request = vector.request
            request.body.append(32)
            changes.append((request, authorization))
            for (old, new) in [
                ("EXAMPLEAK0001/20250102", "EXAMPLEAK0001/20250103"), ("cn-north-4", "cn-north-1"),
                ("servicestage", "iam"), ("V11-HMAC-SHA256 Credential", "SDK-HMAC-SHA256 Credential"),
                ("SDK-ECDSA-P256-SHA256", "SDK-HMAC-SHA256"), ("SDK-SM2-SM3", "SDK-ECDSA-P256-SHA256"),
                ("SDK-HMAC-SM3", "SDK-HMAC-SHA256"), ("=3046", "=3045"), ("=3046", "=003046"), ("=3044", "=3045"),
                ("=3044", "="), ("=3044", "=ff3044"),
            ] where authorization.contains(old) {
                changes.append((vector.request, authorization.replacingOccurrences(of: old, with: new)))
            }
            for (request, text) in changes {
                let error = try await accessError { _ = try await house.identity.caller(signing: request.signed(text)) }
                #expect(error?.code == .unauthenticated, "\(text)")
            }
        }
    }

    @Test func `SM3, SM2 and the key for it are those of the standard and of the library`() throws {
        // The standard's first example, https://datatracker.ietf.org/doc/html/draft-sca-cfrg-sm3-02#appendix-A.1
        let digest = Array("abc".utf8).withUnsafeBytes { ShangMi.sm3($0) }
        #expect(
            Hexadecimal.encode(digest ?? []) == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0")
        let number = try #require(
            VerifyingKey.privateKey(.sm2, accessKey: IdentityFixture.accessKey, secret: IdentityFixture.secretKey))
        #expect(
            Hexadecimal.encode(number) == "0101bf82d3cf89d980f5d88ccfd59f0933d0c3f71e7fee08cf5a817aee1d06fa")
        #expect(
            Hexadecimal.encode(try #require(ShangMi.publicKey(of: number)))
                == "04c69498e1ee61a1cc9b88dade8492cc5d9cc54eb29cff639bda541ab5c94997c8"
                + "cc7452afaa6b21f2fed42aa532e303ee9a1ce4dc018278b25356c60e1ef8aaea")
        #expect(ShangMi.publicKey(of: [UInt8](repeating: 0, count: 32)) == nil)
    }

    @Test func `a recorded SM2 signature whose library drops a zero of the public key is accepted`() async throws {
        let authorization =
            "SDK-SM2-SM3 Access=EXAMPLEAK0015, \(Self.names), Signature=3045022049bd5442f4f88fe05a56d29ace10732e6f65c10f13601f"
            + "d8defd6b45ba07d72b022100e8efb726cd46e3b4c0d9a3114dc998f480cba913301ea4e05967161f3061fd09"
        try await IdentityFixture.with { house in
            try await house.vault.insert(
                AccessKey(
                    id: "EXAMPLEAK0015", tenant: house.tenants[0].id, user: house.users[0].id,
                    created: house.clock.milliseconds),
                secret: Secret(IdentityFixture.secretKey))
            let caller = try await house.identity.caller(signing: Self.vectors[0].request.signed(authorization))
            #expect(caller.user == house.users[0])
            let error = try await accessError {
                _ = try await house.identity.caller(signing: Self.vectors[3].request.signed(authorization))
            }
            #expect(error?.code == .unauthenticated)
        }
    }

    @Test func `a body's hash by SM3 is taken where it is true, and only from who signs by SM3`() async throws {
        let truth = Hexadecimal.encode(SignedBody(Array("{}".utf8)).digest(by: .sm3))
        for (header, payload, isGood) in [
            ("X-Sdk-Content-Sm3", truth, true), ("X-Sdk-Content-Sm3", truth.uppercased(), true),
            ("X-Sdk-Content-Sm3", "UNSIGNED-PAYLOAD", true), ("X-Sdk-Content-Sm3", "0" + truth.dropFirst(), false),
            ("X-Sdk-Content-Sha256", "0" + truth.dropFirst(), false),
        ] {
            var request = TestRequest()
            request.body = Array("{}".utf8)
            request.headers.append((header, payload))
            request.payload = payload
            let text = Array(request.stringToSign(algorithm: "SDK-HMAC-SM3", hash: .sm3).utf8)
            let code = try #require(ShangMi.hmac(text, key: Array(IdentityFixture.secretKey.utf8)))
            let authorization =
                "SDK-HMAC-SM3 Access=\(IdentityFixture.accessKey), SignedHeaders=\(request.signedHeaders.joined(separator: ";")), "
                + "Signature=\(Hexadecimal.encode(code))"
            try await IdentityFixture.with { house in
                let error = try await accessError {
                    _ = try await house.identity.caller(signing: request.signed(authorization))
                }
                #expect((error == nil) == isGood, "\(header) \(payload)")
            }
        }
    }

    @Test func `the P-256 key is derived as the library derives it`() throws {
        let number = try #require(
            VerifyingKey.privateKey(.ecdsa, accessKey: IdentityFixture.accessKey, secret: IdentityFixture.secretKey))
        let key = try P256.Signing.PrivateKey(rawRepresentation: number)
        #expect(
            Hexadecimal.encode(key.rawRepresentation)
                == "268941c7a12fef768394f10fc694f0de5a236e9c11a91a48caac2aa292bbfee7")
        #expect(
            Hexadecimal.encode(key.publicKey.rawRepresentation)
                == "09bbe18ff368c9f22d19d1965df7d834b302d042189569636df2b20b551e4fd2"
                + "ed63fee6826cb940ade3649f4e685e1c14896ce46307711ac2455f1ce1a1ed93")
    }

    @Test(arguments: [
        "EXAMPLEAK0001", "EXAMPLEAK0001/20250102/cn-north-4", "EXAMPLEAK0001/20250102/cn-north-4/servicestage/x",
        "EXAMPLEAK0001//cn-north-4/servicestage", "EXAMPLEAK0001/20250102//servicestage", "/20250102/a/b",
        "EXAMPLEAK0001/20250102/cn north/servicestage", "EXAMPLEAK0001/2025010/cn-north-4/servicestage",
        "EXAMPLEAK0001/202501022/cn-north-4/servicestage", "EXAMPLEAK0001/20250103/cn-north-4/servicestage",
        "EXAMPLEAK0001/20250102/ö/servicestage", "EXAMPLEAK0001/20250102/\(String(repeating: "a", count: 65))/b",
    ])
    func `a credential of a derived key is of one form, and of the day`(credential: String) async throws {
        try await IdentityFixture.with { house in
            let text =
                "V11-HMAC-SHA256 Credential=\(credential), \(Self.names), "
                + "Signature=528d687d06063a1bf922709a10e8583b49715526f01358025637725d177260a7"
            let error = try await accessError {
                _ = try await house.identity.caller(signing: Self.vectors[0].request.signed(text))
            }
            #expect(error?.code == .unauthenticated)
        }
    }

    @Test func `a recorded request of a temporary key is accepted with its security token only`() async throws {
        var request = Self.vectors[0].request
        request.headers.append(("x-security-token", "STSTOKEN"))
        request.signedHeaders.append("x-security-token")
        let authorization =
            "SDK-HMAC-SHA256 Access=\(IdentityFixture.accessKey), \(Self.names);x-security-token, "
            + "Signature=93545cda355a37c6e695d6000678b777bce18972e396e8497196abaad89272f9"
        try await IdentityFixture.with { house in
            let wire = request.signed(authorization)
            // The fixture's key is a permanent one.
            let permanent = try await accessError { _ = try await house.identity.caller(signing: wire) }
            #expect(permanent?.code == .unauthenticated)
            #expect(permanent?.message.contains("X-Security-Token") == true)

            try await house.identity.deleteAccessKey(IdentityFixture.accessKey)
            let now = house.clock.milliseconds
            let temporary = AccessKey.Temporary(expires: now + 900_000, tokenDigest: Data(digestOf: "STSTOKEN"))
            try await house.vault.insert(
                AccessKey(
                    id: IdentityFixture.accessKey, tenant: house.tenants[0].id, user: house.users[0].id, created: now,
                    temporary: temporary), secret: Secret(IdentityFixture.secretKey))
            let caller = try await house.identity.caller(signing: wire)
            #expect(caller == Caller(user: house.users[0], tenant: house.tenants[0]))
            let bare = Self.vectors[0]
            let missing = try await accessError {
                _ = try await house.identity.caller(signing: bare.request.signed(bare.authorization()))
            }
            #expect(missing?.message.contains("X-Security-Token") == true)
        }
    }

    @Test(arguments: [
        "V11-HMAC-SM3 Credential=EXAMPLEAK0001/20250102/cn-north-4/servicestage, SignedHeaders=x-sdk-date, Signature=00"
    ])
    func `an algorithm that is not offered is refused, and those that are offered are named`(authorization: String)
        async throws
    {
        try await IdentityFixture.with { house in
            let error = try await accessError {
                _ = try await house.identity.caller(signing: Self.vectors[0].request.signed(authorization))
            }
            #expect(error?.code == .unauthenticated)
            for offered in [
                "SDK-HMAC-SHA256", "SDK-ECDSA-P256-SHA256", "V11-HMAC-SHA256", "SDK-HMAC-SM3", "SDK-SM2-SM3",
            ] {
                #expect(error?.message.contains(offered) == true)
            }
        }
    }
}
