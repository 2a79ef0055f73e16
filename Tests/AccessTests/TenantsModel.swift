// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Forges
import Foundation
import Model
import Storage
import Synchronization
import TestSupport

/// Random numbers that come again with their seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// What one tenant must see: kept by the test, by itself, beside the store.
struct TenantModel {
    struct Held {
        var id: String
        /// What every token of the credential begins with, so that it is known whose is used.
        var secret: String
        var forge: ForgeID
        var status = AuthorizationStatus.normal
    }

    struct Person {
        var user: User
        var password: String
        var failures: Int64 = 0
        var lastFailure: Int64 = 0
    }

    let tenant: Tenant
    /// Never deleted: somebody must be there to act.
    let root: Caller
    var people: [String: Person] = [:]
    var held: [String: Held] = [:]
    /// In the order in which they were made.
    var order: [String] = []
    var tokens: [(text: String, user: String)] = []
    var keys: [(id: String, user: String)] = []
    var states: [String] = []
    var events: [String] = []
    /// Of every credential that it has ever had.
    var secrets: Set<String> = []
    var quota: Int?
    /// As the request quota counts.
    var left: Int64 = TenantModel.burst * 1000
    var filledAt: Int64

    static let burst: Int64 = 20

    mutating func forget(user: String) {
        people[user] = nil
        tokens.removeAll { $0.user == user }
        keys.removeAll { $0.user == user }
    }
}

/// One forge for all tenants, which knows an account by its credential, and tells it as the account's login.
final class ManyAccounts: Sendable {
    private let refused = Mutex<Set<String>>([])

    /// The credential that begins so is not good any more.
    func refuse(_ secret: String) { refused.withLock { _ = $0.insert(secret) } }

    private let renewed = Mutex<[String: Int]>([:])

    /// How often tokens of the credential that begins so were renewed.
    func renewals(of secret: String) -> Int { renewed.withLock { $0[secret, default: 0] } }

    /// What a token was made from: `secret.3` is the third one of `secret`.
    static func origin(of token: String) -> String { String(token.prefix { $0 != "." }) }

    var network: StubNetwork {
        StubNetwork { [self] request in answer(request) }
    }

    private func answer(_ request: Upstream.Request) -> Upstream.Response {
        let body = String(decoding: request.body ?? [], as: UTF8.self)
        if request.url.hasSuffix("/access_token") || request.url.hasSuffix("/oauth/token") {
            if let refresh = body.firstMatch(of: /refresh_token=r-([A-Za-z0-9-]+)\.([0-9]+)/),
                let number = Int(refresh.2)
            {
                renewed.withLock { $0[String(refresh.1), default: 0] += 1 }
                return tokens(String(refresh.1), number + 1)
            }
            guard let code = body.firstMatch(of: /(?:^|[&"])code"?[=:]"?([A-Za-z0-9-]+)/) else {
                return .json(#"{"error":"invalid_grant"}"#, status: 400)
            }
            return tokens(String(code.1), 1)
        }
        let given = request.header("Authorization") ?? request.header("PRIVATE-TOKEN") ?? ""
        let secret = Self.origin(of: given.split(separator: " ").last.map(String.init) ?? "")
        guard !refused.withLock({ $0.contains(secret) }) else {
            return .json(#"{"message":"Bad credentials"}"#, status: 401)
        }
        return .json(
            #"{"login":"\#(secret)","username":"\#(secret)","id":7,"html_url":"https://x.example","web_url":"https://x.example"}"#
        )
    }

    private func tokens(_ secret: String, _ number: Int) -> Upstream.Response {
        .json(
            #"{"access_token":"\#(secret).\#(number)","refresh_token":"r-\#(secret).\#(number)","token_type":"bearer","expires_in":900,"scope":"repo","created_at":1}"#
        )
    }
}
