// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// The emulated CodeArts Repo, with a token of the seeded user.
struct CodeArtsClient: Sendable {
    let trial: SandboxTrial
    let token: String
    /// The project that is the seeded namespace.
    var home: String { trial.forge.namespace }

    /// Runs a body on a sandbox of its own.
    static func run(
        _ configure: (inout SandboxOptions) -> Void = { _ in },
        _ body: @escaping @Sendable (CodeArtsClient) async throws -> Void
    ) async throws {
        try await SandboxTrial.run(.devcloud, configure) { trial in
            let answer = try await signIn(trial)
            let token = try #require(answer.headers.first(name: "X-Subject-Token"))
            try await body(CodeArtsClient(trial: trial, token: token))
        }
    }

    static func signIn(
        _ trial: SandboxTrial, user: String = SandboxSeed.login, password: String = SandboxSeed.password,
        domain: String = SandboxSeed.domain, scope: String = #"{"project":{"name":"cn-north-4"}}"#
    ) async throws -> Answer {
        let body =
            #"{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"\#(user)","password":"\#(password)","domain":{"name":"\#(domain)"}}}},"scope":\#(scope)}}"#
        return try await trial.send(
            .POST, "/v3/auth/tokens", headers: [("Content-Type", "application/json")], body: Array(body.utf8))
    }

    func send(_ method: HTTPMethod, _ path: String, _ json: String? = nil, token: String? = nil) async throws -> Answer
    {
        try await trial.send(
            method, path, headers: [("X-Auth-Token", token ?? self.token), ("Content-Type", "application/json")],
            body: json.map { Array($0.utf8) })
    }

    /// The JSON of an answer that must have a status.
    @discardableResult
    func json(
        _ method: HTTPMethod, _ path: String, _ json: String? = nil, status: Int = 200, token: String? = nil,
        at location: SourceLocation = #_sourceLocation
    ) async throws -> JSONTree {
        let answer = try await send(method, path, json, token: token)
        #expect(answer.status == status, "\(method) \(path): \(answer.text.prefix(300))", sourceLocation: location)
        return answer.bytes.isEmpty ? .null : try answer.json()
    }

    /// A repository's path in version 4, by its group's path and its name.
    func repository(_ name: String = SandboxSeed.project, in group: String? = nil) async throws -> String {
        let place = (group ?? home).replacing("/", with: "%2F")
        let found = try await json(.GET, "/v1/repositories/repoid?group_name=\(place)&repository_name=\(name)")
        return "/v4/repositories/\(try #require(found["result"]?.integer))"
    }

    /// A new repository in the seeded project.
    func newRepository(_ name: String, _ more: String = "") async throws -> String {
        let made = try await json(.POST, "/v1/repositories", #"{"name":"\#(name)","project_uuid":"\#(home)"\#(more)}"#)
        #expect(made["status"]?.string == "success")
        return try await repository(name)
    }
}
