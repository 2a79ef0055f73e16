// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

struct BitbucketServerHooksTests {
    private typealias Bench = BitbucketServerBench
    private let hooks = Bench.repository + "/webhooks"

    @Test func `webhooks are read without the secrets that Bitbucket gives back`() async throws {
        let network = StubNetwork(Bench.step(.get, hooks + "?start=0&limit=100", try Bench.fixture("hooks")))
        let found = try await Bench.open(network).hooks(of: Bench.cider)
        #expect(
            found == [
                Hook(id: "31", callbackURL: "https://ci.example/hook"),
                Hook(id: "32", callbackURL: "https://chat.example/x"),
            ])
        var dumped = ""
        dump(found, to: &dumped)
        #expect(!dumped.contains("CANARY"))
    }

    @Test(arguments: [200, 201])
    func `a webhook is made for pushes of branches and tags, with its secret`(_ status: Int) async throws {
        let network = StubNetwork(Bench.step(.post, hooks, status: status, try Bench.fixture("hook")))
        let made = try await Bench.open(network).createHook(
            HookDraft(url: "https://ci.example/hook", secret: Secret("s3")), in: Bench.cider)
        #expect(made == Hook(id: "33", callbackURL: "https://ci.example/hook"))
        #expect(
            network.requests.first?.text
                == #"{"active":true,"configuration":{"secret":"s3"},"events":["repo:refs_changed"],"name":"Gatehouse","sslVerificationRequired":true,"url":"https://ci.example/hook"}"#
        )
    }

    @Test func `a refused webhook says what may be wrong`() async throws {
        let network = StubNetwork(
            Bench.step(
                .post, hooks, status: 400, Bench.refusal("validation.ArgumentValidationException", context: "url")))
        let forge = try Bench.open(network)
        let error = await failure { () throws(ForgeError) in
            _ = try await forge.createHook(HookDraft(url: "ftp://x", secret: Secret("s3")), in: Bench.cider)
        }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains("http or https") == true)
    }

    @Test func `a webhook is deleted by its number`() async throws {
        let network = StubNetwork(
            .init(.delete, hooks + "/31", status: 204), Bench.step(.delete, hooks + "/9", status: 404, "{}"))
        let forge = try Bench.open(network)
        try await forge.deleteHook(id: "31", in: Bench.cider)
        for id in ["9", "abc", "", "../31"] {
            let error = await failure { () throws(ForgeError) in try await forge.deleteHook(id: id, in: Bench.cider) }
            #expect(error?.code == .notFound)
            #expect(error?.message.contains("webhook") == true)
        }
        #expect(network.complaints.isEmpty)
    }
}
