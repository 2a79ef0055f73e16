// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Files that are read and changed one at a time at the emulated GitLab.
@Suite struct GitLabFileTests {
    private static let files = "/projects/\(SandboxTrial.harbour)/repository/files"

    private static func escaped(_ path: String) -> String {
        path.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? path
    }

    private static func body(
        _ content: String, branch: String = "main", encoding: String = "text", more: String = ""
    ) -> String {
        """
        {"branch":"\(branch)","content":"\(content)","commit_message":"Change it","encoding":"\(encoding)"\(more)}
        """
    }

    @Test func `paths with every kind of sign are read and changed`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            for path in [
                "with space/a b.txt", "100%/50%25.txt", "c++/a+b.txt", "#1/what?.txt", "Ünï/港.md",
                "a&b=c;d/@:!$',*.txt",
                "dots/.hidden/..two..", "back\\slash/\"quoted\"", ":(glob)*", "-dash",
            ] {
                let file = "\(Self.files)/\(Self.escaped(path))"
                let made = try await trial.json(.POST, file, json: Self.body("one"), status: 201)
                #expect(made == .object(["file_path": .string(path), "branch": .string("main")]))
                let read = try await trial.json(.GET, file + "?ref=main")
                #expect(read["file_path"]?.string == path)
                #expect(read["content"]?.string == "b25l")
                let last = read["last_commit_id"]?.string ?? ""
                let changed = try await trial.json(
                    .PUT, file, json: Self.body("two", more: ",\"last_commit_id\":\"\(last)\""))
                #expect(changed == made)
                #expect(try await trial.api(.GET, file + "/raw").text == "two")
                let gone = try await trial.api(.DELETE, file + "?branch=main&commit_message=Drop")
                #expect(gone.status == 204)
                #expect(gone.bytes.isEmpty)
                #expect(try await trial.json(.GET, file + "?ref=main", status: 404).message == "404 File Not Found")
            }
        }
    }

    @Test func `a file is told in a body, in headers and raw`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let file = "\(Self.files)/docs%2Fwith%20space%2F%C3%BCn%C3%AF%20c%C3%B6d%C3%A9%20%E6%B8%AF.txt"
            let body = try await trial.json(.GET, file + "?ref=develop")
            #expect(body["content"]?.string == Data("grüße\n".utf8).base64EncodedString())
            #expect(body["size"]?.integer == 8)
            #expect(body["encoding"]?.string == "base64")
            #expect(body["ref"]?.string == "develop")
            #expect(body["execute_filemode"]?.bool == false)
            let head = try await trial.api(.HEAD, file + "?ref=develop")
            #expect(head.status == 200)
            #expect(head.bytes.isEmpty)
            for (name, member) in [
                ("X-Gitlab-Blob-Id", "blob_id"), ("X-Gitlab-Commit-Id", "commit_id"),
                ("X-Gitlab-Content-Sha256", "content_sha256"), ("X-Gitlab-Last-Commit-Id", "last_commit_id"),
                ("X-Gitlab-Ref", "ref"), ("X-Gitlab-Encoding", "encoding"),
            ] {
                #expect(head.header(name) == body[member]?.string, "\(name)")
            }
            #expect(head.header("X-Gitlab-Size") == "8")
            let raw = try await trial.api(.GET, file + "/raw?ref=develop")
            #expect(raw.text == "grüße\n")
            #expect(raw.header("Content-Type") == "text/plain; charset=utf-8")
            #expect(
                raw.header("Content-Disposition")?.hasSuffix(
                    "filename*=UTF-8''%C3%BCn%C3%AF%20c%C3%B6d%C3%A9%20%E6%B8%AF.txt") == true)
            let script = try await trial.json(.GET, "\(Self.files)/bin%2Fmoor.sh?ref=HEAD")
            #expect(script["execute_filemode"]?.bool == true)
            #expect(try await trial.json(.GET, "\(Self.files)/data%2F.keep?ref=main")["content"]?.string == "")
            // A link's content is where it leads.
            #expect(try await trial.api(.GET, "\(Self.files)/docs%2Fpilot/raw").text == "../src")
        }
    }

    @Test func `what cannot be read says why`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            for (path, status, sentence) in [
                ("README.md?ref=nowhere", 404, "404 Commit Not Found"), ("docs?ref=main", 404, "404 File Not Found"),
                ("nothing.txt?ref=main", 404, "404 File Not Found"), ("README.md", 400, "ref is missing, ref is empty"),
                ("README.md?ref=", 400, "ref is empty"),
                ("..%2Fetc%2Fpasswd?ref=main", 400, "file_path should be a valid file path"),
                ("%2Fetc%2Fpasswd?ref=main", 400, "file_path should be a valid file path"),
            ] {
                let body = try await trial.json(.GET, "\(Self.files)/\(path)", status: status)
                #expect((body.message ?? body.error) == sentence, "\(path)")
            }
            // A slash that is not escaped is no part of a path.
            #expect(try await trial.api(.GET, "\(Self.files)/docs/index.md?ref=main").status == 404)
        }
    }

    @Test func `what cannot be changed says why`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let file = "\(Self.files)/README.md"
            for (method, path, json, sentence) in [
                (HTTPMethod.POST, file, Self.body("x"), "A file with this name already exists"),
                (.POST, "\(Self.files)/docs", Self.body("x"), "A directory with this name already exists"),
                (.POST, "\(Self.files)/README.md%2Fin", Self.body("x"), "A file with this name already exists"),
                (.PUT, "\(Self.files)/nothing", Self.body("x"), "A file with this name doesn't exist"),
                (.DELETE, "\(Self.files)/nothing", Self.body("x"), "A file with this name doesn't exist"),
                (
                    .PUT, file, Self.body("x", branch: "nowhere"),
                    "You can only create or edit files when you are on a branch"
                ),
                (
                    .PUT, file, Self.body("x", branch: "v1.0.0"),
                    "You can only create or edit files when you are on a branch"
                ),
                (
                    .PUT, file, Self.body("x", branch: "develop", more: #","start_branch":"main""#),
                    "A branch called 'develop' already exists. Switch to that branch in order to make changes"
                ),
                (
                    .PUT, file, Self.body("x", more: #","last_commit_id":"0123""#),
                    "You are attempting to update a file that has changed since you started editing it."
                ),
                (.POST, "\(Self.files)/.git%2Fconfig", Self.body("x"), "invalid path: '.git/config'"),
            ] {
                let body = try await trial.json(method, path, json: json, status: 400)
                #expect(body.message == sentence)
            }
            for (json, sentence) in [
                (
                    "{}",
                    "branch is missing, branch is empty, commit_message is missing, commit_message is empty, "
                        + "content is missing"
                ),
                (Self.body("x", encoding: "rot13"), "encoding does not have a valid value"),
                (Self.body("x", branch: ""), "branch is empty"),
            ] {
                #expect(try await trial.json(.PUT, file, json: json, status: 400).error == sentence)
            }
        }
    }

    @Test func `a file's bytes, mode, author and message arrive as they were sent`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 256) }
            let json = Self.body(
                Data(bytes).base64EncodedString(), branch: "made", encoding: "base64",
                more: #","start_branch":"v0","author_name":"Ann Other","author_email":"ann@example.com""#
                    + #","execute_filemode":true"#)
            let file = "\(Self.files)/bin%2Fbytes"
            #expect(try await trial.api(.POST, file, json: json).status == 400)
            let right = json.replacing("\"v0\"", with: "\"feature/one\"")
            #expect(try await trial.api(.POST, file, json: right).status == 201)
            #expect(try await trial.api(.GET, file + "/raw?ref=made").bytes == bytes)
            let read = try await trial.json(.GET, file + "?ref=made")
            #expect(read["execute_filemode"]?.bool == true)
            let commits = try await trial.json(
                .GET, "/projects/\(SandboxTrial.harbour)/repository/commits?ref_name=made&per_page=2")
            #expect(commits[0]?["author_name"]?.string == "Ann Other")
            #expect(commits[0]?["committer_name"]?.string == "Octavia Lund")
            #expect(commits[0]?["message"]?.string == "Change it")
            #expect(commits[0]?["id"] == read["last_commit_id"])
            #expect(commits[1]?["title"]?.string == "Start feature one")
            // An update keeps the mode unless it says otherwise, and a `last_commit_id` does not hinder a deletion.
            #expect(try await trial.api(.PUT, file, json: Self.body("x", branch: "made")).status == 200)
            #expect(try await trial.json(.GET, file + "?ref=made")["execute_filemode"]?.bool == true)
            let gone = try await trial.api(
                .DELETE, file + "?branch=made&commit_message=m&last_commit_id=\(String(repeating: "1", count: 40))")
            #expect(gone.status == 204)
        }
    }

    @Test func `the first file of an empty repository makes its branch`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let project = "/projects/octavia%2Fempty-dock"
            let made = try await trial.api(
                .POST, project + "/repository/files/a.txt", json: Self.body("a", branch: "trunk"))
            #expect(made.status == 201)
            let found = try await trial.json(.GET, project)
            #expect(found["default_branch"]?.string == "trunk")
            #expect(found["empty_repo"]?.bool == false)
            #expect(try await trial.json(.GET, project + "/repository/commits/trunk")["parent_ids"] == .array([]))
        }
    }

    @Test func `nothing is lost when many write at once`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let answers = try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
                for number in 0..<12 {
                    group.addTask {
                        let file = "\(Self.files)/many%2F\(number)"
                        return (number, try await trial.api(.POST, file, json: Self.body("\(number)")))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let made = answers.filter { $0.1.status == 201 }.map(\.0)
            #expect(!made.isEmpty)
            for (_, answer) in answers where answer.status != 201 {
                #expect(answer.status == 400)
                #expect(
                    try answer.json().message
                        == "Could not update refs/heads/main. Please refresh and try again.")
            }
            let project = "/projects/\(SandboxTrial.harbour)/repository"
            let tree = try await trial.json(.GET, project + "/tree?path=many&per_page=100")
            #expect(Set(tree.all("name")) == Set(made.map(String.init)))
            let commits = try await trial.json(.GET, project + "/commits?per_page=100")
            #expect(commits.array?.count == 14 + made.count)
        }
    }
}
