// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

struct BitbucketServerFilesTests {
    private typealias Bench = BitbucketServerBench
    private let files = Bench.repository + "/files?at=main&start="
    private let raw = Bench.repository + "/raw/"

    private func location(_ path: String, _ ref: String = "main") -> FileLocation {
        FileLocation(repository: Bench.cider, path: path, ref: ref)
    }

    private func bytes(_ address: String, _ bytes: [UInt8], _ headers: [String: String]? = nil) -> StubNetwork.Step {
        let all = headers ?? Bench.headers
        return .init(
            .get, address,
            .success(
                Upstream.Response(
                    status: 200, headers: all.map { Upstream.Header($0.key, $0.value) }, body: bytes)))
    }

    @Test func `the tree is all pages, without the submodules`() async throws {
        let modules =
            "[submodule \"tide\"]\n\tpath = lib/tide\n\turl = https://x.example/t\n[submodule]\npath=\"not here\"\n"
        let network = StubNetwork(
            Bench.step(.get, files + "0&limit=10000", try Bench.fixture("files_1")),
            Bench.step(.get, files + "3&limit=10000", try Bench.fixture("files_2")),
            bytes(raw + ".gitmodules?at=main", Array(modules.utf8)),
            Bench.step(
                .get, Bench.repository + "/browse/lib/tide?at=main&type=true", #"{"type":"SUBMODULE"}"#))
        let paths = try await Bench.open(network).files(of: Bench.cider, at: "main")
        #expect(paths == [".gitmodules", "README.md", "docs/ünï code/a b.txt", "latest", "run.sh"])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a file is read byte for byte, and its id computed`() async throws {
        let content = Array("Hällo\n\0\u{01}".utf8)
        let network = StubNetwork(
            bytes(raw + "docs/%C3%BCn%C3%AF%20code/100%25%20%23%3F%2B%3A.txt?at=feature%2Fx", content))
        let file = try await Bench.open(network).file(at: location("docs/ünï code/100% #?+:.txt", "feature/x"))
        #expect(
            file
                == FileContent(
                    path: "docs/ünï code/100% #?+:.txt", sha: "b945c4309e2c059fb48ea99cba3f097a3dd1f7a4", bytes: content
                ))
        #expect(network.requests.first?.header("Accept") == "*/*")
        #expect(network.complaints.isEmpty)
    }

    @Test func `an empty file is a file, and a page may be one`() async throws {
        let page = Array("<html>Sign in</html>".utf8)
        let network = StubNetwork(bytes(raw + "empty?at=main", []), bytes(raw + "a.html?at=main", page))
        let forge = try Bench.open(network)
        #expect(try await forge.file(at: location("empty")).sha == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
        #expect(try await forge.file(at: location("a.html")).bytes == page)
    }

    @Test func `what does not come from Bitbucket is not taken for a file`() async throws {
        let network = StubNetwork(
            bytes(raw + "a.html?at=main", Array("<html>Sign in</html>".utf8), ["Content-Type": "text/html"]))
        let forge = try Bench.open(network)
        let error = await failure { () throws(ForgeError) in _ = try await forge.file(at: location("a.html")) }
        #expect(error?.code == .unavailable)
    }

    @Test(arguments: [
        (404, "content.NoSuchPathException", "file"), (400, "content.PathException", "file"),
        (404, "x.Unknown", "file"),
        (404, "commit.NoSuchCommitException", "branch, tag or commit"),
        (404, "repository.NoSuchRepositoryException", "repository"),
    ])
    func `what is missing is named`(_ status: Int, _ exception: String, _ what: String) async throws {
        let network = StubNetwork(Bench.step(.get, raw + "docs?at=main", status: status, Bench.refusal(exception)))
        let forge = try Bench.open(network)
        let error = await failure { () throws(ForgeError) in _ = try await forge.file(at: location("docs")) }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("no such \(what),") == true)
    }

    @Test func `a path that git forbids is not found, at no cost`() async throws {
        let network = StubNetwork([])
        let forge = try Bench.open(network)
        for path in ["", "/README.md", "a//b", "../x", "a/..", ".git/config", "a\u{0}b"] {
            let error = await failure { () throws(ForgeError) in _ = try await forge.file(at: location(path)) }
            #expect(error?.code == .notFound)
        }
        #expect(network.requests.isEmpty)
    }
}
