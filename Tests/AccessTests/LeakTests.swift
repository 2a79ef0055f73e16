// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Forges
import Foundation
import Model
import Storage
import Synchronization
import TestSupport
import Testing

/// Secrets of every kind go through the house, by good ways and bad ones, and then everything that can be seen of it is
/// searched for them.
@Suite struct LeakTests {
    /// A GitLab that hands out canaries, and every canary that it has handed out or been given.
    private final class Forge: Sendable {
        private let planted = Mutex<[String]>([])
        private let isDown = Mutex(false)

        var canaries: [String] { planted.withLock { $0 } }

        func plant(_ kind: String) -> String {
            let canary = "canary-\(kind)-\(RandomText.hexadecimal(byteCount: 8))"
            planted.withLock { $0.append(canary) }
            return canary
        }

        func fail(_ fails: Bool) { isDown.withLock { $0 = fails } }

        func answer(_ request: Upstream.Request) -> Upstream.Response {
            // What a careless proxy before a forge does: it repeats what it was sent.
            let echo = String(decoding: request.body ?? [], as: UTF8.self) + (request.header("Authorization") ?? "")
            if isDown.withLock({ $0 }) { return .json(#"{"error":"\#(echo)","message":"\#(echo)"}"#, status: 401) }
            guard request.url.hasSuffix("/oauth/token") else {
                return .json(
                    #"{"id":7,"username":"octavia","login":"octavia","web_url":"https://gitlab.com/octavia","html_url":"https://github.com/octavia"}"#
                )
            }
            return .json(
                #"{"access_token":"\#(plant("access"))","expires_in":60,"refresh_token":"\#(plant("refresh"))"}"#)
        }
    }

    @Test func `no credential is in the store, a backup, the log, an error or an answer`() async throws {
        let forge = Forge()
        let log = LogRecorder()
        let house = try await TestHouse(network: StubNetwork { forge.answer($0) }, logger: log.logger)
        var seen: [String] = []
        func note(_ step: () async throws -> Any) async {
            do {
                var text = ""
                dump(try await step(), to: &text)
                seen.append(text)
            } catch {
                var text = ""
                dump(error, to: &text)
                seen += ["\(error)", text]
            }
        }
        let checker = AuthorizationChecker(
            broker: house.broker, pace: .init(interval: 3600, warning: 3600), logger: log.logger)
        try await house.serving {
            let address = try await house.broker.redirect(to: .gitlab, site: nil, name: nil, with: house.grant())
            let state = try #require(
                URLComponents(string: address)?.queryItems?.first { $0.name == "state" }?.value)
            await note {
                try await house.broker.authorize(
                    "flow", forge: .gitlab, site: nil, code: Secret(forge.plant("code")), state: Secret(state),
                    with: house.grant())
            }
            for name in ["personal", "refused"] {
                forge.fail(name == "refused")
                await note {
                    try await house.broker.authorize(
                        .init(
                            name: name, forge: .gitlab, credential: .personal(Secret(forge.plant("personal"))),
                            host: nil), with: house.grant())
                }
            }
            forge.fail(false)
            await note {
                try await house.broker.authorize(
                    .init(
                        name: "password", forge: .github,
                        credential: .password(user: "octavia", password: Secret(forge.plant("password"))), host: nil),
                    with: house.grant())
            }
            for fails in [false, true] {
                forge.fail(fails)
                for name in ["flow", "personal", "password"] {
                    await note { try await house.broker.open(name, with: house.grant()).forge.account() }
                    await note { try await house.broker.details(name, with: house.grant()) }
                }
                house.clock.advance(seconds: 7200)
                _ = await checker.round()
            }
            try house.sql("UPDATE authorizations SET user = 'other' WHERE name = 'password'")
            await note { try await house.broker.open("password", with: house.grant()) }
            await note { try await house.broker.delete("personal", with: house.grant()) }
            await note { try await house.broker.authorizations(house.grant()) }
        }
        await house.ledger.write()
        try await house.store.backUp(to: house.directory.appending(path: "backup.sqlite").path)
        let everything = try house.everythingOnDisk() + Data((seen + log.lines).joined(separator: "\n").utf8)
        #expect(forge.canaries.count > 8)
        for canary in forge.canaries + ["canary-client-secret", "canary-user-password"] {
            #expect(everything.firstRange(of: Data(canary.utf8)) == nil, "\(canary)")
            let base64 = Data(Data(canary.utf8).base64EncodedString().utf8).dropLast(4)
            #expect(everything.firstRange(of: base64) == nil, "\(canary) in base64")
        }
    }
}
