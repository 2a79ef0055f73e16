// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import Subprocess
import TestSupport
import Testing

/// Speaks to an emulated GitHub as a program would.
struct GitHubClient: Sendable {
    let trial: SandboxTrial
    /// nil for no credentials.
    var authorization: String?

    init(_ trial: SandboxTrial) {
        self.trial = trial
        authorization = "Bearer " + trial.forge.token.exposed
    }

    /// The same with another token; nil for none.
    func with(token: String?) -> GitHubClient {
        with(authorization: token.map { "token " + $0 })
    }

    func with(authorization: String?) -> GitHubClient {
        var changed = self
        changed.authorization = authorization
        return changed
    }

    func get(_ path: String, headers: [(String, String)] = []) async throws -> Answer {
        try await send(.GET, path, headers: headers)
    }

    func delete(_ path: String, _ body: String? = nil) async throws -> Answer {
        try await send(.DELETE, path, body)
    }

    func send(
        _ method: HTTPMethod, _ path: String, _ body: String? = nil, headers: [(String, String)] = []
    ) async throws -> Answer {
        var all = headers
        if !headers.contains(where: { $0.0 == "User-Agent" }) { all.append(("User-Agent", "gatehouse-tests")) }
        if let authorization { all.append(("Authorization", authorization)) }
        let address = path.hasPrefix("http") ? path : "/api/v3" + path
        return try await trial.send(method, address, headers: all, body: body.map { Array($0.utf8) })
    }

    /// Every element of a list, page by page along the `Link` header.
    func all(_ path: String) async throws -> [JSONTree] {
        var elements: [JSONTree] = []
        var next: String? = path
        while let address = next {
            let answer = try await get(address)
            elements += try #require(try answer.json().array)
            next = answer.link("next")
        }
        return elements
    }

    /// The SHA of a branch's tip.
    func tip(_ branch: String = "main", of repository: String = "octavia/harbour") async throws -> String {
        try #require(try await get("/repos/\(repository)/git/ref/heads/\(branch)").json()["object"]?["sha"]?.string)
    }

    /// Puts a file and gives the answer.
    func put(
        _ path: String, _ text: String, sha: String? = nil, branch: String? = nil,
        repository: String = "octavia/harbour"
    ) async throws -> Answer {
        var members = ["\"message\":\"put\"", "\"content\":\"\(Data(text.utf8).base64EncodedString())\""]
        if let sha { members.append("\"sha\":\"\(sha)\"") }
        if let branch { members.append("\"branch\":\"\(branch)\"") }
        return try await send(
            .PUT, "/repos/\(repository)/contents/\(path)", "{\(members.joined(separator: ","))}")
    }
}

/// Runs a body against an emulated GitHub of its own.
func withGitHub(
    _ configure: (inout SandboxOptions) -> Void = { _ in },
    _ body: @escaping @Sendable (GitHubClient) async throws -> Void
) async throws {
    try await SandboxTrial.run(.github, configure) { try await body(GitHubClient($0)) }
}

/// A token for the options.
func token(_ text: String, scopes: [String], login: String = SandboxSeed.login) -> SandboxToken {
    SandboxToken(forge: .github, token: Secret(text), login: login, scopes: scopes)
}

/// Runs the machine's git, as a user would, and gives what it writes, errors included.
/// - Parameter input: what git reads.
func runGit(
    _ arguments: [String], in directory: String? = nil, input: [UInt8] = []
) async throws -> (isDone: Bool, output: String) {
    let result = try await Subprocess.run(
        .name("git"),
        arguments: Arguments((directory.map { ["-C", $0] } ?? []) + arguments),
        environment: .custom([
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_TERMINAL_PROMPT": "0", "GIT_AUTHOR_NAME": "Octavia", "GIT_AUTHOR_EMAIL": "o@example.com",
            "GIT_COMMITTER_NAME": "Octavia", "GIT_COMMITTER_EMAIL": "o@example.com",
        ]),
        input: .array(input),
        output: .string(limit: 1 << 24),
        error: .combinedWithOutput
    )
    return (result.terminationStatus.isSuccess, result.standardOutput)
}
