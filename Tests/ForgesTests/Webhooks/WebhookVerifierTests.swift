// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import Testing

@testable import Forges

/// A delivery that is right in one way of a forge's. The signatures were computed with Python's `hmac` and with openssl.
struct SignedDelivery: Sendable, CustomTestStringConvertible {
    let scheme: WebhookVerifier.Scheme
    var secret = SignedDelivery.secret
    var headers: [String: String]
    /// The header that proves it.
    let proof: String
    /// Unix time in milliseconds of its receipt.
    var time: Int64 = 1_764_000_000_123

    var testDescription: String { scheme.rawValue }

    static let secret = "a-long-random-secret"
    /// Its last letters are no UTF-8.
    static let body = Array(#"{"ref":"refs/heads/main","after":""#.utf8) + [0xC3, 0xBC, 0xFF] + Array("\"}\n".utf8)
    private static let hex = "3c5508d2ebf390d2066e3b187445fe8ae3dcee421e062f13617436a60282369f"

    static let all: [SignedDelivery] = [
        SignedDelivery(
            scheme: .github, headers: ["X-Hub-Signature-256": "sha256=" + hex], proof: "X-Hub-Signature-256"),
        SignedDelivery(
            scheme: .bitbucketCloud, headers: ["X-Hub-Signature": "sha256=" + hex], proof: "X-Hub-Signature"),
        SignedDelivery(
            scheme: .bitbucketDataCenter, headers: ["X-Hub-Signature": "sha256=" + hex], proof: "X-Hub-Signature"),
        SignedDelivery(scheme: .gitea, headers: ["X-Gitea-Signature": hex], proof: "X-Gitea-Signature"),
        SignedDelivery(scheme: .gitlab, headers: ["X-Gitlab-Token": secret], proof: "X-Gitlab-Token"),
        SignedDelivery(scheme: .gitee, headers: ["X-Gitee-Token": secret], proof: "X-Gitee-Token"),
        SignedDelivery(scheme: .codeArts, headers: ["X-Repo-Token": secret], proof: "X-Repo-Token"),
        SignedDelivery(
            scheme: .gitlabSigned, secret: "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            headers: [
                "webhook-id": "evt_2f1a", "webhook-timestamp": "1764000000",
                "webhook-signature": "v1,qXi1BJb1BVYNMXpn26k9XhRXwFhcSpOWByJJ1wXSc6k=",
            ], proof: "webhook-signature"),
        SignedDelivery(
            scheme: .giteeSigned,
            headers: [
                "X-Gitee-Timestamp": "1764000000123",
                "X-Gitee-Token": "OtGessFLX09zg9mHAattoTpzIbIZO3ikCMdnDgfkg1o=",
            ], proof: "X-Gitee-Token"),
    ]

    static func of(_ scheme: WebhookVerifier.Scheme) throws -> SignedDelivery {
        try #require(all.first { $0.scheme == scheme })
    }

    /// What the verifier finds; nil where it takes the delivery.
    func refusal(
        headers changed: [(String, String)]? = nil, body: [UInt8] = SignedDelivery.body, secret: String? = nil,
        at time: Int64? = nil
    ) -> WebhookRefusal? {
        let list = (changed ?? headers.map { ($0.key, $0.value) }).map { Upstream.Header($0.0, $0.1) }
        let moment = time ?? self.time
        let verifier = WebhookVerifier(scheme, secret: Secret(secret ?? self.secret), now: { moment })
        do throws(WebhookRefusal) {
            try verifier.verify(WebhookDelivery(headers: list, body: body))
            return nil
        } catch {
            return error
        }
    }

    /// The headers with another value of the proof.
    func proved(by value: String) -> [(String, String)] {
        headers.map { ($0.key, $0.key == proof ? value : $0.value) }
    }

    /// Whether the body is signed.
    var coversBody: Bool { ![.gitlab, .gitee, .codeArts, .giteeSigned].contains(scheme) }
    /// Whether the proof is the secret itself.
    var isPlain: Bool { [.gitlab, .gitee, .codeArts].contains(scheme) }
}

struct WebhookVerifierTests {
    @Test func `every way of every forge has its delivery here`() {
        #expect(Set(SignedDelivery.all.map(\.scheme)) == Set(WebhookVerifier.Scheme.allCases))
        #expect(SignedDelivery.all.count == WebhookVerifier.Scheme.allCases.count)
    }

    @Test(arguments: SignedDelivery.all)
    func `a delivery of the forge is taken, whatever the letter case of its headers' names`(delivery: SignedDelivery) {
        #expect(delivery.refusal() == nil)
        let loud = delivery.headers.map { ($0.key.uppercased(), $0.value) }
        #expect(delivery.refusal(headers: loud) == nil)
    }

    @Test(arguments: SignedDelivery.all)
    func `another secret is a mismatch, and none is no secret`(delivery: SignedDelivery) {
        let other =
            delivery.scheme == .gitlabSigned
            ? "whsec_" + Data(repeating: 7, count: 32).base64EncodedString() : "another"
        #expect(delivery.refusal(secret: other) == .mismatch)
        #expect(delivery.refusal(secret: "") == .secretMissing)
    }

