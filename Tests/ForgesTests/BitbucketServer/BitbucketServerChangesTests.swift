// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

/// A repository with a branch `main`, a tag `v1` and a file `docs/a.txt`, as the calls about them answer.
private struct Press {
    static let text = Array("Hällo\n\0\u{01}".utf8)
    static let blob = "b945c4309e2c059fb48ea99cba3f097a3dd1f7a4"

    var edit: (status: Int, exception: String?) = (200, nil)
    var isEmpty = false
    var hasFile = true

    func network() -> StubNetwork {
        let put = BitbucketServerBench.refusal(edit.exception)
        return StubNetwork(answering: { request in
            let path = request.url.dropFirst(BitbucketServerBench.repository.count)
            switch (request.method, path) {
            case (.put, _) where edit.status == 200: return try answer("commit")
            case (.put, _): return .json(put, status: edit.status, headers: BitbucketServerBench.headers)
            case (.get, "/commits?until=refs%2Fheads%2Fmain&limit=1") where !isEmpty: return try answer("commits")
            case (.get, "/commits?until=v1&limit=1") where !isEmpty: return try answer("commits")
            case (.get, "/branches?limit=1"): return try answer(isEmpty ? "empty" : "branches")
            case (.get, "/raw/docs/a.txt?at=\(BitbucketServerBench.tip)") where hasFile:
                return Upstream.Response(
                    status: 200, headers: [Upstream.Header("X-AREQUESTID", "@1x1x1x1")], body: Self.text)
            case (.get, "/browse/docs/a.txt?at=refs%2Fheads%2Fmain&type=true") where hasFile:
                return .json(#"{"type":"FILE"}"#, headers: BitbucketServerBench.headers)
            default:
                return .json(
                    BitbucketServerBench.refusal(nil), status: 404, headers: BitbucketServerBench.headers)
            }
        })
    }

    private func answer(_ fixture: String) throws -> Upstream.Response {
        .json(try BitbucketServerBench.fixture(fixture), headers: BitbucketServerBench.headers)
    }
}

struct BitbucketServerChangesTests {
    private typealias Bench = BitbucketServerBench

    private func run(
        _ press: Press, _ kind: FileChange.Kind, _ ref: String = "main", path: String = "docs/a.txt"
    ) async throws -> (code: ForgeError.Code?, network: StubNetwork, message: String) {
        let network = press.network()
        let forge = try Bench.open(network)
        let location = FileLocation(repository: Bench.cider, path: path, ref: ref)
        let error = await failure { () throws(ForgeError) in
            try await forge.change(FileChange(kind, message: "Grüße\n\nmore"), at: location)
        }
        return (error?.code, network, error?.message ?? "")
    }

    private func form(_ network: StubNetwork) throws -> String {
        let request = try #require(network.requests.first { $0.method == .put })
        #expect(request.url == Bench.repository + "/browse/docs/a.txt")
        #expect(request.header("X-Atlassian-Token") == "no-check")
        let boundary = try #require(
            request.header("Content-Type")?.split(separator: "=").last.map(String.init))
        #expect(request.header("Content-Type") == "multipart/form-data; boundary=" + boundary)
        return request.text.replacing(boundary, with: "B").replacing("\r\n", with: "\n")
    }

    @Test func `a file is made without a source commit`() async throws {
        let outcome = try await run(Press(hasFile: false), .create(bytes: Press.text))
        #expect(outcome.code == nil)
        let text = "Content-Type: text/plain; charset=UTF-8\n\n"
        #expect(
            try form(outcome.network)
                == "--B\nContent-Disposition: form-data; name=\"branch\"\n\(text)main\n"
                + "--B\nContent-Disposition: form-data; name=\"message\"\n\(text)Grüße\n\nmore\n"
                + "--B\nContent-Disposition: form-data; name=\"content\"; filename=\"content\"\n"
                + "Content-Type: application/octet-stream\n\nHällo\n\0\u{01}\n--B--\n")
    }

    @Test(arguments: [Press.blob, Press.blob.uppercased(), Bench.tip])
    func `a file is changed with the commit at which it was seen`(_ expected: String) async throws {
        let outcome = try await run(Press(), .update(bytes: [0x61], expected: expected))
        #expect(outcome.code == nil)
        #expect(
            try form(outcome.network).contains(
                "name=\"sourceCommitId\"\nContent-Type: text/plain; charset=UTF-8\n\n\(Bench.tip)\n"))
    }

    @Test func `a file that is not as expected is not changed`() async throws {
        for expected in ["", "b945", String(repeating: "0", count: 40)] {
            let outcome = try await run(Press(), .update(bytes: [], expected: expected))
            #expect(outcome.code == .conflict)
            #expect(!outcome.network.requests.contains { $0.method == .put })
        }
        #expect(try await run(Press(hasFile: false), .update(bytes: [], expected: Press.blob)).code == .notFound)
    }

    @Test(arguments: [
        ("content.FileOutOfDateException", ForgeError.Code.conflict), ("content.FileContentUnmodifiedException", nil),
        ("repository.RepositoryArchivedException", .forbidden),
        ("hook.repository.RepositoryHookVetoedException", .forbidden),
        ("Other", .conflict),
    ])
    func `a refused change has its code`(_ exception: String, _ code: ForgeError.Code?) async throws {
        let press = Press(edit: (409, exception))
        #expect(try await run(press, .update(bytes: [1], expected: Press.blob)).code == code)
    }

    @Test(arguments: [
        ("content.FileAlreadyExistsException", true, ForgeError.Code.alreadyExists),
        ("content.FileContentUnmodifiedException", true, .alreadyExists), ("Other", true, .alreadyExists),
        ("Other", false, .conflict), ("repository.RepositoryArchivedException", true, .forbidden),
    ])
    func `a file that is there is not made`(_ exception: String, _ hasFile: Bool, _ code: ForgeError.Code) async throws
    {
        #expect(try await run(Press(edit: (409, exception), hasFile: hasFile), .create(bytes: [1])).code == code)
    }

    @Test func `a project's own token may make no commit`() async throws {
        let outcome = try await run(Press(edit: (403, nil)), .update(bytes: [1], expected: Press.blob))
        #expect(outcome.code == .forbidden)
    }

    @Test(arguments: [("v1", ForgeError.Code.invalidRequest), ("gone", .notFound), ("a..b", .notFound)])
    func `only a branch is written to`(_ ref: String, _ code: ForgeError.Code) async throws {
        for kind in [
            FileChange.Kind.create(bytes: []), .update(bytes: [], expected: Press.blob), .delete(expected: Press.blob),
        ] {
            let outcome = try await run(Press(), kind, ref)
            #expect(outcome.code == code)
            #expect(!outcome.network.requests.contains { $0.method == .put })
        }
    }

    @Test func `in an empty repository a file can be made and none changed`() async throws {
        #expect(try await run(Press(isEmpty: true, hasFile: false), .create(bytes: [1])).code == nil)
        #expect(try await run(Press(isEmpty: true), .update(bytes: [1], expected: Press.blob)).code == .notFound)
        #expect(try await run(Press(isEmpty: true), .delete(expected: Press.blob)).code == .notFound)
    }

    @Test func `a path that git forbids costs no call`() async throws {
        for path in ["", "/a", "a/../b", ".git/hooks/x"] {
            let made = try await run(Press(), .create(bytes: []), path: path)
            #expect(made.code == .invalidRequest)
            #expect(made.network.requests.isEmpty)
            #expect(try await run(Press(), .delete(expected: Press.blob), path: path).code == .notFound)
        }
    }
}
