// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport
import Testing

@testable import Forges

/// Trees, files and changes.
struct CodeArtsFilesTests {
    private static let repo = "/v4/repositories/9001"
    private let readme = Array("# Cider\n\nPress apples.\n".utf8)

    private func location(_ path: String = "README.md", ref: String = "main") -> FileLocation {
        FileLocation(repository: CodeArtsBench.cider, path: path, ref: ref)
    }

    /// A branch `main`, a tag `v1` and a file `README.md`.
    private struct Orchard: Sendable {
        var write: (status: Int, json: String) = (200, #"{"file_path":"README.md","branch":"main"}"#)
        var isEmpty = false
        /// The file, at the first time it is asked for and later; nil where there is none.
        var versions: [String?] = ["file"]

        func network() -> StubNetwork {
            let asked = Count()
            return CodeArtsBench.network { method, path in
                let path = path.dropFirst(CodeArtsFilesTests.repo.count)
                switch (method, path) {
                case (.get, ""): return .json(try CodeArtsBench.fixture(isEmpty ? "repository-empty" : "repository"))
                case (.get, "/repository/branch?branch_name=main"):
                    return isEmpty ? nil : .json(try CodeArtsBench.fixture("branch"))
                case (.get, "/repository/commits?sha=v1"), (.get, "/repository/commits?sha=\(CodeArtsBench.tip)"):
                    return isEmpty ? nil : .json(try CodeArtsBench.fixture("commit"))
                case (.get, _) where path.hasPrefix("/repository/file?"):
                    guard let name = versions[min(asked.next(), versions.count - 1)] else { return nil }
                    return .json(name.hasPrefix("{") ? name : try CodeArtsBench.fixture(name))
                case (.post, _), (.put, _), (.delete, _): return .json(write.json, status: write.status)
                default: return nil
                }
            }
        }
    }

    private func change(
        _ orchard: Orchard, _ kind: FileChange.Kind, ref: String = "main", path: String = "README.md"
    ) async -> (code: ForgeError.Code?, network: StubNetwork) {
        let network = orchard.network()
        let error = await failure { () throws(ForgeError) in
            try await CodeArtsBench.open(network).change(
                FileChange(kind, message: "Because"), at: location(path, ref: ref))
        }
        return (error?.code, network)
    }

    private func writes(_ network: StubNetwork) -> [Upstream.Request] {
        network.requests.filter { $0.method != .get && $0.url != CodeArtsBench.tokens }
    }

    @Test func `a tree is its files and links, at every depth`() async throws {
        let network = CodeArtsBench.network { _, _ in .json(try CodeArtsBench.fixture("tree")) }
        let paths = try await CodeArtsBench.open(network).files(of: CodeArtsBench.cider, at: "feature/x")
        #expect(paths == ["src/main/press.c", "README.md", "link"])
        #expect(
            CodeArtsBench.asked(network).first
                == "GET \(Self.repo)/repository/trees?ref=feature%2Fx&recursive=true&offset=0&limit=100")
    }