    @Test(arguments: [
        "whsec_", "whsec_!", "AAEC", "whsec_====", "whsec_AAEC",
        "WHSEC_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=!",
    ])
    func `a signing key of another form is none`(secret: String) throws {
        #expect(try SignedDelivery.of(.gitlabSigned).refusal(secret: secret) == .secretMissing)
    }

    @Test(arguments: SignedDelivery.all)
    func `another body is a mismatch, where the body is signed`(delivery: SignedDelivery) {
        let expected: WebhookRefusal? = delivery.coversBody ? .mismatch : nil
        for body in [[], Array(SignedDelivery.body.dropLast()), SignedDelivery.body + [0]] {
            #expect(delivery.refusal(body: body) == expected)
        }
    }

    @Test(arguments: SignedDelivery.all)
    func `each header must be there once`(delivery: SignedDelivery) {
        let all = delivery.headers.map { ($0.key, $0.value) }
        #expect(delivery.refusal(headers: [])?.isMissing == true)
        for (name, value) in all {
            let others = all.filter { $0.0 != name }
            #expect(delivery.refusal(headers: others) == .headerMissing(name))
            #expect(delivery.refusal(headers: others + [(name, "")]) == .headerMissing(name))
            #expect(delivery.refusal(headers: all + [(name, value)]) == .headerRepeated(name))
            #expect(delivery.refusal(headers: [(name.lowercased(), "x")] + all) == .headerRepeated(name))
        }
    }

    /// Too short, too long, of other letters, of another case, with blanks, not decoded from UTF-8, and worse.
    @Test(arguments: SignedDelivery.all)
    func `a proof of another form is refused, and nothing crashes`(delivery: SignedDelivery) throws {
        let right = try #require(delivery.headers[delivery.proof])
        let long = String(repeating: "a", count: 1 << 20)
        let wrong = [
            String(right.dropLast()), right + "0", right + "=", right + "\t", right.uppercased() + "É",
            "sha256=", "sha1=5a95dfeb01a431774880b3134d0c4df5ec088fe9", "v1,", "v1,AAAA", "=", "%", "%zz",
            "\u{FFFD}\u{FFFD}",
            "é" + right, right + "\u{301}", "0", "null", "\0", long, "v1," + long, "sha256=" + long,
            String(repeating: "v1,AAAA ", count: 1000), String(decoding: [0xFF, 0xFE, 0x80], as: UTF8.self),
        ]
        // Only GitLab's is a list, with blanks.
        let blanks = delivery.scheme == .gitlabSigned ? [] : [" " + right, right + " ", right + " x"]
        for value in wrong + blanks {
            let refusal = delivery.refusal(headers: delivery.proved(by: value))
            let expected: [WebhookRefusal] =
                delivery.isPlain ? [.mismatch] : [.headerMalformed(delivery.proof), .mismatch]
            #expect(expected.contains(refusal ?? .secretMissing), "\(value.prefix(80))")
        }
    }

    @Test(arguments: [WebhookVerifier.Scheme.github, .bitbucketCloud, .bitbucketDataCenter, .gitea])
    func `a signature is of lower-case digits, and of SHA-256`(scheme: WebhookVerifier.Scheme) throws {
        let delivery = try SignedDelivery.of(scheme)
        let right = try #require(delivery.headers[delivery.proof])
        for value in [
            right.uppercased(), right.replacing("sha256=", with: "SHA256=").uppercased(),
            right.replacing("3c55", with: "3C55"), "sha1=5a95dfeb01a431774880b3134d0c4df5ec088fe9",
            "sha256=" + right, right.replacing("3c55", with: "３c55"),
        ] {
            #expect(delivery.refusal(headers: delivery.proved(by: value)) == .headerMalformed(delivery.proof))
        }
        let zeros = right.replacing("3c55", with: "0000")
        #expect(delivery.refusal(headers: delivery.proved(by: zeros)) == .mismatch)
    }

    @Test func `GitHub's older header proves nothing`() throws {
        let delivery = try SignedDelivery.of(.github)
        let old = [("X-Hub-Signature", "sha1=5a95dfeb01a431774880b3134d0c4df5ec088fe9")]
        #expect(delivery.refusal(headers: old) == .headerMissing("X-Hub-Signature-256"))
    }

    /// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
    @Test func `GitHub's own example is taken`() {
        let delivery = SignedDelivery(
            scheme: .github, secret: "It's a Secret to Everybody",
            headers: [
                "X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
            ], proof: "X-Hub-Signature-256")
        #expect(delivery.refusal(body: Array("Hello, World!".utf8)) == nil)
    }

    @Test func `a delivery without a body is signed as one`() throws {
        let headers = [
            ("X-Gitea-Signature", "dd7b3bac789ac87706c2432c1c0fc98c8129493db6c277248dd289b43f3a237e")
        ]
        #expect(try SignedDelivery.of(.gitea).refusal(headers: headers, body: []) == nil)
    }

