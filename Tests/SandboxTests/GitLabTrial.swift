// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

extension SandboxTrial {
    /// The path of the seeded project, as one segment.
    static let harbour = "\(SandboxSeed.login)%2F\(SandboxSeed.project)"

    /// Asks the API with the seeded token, or another one, or none.
    func api(
        _ method: HTTPMethod, _ path: String, token: String? = nil, anonymous: Bool = false, json: String? = nil
    ) async throws -> Answer {
        var headers: [(String, String)] = anonymous ? [] : [("PRIVATE-TOKEN", token ?? forge.token.exposed)]
        if json != nil { headers.append(("Content-Type", "application/json")) }
        return try await send(method, "/api/v4" + path, headers: headers, body: json.map { Array($0.utf8) })
    }

    /// The JSON of an answer that must have a status.
    func json(
        _ method: HTTPMethod, _ path: String, token: String? = nil, json: String? = nil, status: Int = 200,
        at location: SourceLocation = #_sourceLocation
    ) async throws -> JSONTree {
        let answer = try await api(method, path, token: token, json: json)
        #expect(answer.status == status, "\(method) \(path): \(answer.text.prefix(300))", sourceLocation: location)
        return try answer.json()
    }

    /// Makes a project of the seeded account and gives its id.
    func newProject(_ name: String, _ more: String = "") async throws -> Int {
        let made = try await json(.POST, "/projects", json: "{\"name\":\"\(name)\"\(more)}", status: 201)
        return try #require(made["id"]?.integer)
    }
}

extension JSONTree {
    /// A list's elements' members of one name, as texts.
    func all(_ name: String) -> [String] { (array ?? []).compactMap { $0[name]?.string } }
    var message: String? { self["message"]?.string }
    var error: String? { self["error"]?.string }
}

extension Answer {
    func header(_ name: String) -> String? { headers.first(name: name) }
}
