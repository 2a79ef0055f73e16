// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport
import Testing

@testable import Forges

struct GitHubChangesTests {
    private let repo = GitHubStage.repo
    private let readme = GitHubStage.repo + "/contents/README.md"
    private let commit = String(repeating: "1", count: 40)
    private let blob = "d670460b4b4aece5915caf5c68d12f560a9fe3e4"

    private func change(_ kind: FileChange.Kind, _ stage: GitHubStage, path: String = "README.md", ref: String = "main")
        async throws(ForgeError)
    {
        try await stage.github.change(
            FileChange(kind, message: "why"),
            at: FileLocation(repository: GitHubStage.engine, path: path, ref: ref))
    }

    private func branch() throws -> StubNetwork.Step {
        try .github(.get, repo + "/git/ref/heads/main", "branch-reference")
    }

    private func current() throws -> StubNetwork.Step {
        try .github(.get, readme + "?ref=" + commit, "file")
    }

    @Test func `a file is made on its branch`() async throws {
        let stage = GitHubStage(
            try .github(.get, repo + "/git/ref/heads/feature/x", "branch-reference"),
            try .github(.put, repo + "/contents/a%20b/%C3%BC.txt", "change", status: 201))
        try await change(.create(bytes: Array("hi".utf8)), stage, path: "a b/ü.txt", ref: "feature/x")
        #expect(try stage.sent(1) == ["message": "why", "branch": "feature/x", "content": "aGk="])
        #expect(stage.network.complaints.isEmpty)
    }

    @Test func `twelve megabytes are written whole`() async throws {
        let bytes = [UInt8](repeating: 0xFF, count: 12 << 20)
        let stage = GitHubStage(try branch(), try .github(.put, readme, "change", status: 201))
        try await change(.create(bytes: bytes), stage)
        let content = try #require(try stage.sent(1)["content"] as? String)
        #expect(Data(base64Encoded: content)?.count == bytes.count)
    }

    @Test func `a file that is there is not made again`() async throws {
        let stage = GitHubStage(
            try branch(),
            .init(.put, readme, status: 422, json: #"{"message":"Invalid request.\n\n\"sha\" wasn't supplied."}"#))
        let error = await failure { () throws(ForgeError) in try await change(.create(bytes: []), stage) }
        #expect(error?.code == .alreadyExists)
        #expect(error?.message.contains("'README.md'") == true)
    }

    @Test(arguments: [404, 409])
    func `an empty repository gets its first file, and its branch`(status: Int) async throws {
        let json = try GitHubStage.fixture(status == 404 ? "not-found" : "empty-repository")
        let stage = GitHubStage(
            .init(.get, repo + "/git/ref/heads/main", status: status, json: json),
            try .github(.get, repo + "/commits/main", "empty-repository", status: 409),
            try .github(.put, readme, "change", status: 201))
        try await change(.create(bytes: []), stage)
        #expect(try stage.sent(2) == ["message": "why", "branch": "main", "content": ""])

        let deleting = GitHubStage(
            .init(.get, repo + "/git/ref/heads/main", status: status, json: json),
            try .github(.get, repo + "/commits/main", "empty-repository", status: 409))
        #expect(
            await failure { () throws(ForgeError) in try await change(.delete(expected: blob), deleting) }?.code
                == .notFound)
    }

    @Test func `a file is changed when the caller has its blob's SHA or the latest commit's`() async throws {
        for expected in [blob, commit, blob.uppercased()] {
            let stage = GitHubStage(try branch(), try current(), try .github(.put, readme, "change"))
            try await change(.update(bytes: Array("hi".utf8), expected: expected), stage)
            #expect(
                try stage.sent(2) == ["message": "why", "branch": "main", "content": "aGk=", "sha": blob])
            #expect(stage.network.complaints.isEmpty)
        }
    }

    @Test func `a file is deleted when the caller has its blob's SHA or the latest commit's`() async throws {
        for expected in [blob, commit] {
            let stage = GitHubStage(try branch(), try current(), try .github(.delete, readme, "change"))
            try await change(.delete(expected: expected), stage)
            #expect(try stage.sent(2) == ["message": "why", "branch": "main", "sha": blob])
        }
    }

    @Test(arguments: ["", "main", String(repeating: "9", count: 40), "d670460"])
    func `a file that has changed since is left alone`(expected: String) async throws {
        for kind in [FileChange.Kind.update(bytes: [], expected: expected), .delete(expected: expected)] {
            let stage = GitHubStage(try branch(), try current())
            #expect(await failure { () throws(ForgeError) in try await change(kind, stage) }?.code == .conflict)
            #expect(stage.network.complaints.isEmpty)
        }
    }

