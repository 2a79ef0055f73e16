// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Model
import Synchronization
import TestSupport
import Testing

/// A project with a branch `main`, a tag `v1` and a file `docs/a.txt`, as GitLab's calls about them answer.
private struct Orchard {
    static let blob = "b945c4309e2c059fb48ea99cba3f097a3dd1f7a4"
    static let tip = "5d3f1c0a9b8e7d6c5b4a39281706f5e4d3c2b1a0"
    static let last = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
    static let commits = GitLabBench.project + "/repository/commits"

    var commit: (status: Int, json: String) = (201, #"{"id":"5d3f1c0a9b8e7d6c5b4a39281706f5e4d3c2b1a0"}"#)
    var isEmpty = false
    var hasFile = true
    /// The last commit of the file, at the first time it is asked for and later.
    var versions = [Orchard.last]

    func network() -> StubNetwork {
        let asked = Counter()
        return StubNetwork(answering: { request in
            let path = request.url.dropFirst(GitLabBench.project.count)
            switch (request.method, path) {
            case (.post, "/repository/commits"): return .json(commit.json, status: commit.status)
            case (.get, "/repository/branches/main"): return found(!isEmpty, #"{"name":"main"}"#)
            case (.get, "/repository/commits/v1"), (.get, "/repository/commits/\(Orchard.tip)"):
                return found(!isEmpty, "{}")
            case (.get, ""): return .json(try GitLabBench.fixture(isEmpty ? "project_empty" : "project"))
            case (.head, _) where path.hasPrefix("/repository/files/docs%2Fa%2Etxt?ref="):
                let unknown = path.hasSuffix("=nowhere")
                guard hasFile, !isEmpty, !unknown else { return .json("", status: 404) }
                let headers = [
                    "X-Gitlab-Blob-Id": Orchard.blob, "X-Gitlab-Commit-Id": Orchard.tip,
                    "X-Gitlab-Last-Commit-Id": versions[min(asked.next(), versions.count - 1)],
                ]
                return .json("", headers: headers)
            default: return found(false, "")
            }
        })
    }

    private func found(_ there: Bool, _ json: String) -> Upstream.Response {
        there ? .json(json) : .json(GitLabBench.notFound, status: 404)
    }
}

private final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock { count in
            defer { count += 1 }
            return count
        }
    }
}

struct GitLabChangesTests {
    private let text = Array("Hello\n".utf8)

    private func location(_ ref: String = "main", path: String = "docs/a.txt") -> FileLocation {
        FileLocation(repository: GitLabBench.cider, path: path, ref: ref)
    }

    private func change(_ network: StubNetwork, _ kind: FileChange.Kind, _ location: FileLocation) async throws {
        try await GitLabBench.open(network).change(FileChange(kind, message: "Because"), at: location)
    }

    private func code(_ orchard: Orchard, _ kind: FileChange.Kind, _ ref: String = "main") async throws
        -> ForgeError.Code?
    {
        let network = orchard.network()
        return try await GitLabBench.error { try await change(network, kind, location(ref)) }?.code
    }

    @Test func `creating a file is one commit and one call`() async throws {
        let network = Orchard().network()
        try await change(network, .create(bytes: [0, 255, 10]), location("feature/x", path: "docs/ünï.txt"))
        #expect(network.requests.map(\.url) == [Orchard.commits])
        let action: [String: JSONTree] = [
            "action": .string("create"), "file_path": .string("docs/ünï.txt"), "content": .string("AP8K"),
            "encoding": .string("base64"),
        ]
        #expect(
            try JSONTree(parsing: try #require(network.requests.first).text.utf8)
                == .object([
                    "branch": .string("feature/x"), "commit_message": .string("Because"),
                    "actions": .array([.object(action)]),
                ]))
    }

    @Test(arguments: [Orchard.blob, Orchard.tip, Orchard.blob.uppercased()])
    func `an update locks on the last commit of the file that was expected`(_ expected: String) async throws {
        let network = Orchard().network()
        try await change(network, .update(bytes: text, expected: expected), location())
        let body = try JSONTree(parsing: try #require(network.requests.last).text.utf8)
        #expect(
            body["actions"]?[0]
                == .object([
                    "action": .string("update"), "file_path": .string("docs/a.txt"), "content": .string("SGVsbG8K"),
                    "encoding": .string("base64"), "last_commit_id": .string(Orchard.last),
                ]))
    }

    /// `DELETE …/repository/files` would ignore the lock.
    @Test func `a deletion is a commit with a lock, too`() async throws {
        let network = Orchard().network()
        try await change(network, .delete(expected: Orchard.blob), location())
        #expect(network.requests.map(\.method) == [.head, .post])
        let body = try JSONTree(parsing: try #require(network.requests.last).text.utf8)
        #expect(
            body["actions"]?[0]
                == .object([
                    "action": .string("delete"), "file_path": .string("docs/a.txt"),
                    "last_commit_id": .string(Orchard.last),
                ]))
    }

