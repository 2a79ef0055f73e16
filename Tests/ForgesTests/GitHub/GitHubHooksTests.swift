// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport
import Testing

@testable import Forges

struct GitHubHooksTests {
    private let hooks = GitHubStage.repo + "/hooks"
    private let engine = GitHubStage.engine

    @Test func `webhooks are listed with their addresses, and never a secret`() async throws {
        let stage = GitHubStage(try .github(.get, hooks + "?per_page=100", "hooks"))
        #expect(
            try await stage.github.hooks(of: engine) == [
                Hook(id: "1753", callbackURL: "https://ci.example/hook"), Hook(id: "1754", callbackURL: ""),
            ])
    }

    @Test func `a webhook is made for pushes, of branches and tags, as JSON`() async throws {
        let stage = GitHubStage(try .github(.post, hooks, "hook", status: 201))
        let draft = HookDraft(url: "https://ci.example/hook", secret: Secret("s3cret"))
        #expect(
            try await stage.github.createHook(draft, in: engine)
                == Hook(id: "1753", callbackURL: "https://ci.example/hook"))
        let configuration = [
            "url": "https://ci.example/hook", "content_type": "json", "secret": "s3cret", "insecure_ssl": "0",
        ]
        #expect(
            try stage.sent(0) == ["name": "web", "active": true, "events": ["push"], "config": configuration])
    }

    @Test func `a second webhook of the same address is refused`() async throws {
        let body =
            #"{"message":"Validation Failed","errors":[{"resource":"Hook","code":"custom","message":"Hook already exists on this repository"}]}"#
        let stage = GitHubStage(.init(.post, hooks, status: 422, json: body))
        let draft = HookDraft(url: "https://ci.example/hook", secret: Secret("s3cret"))
        let error = await failure { () throws(ForgeError) in try await stage.github.createHook(draft, in: engine) }
        #expect(error?.code == .alreadyExists)
        #expect(error.map { "\($0)".contains("s3cret") } == false)
    }

    @Test func `an address that GitHub does not like is named as a field`() async throws {
        let body =
            #"{"message":"Validation Failed","errors":[{"resource":"Hook","field":"url","code":"custom","message":"url host evil<script> is not supported"}]}"#
        let stage = GitHubStage(.init(.post, hooks, status: 422, json: body))
        let draft = HookDraft(url: "http://localhost", secret: Secret("s"))
        let error = await failure { () throws(ForgeError) in try await stage.github.createHook(draft, in: engine) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.message.contains("url (custom)") == true)
        #expect(error?.message.contains("evil") == false)
    }

    @Test func `a webhook is deleted by its number`() async throws {
        let stage = GitHubStage(.init(.delete, hooks + "/1753", status: 204))
        try await stage.github.deleteHook(id: "1753", in: engine)
        #expect(stage.network.complaints.isEmpty)
    }

    @Test(arguments: ["", "x", "-1", "0", "1753/../..", "1 ", "99999999999999999999999"])
    func `what is no webhook's number is not found without a call`(id: String) async {
        let stage = GitHubStage()
        #expect(
            await failure { () throws(ForgeError) in try await stage.github.deleteHook(id: id, in: engine) }?.code
                == .notFound)
        #expect(stage.network.requests.isEmpty)
    }

    @Test func `hidden webhooks are not found, with the scope that shows them`() async throws {
        let stage = GitHubStage(
            try .github(.get, hooks + "?per_page=100", "not-found", status: 404),
            try .github(.delete, hooks + "/9", "not-found", status: 404))
        let listed = await failure { () throws(ForgeError) in try await stage.github.hooks(of: engine) }
        #expect(listed?.code == .notFound)
        #expect(listed?.message.contains("write:repo_hook") == true)
        #expect(
            await failure { () throws(ForgeError) in try await stage.github.deleteHook(id: "9", in: engine) }?.code
                == .notFound)
    }
}
