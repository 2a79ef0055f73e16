// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

struct GiteeFilesTests {
    private let repo = GiteeBench.repo
    private let trees = GiteeBench.repo + "/git/trees/"
    private let contents = GiteeBench.repo + "/contents/"

    @Test func `the tree is files and symbolic links, no directories, no submodules`() async throws {
        let network = StubNetwork(.init(.get, trees + "main?recursive=1", json: try GiteeBench.fixture("tree")))
        let paths = try await GiteeBench.open(network).files(of: GiteeBench.loom, at: "main")
        #expect(paths == ["README.md", "docs/a b 100%.txt", "docs/纺.txt", "latest", "run.sh"])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a tree that is cut off is read directory by directory`() async throws {
        let docs = String(repeating: "4", count: 40)
        let src = String(repeating: "8", count: 40)
        let below = String(repeating: "a", count: 40)
        let network = StubNetwork(
            .init(.get, trees + "main?recursive=1", json: try GiteeBench.fixture("tree_truncated")),
            .init(.get, trees + "main", json: try GiteeBench.fixture("tree_top")),
            .init(.get, trees + docs + "?recursive=1", json: try GiteeBench.fixture("tree_docs")),
            .init(.get, trees + src + "?recursive=1", json: try GiteeBench.fixture("tree_src_truncated")),
            .init(.get, trees + src, json: try GiteeBench.fixture("tree_src")),
            .init(.get, trees + below + "?recursive=1", json: try GiteeBench.fixture("tree_src_b")))
        let paths = try await GiteeBench.open(network).files(of: GiteeBench.loom, at: "main")
        #expect(paths == ["README.md", "docs/deep/x.txt", "docs/y.txt", "src/a.txt", "src/b/c.txt"])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a directory that is cut off itself is said to be so`() async throws {
        let network = StubNetwork(answering: { _ in .json(try GiteeBench.fixture("tree_truncated")) })
        let forge = GiteeBench.open(network)
        let error = try await GiteeBench.error { _ = try await forge.files(of: GiteeBench.loom, at: "main") }
        #expect(error?.code == .unsupported)
        #expect(network.requests.count == 2)
    }

    @Test func `a branch with a slash is turned into its commit, by a query`() async throws {
        let network = StubNetwork(
            .init(
                .get, repo + "/commits?sha=feature%2Fdeep%2Fer&page=1&per_page=1",
                json: try GiteeBench.fixture("commits")),
            .init(.get, trees + GiteeBench.tip + "?recursive=1", json: try GiteeBench.fixture("tree")))
        #expect(try await GiteeBench.open(network).files(of: GiteeBench.loom, at: "feature/deep/er").count == 5)
        #expect(network.complaints.isEmpty)
    }

    @Test func `an unknown ref is not found`() async throws {
        let network = StubNetwork(answering: { request in
            switch request.url {
            case GiteeBench.repo: .json(try GiteeBench.fixture("repository"))
            case GiteeBench.repo + "/tags" + GiteeBench.page: .json(try GiteeBench.fixture("tags_1"))
            default: .json(GiteeBench.notFound, status: 404)
            }
        })
        let forge = GiteeBench.open(network)
        for ref in ["nowhere", "no/where", ""] {
            let error = try await GiteeBench.error { _ = try await forge.files(of: GiteeBench.loom, at: ref) }
            #expect(error?.code == .notFound)
        }
    }

    @Test func `20,000 files are one list`() async throws {
        let entries = (0..<20_000).map {
            #"{"path":"d/\#($0).txt","mode":"100644","type":"blob","sha":"\#(GiteeBench.readme)","size":1,"url":""}"#
        }
        let body = #"{"sha":"main","url":"","tree":[\#(entries.joined(separator: ","))],"truncated":false}"#
        let network = StubNetwork(.init(.get, trees + "main?recursive=1", json: body))
        #expect(try await GiteeBench.open(network).files(of: GiteeBench.loom, at: "main").count == 20_000)
    }

    @Test func `a file is read byte for byte, with the id of its blob`() async throws {
        let network = StubNetwork(
            .init(
                .get, contents + "docs/a%20b%2B100%25%20%23%3F%3A/%E7%BA%BA.md?ref=feature%2Fx",
                json: try GiteeBench.fixture("file")))
        let path = "docs/a b+100% #?:/纺.md"
        let file = try await GiteeBench.open(network).file(at: GiteeBench.location(path, "feature/x"))
        #expect(file == FileContent(path: path, sha: GiteeBench.readme, bytes: Array("# 织机\n".utf8)))
        #expect(network.complaints.isEmpty)
    }

    @Test func `an empty file is a file`() async throws {
        let network = StubNetwork(.init(.get, contents + "empty?ref=main", json: try GiteeBench.fixture("file_empty")))
        let file = try await GiteeBench.open(network).file(at: GiteeBench.location("empty"))
        #expect(file.bytes == [])
        #expect(file.sha == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
    }

    @Test func `a file that comes without its content is read by its blob`() async throws {
        let sha = "6dfe704a5ea2697acc323487be0d4caf326a2ac6"
        let network = StubNetwork(
            .init(.get, contents + "big.bin?ref=main", json: try GiteeBench.fixture("file_large")),
            .init(.get, repo + "/git/blobs/" + sha, json: try GiteeBench.fixture("blob_large")))
        let file = try await GiteeBench.open(network).file(at: GiteeBench.location("big.bin"))
        #expect(file.bytes == (0..<5).flatMap { _ in (0...255).map { UInt8($0) } })
        #expect(file.sha == sha)
        #expect(network.complaints.isEmpty)
    }

    @Test func `nothing, a directory and a submodule are not found`() async throws {
        let submodule = #"{"type":"file","size":0,"content":"","encoding":"base64","sha":"\#(GiteeBench.tip)"}"#
        for (status, body) in [
            (404, GiteeBench.notFound), (200, "[]"), (200, try GiteeBench.fixture("directory")), (200, submodule),
            (200, submodule.replacing("\"file\"", with: "\"submodule\"")),
        ] {
            let network = StubNetwork(answering: { request in
                request.url.contains("/contents/")
                    ? .json(body, status: status) : .json(GiteeBench.notFound, status: 404)
            })
            let forge = GiteeBench.open(network)
            let error = try await GiteeBench.error { _ = try await forge.file(at: GiteeBench.location("docs")) }
            #expect(error?.code == .notFound, "\(body)")
        }
    }

    @Test func `a path that git forbids is not found, at no cost`() async throws {
        let network = StubNetwork([])
        let forge = GiteeBench.open(network)
        for path in ["/README.md", "a//b", "../x", "a/..", ".git/config", "a\u{0}b", ""] {
            let error = try await GiteeBench.error { _ = try await forge.file(at: GiteeBench.location(path)) }
            #expect(error?.code == .notFound)
        }
        #expect(network.requests.isEmpty)
    }

    @Test(arguments: [
        #"{"type":"file","encoding":"base64","content":"YQ==","sha":"../../x"}"#,
        #"{"type":"file","encoding":"base64","content":"YQ==""#, #"[{"path":"#, "<html>", "",
        #"{"type":"file","encoding":"base64","content":"YQ==","sha":"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"}"#,
    ])
    func `a file that makes no sense is an outage`(_ json: String) async throws {
        let network = StubNetwork(answering: { request in
            request.url.contains("/contents/")
                ? .json(json) : .json(#"{"encoding":"base64","content":"!!","sha":"x"}"#)
        })
        let forge = GiteeBench.open(network)
        let error = try await GiteeBench.error { _ = try await forge.file(at: GiteeBench.location("a")) }
        #expect(error?.code == .unavailable)
    }
}
