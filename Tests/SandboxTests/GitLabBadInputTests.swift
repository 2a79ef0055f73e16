// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Whatever comes in, the emulated GitLab answers with a refusal of its own and goes on.
@Suite struct GitLabBadInputTests {
    private static let repository = "/projects/\(SandboxTrial.harbour)/repository"
    private static let strange = [
        "", " ", "\\u0000", "a\\u0000b", "\\n", "..", "../..", "/", "//", "-", "--help", "-n1", "HEAD", "@", "@{-1}",
        "main^{tree}",
        "main:README.md", "refs/heads/main", ":(top)", "*", "[", "a..b", "x.lock", "\\u007f", "\\ud83d\\ude00", "~",
        "^",
        "9999999999999999999999", "true", "null",
    ]

    @Test func `strange names are refused or taken, never a failure`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            for text in Self.strange {
                for (path, json) in [
                    ("/branches", "{\"branch\":\"\(text)\",\"ref\":\"main\"}"),
                    ("/branches", "{\"branch\":\"b\",\"ref\":\"\(text)\"}"),
                    ("/tags", "{\"tag_name\":\"\(text)\",\"ref\":\"main\"}"),
                    ("/tags", "{\"tag_name\":\"t\",\"ref\":\"\(text)\",\"message\":\"\(text)\"}"),
                    (
                        "/commits",
                        "{\"branch\":\"\(text)\",\"commit_message\":\"\(text)\",\"start_branch\":\"\(text)\",\"actions\":["
                            + "{\"action\":\"create\",\"file_path\":\"\(text)\",\"content\":\"\(text)\"}]}"
                    ),
                    (
                        "/commits",
                        "{\"branch\":\"main\",\"commit_message\":\"m\",\"author_name\":\"\(text)\",\"author_email\":"
                            + "\"\(text)\",\"actions\":[{\"action\":\"move\",\"file_path\":\"\(text)\",\"previous_path\":"
                            + "\"\(text)\",\"last_commit_id\":\"\(text)\"}]}"
                    ),
                ] {
                    let answer = try await trial.api(.POST, Self.repository + path, json: json)
                    #expect(answer.status < 500, "\(path) \(json): \(answer.text)")
                }
                let project = try await trial.api(
                    .POST, "/projects",
                    json: "{\"name\":\"\(text)\",\"path\":\"\(text)\",\"default_branch\":\"\(text)\","
                        + "\"initialize_with_readme\":true}")
                #expect(project.status < 500, "\(text): \(project.text)")
                let hook = try await trial.api(
                    .POST, "/projects/\(SandboxTrial.harbour)/hooks", json: "{\"url\":\"http://\(text)\"}")
                #expect(hook.status < 500, "\(text)")
            }
        }
    }

    @Test func `strange addresses are refused, never a failure`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let holes = [
                "%00", "a%00b", "%2F", "%2E%2E", "%2e%2e%2f", "..", "%20", "%0A", "-", "--all", "%3A(top)", "@%7B-1%7D",
                "99999999999999999999", "-1", "0", "%25", "%F0%9F%98%80", "main%3AREADME.md", "%22%3B",
            ]
            for hole in holes {
                for path in [
                    "/projects/\(hole)", "/groups/\(hole)", "/groups/\(hole)/projects", "/namespaces/\(hole)",
                    "/users/\(hole)", "/users/\(hole)/projects", "/projects/\(hole)/repository/tree",
                    "/projects/\(SandboxTrial.harbour)/hooks/\(hole)", "\(Self.repository)/branches/\(hole)",
                    "\(Self.repository)/tags/\(hole)", "\(Self.repository)/commits/\(hole)",
                    "\(Self.repository)/blobs/\(hole)", "\(Self.repository)/files/\(hole)?ref=main",
                    "\(Self.repository)/files/\(hole)/raw?ref=\(hole)", "\(Self.repository)/tree?ref=\(hole)",
                    "\(Self.repository)/tree?path=\(hole)&recursive=true", "\(Self.repository)/commits?path=\(hole)",
                    "\(Self.repository)/commits?ref_name=\(hole)&since=\(hole)&author=\(hole)",
                    "\(Self.repository)/branches?search=\(hole)&regex=\(hole)",
                    "\(Self.repository)/tags?page_token=\(hole)&pagination=keyset", "/projects?id_after=\(hole)",
                    "/projects?search=\(hole)&page=\(hole)&per_page=\(hole)",
                ] {
                    let answer = try await trial.api(.GET, path)
                    #expect(answer.status < 500, "\(path): \(answer.text)")
                }
            }
            for query in [
                "page=9223372036854775807", "page=-9223372036854775808", "per_page=-5",
                "page=9223372036854775807&per_page=100",
            ] {
                for list in ["/groups", "\(Self.repository)/commits", "\(Self.repository)/tags"] {
                    #expect(try await trial.api(.GET, "\(list)?\(query)").status == 200, "\(list) \(query)")
                }
            }
            for raw in ["/api/v4/projects/%ff", "/api/v4/projects/%zz", "/%", "/api/v4/projects/a%2"] {
                let answer = try await trial.send(.GET, raw)
                #expect((400..<500).contains(answer.status), "\(raw)")
            }
        }
    }

    @Test func `bodies that are no bodies are refused`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let token = trial.forge.token.exposed
            for (type, body) in [
                ("application/json", "{"), ("application/json", "[]"), ("application/json", "1"),
                ("application/json", "null"), ("application/json", "{\"branch\":{\"a\":[1]},\"ref\":[]}"),
                ("application/json", String(repeating: "[", count: 5000)), ("application/json", "\u{FEFF}{}"),
                ("multipart/form-data", "--x"), ("multipart/form-data; boundary=", "x"),
                ("multipart/form-data; boundary=x", "--x\r\n\r\n--x"), ("multipart/form-data; boundary=x", "--x--"),
                ("application/x-www-form-urlencoded", "%%%&=&&a=%ff&branch[]=1&branch[a]=2"), ("text/csv", "a,b"),
                ("", "branch=b"),
            ] {
                for (method, path) in [
                    (HTTPMethod.POST, "\(Self.repository)/branches"), (.POST, "\(Self.repository)/commits"),
                    (.PUT, "\(Self.repository)/files/a"), (.DELETE, "\(Self.repository)/files/a"), (.POST, "/projects"),
                ] {
                    let answer = try await trial.send(
                        method, "/api/v4" + path, headers: [("PRIVATE-TOKEN", token), ("Content-Type", type)],
                        body: Array(body.utf8))
                    #expect((400..<500).contains(answer.status), "\(method) \(path) \(type) \(body.prefix(40))")
                    #expect(try answer.json().object != nil)
                }
                let oauth = try await trial.send(
                    .POST, "/oauth/token", headers: [("Content-Type", type)], body: Array(body.utf8))
                #expect((400..<500).contains(oauth.status), "\(type) \(body.prefix(40))")
            }
            for body in ["", "0", "0000", "0004", "0005", "ffff", "zzzz", "0032ok", "0010 \0\0\0\0\0\0\0\0\0"] {
                let answer = try await trial.send(
                    .POST, "/octavia/harbour.git/git-receive-pack",
                    headers: [
                        ("Authorization", "Bearer \(token)"),
                        ("Content-Type", "application/x-git-receive-pack-request"),
                    ], body: Array(body.utf8))
                #expect(answer.status == 401, "git has no bearer tokens")
            }
        }
    }

    @Test func `a push that is no push does no harm`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let basic = "Basic " + Data("oauth2:\(trial.forge.token.exposed)".utf8).base64EncodedString()
            let branches = try await trial.json(.GET, Self.repository + "/branches")
            for body in ["", "0", "0000", "0004", "0005", "ffff", "zzzz", "0032ok", "0010 \0\0\0\0\0\0\0\0\0", "+fff"] {
                let answer = try await trial.send(
                    .POST, "/octavia/harbour.git/git-receive-pack",
                    headers: [("Authorization", basic), ("Content-Type", "application/x-git-receive-pack-request")],
                    body: Array(body.utf8))
                #expect(answer.status < 600)
            }
            #expect(try await trial.json(.GET, Self.repository + "/branches") == branches)
        }
    }
}