    @Test func `a tree of twenty thousand files is read whole`() async throws {
        let network = CodeArtsBench.network { _, path in
            let start = Int(path.split(separator: "=").dropLast().last?.prefix { $0 != "&" } ?? "") ?? -1
            let page = (start..<min(start + 100, 20_000)).map { #"{"type":"blob","path":"f/\#($0)"}"# }
            return .json("[" + page.joined(separator: ",") + "]", headers: ["X-Total": "20000"])
        }
        let paths = try await CodeArtsBench.open(network).files(of: CodeArtsBench.cider, at: "main")
        #expect(paths.count == 20_000)
        #expect(Set(paths).count == 20_000)
    }

    @Test(arguments: [404, 200])
    func `the tree of an unknown ref is not found`(status: Int) async {
        let network = CodeArtsBench.network { _, path in
            if path == Self.repo { return .json(try CodeArtsBench.fixture("repository")) }
            return path.contains("/trees") && status == 200 ? .json("[]") : nil
        }
        for ref in ["x", "", "a..b"] {
            let error = await failure { () throws(ForgeError) in
                try await CodeArtsBench.open(network).files(of: CodeArtsBench.cider, at: ref)
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test func `a file is read, and is the blob that it names`() async throws {
        let network = CodeArtsBench.network { _, _ in .json(try CodeArtsBench.fixture("file")) }
        let file = try await CodeArtsBench.open(network).file(at: location("docs/a b%+#?ü:.md", ref: "v1"))
        #expect(file.bytes == readme)
        #expect(file.sha == CodeArtsBench.blob)
        #expect(
            CodeArtsBench.asked(network) == [
                "GET \(Self.repo)/repository/file?file_path=docs%2Fa%20b%25%2B%23%3F%C3%BC%3A.md&ref=v1"
            ])
    }

    /// A file that is cut off, in another encoding or without content.
    @Test(arguments: [
        "file-limited", #"{"blob_id":"\#(CodeArtsBench.blob)"}"#,
        #"{"blob_id":"\#(CodeArtsBench.blob)","encoding":"text","content":"Cider"}"#,
        #"{"blob_id":"\#(CodeArtsBench.blob)","encoding":"base64","content":"IyBDaWRlcg=="}"#,
    ])
    func `a file that is not whole in the answer is read as it is`(answer: String) async throws {
        let network = CodeArtsBench.network { _, path in
            path.contains("/files/raw?")
                ? Upstream.Response(status: 200, body: readme)
                : .json(answer.hasPrefix("{") ? answer : try CodeArtsBench.fixture(answer))
        }
        #expect(try await CodeArtsBench.open(network).file(at: location()).bytes == readme)
    }

    @Test func `bytes that are not those of the blob are no file`() async {
        let network = CodeArtsBench.network { _, path in
            path.contains("/files/raw?")
                ? Upstream.Response(status: 200, body: [1, 2]) : .json(try CodeArtsBench.fixture("file-limited"))
        }
        let error = await failure { () throws(ForgeError) in try await CodeArtsBench.open(network).file(at: location())
        }
        #expect(error?.code == .unavailable)
    }

    @Test func `an empty file is one, a submodule and a directory are none`() async throws {
        let empty = #"{"blob_id":"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391","encoding":"base64","content":""}"#
        let network = CodeArtsBench.network { _, _ in .json(empty) }
        #expect(try await CodeArtsBench.open(network).file(at: location()).bytes == [])
        let module = #"{"blob_id":"\#(CodeArtsBench.tip)","encoding":"base64","content":""}"#
        let other = CodeArtsBench.network { _, path in
            path.contains("/files/raw?") ? Upstream.Response(status: 200) : .json(module)
        }
        let error = await failure { () throws(ForgeError) in try await CodeArtsBench.open(other).file(at: location()) }
        #expect(error?.code == .notFound)
    }

    @Test func `a large binary file comes back byte for byte`() async throws {
        let bytes = (0..<(20 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let sha = GitBlob.sha1(of: bytes)
        let text = #"{"blob_id":"\#(sha)","encoding":"base64","content":"\#(Data(bytes).base64EncodedString())"}"#
        let network = CodeArtsBench.network { _, _ in .json(text) }
        let file = try await CodeArtsBench.open(network).file(at: location())
        #expect(file.bytes == bytes)
        #expect(file.sha == sha)
    }

    @Test(arguments: ["", "/a", "a//b", "../a", "a/.git/x", "a\0b"])
    func `a path that git forbids costs no call`(path: String) async {
        let network = StubNetwork()
        let forge = CodeArtsBench.open(network)
        let read = await failure { () throws(ForgeError) in try await forge.file(at: location(path)) }
        #expect(read?.code == .notFound)
        let (created, _) = await change(Orchard(), .create(bytes: []), path: path)
        #expect(created == .invalidRequest)
        let (deleted, _) = await change(Orchard(), .delete(expected: CodeArtsBench.blob), path: path)
        #expect(deleted == .notFound)
        #expect(network.requests.isEmpty)
    }

    @Test func `creating a file is one commit, and writes over none`() async throws {
        let (code, network) = await change(Orchard(versions: [nil]), .create(bytes: [0, 255, 10]), path: "a b.bin")
        #expect(code == nil)
        let sent = try #require(writes(network).first)
        #expect("\(sent.method.rawValue) \(sent.url)" == "POST \(CodeArtsBench.repository)/repository/files")
        let expected: [String: JSONTree] = [
            "file_path": .string("a b.bin"), "branch": .string("main"), "commit_message": .string("Because"),
            "content": .string("AP8K"), "encoding": .string("base64"),
        ]
        #expect(try JSONTree(parsing: sent.body ?? []) == .object(expected))
        let (taken, quiet) = await change(Orchard(), .create(bytes: [1]))
        #expect(taken == .alreadyExists)
        #expect(writes(quiet).isEmpty)
    }

    @Test func `creating a file that comes into being meanwhile is refused as such`() async {
        let (code, _) = await change(
            Orchard(write: (400, #"{"error_code":"X.1"}"#), versions: [nil, "file"]), .create(bytes: [1]))
        #expect(code == .alreadyExists)
    }

    @Test(arguments: [CodeArtsBench.blob, CodeArtsBench.tip, CodeArtsBench.blob.uppercased()])
    func `an update locks on the last commit of the file that was expected`(expected: String) async throws {
        let (code, network) = await change(Orchard(), .update(bytes: [1], expected: expected))
        #expect(code == nil)
        let sent = try #require(writes(network).first)
        #expect(
            "\(sent.method.rawValue) \(sent.url)"
                == "PUT \(CodeArtsBench.repository)/repository/file?file_path=README.md")
        let body = try JSONTree(parsing: sent.body ?? [])
        #expect(body["last_commit_id"]?.string == CodeArtsBench.last)
        #expect(body["file_path"]?.string == "README.md")
        #expect(body["branch"]?.string == "main")
    }

    @Test func `a deletion is told in the query`() async throws {
        let (code, network) = await change(Orchard(), .delete(expected: CodeArtsBench.blob))
        #expect(code == nil)
        let sent = try #require(writes(network).first)
        #expect(
            "\(sent.method.rawValue) \(sent.url)"
                == "DELETE \(CodeArtsBench.repository)/repository/file?file_path=README.md&branch=main&commit_message=Because"
        )
    }

    @Test(arguments: ["0000000000000000000000000000000000000000", "", CodeArtsBench.last])
    func `another version than the expected one is a conflict, and nothing is written`(expected: String) async {
        for kind in [FileChange.Kind.update(bytes: [1], expected: expected), .delete(expected: expected)] {
            let (code, network) = await change(Orchard(), kind)
            #expect(code == .conflict)
            #expect(writes(network).isEmpty)
        }
    }

    @Test(arguments: [400, 409, 422, 404])
    func `a file that changes between reading and writing is a conflict`(status: Int) async {
        let changed = #"{"blob_id":"\#(CodeArtsBench.tip)","last_commit_id":"\#(CodeArtsBench.tip)"}"#
        for later in [changed, nil] {
            let orchard = Orchard(write: (status, #"{"error_code":"X.1"}"#), versions: ["file", later])
            let (code, _) = await change(orchard, .update(bytes: [1], expected: CodeArtsBench.blob))
            #expect(code == .conflict)
        }
    }

    @Test func `an update that changes nothing may be refused, and is done`() async {
        let (code, _) = await change(
            Orchard(write: (400, #"{"error_code":"X.1"}"#)), .update(bytes: readme, expected: CodeArtsBench.blob))
        #expect(code == nil)
    }

    @Test(arguments: [(400, ForgeError.Code.invalidRequest), (403, .forbidden), (500, .unavailable)])
    func `another refusal of a change is told`(status: Int, code: ForgeError.Code) async {
        let refused = Orchard(write: (status, #"{"error_code":"X.1"}"#))
        let (found, _) = await change(refused, .update(bytes: [1], expected: CodeArtsBench.blob))
        #expect(found == code)
    }

    @Test func `a page in place of an answer is no change`() async {
        let (code, _) = await change(
            Orchard(write: (200, "<html>sign in</html>")), .update(bytes: [1], expected: CodeArtsBench.blob))
        #expect(code == .unavailable)
    }

    @Test(arguments: [("v1", ForgeError.Code.invalidRequest), (CodeArtsBench.tip, .invalidRequest), ("x", .notFound)])
    func `files are written to branches only`(ref: String, code: ForgeError.Code) async {
        for kind in [
            FileChange.Kind.create(bytes: []), .update(bytes: [], expected: CodeArtsBench.blob),
            .delete(expected: CodeArtsBench.blob),
        ] {
            let (found, network) = await change(Orchard(), kind, ref: ref)
            #expect(found == code)
            #expect(writes(network).isEmpty)
        }
    }

    @Test func `an empty repository takes its first file, and has none to change`() async {
        let (created, network) = await change(Orchard(isEmpty: true), .create(bytes: [1]))
        #expect(created == nil)
        #expect(writes(network).count == 1)
        let (deleted, _) = await change(Orchard(isEmpty: true), .delete(expected: CodeArtsBench.blob))
        #expect(deleted == .notFound)
    }
}
