// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Asks an emulated Gitee.
struct GiteeClient: Sendable {
    let trial: SandboxTrial
    /// nil for a request without a token.
    var token: String?
    static let harbour = "/repos/\(SandboxSeed.login)/\(SandboxSeed.project)"

    init(_ trial: SandboxTrial, token: String? = nil) {
        self.trial = trial
        self.token = token ?? trial.forge.token.exposed
    }

    func send(_ method: HTTPMethod, _ path: String, _ json: String? = nil) async throws -> Answer {
        var headers = [("User-Agent", "trial")]
        if let token { headers.append(("Authorization", "token \(token)")) }
        if json != nil { headers.append(("Content-Type", "application/json")) }
        return try await trial.send(method, "/api/v5" + path, headers: headers, body: json.map { Array($0.utf8) })
    }

    /// The JSON of an answer that must have a status.
    func json(
        _ method: HTTPMethod, _ path: String, _ json: String? = nil, status: Int = 200,
        at location: SourceLocation = #_sourceLocation
    ) async throws -> JSONTree {
        let answer = try await send(method, path, json)
        #expect(answer.status == status, "\(method) \(path): \(answer.text.prefix(300))", sourceLocation: location)
        return try answer.json()
    }

    func get(_ path: String) async throws -> JSONTree { try await json(.GET, path) }
}

/// Starts an emulated Gitee for a test.
func withGitee(
    _ configure: (inout SandboxOptions) -> Void = { _ in },
    _ body: @escaping @Sendable (GiteeClient) async throws -> Void
) async throws {
    try await SandboxTrial.run(.gitee, configure) { try await body(GiteeClient($0)) }
}
