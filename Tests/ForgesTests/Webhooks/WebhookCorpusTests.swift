// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport
import Testing

@testable import Forges

/// Deliveries as forges sent them, byte for byte, with the secrets that their keepers have published. Passed over where the
/// recordings are absent.
@Suite(.enabled(if: TestData.shared != nil, "the shared recordings are absent"))
struct WebhookCorpusTests {
    private struct Recorded {
        let headers: [Upstream.Header]
        let body: [UInt8]
        let secret: String?
    }

    private func recorded(_ id: String) throws -> Recorded {
        let corpora = try #require(TestData.shared).appending(path: "corpora")
        let index = try JSONTree(parsing: Data(contentsOf: corpora.appending(path: "index.json")))
        let entry = try #require(index["webhooks"]?.array?.first { $0["id"]?.string == id })
        let headers = (entry["event_headers"]?.object ?? [:]).filter { $0.key != "note" }.compactMap { name, value in
            value.string.map { Upstream.Header(name, $0) }
        }
        let file = corpora.appending(path: try #require(entry["file"]?.string))
        return Recorded(
            headers: headers, body: Array(try Data(contentsOf: file)), secret: entry["secret"]?.string)
    }

    private func refusal(
        _ scheme: WebhookVerifier.Scheme, _ recorded: Recorded, secret: String, body: [UInt8]? = nil, at time: Int64 = 0
    ) -> WebhookRefusal? {
        let verifier = WebhookVerifier(scheme, secret: Secret(secret), now: { time })
        do throws(WebhookRefusal) {
            try verifier.verify(WebhookDelivery(headers: recorded.headers, body: body ?? recorded.body))
            return nil
        } catch {
            return error
        }
    }

    @Test func `GitHub's delivery is taken as it came, and not with a blank more`() throws {
        let push = try recorded("github/push")
        // Named in the recording's note.
        #expect(refusal(.github, push, secret: "topsecret") == nil)
        #expect(refusal(.github, push, secret: "Topsecret") == .mismatch)
        #expect(refusal(.github, push, secret: "topsecret", body: push.body + [0x20]) == .mismatch)
    }

    @Test func `Bitbucket's delivery is taken as it came, and not with a byte changed`() throws {
        let push = try recorded("bitbucket/push_signed")
        let secret = try #require(push.secret)
        #expect(refusal(.bitbucketCloud, push, secret: secret) == nil)
        var body = push.body
        body[body.count / 2] ^= 1
        #expect(refusal(.bitbucketCloud, push, secret: secret, body: body) == .mismatch)
        #expect(refusal(.github, push, secret: secret) == .headerMissing("X-Hub-Signature-256"))
    }

    @Test(arguments: [
        "push", "push_branch_create", "push_branch_delete", "tag_create", "tag_delete",
    ])
    func `Gitee's delivery is taken in its time, whatever its body`(_ name: String) throws {
        let delivery = try recorded("gitee/" + name)
        let secret = try #require(delivery.secret)
        let header = try #require(delivery.headers.first { $0.name == "X-Gitee-Timestamp" })
        let time = try #require(Int64(header.value))
        #expect(refusal(.giteeSigned, delivery, secret: secret, at: time + 1000) == nil)
        // The body is not signed: docs/webhooks.md warns of it.
        #expect(refusal(.giteeSigned, delivery, secret: secret, body: [], at: time) == nil)
        #expect(refusal(.giteeSigned, delivery, secret: secret, at: time + 3_600_001) == .stale)
        #expect(refusal(.giteeSigned, delivery, secret: secret + "x", at: time) == .mismatch)
    }

    /// The recorded deliveries of GitLab were made without a secret.
    @Test(arguments: ["gitlab/push", "gitlab/tag_create", "github/ping", "bitbucket/push"])
    func `a delivery without a proof is not taken`(_ id: String) throws {
        let delivery = try recorded(id)
        for scheme in WebhookVerifier.Scheme.allCases {
            let secret = scheme == .gitlabSigned ? "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" : "s"
            guard case .headerMissing = refusal(scheme, delivery, secret: secret) else {
                Issue.record("\(scheme) takes \(id)")
                continue
            }
        }
    }
}
