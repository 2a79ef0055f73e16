// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Model
import TestSupport
import Testing

struct GitLabFilesTests {
    private let files = GitLabBench.project + "/repository/files/"
    private let tree = GitLabBench.project + "/repository/tree?ref=main&recursive=true&pagination=keyset&per_page=100"

    private func location(_ path: String, _ ref: String = "main") -> FileLocation {
        FileLocation(repository: GitLabBench.cider, path: path, ref: ref)
    }

    @Test func `the tree is all pages: files and symbolic links, no directories, no submodules`() async throws {
        let second = tree + "&page_token=5d3f1c0a9b8e7d6c5b4a39281706f5e4d3c2b1a0"
        let network = StubNetwork(
            .init(.get, tree, headers: GitLabBench.link(next: second), json: try GitLabBench.fixture("tree_1")),
            .init(.get, second, json: try GitLabBench.fixture("tree_2")))
        let paths = try await GitLabBench.open(network).files(of: GitLabBench.cider, at: "main")
        #expect(paths == ["docs/ünï code/a b.txt", "README.md", "latest", "run.sh"])
        #expect(network.complaints.isEmpty)
    }

    @Test func `the tree of an unknown ref is told from that of an empty repository`() async throws {
        for (project, code) in [("project_empty", nil), ("project", ForgeError.Code.notFound)] {
            let network = StubNetwork(
                .init(.get, tree, status: 404, json: #"{"message":"404 Tree Not Found"}"#),
                .init(.get, GitLabBench.project, json: try GitLabBench.fixture(project)))
            let forge = GitLabBench.open(network)
            var paths: [String]?
            let error = try await GitLabBench.error {
                paths = try await forge.files(of: GitLabBench.cider, at: "main")
            }
            #expect(error?.code == code)
            #expect(paths == (code == nil ? [] : nil))
            #expect(network.complaints.isEmpty)
        }
    }

    @Test func `a file is read byte for byte, with the id of its blob`() async throws {
        let network = StubNetwork(
            .init(
                .get, files + "docs%2F%C3%BCn%C3%AF%20code%2Fa%20b%2Etxt?ref=feature%2Fx",
                json: try GitLabBench.fixture("file")))
        let file = try await GitLabBench.open(network).file(at: location("docs/ünï code/a b.txt", "feature/x"))
        #expect(
            file
                == FileContent(
                    path: "docs/ünï code/a b.txt", sha: "b945c4309e2c059fb48ea99cba3f097a3dd1f7a4",
                    bytes: Array("Hällo\n\0\u{01}".utf8)))
        #expect(network.complaints.isEmpty)
    }

    @Test func `an empty file is a file`() async throws {
        let network = StubNetwork(.init(.get, files + "empty?ref=main", json: try GitLabBench.fixture("file_empty")))
        let file = try await GitLabBench.open(network).file(at: location("empty"))
        #expect(file.bytes == [])
        #expect(file.sha == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
    }

    /// GitLab shows it as an empty file with the id of a commit.
    @Test func `a submodule is no file`() async throws {
        let network = StubNetwork(
            .init(.get, files + "vendor%2Flib?ref=main", json: try GitLabBench.fixture("file_submodule")))
        let forge = GitLabBench.open(network)
        let error = try await GitLabBench.error { _ = try await forge.file(at: location("vendor/lib")) }
        #expect(error?.code == .notFound)
    }

    @Test(arguments: ["File", "Commit", "Project"])
    func `a directory, an unknown ref and an unknown project are not found`(_ what: String) async throws {
        let network = StubNetwork(
            .init(.get, files + "docs?ref=main", status: 404, json: #"{"message":"404 \#(what) Not Found"}"#))
        let forge = GitLabBench.open(network)
        let error = try await GitLabBench.error { _ = try await forge.file(at: location("docs")) }
        #expect(error?.code == .notFound)
        let words = ["File": "file", "Commit": "branch, tag or commit", "Project": "repository"]
        #expect(error?.message.contains(words[what] ?? "?") == true)
    }

    @Test func `a path that git forbids is not found, at no cost`() async throws {
        let network = StubNetwork([])
        let forge = GitLabBench.open(network)
        for path in ["/README.md", "a//b", "../x", "a/..", ".git/config", "a\u{0}b"] {
            let error = try await GitLabBench.error { _ = try await forge.file(at: location(path)) }
            #expect(error?.code == .notFound)
        }
        #expect(network.requests.isEmpty)
    }

    @Test func `a large file that GitLab throttles is read in its raw form`() async throws {
        let bytes = Array(repeating: UInt8(7), count: 3)
        let network = StubNetwork(
            .init(
                .get, files + "big%2Ebin?ref=main", status: 429, headers: ["Retry-After": "60"],
                json: try GitLabBench.fixture("error_large_blob")),
            .init(
                .get, files + "big%2Ebin/raw?ref=main",
                .success(
                    Upstream.Response(
                        status: 200,
                        headers: [
                            .init("Content-Type", "text/plain"),
                            .init("X-Gitlab-Blob-Id", "0A1B2C3D4E5F60718293A4B5C6D7E8F901234567"),
                        ], body: bytes))))
        let file = try await GitLabBench.open(network).file(at: location("big.bin"))
        #expect(file.bytes == bytes)
        #expect(file.sha == "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567")
        #expect(network.complaints.isEmpty)
    }

    @Test func `any other throttling is a rate limit`() async throws {
        let network = StubNetwork(
            .init(.get, files + "a?ref=main", status: 429, headers: ["Retry-After": "17"], json: "Retry later\n"))
        let forge = GitLabBench.open(network)
        let error = try await GitLabBench.error { _ = try await forge.file(at: location("a")) }
        #expect(error?.code == .rateLimited)
        #expect(error?.retryAfter == 17)
        #expect(network.complaints.isEmpty)
    }

    @Test func `a page in a raw file's place is not taken for the file`() async throws {
        let network = StubNetwork(
            .init(.get, files + "a?ref=main", status: 429, json: try GitLabBench.fixture("error_large_blob")),
            .init(.get, files + "a/raw?ref=main", headers: ["Content-Type": "text/html"], json: "<html>Sign in</html>"))
        let forge = GitLabBench.open(network)
        let error = try await GitLabBench.error { _ = try await forge.file(at: location("a")) }
        #expect(error?.code == .unavailable)
    }

    @Test(arguments: [
        #"{"encoding":"base64","content":"not base64!","blob_id":"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"}"#,
        #"{"encoding":"rot13","content":"","blob_id":"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"}"#,
        #"{"encoding":"base64","content":"YQ==","blob_id":"../../x"}"#,
        #"{"encoding":"base64","content":"YQ=="#,
    ])
    func `a file that makes no sense is an outage`(_ json: String) async throws {
        let forge = GitLabBench.open(StubNetwork(.init(.get, files + "a?ref=main", json: json)))
        let error = try await GitLabBench.error { _ = try await forge.file(at: location("a")) }
        #expect(error?.code == .unavailable)
    }
}
