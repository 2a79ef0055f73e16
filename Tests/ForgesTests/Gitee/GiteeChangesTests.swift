// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport
import Testing

@testable import Forges

struct GiteeChangesTests {
    private let repo = GiteeBench.repo
    private let contents = GiteeBench.repo + "/contents/"
    private let tip = GiteeBench.tip
    private let bytes: [UInt8] = [0, 0xFF, 0x0A]

    private func branch() throws -> StubNetwork.Step {
        .init(.get, repo + "/branches/main", json: try GiteeBench.fixture("branch"))
    }

    private func readme() throws -> StubNetwork.Step {
        .init(.get, contents + "README.md?ref=\(tip)", json: try GiteeBench.fixture("file"))
    }

    @Test func `a file is made on its branch`() async throws {
        let path = "docs/a b+100% #?:/纺.md"
        let network = StubNetwork(
            try branch(),
            .init(
                .post, contents + "docs/a%20b%2B100%25%20%23%3F%3A/%E7%BA%BA.md", status: 201,
                json: try GiteeBench.fixture("change")))
        let change = FileChange(.create(bytes: bytes), message: "Weave\n\n\"more\"")
        try await GiteeBench.open(network).change(change, at: GiteeBench.location(path))
        #expect(
            try #require(network.requests.last).jsonBody()
                == .object([
                    "content": .string("AP8K"), "message": .string("Weave\n\n\"more\""), "branch": .string("main"),
                ]))
        #expect(network.complaints.isEmpty)
    }

    /// The blob's SHA, or that of the branch's latest commit; letter case does not matter.
    @Test(arguments: [GiteeBench.readme, GiteeBench.readme.uppercased(), GiteeBench.tip])
    func `a file is changed and removed under the lock of its blob`(_ expected: String) async throws {
        let network = StubNetwork(
            try branch(), try readme(),
            .init(.put, contents + "README.md", json: try GiteeBench.fixture("change")), try branch(), try readme(),
            .init(
                .delete,
                contents + "README.md?sha=\(GiteeBench.readme)&message=Drop%20it%20%26%20more&branch=main",
                json: try GiteeBench.fixture("change")))
        let forge = GiteeBench.open(network)
        let update = FileChange(.update(bytes: bytes, expected: expected), message: "m")
        try await forge.change(update, at: GiteeBench.location("README.md"))
        let body = try #require(network.requests.last).jsonBody()
        #expect(body["sha"]?.string == GiteeBench.readme)
        #expect(body["content"]?.string == "AP8K")
        let removal = FileChange(.delete(expected: expected), message: "Drop it & more")
        try await forge.change(removal, at: GiteeBench.location("README.md"))
        #expect(network.complaints.isEmpty)
    }

    @Test func `a file that has changed since it was read is a conflict, and nothing is written`() async throws {
        for kind in [
            FileChange.Kind.update(bytes: bytes, expected: String(repeating: "0", count: 40)), .delete(expected: "x"),
        ] {
            let network = StubNetwork(try branch(), try readme())
            let forge = GiteeBench.open(network)
            let error = try await GiteeBench.error {
                try await forge.change(FileChange(kind, message: "m"), at: GiteeBench.location("README.md"))
            }
            #expect(error?.code == .conflict)
            #expect(network.complaints.isEmpty)
        }
    }

    /// Between the look and the write somebody else writes: Gitee's own lock refuses, in whatever words.
    @Test(arguments: [400, 404, 409, 422])
    func `a race is a conflict`(_ status: Int) async throws {
        let network = StubNetwork(
            try branch(), try readme(),
            .init(.put, contents + "README.md", status: status, json: #"{"message":"whatever"}"#),
            .init(.get, contents + "README.md?ref=main", json: try GiteeBench.fixture("file_empty")))
        let forge = GiteeBench.open(network)
        let change = FileChange(.update(bytes: bytes, expected: GiteeBench.readme), message: "m")
        let error = try await GiteeBench.error {
            try await forge.change(change, at: GiteeBench.location("README.md"))
        }
        #expect(error?.code == .conflict)
        #expect(network.complaints.isEmpty)
    }

    @Test func `a refused change that changes nothing is done`() async throws {
        let network = StubNetwork(
            try branch(), try readme(), .init(.put, contents + "README.md", status: 400, json: "{}"),
            .init(.get, contents + "README.md?ref=main", json: try GiteeBench.fixture("file")))
        let kind = FileChange.Kind.update(bytes: Array("# 织机\n".utf8), expected: GiteeBench.readme)
        try await GiteeBench.open(network).change(
            FileChange(kind, message: "m"), at: GiteeBench.location("README.md"))
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [400, 422])
    func `a file that exists is told from another refusal`(_ status: Int) async throws {
        for (body, there, code) in [
            (try GiteeBench.fixture("file"), 200, ForgeError.Code.alreadyExists), ("[]", 200, .invalidRequest),
            (GiteeBench.notFound, 404, .invalidRequest),
        ] {
            let network = StubNetwork(
                try branch(), .init(.post, contents + "README.md", status: status, json: #"{"message":"文件名"}"#),
                .init(.get, contents + "README.md?ref=main", status: there, json: body))
            let forge = GiteeBench.open(network)
            let error = try await GiteeBench.error {
                try await forge.change(
                    FileChange(.create(bytes: bytes), message: "m"), at: GiteeBench.location("README.md"))
            }
            #expect(error?.code == code)
            #expect(network.complaints.isEmpty)
        }
    }

    @Test func `a file that is not there cannot be changed`() async throws {
        let network = StubNetwork(
            try branch(), .init(.get, contents + "gone?ref=\(tip)", status: 404, json: GiteeBench.notFound))
        let forge = GiteeBench.open(network)
        let error = try await GiteeBench.error {
            try await forge.change(FileChange(.delete(expected: tip), message: "m"), at: GiteeBench.location("gone"))
        }
        #expect(error?.code == .notFound)
        #expect(network.complaints.isEmpty)
    }

    @Test func `the first file of an empty repository makes its branch`() async throws {
        let network = StubNetwork(
            .init(.get, repo + "/branches/main", status: 404, json: GiteeBench.notFound),
            .init(.get, repo, json: try GiteeBench.fixture("repository_empty")),
            .init(.post, contents + "a", status: 201, json: try GiteeBench.fixture("change")))
        try await GiteeBench.open(network).change(
            FileChange(.create(bytes: []), message: "m"), at: GiteeBench.location("a"))
        #expect(network.complaints.isEmpty)
    }

    @Test func `a tag or a commit takes no file, an unknown branch is not found`() async throws {
        let missing = StubNetwork.Step(
            .get, repo + "/commits?sha=x&page=1&per_page=1", status: 404, json: GiteeBench.notFound)
        let tag = #"[{"name":"x","commit":{"sha":"\#(tip)"}}]"#
        let found = StubNetwork.Step(
            .get, repo + "/commits?sha=x&page=1&per_page=1", json: try GiteeBench.fixture("commits"))
        for (steps, code) in [
            ([found], ForgeError.Code.invalidRequest),
            ([missing, .init(.get, repo + "/tags" + GiteeBench.page, json: tag)], .invalidRequest),
            ([missing, .init(.get, repo + "/tags" + GiteeBench.page, json: "[]")], .notFound),
        ] {
            let network = StubNetwork(
                [
                    .init(.get, repo + "/branches/x", status: 404, json: GiteeBench.notFound),
                    .init(.get, repo, json: try GiteeBench.fixture("repository")),
                ] + steps)
            let forge = GiteeBench.open(network)
            let error = try await GiteeBench.error {
                try await forge.change(FileChange(.create(bytes: []), message: "m"), at: GiteeBench.location("a", "x"))
            }
            #expect(error?.code == code)
            #expect(network.complaints.isEmpty)
        }
    }

    @Test func `a branch with a slash is found in the list where its address is not understood`() async throws {
        let network = StubNetwork(
            .init(.get, repo + "/branches/feature%2Fdeep%2Fer", status: 404, json: GiteeBench.notFound),
            .init(.get, repo + "/branches" + GiteeBench.page, json: try GiteeBench.fixture("branches_1")),
            .init(.post, contents + "a", status: 201, json: try GiteeBench.fixture("change")))
        try await GiteeBench.open(network).change(
            FileChange(.create(bytes: []), message: "m"), at: GiteeBench.location("a", "feature/deep/er"))
        #expect(network.complaints.isEmpty)
    }

    @Test func `a path that git forbids is a bad request for a new file`() async throws {
        let network = StubNetwork([])
        let forge = GiteeBench.open(network)
        for path in ["/x", "a//b", "../x", ".git/config"] {
            let made = try await GiteeBench.error {
                try await forge.change(FileChange(.create(bytes: []), message: "m"), at: GiteeBench.location(path))
            }
            #expect(made?.code == .invalidRequest)
            let removed = try await GiteeBench.error {
                try await forge.change(FileChange(.delete(expected: tip), message: "m"), at: GiteeBench.location(path))
            }
            #expect(removed?.code == .notFound)
        }
        #expect(network.requests.isEmpty)
    }

    @Test func `a protected branch is forbidden`() async throws {
        let network = StubNetwork(
            try branch(), .init(.post, contents + "a", status: 403, json: #"{"message":"403 protected branch"}"#))
        let forge = GiteeBench.open(network)
        let error = try await GiteeBench.error {
            try await forge.change(FileChange(.create(bytes: []), message: "m"), at: GiteeBench.location("a"))
        }
        #expect(error?.code == .forbidden)
        #expect(error?.message.contains("protects") == true)
    }
}
