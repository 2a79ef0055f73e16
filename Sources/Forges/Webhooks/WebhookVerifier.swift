// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
package import Model

/// Whether a delivery comes from the forge: whoever sent it knows the webhook's secret. `docs/webhooks.md` tells each
/// forge's way, and what it leaves open.
///
/// All comparisons take the same time whatever they find.
package struct WebhookVerifier: Sendable {
    /// How the forge proves itself.
    package enum Scheme: String, CaseIterable, Sendable {
        /// `X-Hub-Signature-256: sha256=HEX`, an HMAC-SHA256 of the body. The older `X-Hub-Signature`, with SHA-1, is not looked at.
        /// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
        case github
        /// `X-Gitlab-Token`, the secret itself. https://docs.gitlab.com/user/project/integrations/webhooks/
        case gitlab
        /// `webhook-signature` with a key `whsec_…`, by Standard Webhooks.
        /// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
        case gitlabSigned
        /// `X-Gitee-Token`, the secret itself. https://help.gitee.com/webhook/gitee-webhook-intro
        case gitee
        /// `X-Gitee-Token`, an HMAC-SHA256 of `X-Gitee-Timestamp` and the secret, but not of the body.
        /// https://help.gitee.com/webhook/how-to-verify-webhook-keys
        case giteeSigned
        /// `X-Hub-Signature: sha256=HEX`, an HMAC-SHA256 of the body.
        /// https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/
        case bitbucketCloud
        /// The same. https://confluence.atlassian.com/bitbucketserver/manage-webhooks-938025878.html
        case bitbucketDataCenter
        /// `X-Repo-Token`, the secret itself.
        /// https://support.huaweicloud.com/api-codeartsrepo/AddRepositoryWebhook.html
        case codeArts
        /// `X-Gitea-Signature: HEX`, an HMAC-SHA256 of the body. Forgejo sends it, too.
        /// https://docs.gitea.com/usage/webhooks
        case gitea
    }

    private let scheme: Scheme
    private let secret: Secret
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - secret: what the webhook was made with.
    ///   - now: Unix time in milliseconds.
    package init(
        _ scheme: Scheme, secret: Secret,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }
    ) {
        self.scheme = scheme
        self.secret = secret
        self.now = now
    }

    /// Returns where the delivery is the forge's. Throws what is wrong with it otherwise.
    package func verify(_ delivery: WebhookDelivery) throws(WebhookRefusal) {
        guard !secret.exposed.isEmpty else { throw .secretMissing }
        switch scheme {
        case .github: try verifyHex(delivery, "X-Hub-Signature-256", prefix: "sha256=")
        case .bitbucketCloud, .bitbucketDataCenter: try verifyHex(delivery, "X-Hub-Signature", prefix: "sha256=")
        case .gitea: try verifyHex(delivery, "X-Gitea-Signature", prefix: "")
        case .gitlab: try verifySecret(delivery, "X-Gitlab-Token")
        case .gitee: try verifySecret(delivery, "X-Gitee-Token")
        case .codeArts: try verifySecret(delivery, CodeArts.hookHeader)
        case .gitlabSigned: try verifyStandard(delivery)
        case .giteeSigned: try verifyGitee(delivery)
        }
    }

    /// 64 lower-case hexadecimal digits behind a prefix: the forges write no others.
    private func verifyHex(_ delivery: WebhookDelivery, _ name: String, prefix: String) throws(WebhookRefusal) {
        let value = try delivery.header(name)
        guard value.hasPrefix(prefix), let code = Self.bytes(ofHex: value.dropFirst(prefix.utf8.count)) else {
            throw .headerMalformed(name)
        }
        try compare(code, of: delivery.body, key: Array(secret.exposed.utf8))
    }

    /// The secret itself. Both are compared by their HMAC under a key of the moment, so that neither length nor a common
    /// beginning can be told by the time.
    private func verifySecret(_ delivery: WebhookDelivery, _ name: String) throws(WebhookRefusal) {
        let given = try delivery.header(name)
        let key = SymmetricKey(size: .bits256)
        let right = HMAC<SHA256>.authenticationCode(for: Array(secret.exposed.utf8), using: key)
        guard HMAC<SHA256>.isValidAuthenticationCode(right, authenticating: Array(given.utf8), using: key) else {
            throw .mismatch
        }
    }

    /// Seconds for which a signature of GitLab's is good, in both directions.
    static let standardTolerance: Int64 = 300

    /// `webhook-signature` may hold several, for several keys, with blanks between them; one that fits is enough. The
    /// number of them is bounded, as each costs an HMAC of the body.
    private func verifyStandard(_ delivery: WebhookDelivery) throws(WebhookRefusal) {
        let prefix = "whsec_"
        guard secret.exposed.hasPrefix(prefix),
            let key = Data(base64Encoded: String(secret.exposed.dropFirst(prefix.count))),
            (24...64).contains(key.count)
        else { throw .secretMissing }
        let id = try delivery.header("webhook-id")
        let time = try delivery.header("webhook-timestamp")
        let value = try delivery.header("webhook-signature")
        guard let seconds = Self.number(time) else { throw .headerMalformed("webhook-timestamp") }
        let codes = value.split(separator: " ").filter { $0.hasPrefix("v1,") }.prefix(5).compactMap { part in
            Self.code(ofBase64: part.dropFirst(3))
        }
        guard !codes.isEmpty else { throw .headerMalformed("webhook-signature") }
        let message = Array("\(id).\(time).".utf8) + delivery.body
        let fits = codes.map { code in
            HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: message, using: SymmetricKey(data: key))
        }
        guard fits.contains(true) else { throw .mismatch }
        try checkAge(seconds * 1000, tolerance: Self.standardTolerance)
    }

    /// Seconds for which a signature of Gitee's is good: the hour that its pages name.
    static let giteeTolerance: Int64 = 3600

    /// The HMAC is of the time and the secret: a body can be put under another delivery's signature while it is good.
    private func verifyGitee(_ delivery: WebhookDelivery) throws(WebhookRefusal) {
        let name = "X-Gitee-Token"
        let time = try delivery.header("X-Gitee-Timestamp")
        var value = try delivery.header(name)
        guard let milliseconds = Self.number(time) else { throw .headerMalformed("X-Gitee-Timestamp") }
        // The pages have it percent-encoded, recorded deliveries plain; a `+` of base64 is never a blank here.
        if value.contains("%") { value = value.removingPercentEncoding ?? "" }
        guard let code = Self.code(ofBase64: value) else { throw .headerMalformed(name) }
        try compare(code, of: Array("\(time)\n\(secret.exposed)".utf8), key: Array(secret.exposed.utf8))
        try checkAge(milliseconds, tolerance: Self.giteeTolerance)
    }

    private func compare(_ code: [UInt8], of message: [UInt8], key: [UInt8]) throws(WebhookRefusal) {
        let isRight = HMAC<SHA256>.isValidAuthenticationCode(
            code, authenticating: message, using: SymmetricKey(data: key))
        guard isRight else { throw .mismatch }
    }

    /// - Parameter milliseconds: of Unix time, as they were signed.
    private func checkAge(_ milliseconds: Int64, tolerance seconds: Int64) throws(WebhookRefusal) {
        guard abs(now() - milliseconds) <= seconds * 1000 else { throw .stale }
    }

    /// A whole number of at most 15 ASCII digits, without a sign.
    private static func number(_ text: String) -> Int64? {
        guard (1...15).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }

    /// 32 bytes from base64 with its padding; nil for anything else.
    private static func code(ofBase64 text: some StringProtocol) -> [UInt8]? {
        guard text.utf8.count == 44, let data = Data(base64Encoded: String(text)), data.count == 32 else { return nil }
        return Array(data)
    }

    /// 32 bytes from 64 lower-case hexadecimal digits; nil for anything else.
    private static func bytes(ofHex text: some StringProtocol) -> [UInt8]? {
        let digits = text.utf8.compactMap { byte -> UInt8? in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
            default: nil
            }
        }
        guard text.utf8.count == 64, digits.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