    @Test(arguments: ["", "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567", "b945c43"])
    func `another file than the expected one is a conflict, and nothing is written`(_ expected: String) async throws {
        for kind in [FileChange.Kind.update(bytes: [], expected: expected), .delete(expected: expected)] {
            let network = Orchard().network()
            let error = try await GitLabBench.error { try await change(network, kind, location()) }
            #expect(error?.code == .conflict)
            #expect(!network.requests.contains { $0.method == .post })
        }
    }

    @Test func `a file that changes between reading and writing is a conflict`() async throws {
        var orchard = Orchard(versions: [Orchard.last, Orchard.tip])
        orchard.commit = (400, #"{"message":"Whatever it says"}"#)
        #expect(try await code(orchard, .update(bytes: text, expected: Orchard.blob)) == .conflict)
        #expect(try await code(orchard, .delete(expected: Orchard.blob)) == .conflict)
        orchard.versions = [Orchard.last]
        orchard.commit.json = #"{"message":"Could not update refs/heads/main. Please refresh and try again."}"#
        #expect(try await code(orchard, .delete(expected: Orchard.blob)) == .conflict)
    }

    @Test func `creating a file that exists is refused as such`() async throws {
        let orchard = Orchard(commit: (400, #"{"message":"Whatever it says"}"#))
        #expect(try await code(orchard, .create(bytes: text)) == .alreadyExists)
    }

    @Test func `a directory in the file's place exists already, too`() async throws {
        let orchard = Orchard(
            commit: (400, #"{"message":"A directory with this name already exists"}"#), hasFile: false)
        #expect(try await code(orchard, .create(bytes: text)) == .alreadyExists)
    }

    @Test func `changing a file that is not there is refused as such`() async throws {
        let orchard = Orchard(hasFile: false)
        #expect(try await code(orchard, .update(bytes: text, expected: Orchard.blob)) == .notFound)
        #expect(try await code(orchard, .delete(expected: Orchard.blob)) == .notFound)
    }

    @Test(arguments: ["v1", Orchard.tip])
    func `a tag or a commit takes no changes`(_ ref: String) async throws {
        let refusal = #"{"message":"You can only create or edit files when you are on a branch"}"#
        let orchard = Orchard(commit: (400, refusal))
        #expect(try await code(orchard, .create(bytes: text), ref) == .invalidRequest)
        #expect(try await code(orchard, .update(bytes: text, expected: Orchard.blob), ref) == .invalidRequest)
        #expect(try await code(orchard, .delete(expected: Orchard.last), ref) == .invalidRequest)
    }

    @Test(arguments: ["nowhere", "not a ref", ""])
    func `an unknown branch is not found`(_ ref: String) async throws {
        let orchard = Orchard(
            commit: (400, #"{"message":"You can only create or edit files when you are on a branch"}"#))
        #expect(try await code(orchard, .create(bytes: text), ref) == .notFound)
        if ref == "nowhere" {
            #expect(try await code(orchard, .update(bytes: text, expected: Orchard.blob), ref) == .notFound)
            #expect(try await code(orchard, .delete(expected: Orchard.blob), ref) == .notFound)
        }
    }

    @Test func `in an empty repository a file can be made and none changed`() async throws {
        let orchard = Orchard(isEmpty: true)
        #expect(try await code(orchard, .create(bytes: text)) == nil)
        #expect(try await code(orchard, .update(bytes: text, expected: Orchard.blob)) == .notFound)
    }

    @Test(arguments: [
        (403, #"{"message":"403 Forbidden - You are not allowed to push into this branch"}"#),
        (400, #"{"message":"You are not allowed to push into this branch"}"#),
    ])
    func `a protected branch is forbidden`(_ status: Int, _ json: String) async throws {
        let network = Orchard(commit: (status, json)).network()
        let error = try await GitLabBench.error { try await change(network, .create(bytes: text), location()) }
        #expect(error?.code == .forbidden)
        #expect(error?.message.contains("protects") == true)
    }

    @Test func `an update that changes nothing succeeds, even where GitLab refuses it`() async throws {
        let same = Array("Hällo\n\0\u{01}".utf8)
        let orchard = Orchard(commit: (400, #"{"message":"The content is identical"}"#))
        #expect(try await code(orchard, .update(bytes: same, expected: Orchard.blob)) == nil)
        #expect(try await code(orchard, .update(bytes: text, expected: Orchard.blob)) == .invalidRequest)
    }

    @Test func `a path that git forbids is a bad request`() async throws {
        for path in ["", "/a", "a/../b", ".git/hooks/x"] {
            let network = StubNetwork([])
            let error = try await GitLabBench.error {
                try await change(network, .create(bytes: text), location(path: path))
            }
            #expect(error?.code == .invalidRequest)
            #expect(network.requests.isEmpty)
        }
    }

    @Test func `a page in a commit's place is no success`() async throws {
        let orchard = Orchard(commit: (200, "<html>Sign in</html>"))
        #expect(try await code(orchard, .create(bytes: text)) == .unavailable)
    }
}
