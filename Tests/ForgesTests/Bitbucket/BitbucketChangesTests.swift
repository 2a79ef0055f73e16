// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Model
import TestSupport
import Testing

struct BitbucketChangesTests {
    private static let path = BitbucketBench.repository
    private static let source = BitbucketBench.source
    private static let made = Upstream.Response(
        status: 201, headers: [Upstream.Header("Content-Type", "text/html; charset=utf-8")])

    private func answers() throws -> [String: Upstream.Response] {
        [
            "GET \(Self.path)": try BitbucketBench.answer("repository"),
            "GET \(Self.path)/refs/branches/main": try BitbucketBench.answer("branch"),
            "GET \(Self.source)README.md?format=meta": try BitbucketBench.answer("meta"),
            "GET \(Self.source)README.md": BitbucketBench.raw(BitbucketBench.readme),
            "GET \(Self.source)lens?format=meta": try BitbucketBench.answer("meta_directory"),
            "POST \(Self.path)/src": Self.made,
        ]
    }

    private func change(
        _ kind: FileChange.Kind, _ path: String = "README.md", ref: String = "main", on network: StubNetwork
    ) async throws -> ForgeError? {
        let location = FileLocation(repository: BitbucketBench.beacon, path: path, ref: ref)
        let forge = BitbucketBench.open(network)
        return try await BitbucketBench.error {
            try await forge.change(FileChange(kind, message: "Say “so”\n"), at: location)
        }
    }

    private func form(_ network: StubNetwork) throws -> [String] {
        let request = try #require(network.requests.last)
        #expect(request.method == .post)
        return BitbucketBench.parts(of: request).map { "\($0.disposition)|\($0.text)" }
    }

    private let lock = [
        "name=\"message\"|Say “so”\n", "name=\"branch\"|main", "name=\"parents\"|" + BitbucketBench.head,
    ]

