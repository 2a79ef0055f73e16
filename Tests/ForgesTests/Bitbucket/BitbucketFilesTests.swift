// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Model
import TestSupport
import Testing

struct BitbucketFilesTests {
    private let path = BitbucketBench.repository
    private let source = BitbucketBench.source
    private let branch = BitbucketBench.repository + "/refs/branches/main"

    private func location(_ path: String, ref: String = "main") -> FileLocation {
        FileLocation(repository: BitbucketBench.beacon, path: path, ref: ref)
    }

    @Test func `all files are listed, links and executables too, directories and submodules not`() async throws {
        let network = StubNetwork(
            try BitbucketBench.step(.get, branch, "branch"),
            try BitbucketBench.step(.get, source + "?max_depth=20&pagelen=100", "tree"),
            try BitbucketBench.step(.get, source + "?max_depth=20&pagelen=100&page=2", "tree_2"))
        let files = try await BitbucketBench.open(network).files(of: BitbucketBench.beacon, at: "main")
        #expect(files == ["README.md", "lens/fresnel.svg", "lens/current", "bin/light", "lens/ünï code/a b.txt"])
        #expect(network.complaints.isEmpty)
    }

    private func page(_ entries: [(type: String, path: String)]) -> Upstream.Response {
        let values = entries.map { #"{"type":"commit_\#($0.type)","path":"\#($0.path)"}"# }
        return .json(#"{"values":[\#(values.joined(separator: ","))]}"#)
    }

    @Test func `what lies deeper than one listing goes is listed from there`() async throws {
        let deep = (1...20).map { "d\($0)" }
        let chain = (1...20).map { (type: "directory", path: deep.prefix($0).joined(separator: "/")) }
        let bottom = deep.joined(separator: "/")
        let network = BitbucketBench.network([
            "GET \(branch)": try BitbucketBench.answer("branch"),
            "GET \(source)?max_depth=20&pagelen=100": page(chain),
            "GET \(source)\(bottom)/?max_depth=20&pagelen=100": page([("file", bottom + "/end.txt")]),
        ])
        let files = try await BitbucketBench.open(network).files(of: BitbucketBench.beacon, at: "main")
        #expect(files == [bottom + "/end.txt"])
        #expect(network.requests.count == 3)
    }

    @Test func `a tree that Bitbucket cannot list in time is listed in parts, each file once`() async throws {
        let slow = Upstream.Response.json(#"{"type":"error","error":{"message":"timed out"}}"#, status: 555)
        var answers = [
            "GET \(branch)": try BitbucketBench.answer("branch"), "GET \(source)?max_depth=20&pagelen=100": slow,
            "GET \(source)?max_depth=4&pagelen=100": slow,
            "GET \(source)?max_depth=1&pagelen=100": page([("directory", "a b"), ("file", "x")]),
            "GET \(source)a%20b/?max_depth=1&pagelen=100": page([("file", "a b/y"), ("directory", "a b/c")]),
            "GET \(source)a%20b/c/?max_depth=1&pagelen=100": page([("file", "a b/c/z")]),
        ]
        let forge = BitbucketBench.open(BitbucketBench.network(answers))
        #expect(try await forge.files(of: BitbucketBench.beacon, at: "main") == ["x", "a b/y", "a b/c/z"])
        // A part that fails is not left out.
        answers["GET \(source)a%20b/c/?max_depth=1&pagelen=100"] = slow
        let failing = BitbucketBench.open(BitbucketBench.network(answers))
        let error = try await BitbucketBench.error {
            _ = try await failing.files(of: BitbucketBench.beacon, at: "main")
        }
        #expect(error?.code == .unavailable)
        #expect(error?.upstreamStatus == 555)
    }

    @Test func `twenty thousand files are one list`() async throws {
        let network = StubNetwork(answering: { request in
            if request.url.hasSuffix("/refs/branches/main") { return try BitbucketBench.answer("branch") }
            let number = request.url.split(separator: "&page=").dropFirst().last.flatMap { Int($0) } ?? 1
            let values = (1...100).map { #"{"type":"commit_file","path":"f/\#(number)-\#($0)","size":1}"# }
            let address = BitbucketBench.api + BitbucketBench.source + "?max_depth=20&pagelen=100&page=\(number + 1)"
            let next = number == 200 ? "" : #","next":"\#(address)""#
            return .json(#"{"values":[\#(values.joined(separator: ","))]\#(next)}"#)
        })
        let files = try await BitbucketBench.open(network).files(of: BitbucketBench.beacon, at: "main")
        #expect(files.count == 20_000)
        #expect(Set(files).count == 20_000)
    }

    @Test func `a file comes with its blob's SHA, computed from the bytes`() async throws {
        let network = StubNetwork(
            try BitbucketBench.step(.get, branch, "branch"),
            try BitbucketBench.step(.get, source + "README.md?format=meta", "meta"),
            .init(.get, BitbucketBench.api + source + "README.md", .success(BitbucketBench.raw(BitbucketBench.readme))))
        let file = try await BitbucketBench.open(network).file(at: location("README.md"))
        #expect(file.path == "README.md")
        #expect(file.bytes == Array(BitbucketBench.readme.utf8))
        #expect(file.sha == BitbucketBench.readmeBlob)
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [
        ("a b/ünï#?%+:.txt", "a%20b/%C3%BCn%C3%AF%23%3F%25%2B%3A.txt"), ("src/.hidden", "src/.hidden"),
        (String(repeating: "n", count: 200), String(repeating: "n", count: 200)),
    ])
    func `a file's path is encoded but for its slashes`(file: String, encoded: String) async throws {
        let bytes = (0...255).map { UInt8($0) } + Array("\r\n".utf8)
        let meta = #"{"type":"commit_file","path":"x","size":258,"attributes":["binary"]}"#
        let network = StubNetwork(
            try BitbucketBench.step(.get, path + "/commit/" + BitbucketBench.head, "commit"),
            .init(.get, BitbucketBench.api + source + encoded + "?format=meta", json: meta),
            .init(
                .get, BitbucketBench.api + source + encoded, .success(Upstream.Response(status: 200, body: bytes))))
        let found = try await BitbucketBench.open(network).file(at: location(file, ref: BitbucketBench.head))
        #expect(found.path == file)
        #expect(found.bytes == bytes)
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [0, 1_048_577, 20_971_520])
    func `a file may be empty or large`(size: Int) async throws {
        let bytes = [UInt8](repeating: 7, count: size)
        let network = StubNetwork(answering: { request in
            if request.url.contains("/refs/") { return try BitbucketBench.answer("branch") }
            return request.url.hasSuffix("meta")
                ? .json(#"{"type":"commit_file","path":"x","size":\#(size),"attributes":[]}"#)
                : Upstream.Response(status: 200, body: bytes)
        })
        let file = try await BitbucketBench.open(network).file(at: location("x"))
        #expect(file.bytes.count == size)
        if size == 0 { #expect(file.sha == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391") }
    }

    @Test(arguments: ["meta_directory", "meta_submodule"])
    func `what is no file is not found`(meta: String) async throws {
        let network = StubNetwork(
            try BitbucketBench.step(.get, branch, "branch"),
            try BitbucketBench.step(.get, source + "lens?format=meta", meta))
        let forge = BitbucketBench.open(network)
        #expect(try await BitbucketBench.error { _ = try await forge.file(at: location("lens")) }?.code == .notFound)
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: ["", "a//b", "../user", ".git/config", "a/..", "a\0b"])
    func `a path that git cannot hold is not asked for`(path: String) async throws {
        let network = StubNetwork()
        let forge = BitbucketBench.open(network)
        #expect(try await BitbucketBench.error { _ = try await forge.file(at: location(path)) }?.code == .notFound)
        #expect(network.requests.isEmpty)
    }

    @Test func `bytes that are fewer than the file has are refused`() async throws {
        let network = StubNetwork(
            try BitbucketBench.step(.get, branch, "branch"),
            try BitbucketBench.step(.get, source + "README.md?format=meta", "meta"),
            .init(.get, BitbucketBench.api + source + "README.md", .success(BitbucketBench.raw("# Bea"))))
        let forge = BitbucketBench.open(network)
        let error = try await BitbucketBench.error { _ = try await forge.file(at: location("README.md")) }
        #expect(error?.code == .unavailable)
    }

    @Test func `a file in Git LFS is not fetched from where Bitbucket redirects`() async throws {
        let elsewhere = Upstream.Response(
            status: 301, headers: [Upstream.Header("Location", "https://api.media.atlassian.com/file/x")])
        let network = StubNetwork(
            try BitbucketBench.step(.get, branch, "branch"),
            try BitbucketBench.step(.get, source + "README.md?format=meta", "meta"),
            .init(.get, BitbucketBench.api + source + "README.md", .success(elsewhere)))
        let forge = BitbucketBench.open(network)
        let error = try await BitbucketBench.error { _ = try await forge.file(at: location("README.md")) }
        #expect(error?.code == .unavailable)
        #expect(network.requests.count == 3)
    }
}
