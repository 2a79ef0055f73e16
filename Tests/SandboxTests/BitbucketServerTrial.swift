// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// A sandbox of an emulated Bitbucket Data Center alone, and how its API is asked.
struct BitbucketServerTrial: Sendable {
    let trial: SandboxTrial

    static let harbour = "/projects/~octavia/repos/harbour"

    static func run(
        _ configure: (inout SandboxOptions) -> Void = { _ in },
        _ body: @escaping @Sendable (BitbucketServerTrial) async throws -> Void
    ) async throws {
        try await SandboxTrial.run(
            .bitbucket,
            { options in
                options.forges = []
                options.hasDataCenter = true
                configure(&options)
            }
        ) { try await body(BitbucketServerTrial(trial: $0)) }
    }

    /// Asks the API with the seeded token, or another one, or none (an empty one).
    func api(
        _ method: HTTPMethod, _ path: String, token: String? = nil, json: String? = nil
    ) async throws -> Answer {
        var headers: [(String, String)] = []
        let token = token ?? trial.forge.token.exposed
        if !token.isEmpty { headers.append(("Authorization", "Bearer \(token)")) }
        if json != nil { headers.append(("Content-Type", "application/json")) }
        let address = path.hasPrefix("/rest/") ? path : "/rest/api/latest" + path
        return try await trial.send(method, address, headers: headers, body: json.map { Array($0.utf8) })
    }

    /// The JSON of an answer that must have a status.
    @discardableResult
    func json(
        _ method: HTTPMethod, _ path: String, token: String? = nil, json: String? = nil, status: Int = 200,
        at location: SourceLocation = #_sourceLocation
    ) async throws -> JSONTree {
        let answer = try await api(method, path, token: token, json: json)
        #expect(answer.status == status, "\(method) \(path): \(answer.text.prefix(300))", sourceLocation: location)
        return try answer.json()
    }

    /// The exception that a refusal names, without its package.
    func exception(
        _ method: HTTPMethod, _ path: String, token: String? = nil, json: String? = nil, status: Int,
        at location: SourceLocation = #_sourceLocation
    ) async throws -> String? {
        let tree = try await self.json(method, path, token: token, json: json, status: status, at: location)
        return tree["errors"]?[0]?["exceptionName"]?.string.map { String($0.split(separator: ".").last ?? "") }
    }

    /// Sends a form to the call that edits a file.
    func edit(_ path: String, _ fields: [(String, String)]) async throws -> Answer {
        let parts = fields.map { name, value in
            "--B\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
        }
        return try await trial.send(
            .PUT, "/rest/api/latest" + path,
            headers: [
                ("Authorization", "Bearer \(trial.forge.token.exposed)"),
                ("Content-Type", "multipart/form-data; boundary=B"),
            ], body: Array((parts.joined() + "--B--\r\n").utf8))
    }
}