    @Test func `a new file is sent under the lock of the branch's latest commit`() async throws {
        let network = BitbucketBench.network(try answers())
        #expect(try await change(.create(bytes: Array("a\r\n\0b".utf8)), "docs/ünï \"q\" \\.txt", on: network) == nil)
        #expect(
            try form(network) == lock + [
                "name=\"/docs/ünï \\\"q\\\" \\\\.txt\"; filename=\"ünï \\\"q\\\" \\\\.txt\"|a\r\n\0b"
            ])
        // The branch, the file, what stands at `docs` (again the branch first), and the form.
        #expect(network.requests.count == 5)
    }

    @Test func `a file may be called as one of the form's own fields`() async throws {
        let network = BitbucketBench.network(try answers())
        #expect(try await change(.create(bytes: []), "message", on: network) == nil)
        #expect(try form(network).last == "name=\"/message\"; filename=\"message\"|")
    }

    @Test func `all bytes are sent as they are`() async throws {
        let network = BitbucketBench.network(try answers())
        let bytes = (0...255).map { UInt8($0) }
        #expect(try await change(.create(bytes: bytes), "all", on: network) == nil)
        let body = try #require(network.requests.last?.body)
        #expect(body.firstRange(of: Array("\r\n\r\n".utf8) + bytes + Array("\r\n--".utf8)) != nil)
    }

    @Test(arguments: [BitbucketBench.readmeBlob, BitbucketBench.head, BitbucketBench.readmeBlob.uppercased()])
    func `a file is changed and removed by its blob or the branch's latest commit`(expected: String) async throws {
        let update = BitbucketBench.network(try answers())
        #expect(try await change(.update(bytes: [65], expected: expected), on: update) == nil)
        #expect(try form(update) == lock + ["name=\"/README.md\"; filename=\"README.md\"|A"])
        let deletion = BitbucketBench.network(try answers())
        #expect(try await change(.delete(expected: expected), on: deletion) == nil)
        #expect(try form(deletion) == lock + ["name=\"files\"|/README.md"])
    }

    @Test(arguments: ["", "d670460b4b4aece5915caf5c68d12f560a9fe3e4", "main", "50ceca7"])
    func `what has changed since it was read is a conflict, and nothing is written`(expected: String) async throws {
        for kind in [FileChange.Kind.update(bytes: [65], expected: expected), .delete(expected: expected)] {
            let network = BitbucketBench.network(try answers())
            #expect(try await change(kind, on: network)?.code == .conflict)
            #expect(network.requests.allSatisfy { $0.method == .get })
        }
    }

    @Test func `what comes between reading and writing is a conflict`() async throws {
        var table = try answers()
        table["POST \(Self.path)/src"] = .json(#"{"type":"error","error":{"message":"CANARY"}}"#, status: 409)
        let kinds = [
            FileChange.Kind.create(bytes: [1]), .update(bytes: [65], expected: BitbucketBench.readmeBlob),
            .delete(expected: BitbucketBench.head),
        ]
        for (kind, path) in zip(kinds, ["new", "README.md", "README.md"]) {
            let error = try await change(kind, path, on: BitbucketBench.network(table))
            #expect(error?.code == .conflict)
            #expect(error?.upstreamStatus == 409)
        }
    }

    @Test(arguments: ["README.md", "lens"])
    func `a file or directory that is there is not made again`(path: String) async throws {
        let network = BitbucketBench.network(try answers())
        #expect(try await change(.create(bytes: [1]), path, on: network)?.code == .alreadyExists)
        #expect(network.requests.allSatisfy { $0.method == .get })
    }

    @Test(arguments: ["gone.txt", "lens", "a//b", ".git/x"])
    func `what is no file is neither changed nor removed`(path: String) async throws {
        for kind in [FileChange.Kind.update(bytes: [1], expected: BitbucketBench.head), .delete(expected: "x")] {
            let network = BitbucketBench.network(try answers())
            #expect(try await change(kind, path, on: network)?.code == .notFound)
            #expect(network.requests.allSatisfy { $0.method == .get })
        }
    }

    @Test(arguments: ["", "/a", "a/../b", ".git/config", "a\r\nX: y"])
    func `a path that cannot be is refused before anything is asked`(path: String) async throws {
        let network = StubNetwork()
        #expect(try await change(.create(bytes: [1]), path, on: network)?.code == .invalidRequest)
        #expect(network.requests.isEmpty)
    }

    @Test func `an executable stays one, and so does a link`() async throws {
        for attribute in ["executable", "link"] {
            var table = try answers()
            table["GET \(Self.source)README.md?format=meta"] = .json(
                #"{"type":"commit_file","path":"README.md","size":26,"attributes":["binary","\#(attribute)"]}"#)
            let network = BitbucketBench.network(table)
            let kind = FileChange.Kind.update(bytes: [65], expected: BitbucketBench.readmeBlob)
            #expect(try await change(kind, on: network) == nil)
            #expect(
                try form(network).last
                    == "name=\"/README.md\"; filename=\"README.md\"; x-attributes=\"\(attribute)\"|A")
        }
    }

    @Test func `a submodule is no file`() async throws {
        var table = try answers()
        table["GET \(Self.source)README.md?format=meta"] = try BitbucketBench.answer("meta_submodule")
        let error = try await change(.delete(expected: BitbucketBench.head), on: BitbucketBench.network(table))
        #expect(error?.code == .notFound)
    }

    @Test func `the first file of an empty repository has no parent`() async throws {
        let table = [
            "GET \(Self.path)": try BitbucketBench.answer("repository_empty"), "POST \(Self.path)/src": Self.made,
        ]
        let network = BitbucketBench.network(table)
        #expect(try await change(.create(bytes: [65]), "a", ref: "trunk", on: network) == nil)
        #expect(
            try form(network) == [
                "name=\"message\"|Say “so”\n", "name=\"branch\"|trunk", "name=\"/a\"; filename=\"a\"|A",
            ])
        let deletion = BitbucketBench.network(table)
        #expect(try await change(.delete(expected: "x"), "a", ref: "trunk", on: deletion)?.code == .notFound)
    }

    @Test func `only a branch is written to, and only one that is there`() async throws {
        var table = try answers()
        table["GET \(Self.path)/refs/tags/v1"] = try BitbucketBench.answer("tag")
        table["GET \(Self.path)/commit/\(BitbucketBench.head)"] = try BitbucketBench.answer("commit")
        for (ref, code, says) in [
            ("v1", ForgeError.Code.invalidRequest, "tag"), (BitbucketBench.head, .invalidRequest, "commit"),
            ("gone", .notFound, "no such branch,"), ("", .notFound, "branch"), ("a..b", .notFound, "branch"),
        ] {
            let network = BitbucketBench.network(table)
            let error = try await change(.create(bytes: [1]), "new", ref: ref, on: network)
            #expect(error?.code == code)
            #expect(error?.message.contains(says) == true)
            #expect(network.requests.allSatisfy { $0.method == .get })
        }
    }

    @Test func `a protected branch and a missing scope are told`() async throws {
        for (status, body) in [
            (403, try BitbucketBench.fixture("missing_scope")),
            (400, #"{"type":"error","error":{"message":"Branch restriction: CANARY"}}"#),
        ] {
            var table = try answers()
            table["POST \(Self.path)/src"] = .json(body, status: status)
            let error = try await change(.create(bytes: [1]), "new", on: BitbucketBench.network(table))
            #expect(error?.code == .forbidden)
        }
    }

    @Test func `a change that changes nothing is as it was asked for, even if Bitbucket refuses it`() async throws {
        var table = try answers()
        table["POST \(Self.path)/src"] = .json(#"{"type":"error","error":{"message":"no changes"}}"#, status: 400)
        let same = Array(BitbucketBench.readme.utf8)
        let kind = FileChange.Kind.update(bytes: same, expected: BitbucketBench.readmeBlob)
        #expect(try await change(kind, on: BitbucketBench.network(table)) == nil)
        let other = FileChange.Kind.update(bytes: [65], expected: BitbucketBench.readmeBlob)
        #expect(try await change(other, on: BitbucketBench.network(table))?.code == .invalidRequest)
    }
}
