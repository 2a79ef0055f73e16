// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Forges
import Foundation
import Model
import Synchronization

/// A Keystone that answers from memory, as the real one does, and counts what it is asked.
package final class StubKeystone: Sendable {
    package static let address = "https://keystone.example.org:5000/v3"
    package static let password = "canary-service-password"

    /// A token that a Keystone has given.
    package struct Token: Sendable {
        package var user: (id: String, name: String) = (String(repeating: "a", count: 32), "alice")
        package var project: (id: String, name: String)? = (String(repeating: "b", count: 32), "apollo")
        package var domain: (id: String, name: String) = ("default", "Default")
        package var roles = ["member", "reader"]
        package var methods = ["password"]
        /// Members more of `token`, as JSON; each ends with a comma.
        package var more = ""
        /// RFC 3339.
        package var expires = "2025-01-02T13:00:00.000000Z"
        package var isExpired = false

        package init() {}

        package var json: String {
            let named = #""domain":{"id":"\#(domain.id)","name":"\#(domain.name)"}"#
            let scope = project.map { #""project":{"id":"\#($0.id)","name":"\#($0.name)",\#(named)},"# } ?? ""
            let roles = roles.map { #"{"id":"1","name":"\#($0)"}"# }.joined(separator: ",")
            let methods = methods.map { "\"\($0)\"" }.joined(separator: ",")
            return #"""
                {"token":{\#(scope)\#(more)"methods":[\#(methods)],"audit_ids":["x"],"issued_at":"2025-01-02T11:00:00Z",
                "user":{"id":"\#(user.id)","name":"\#(user.name)",\#(named),"password_expires_at":null},
                "expires_at":"\#(expires)","roles":[\#(roles)]}}
                """#
        }
    }

    private struct State {
        var tokens: [String: Token] = [:]
        var own = 0
        var revoked: Set<String> = []
        var logins = 0
        var requests: [Upstream.Request] = []
        var isUserGood = true
        var failure: (@Sendable (Upstream.Request) throws -> Upstream.Response?)?
    }

    private let state = Mutex(State())
    /// Waited for before each answer about a caller's token.
    private let gate: @Sendable () async -> Void

    package init(gate: @escaping @Sendable () async -> Void = {}) {
        self.gate = gate
    }

    package var service: KeystoneService? { Self.service(at: Self.address) }

    package static func service(at address: String) -> KeystoneService? {
        KeystoneService(
            address: address,
            login: .init(
                user: "gatehouse", domain: "Default", password: Secret(password), project: "service",
                projectDomain: "Services"))
    }

    package var upstream: Upstream { Upstream { request in try await self.answer(request) } }

    package func give(_ text: String, _ token: Token = Token()) { state.withLock { $0.tokens[text] = token } }
    package func revoke(_ text: String) { state.withLock { $0.tokens[text] = nil } }
    package func expire(_ text: String) { state.withLock { $0.tokens[text]?.isExpired = true } }

    /// Revokes the service user's own token.
    package func revokeOwn() { state.withLock { _ = $0.revoked.insert("own-canary-\($0.own)") } }
    package func acceptUser(_ isGood: Bool) { state.withLock { $0.isUserGood = isGood } }

    /// Answers in another way; as before where there is no such answer.
    package func fail(_ failure: (@Sendable (Upstream.Request) throws -> Upstream.Response?)?) {
        state.withLock { $0.failure = failure }
    }

    package var requests: [Upstream.Request] { state.withLock { $0.requests } }
    package var logins: Int { state.withLock { $0.logins } }
    /// How often it was asked about a token.
    package var questions: Int { requests.count { $0.method == .get } }

    private func answer(_ request: Upstream.Request) async throws -> Upstream.Response {
        let failure = state.withLock { state in
            state.requests.append(request)
            return state.failure
        }
        if request.method == .get { await gate() }
        if let answer = try failure?(request) { return answer }
        switch (request.method, request.url) {
        case (.post, Self.address + "/auth/tokens?nocatalog=1"): return login()
        case (.get, Self.address + "/auth/tokens?nocatalog=1"): return look(request, evenExpired: false)
        case (.get, Self.address + "/auth/tokens?nocatalog=1&allow_expired=1"):
            return look(request, evenExpired: true)
        default: return .json(#"{"error":{"code":404}}"#, status: 404)
        }
    }

    private func login() -> Upstream.Response {
        state.withLock { state in
            state.logins += 1
            guard state.isUserGood else {
                return .json(#"{"error":{"code":401,"message":"canary-echo","title":"Unauthorized"}}"#, status: 401)
            }
            state.own += 1
            return .json(Token().json, status: 201, headers: ["X-Subject-Token": "own-canary-\(state.own)"])
        }
    }

    private func look(_ request: Upstream.Request, evenExpired: Bool) -> Upstream.Response {
        state.withLock { state in
            let own = request.header("X-Auth-Token") ?? ""
            guard own.hasPrefix("own-canary-"), !state.revoked.contains(own) else {
                return .json(#"{"error":{"code":401}}"#, status: 401)
            }
            let subject = request.header("X-Subject-Token") ?? ""
            if subject.hasPrefix("own-canary-") { return .json(Token().json) }
            guard let token = state.tokens[subject], !token.isExpired || evenExpired else {
                return .json(#"{"error":{"code":404,"message":"Could not find token: \#(subject)"}}"#, status: 404)
            }
            return .json(token.json)
        }
    }
}