    @Test func `a file that is not there is neither changed nor made`() async throws {
        for kind in [FileChange.Kind.update(bytes: [], expected: blob), .delete(expected: blob)] {
            let stage = GitHubStage(
                try branch(), try .github(.get, readme + "?ref=" + commit, "not-found", status: 404))
            #expect(await failure { () throws(ForgeError) in try await change(kind, stage) }?.code == .notFound)
        }
    }

    @Test func `a large file is changed by its blob's SHA too`() async throws {
        let stage = GitHubStage(
            try branch(), try .github(.get, readme + "?ref=" + commit, "file-large"),
            try .github(.put, readme, "change"))
        try await change(.update(bytes: [], expected: blob), stage)
        #expect(stage.network.complaints.isEmpty)

        let older = GitHubStage(
            try branch(), try .github(.get, readme + "?ref=" + commit, "too-large", status: 403),
            .init(
                .get, readme + "?ref=" + commit, .success(.init(status: 200, body: Array("test content\n".utf8)))),
            try .github(.put, readme, "change"))
        try await change(.update(bytes: [], expected: blob), older)
        #expect(older.network.complaints.isEmpty)
    }

    @Test func `a tag and a commit cannot be written to`() async throws {
        for ref in ["v1.0", commit] {
            let stage = GitHubStage(
                try .github(.get, repo + "/git/ref/heads/" + ref, "not-found", status: 404),
                .init(.get, repo + "/commits/" + ref, json: #"{"sha":"\#(commit)"}"#))
            let error = await failure { () throws(ForgeError) in try await change(.create(bytes: []), stage, ref: ref) }
            #expect(error?.code == .invalidRequest)
            #expect(stage.network.complaints.isEmpty)
        }
    }

    @Test(arguments: [404, 422])
    func `an unknown branch is not found`(status: Int) async throws {
        let stage = GitHubStage(
            try .github(.get, repo + "/git/ref/heads/nope", "not-found", status: 404),
            .init(.get, repo + "/commits/nope", status: status, json: #"{"message":"No commit found for SHA: nope"}"#))
        let error = await failure { () throws(ForgeError) in try await change(.create(bytes: []), stage, ref: "nope") }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("'nope'") == true)
    }

    @Test(arguments: ["", "/a", "a/../b", ".git/hooks/x", "a//b"])
    func `a path that git forbids is refused without a call`(path: String) async {
        let stage = GitHubStage()
        #expect(
            await failure { () throws(ForgeError) in try await change(.create(bytes: []), stage, path: path) }?.code
                == .invalidRequest)
        #expect(
            await failure { () throws(ForgeError) in
                try await change(.delete(expected: blob), stage, path: path)
            }?.code == .notFound)
        #expect(stage.network.requests.isEmpty)
    }

    @Test(arguments: [
        (409, "README.md does not match d670460b4b4aece5915caf5c68d12f560a9fe3e4", ForgeError.Code.conflict),
        (409, "is at 1 but expected 2", .conflict),
        (409, "Could not update file: Changes must be made through a pull request.", .forbidden),
        (409, "Repository rule violations found\n\nAt least 1 approving review is required", .forbidden),
        (409, "Could not update file: 2 of 2 required status checks are expected.", .forbidden),
        (404, "Not Found", .forbidden), (422, "path contains a malformed path component", .invalidRequest),
        (403, "Resource not accessible by integration", .forbidden),
        (403, "Repository was archived so is read-only.", .forbidden), (503, "Unavailable", .unavailable),
    ])
    func `why a change is refused is told apart`(status: Int, message: String, code: ForgeError.Code) async throws {
        let body = try String(decoding: JSONSerialization.data(withJSONObject: ["message": message]), as: UTF8.self)
        let stage = GitHubStage(try branch(), try current(), .init(.put, readme, status: status, json: body))
        let error = await failure { () throws(ForgeError) in
            try await change(.update(bytes: [], expected: blob), stage)
        }
        #expect(error?.code == code)
        #expect(error?.upstreamStatus == status)
    }

    @Test func `a workflow's file needs a scope of its own, and the sentence says so`() async throws {
        let stage = GitHubStage(
            try branch(), try .github(.put, repo + "/contents/.github/workflows/ci.yml", "not-found", status: 404))
        let error = await failure { () throws(ForgeError) in
            try await change(.create(bytes: []), stage, path: ".github/workflows/ci.yml")
        }
        #expect(error?.code == .forbidden)
        #expect(error?.message.contains("scope workflow") == true)
    }
}
