// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Model
import TestSupport
import Testing

struct BitbucketHooksTests {
    private let path = BitbucketBench.repository + "/hooks"
    private let id = "3b6f0e0a-2a4e-4f7b-9a6d-0d2f6a8f7c31"

    @Test func `webhooks are read to the last page, their ids without braces`() async throws {
        let network = StubNetwork(
            try BitbucketBench.step(.get, path + "?pagelen=100", "hooks"),
            try BitbucketBench.step(.get, path + "?pagelen=100&page=2", "hooks_2"))
        #expect(
            try await BitbucketBench.open(network).hooks(of: BitbucketBench.beacon)
                == [
                    Hook(id: id, callbackURL: "https://ci.example/hook"),
                    Hook(id: "9d1c7f52-6b0e-4f6b-8e4b-6c7e7a3f2d10", callbackURL: "https://chat.example/in"),
                ])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a webhook is made for pushes, with its secret`() async throws {
        let network = StubNetwork(try BitbucketBench.step(.post, path, "hook", status: 201))
        let draft = HookDraft(url: "https://ci.example/hook", secret: Secret("CANARY"))
        let hook = try await BitbucketBench.open(network).createHook(draft, in: BitbucketBench.beacon)
        #expect(hook == Hook(id: id, callbackURL: "https://ci.example/hook"))
        #expect(
            network.requests.map(\.text) == [
                #"{"active":true,"description":"Gatehouse","events":["repo:push"],"secret":"CANARY","url":"https://ci.example/hook"}"#
            ])
        #expect(network.complaints.isEmpty)
    }

    @Test func `no secret is no secret, and a long one is refused`() async throws {
        let network = StubNetwork(try BitbucketBench.step(.post, path, "hook", status: 201))
        let forge = BitbucketBench.open(network)
        _ = try await forge.createHook(HookDraft(url: "https://x", secret: Secret("")), in: BitbucketBench.beacon)
        #expect(network.requests.first?.text.contains("secret") == false)
        let long = HookDraft(url: "https://x", secret: Secret(String(repeating: "s", count: 129)))
        let error = try await BitbucketBench.error { _ = try await forge.createHook(long, in: BitbucketBench.beacon) }
        #expect(error?.code == .invalidRequest)
        #expect(network.requests.count == 1)
    }

    @Test func `an address that Bitbucket does not take is told`() async throws {
        let body = #"{"type":"error","error":{"message":"Bad request","fields":{"url":["CANARY"]}}}"#
        let forge = BitbucketBench.open(StubNetwork(answering: { _ in .json(body, status: 400) }))
        let draft = HookDraft(url: "http://127.0.0.1", secret: Secret("s"))
        let error = try await BitbucketBench.error { _ = try await forge.createHook(draft, in: BitbucketBench.beacon) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains("open internet") == true)
    }

    @Test(arguments: ["3b6f0e0a-2a4e-4f7b-9a6d-0d2f6a8f7c31", "{3b6f0e0a-2a4e-4f7b-9a6d-0d2f6a8f7c31}"])
    func `a webhook is deleted by its id, with braces or without`(id: String) async throws {
        let address = BitbucketBench.api + path + "/%7B3b6f0e0a-2a4e-4f7b-9a6d-0d2f6a8f7c31%7D"
        let network = StubNetwork(.init(.delete, address, status: 204))
        try await BitbucketBench.open(network).deleteHook(id: id, in: BitbucketBench.beacon)
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: ["", "31", "../../x"])
    func `a webhook that is not there is not found`(id: String) async throws {
        let forge = BitbucketBench.open(BitbucketBench.network([:]))
        let error = try await BitbucketBench.error { try await forge.deleteHook(id: id, in: BitbucketBench.beacon) }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("webhook") == true)
    }
}
