// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport
import Testing

@testable import Forges

struct GitHubFilesTests {
    private let repo = GitHubStage.repo
    private let engine = GitHubStage.engine
    private let text = Array("test content\n".utf8)
    private let blob = "d670460b4b4aece5915caf5c68d12f560a9fe3e4"

    private func location(_ path: String, _ ref: String = "main") -> FileLocation {
        FileLocation(repository: engine, path: path, ref: ref)
    }

    @Test func `a tree is listed whole: files and links, not directories and submodules`() async throws {
        let stage = GitHubStage(
            try .github(.get, repo + "/git/trees/feature/st%C3%A9am%23?recursive=1", "tree"))
        #expect(
            try await stage.github.files(of: engine, at: "feature/stéam#") == ["README.md", "link", "src/a b#.swift"])
        #expect(stage.network.complaints.isEmpty)
    }

    @Test func `a tree that is cut off is read directory by directory, in the same order`() async throws {
        func sha(_ digit: String) -> String { String(repeating: digit, count: 40) }
        func tree(_ own: String, _ entries: [(String, String, String)], truncated: Bool = false) -> String {
            let items = entries.map { #"{"path":"\#($0.0)","type":"\#($0.1)","sha":"\#(sha($0.2))"}"# }
            return #"{"sha":"\#(sha(own))","truncated":\#(truncated),"tree":[\#(items.joined(separator: ","))]}"#
        }
        let trees = repo + "/git/trees/"
        let stage = GitHubStage(
            .init(.get, trees + "main?recursive=1", json: tree("a", [("x", "blob", "0")], truncated: true)),
            .init(
                .get, trees + sha("a"),
                json: tree(
                    "a", [("a", "tree", "b"), ("b.txt", "blob", "0"), ("lib", "commit", "0"), ("z", "tree", "c")])),
            .init(
                .get, trees + sha("b") + "?recursive=1", json: tree("b", [("1", "blob", "0"), ("d/2", "blob", "0")])),
            .init(.get, trees + sha("c") + "?recursive=1", json: tree("c", [("cut", "blob", "0")], truncated: true)),
            .init(.get, trees + sha("c"), json: tree("c", [("e", "tree", "d"), ("f", "blob", "0")])),
            .init(.get, trees + sha("d") + "?recursive=1", json: tree("d", [("3", "blob", "0")])))
        #expect(
            try await stage.github.files(of: engine, at: "main") == ["a/1", "a/d/2", "b.txt", "z/e/3", "z/f"])
        #expect(stage.network.complaints.isEmpty)
    }

    @Test func `a single directory that is cut off is an error, never a shorter list`() async throws {
        let sha = String(repeating: "a", count: 40)
        let cut = #"{"sha":"\#(sha)","truncated":true,"tree":[{"path":"x","type":"blob","sha":"\#(sha)"}]}"#
        let stage = GitHubStage(
            .init(.get, repo + "/git/trees/main?recursive=1", json: cut),
            .init(.get, repo + "/git/trees/" + sha, json: cut))
        #expect(
            await failure { () throws(ForgeError) in try await stage.github.files(of: engine, at: "main") }?.code
                == .unsupported)
    }

    @Test func `a tree within itself is an error, not a loop`() async throws {
        let sha = String(repeating: "a", count: 40)
        let network = StubNetwork(answering: { request in
            .json(
                #"{"sha":"\#(sha)","truncated":\#(request.url.contains("recursive")),"tree":[{"path":"x","type":"tree","sha":"\#(sha)"}]}"#
            )
        })
        let github = GitHub(
            host: .official(.github), source: .fixed(.personal(Secret("t"))), upstream: network.upstream)
        #expect(
            await failure { () throws(ForgeError) in try await github.files(of: engine, at: "main") }?.code
                == .unavailable)
    }

    @Test(arguments: [404, 422])
    func `an unknown ref has no files`(status: Int) async throws {
        let stage = GitHubStage(
            try .github(.get, repo + "/git/trees/nope?recursive=1", "not-found", status: status))
        #expect(
            await failure { () throws(ForgeError) in try await stage.github.files(of: engine, at: "nope") }?.code
                == .notFound)
    }

    @Test func `a file is read from its base64, lines and all`() async throws {
        let stage = GitHubStage(try .github(.get, repo + "/contents/d%20%23/README.md?ref=a%2Fb", "file"))
        #expect(
            try await stage.github.file(at: location("d #/README.md", "a/b"))
                == FileContent(path: "d #/README.md", sha: blob, bytes: text))
        #expect(
            stage.network.requests[0].headers.filter { $0.name == "Accept" }.map(\.value)
                == ["application/vnd.github.object+json"])
    }

    @Test func `an empty file has no bytes`() async throws {
        let stage = GitHubStage(try .github(.get, repo + "/contents/empty?ref=main", "file-empty"))
        #expect(try await stage.github.file(at: location("empty")).bytes.isEmpty)
    }

    @Test func `a file over 1 MB is read as its blob`() async throws {
        let stage = GitHubStage(
            try .github(.get, repo + "/contents/README.md?ref=main", "file-large"),
            .init(.get, repo + "/git/blobs/" + blob, .success(.init(status: 200, body: text))))
        #expect(try await stage.github.file(at: location("README.md")).bytes == text)
        #expect(stage.network.requests[1].header("Accept") == "application/vnd.github.raw+json")
    }

    @Test func `an older server's refusal of a large file is gone around`() async throws {
        let stage = GitHubStage(
            try .github(.get, repo + "/contents/README.md?ref=main", "too-large", status: 403),
            .init(.get, repo + "/contents/README.md?ref=main", .success(.init(status: 200, body: text))))
        #expect(
            try await stage.github.file(at: location("README.md"))
                == FileContent(path: "README.md", sha: blob, bytes: text))
    }

    @Test func `a file over 100 MB is not to be had, and the sentence says what to do`() async throws {
        let huge = try GitHubStage.fixture("file-large").replacing("2000000", with: "104857601")
        let known = GitHubStage(.init(.get, repo + "/contents/README.md?ref=main", json: huge))
        let refused = GitHubStage(
            try .github(.get, repo + "/contents/README.md?ref=main", "file-large"),
            try .github(.get, repo + "/git/blobs/" + blob, "too-large", status: 403))
        for stage in [known, refused] {
            let error = await failure { () throws(ForgeError) in
                try await stage.github.file(at: location("README.md"))
            }
            #expect(error?.code == .unsupported)
            #expect(error?.message.contains("Clone") == true)
        }
    }

    @Test func `content of another blob than named is replaced by the blob, and refused where that is wrong too`()
        async throws
    {
        let other = try GitHubStage.fixture("file").replacing("dGVzdCBjb250\\nZW50Cg==\\n", with: "eA==")
        let url = repo + "/contents/README.md?ref=main"
        let right = GitHubStage(
            .init(.get, url, json: other),
            .init(.get, repo + "/git/blobs/" + blob, .success(.init(status: 200, body: text))))
        #expect(try await right.github.file(at: location("README.md")).bytes == text)
        let wrong = GitHubStage(
            .init(.get, url, json: other), .init(.get, repo + "/git/blobs/" + blob, .success(.init(status: 200))))
        #expect(
            await failure { () throws(ForgeError) in try await wrong.github.file(at: location("README.md")) }?.code
                == .unavailable)
    }

    @Test func `content that is no base64 is nonsense`() async throws {
        let bad = try GitHubStage.fixture("file").replacing("dGVzdCBjb250", with: "?")
        let stage = GitHubStage(.init(.get, repo + "/contents/README.md?ref=main", json: bad))
        #expect(
            await failure { () throws(ForgeError) in try await stage.github.file(at: location("README.md")) }?.code
                == .unavailable)
    }

    @Test func `a link that leads out of the repository's files reads as the path it holds`() async throws {
        let stage = GitHubStage(try .github(.get, repo + "/contents/link?ref=main", "symlink"))
        #expect(try await stage.github.file(at: location("link")).bytes == Array("to/a-place".utf8))
    }

    @Test(arguments: ["directory", "submodule", "array"])
    func `a directory and a submodule are no files`(kind: String) async throws {
        let json = kind == "array" ? #" [{"type":"file","path":"src/a"}]"# : try GitHubStage.fixture(kind)
        let stage = GitHubStage(.init(.get, repo + "/contents/src?ref=main", json: json))
        #expect(
            await failure { () throws(ForgeError) in try await stage.github.file(at: location("src")) }?.code
                == .notFound)
    }

    @Test(arguments: ["", "/", "a/", "/a", "a//b", "..", "a/../b", "../../user", ".git/config", "a\u{0}"])
    func `what is no path in git is not found without a call`(path: String) async {
        let stage = GitHubStage()
        #expect(
            await failure { () throws(ForgeError) in try await stage.github.file(at: location(path)) }?.code
                == .notFound)
        #expect(stage.network.requests.isEmpty)
    }

    @Test func `a missing file is named in the sentence`() async throws {
        let stage = GitHubStage(try .github(.get, repo + "/contents/no?ref=main", "not-found", status: 404))
        let error = await failure { () throws(ForgeError) in try await stage.github.file(at: location("no")) }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("'no' at 'main'") == true)
    }
}