    @Test func `of several signatures of GitLab's one must fit`() throws {
        let delivery = try SignedDelivery.of(.gitlabSigned)
        let right = try #require(delivery.headers["webhook-signature"])
        let other = "v1,OAvtdhbYwUxEKAyQdNbp+DLeZN2YnPBXNjGm8IcD81w="
        for value in ["\(other) \(right)", "\(right) \(other)", "v2,AAAA \(right)", "\(right) v1a,x"] {
            #expect(delivery.refusal(headers: delivery.proved(by: value)) == nil, "\(value)")
        }
        #expect(delivery.refusal(headers: delivery.proved(by: other)) == .mismatch)
        let many = String(repeating: other + " ", count: 5) + right
        #expect(delivery.refusal(headers: delivery.proved(by: many)) == .mismatch)
    }

    @Test func `GitLab's id and time are signed`() throws {
        let delivery = try SignedDelivery.of(.gitlabSigned)
        for (name, value) in [("webhook-id", "evt_2f1b"), ("webhook-timestamp", "1764000001")] {
            let headers = delivery.headers.map { ($0.key, $0.key == name ? value : $0.value) }
            #expect(delivery.refusal(headers: headers) == .mismatch)
        }
    }

    @Test(arguments: [WebhookVerifier.Scheme.gitlabSigned, .giteeSigned])
    func `a delivery is good for a while, and not before`(scheme: WebhookVerifier.Scheme) throws {
        let delivery = try SignedDelivery.of(scheme)
        let isGitLab = scheme == .gitlabSigned
        let signed: Int64 = isGitLab ? 1_764_000_000_000 : 1_764_000_000_123
        let tolerance = (isGitLab ? WebhookVerifier.standardTolerance : WebhookVerifier.giteeTolerance) * 1000
        for distance in [0, tolerance, -tolerance] { #expect(delivery.refusal(at: signed + distance) == nil) }
        for distance in [tolerance + 1, -tolerance - 1, 1_000_000_000_000] {
            #expect(delivery.refusal(at: signed + distance) == .stale)
        }
    }

    @Test(arguments: [WebhookVerifier.Scheme.gitlabSigned, .giteeSigned])
    func `a time is a number`(scheme: WebhookVerifier.Scheme) throws {
        let delivery = try SignedDelivery.of(scheme)
        let name = scheme == .gitlabSigned ? "webhook-timestamp" : "X-Gitee-Timestamp"
        for value in ["x", "-1", "+1764000000", " 1764000000", "1e9", "9999999999999999", "１７６４００００００", "0x1"] {
            let headers = delivery.headers.map { ($0.key, $0.key == name ? value : $0.value) }
            #expect(delivery.refusal(headers: headers) == .headerMalformed(name), "\(value)")
        }
    }

    @Test func `Gitee's signature may be percent-encoded, and its plus is a plus`() throws {
        let delivery = SignedDelivery(
            scheme: .giteeSigned,
            headers: [
                "X-Gitee-Timestamp": "1764000000001", "X-Gitee-Token": "zPYzi+g8xXRAqO33udX34OunJN/ipfDcP6kfdTWyJDs=",
            ], proof: "X-Gitee-Token")
        #expect(delivery.refusal() == nil)
        for value in [
            "zPYzi%2Bg8xXRAqO33udX34OunJN%2FipfDcP6kfdTWyJDs%3D", "zPYzi+g8xXRAqO33udX34OunJN%2fipfDcP6kfdTWyJDs%3d",
        ] {
            #expect(delivery.refusal(headers: delivery.proved(by: value)) == nil)
        }
        let blank = "zPYzi g8xXRAqO33udX34OunJN/ipfDcP6kfdTWyJDs="
        #expect(delivery.refusal(headers: delivery.proved(by: blank)) == .headerMalformed("X-Gitee-Token"))
    }

    @Test func `a plain secret is compared whole, byte for byte`() throws {
        for scheme in [WebhookVerifier.Scheme.gitlab, .gitee, .codeArts] {
            let delivery = try SignedDelivery.of(scheme)
            let wrong = [
                "a-long-random-secre", "a-long-random-secret ", "A-long-random-secret", "a-long-random-secret\0", "a",
            ]
            for value in wrong { #expect(delivery.refusal(headers: delivery.proved(by: value)) == .mismatch) }
            // Two writings of one letter are two secrets.
            let precomposed = delivery.refusal(headers: delivery.proved(by: "e\u{301}"), secret: "\u{E9}")
            #expect(precomposed == .mismatch)
        }
    }

    @Test func `no refusal shows the secret`() {
        for delivery in SignedDelivery.all {
            for refusal in [delivery.refusal(secret: "CANARY"), delivery.refusal(headers: [], secret: "CANARY")] {
                #expect(!"\(String(describing: refusal)) \(String(reflecting: refusal))".contains("CANARY"))
            }
        }
    }
}

extension WebhookRefusal {
    fileprivate var isMissing: Bool { if case .headerMissing = self { true } else { false } }
}
