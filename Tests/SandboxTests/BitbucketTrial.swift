// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

extension SandboxTrial {
    /// The seeded API token without its email.
    var apiToken: String { forge.basic?.password.exposed ?? "" }

    static func basic(_ user: String, _ password: String) -> String {
        "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
    }

    /// Asks the API of Bitbucket with the seeded token, or with another `Authorization`; none where that is empty.
    func bucket(
        _ method: HTTPMethod, _ path: String, as authorization: String? = nil, json: String? = nil
    ) async throws -> Answer {
        let usual = Self.basic(forge.basic?.user ?? "", apiToken)
        var headers = [("Authorization", authorization ?? usual)].filter { !$0.1.isEmpty }
        if json != nil { headers.append(("Content-Type", "application/json")) }
        return try await send(
            method, path.hasPrefix("http") ? path : "/2.0" + path, headers: headers, body: json.map { Array($0.utf8) })
    }

    /// The JSON of an answer that must have a status.
    func bucketJSON(
        _ method: HTTPMethod, _ path: String, json: String? = nil, status: Int = 200,
        at location: SourceLocation = #_sourceLocation
    ) async throws -> JSONTree {
        let answer = try await bucket(method, path, json: json)
        #expect(answer.status == status, "\(method) \(path): \(answer.text.prefix(300))", sourceLocation: location)
        return try answer.json()
    }

    /// One part of a form: its disposition's parameters and its bytes.
    typealias Part = (parameters: String, bytes: [UInt8])

    /// A commit by a form of several parts.
    func commit(
        _ parts: [Part], to repository: String = "octavia/harbour", as authorization: String? = nil
    ) async throws -> Answer {
        var body: [UInt8] = []
        for part in parts {
            body += Array("--gap\r\nContent-Disposition: form-data; \(part.parameters)\r\n\r\n".utf8) + part.bytes
            body += Array("\r\n".utf8)
        }
        return try await send(
            .POST, "/2.0/repositories/\(repository)/src",
            headers: [
                ("Authorization", authorization ?? Self.basic(forge.basic?.user ?? "", apiToken)),
                ("Content-Type", "multipart/form-data; boundary=gap"),
            ], body: body + Array("--gap--\r\n".utf8))
    }

    static func field(_ name: String, _ value: String) -> Part { ("name=\"\(name)\"", Array(value.utf8)) }

    static func file(_ path: String, _ text: String, _ more: String = "") -> Part {
        ("name=\"\(path)\"; filename=\"f\"\(more)", Array(text.utf8))
    }

    /// The commit that a branch is at.
    func tip(_ branch: String = "main", _ repository: String = "octavia/harbour") async throws -> String {
        let body = try await bucketJSON(.GET, "/repositories/\(repository)/refs/branches/\(branch)")
        return try #require(body["target"]?["hash"]?.string)
    }
}

extension JSONTree {
    /// The message of a refusal.
    var refusal: String? { self["error"]?["message"]?.string }
    /// A page's entries' members of one name, as texts.
    func values(_ name: String) -> [String] { (self["values"]?.array ?? []).compactMap { $0[name]?.string } }
}
