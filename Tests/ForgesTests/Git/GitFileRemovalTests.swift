// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

struct GitFileRemovalTests {
    private static let text = GitFileRemoval.Text(
        message: "Remove it", name: "Mira <Holt>\n", email: "mira@orchard.example", time: 1_704_182_645)

    private func run(
        _ path: String, report: [String] = ["unpack ok\n", "ok refs/heads/main\n"],
        abilities: String = "shallow side-band-64k filter"
    ) async -> (error: ForgeError?, network: StubNetwork) {
        let base = "https://git.orchard.example/scm"
        let network = StubNetwork(answering: { request in
            let address = String(request.url.dropFirst(base.count + "/orch/cider.git".count))
            return GitStage.answer(request.method, address, report: report, abilities: abilities)
                ?? Upstream.Response(status: 404)
        })
        let session = Session(
            forge: .bitbucket, base: base, upstream: network.upstream, source: .fixed(.personal(Secret("t"))),
            authenticate: { (_) throws(ForgeError) in [] }, headers: [],
            explain: { ForgeError(.unavailable, .bitbucket, "status \($0.status)", upstreamStatus: $0.status) })
        let removal = GitFileRemoval(session: session, repository: "/orch/cider.git")
        let error = await failure { () throws(ForgeError) in
            try await removal.remove(path, on: "main", at: GitStage.commit.name, Self.text)
        }
        return (error, network)
    }

    /// The objects that were pushed, and the command before them.
    private func pushed(_ network: StubNetwork) throws -> (command: String, objects: [String: GitObject]) {
        let body = try #require(network.requests.last { $0.method == .post }?.body)
        let start = try #require(body.firstRange(of: Array("PACK".utf8))).lowerBound
        let lines = try #require(PacketLine.read(Array(body[..<start])))
        #expect(lines.count == 2 && lines.last == .flush)
        return (lines[0].text ?? "", try #require(GitPack.read(Array(body[start...]))))
    }

    @Test func `a file is gone, and everything else stays`() async throws {
        let (error, network) = await run("README.md")
        #expect(error == nil)
        let (command, objects) = try pushed(network)
        let root = GitStage.tree([("40000", "docs", GitStage.docs.name), ("40000", "lib", GitStage.lib.name)])
        let commit = GitObject(
            kind: .commit,
            bytes: Array(
                """
                tree \(root.name)
                parent \(GitStage.commit.name)
                author Mira Holt <mira@orchard.example> 1704182645 +0000
                committer Mira Holt <mira@orchard.example> 1704182645 +0000

                Remove it

                """.utf8))
        #expect(objects == [root.name: root, commit.name: commit])
        #expect(
            command == "\(GitStage.commit.name) \(commit.name) refs/heads/main\0report-status agent=gatehouse")
        #expect(network.requests.map(\.method) == [.get, .post, .post])
    }

    @Test func `a directory goes with its last file`() async throws {
        let (error, network) = await run("docs/a.txt")
        #expect(error == nil)
        let root = GitStage.tree([("100644", "README.md", GitStage.blob), ("40000", "lib", GitStage.lib.name)])
        #expect(try pushed(network).objects[root.name] == root)
        #expect(try pushed(network).objects.count == 2)
    }

    @Test(arguments: ["gone", "docs", "docs/b.txt", "lib/tide", "README.md/x", "lib/tide/x"])
    func `what is no file is not found, and nothing is pushed`(_ path: String) async {
        let (error, network) = await run(path)
        #expect(error?.code == .notFound)
        #expect(network.requests.count == 2)
    }

    @Test func `files are left out of what is read, where the server is able to`() async throws {
        for (abilities, filter) in [("shallow side-band-64k filter", true), ("side-band-64k shallow", false)] {
            let (error, network) = await run("README.md", abilities: abilities)
            #expect(error == nil)
            let body = String(decoding: try #require(network.requests[1].body), as: UTF8.self)
            #expect(body.contains("filter blob:none") == filter)
            #expect(body.contains("want \(GitStage.commit.name) side-band-64k"))
            #expect(body.hasSuffix("0000" + "0009done\n"))
        }
        #expect(await run("README.md", abilities: "side-band-64k").error?.code == .unavailable)
    }

    @Test(arguments: [
        (["unpack ok\n", "ng refs/heads/main failed to update ref\n"], ForgeError.Code.conflict),
        (["unpack ok\n", "ng refs/heads/main pre-receive hook declined\n"], .forbidden),
        (["unpack ok\n", "ok refs/heads/other\n"], .unavailable), (["unpack index-pack failed\n"], .forbidden),
        ([], .unavailable),
    ])
    func `a refused push has its code`(_ report: [String], _ code: ForgeError.Code) async {
        #expect(await run("README.md", report: report).error?.code == code)
    }
}
