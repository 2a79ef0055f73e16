// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

struct GitPushTests {
    private let base = "https://git.example.org"
    private var refs: String { base + "/mo/loom.git/info/refs?service=git-receive-pack" }
    private var receive: String { base + "/mo/loom.git/git-receive-pack" }

    private func push(_ network: StubNetwork) -> GitPush {
        GitPush(
            session: Session(
                forge: .gitee, base: base, upstream: network.upstream, source: .fixed(.personal(Secret("t"))),
                authenticate: { _ in [Upstream.Header("Authorization", "Basic proof")] }, headers: [],
                explain: { ForgeError(.unavailable, .gitee, "\($0.status)", upstreamStatus: $0.status) }),
            noun: "tag")
    }

    private func delete(_ ref: String, _ answers: Upstream.Response...) async -> (ForgeError?, StubNetwork) {
        let steps = zip([(Upstream.Method.get, refs), (.post, receive)], answers).map { call, answer in
            StubNetwork.Step(call.0, call.1, .success(answer))
        }
        let network = StubNetwork(steps)
        let push = push(network)
        do throws(ForgeError) {
            try await push.delete(ref, in: "/mo/loom.git")
            return (nil, network)
        } catch {
            return (error, network)
        }
    }

    @Test func `a ref is removed by one command that names what was read`() async throws {
        let (error, network) = await delete(
            "refs/tags/v1/纺", GitWire.advertisement(["refs/heads/main", "refs/tags/v1/纺"]),
            GitWire.report(["unpack ok\n", "ok refs/tags/v1/纺\n"]))
        #expect(error == nil)
        #expect(network.complaints.isEmpty)
        let request = try #require(network.requests.last)
        let zero = String(repeating: "0", count: 40)
        #expect(
            request.body
                == GitWire.line("\(GitWire.object) \(zero) refs/tags/v1/纺\0report-status agent=gatehouse\n")
                + Array("0000".utf8))
        #expect(request.header("Content-Type") == "application/x-git-receive-pack-request")
        #expect(network.requests.allSatisfy { $0.header("Authorization") == "Basic proof" })
    }

    @Test func `a repository of SHA-256 gets as many zeros`() async throws {
        let object = String(repeating: "e", count: 64)
        let (error, network) = await delete(
            "refs/tags/v1", GitWire.advertisement(["refs/tags/v1"], object: object),
            GitWire.report(["unpack ok\n", "ok refs/tags/v1\n"]))
        #expect(error == nil)
        let body = String(decoding: network.requests.last?.body ?? [], as: UTF8.self)
        #expect(body.contains("\(object) \(String(repeating: "0", count: 64)) refs/tags/v1\0"))
    }

    @Test func `a ref that is not there is not found, and no command sent`() async {
        for refs in [[], ["refs/tags/v10", "refs/heads/v1"]] {
            let (error, network) = await delete("refs/tags/v1", GitWire.advertisement(refs))
            #expect(error?.code == .notFound)
            #expect(network.requests.count == 1)
        }
    }

    @Test(arguments: ["refs/tags/", "refs/tags/a b", "refs/tags/a\n", "refs/tags/a\0b", "refs/tags/../x", ""])
    func `a name that git forbids is not asked for`(_ ref: String) async {
        let (error, network) = await delete(ref)
        #expect(error?.code == .notFound)
        #expect(network.requests.isEmpty)
    }

    @Test func `a server that deletes nothing says so`() async {
        for capabilities in ["report-status", "delete-refs", ""] {
            let (error, network) = await delete(
                "refs/tags/v1", GitWire.advertisement(["refs/tags/v1"], capabilities: capabilities))
            #expect(error?.code == .unsupported)
            #expect(network.requests.count == 1)
        }
    }

    @Test(arguments: [
        ("ng refs/tags/v1 pre-receive hook declined\n", ForgeError.Code.forbidden),
        ("ng refs/tags/v1 deletion prohibited\n", .forbidden), ("ng refs/tags/v1 <script>CANARY\n", .forbidden),
        ("ng refs/tags/v1 failed to update ref\n", .conflict), ("ng refs/tags/v1 cannot lock ref\n", .conflict),
    ])
    func `a refusal is told from a race, in our own words`(_ line: String, _ code: ForgeError.Code) async {
        let (error, _) = await delete(
            "refs/tags/v1", GitWire.advertisement(["refs/tags/v1"]), GitWire.report(["unpack ok\n", line]))
        #expect(error?.code == code)
        #expect(error?.message.contains("CANARY") == false)
        #expect(error?.message.contains("'v1'") == true)
    }

    @Test func `an answer that reports nothing is an outage`() async {
        for body in ["", "<html>", "0000", "000eunpack ok\n0000"] {
            let (error, _) = await delete(
                "refs/tags/v1", GitWire.advertisement(["refs/tags/v1"]),
                Upstream.Response(status: 200, body: Array(body.utf8)))
            #expect(error?.code == .unavailable)
        }
    }
}
