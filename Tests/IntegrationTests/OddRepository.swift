// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Subprocess
import Synchronization

/// A bare repository that a test fills with git's fast-import.
final class OddRepository: Sendable {
    struct GitFailed: Error {
        let arguments: [String]
        let output: String
    }

    /// Every file of ``importContents()`` but the symbolic link and the submodule.
    static let contents: [(path: String, bytes: Data)] =
        [
            ("empty.txt", Data()), ("big.bin", noise(1 << 20 + 1)), ("huge.bin", noise(20 << 20)),
            ("crlf.txt", Data("one\r\ntwo\r\n".utf8)), ("bytes.bin", Data((0..<1024).map { UInt8($0 & 255) })),
            ("no-newline", Data("the end".utf8)), ("run.sh", Data("#!/bin/sh\n".utf8)),
            // A forge whose list does not tell submodules from files has this file alone to tell them by.
            (".gitmodules", Data("[submodule \"sub\"]\n\tpath = sub\n\turl = https://example.org/sub.git\n".utf8)),
        ]
        + [
            "with space.txt", "a+b.txt", "100%.txt", "%41.txt", "#1.txt", "what?.txt", "c:d.txt", "ünï/港.txt",
            "a&b=c.txt",
            "quo\"te.txt", "til~de's.txt", "[x].txt", ".hidden", String(repeating: "long-", count: 40),
        ].map { ("names/\($0)", Data("This is \($0)\n".utf8)) }

    private let path: String
    private let known: Mutex<[String: String]> = Mutex([:])

    /// The SHA of each file's blob on `main`, by its path.
    var blobs: [String: String] { known.withLock { $0 } }

    init(in directory: URL) async throws {
        path = directory.appending(path: "odd-\(UUID().uuidString).git").path
        try await git("init", "-q", "--bare", "-b", "main", path)
    }

    /// Commits ``contents`` to `main` and `release/2.x/odd`; a tag on a tag, a tag with a slash, a commit without a date on `undated`.
    func importContents() async throws {
        var stream = Self.commit(on: "main", "Everything odd")
        for (path, bytes) in Self.contents {
            stream += Self.file(path, bytes, mode: path == "run.sh" ? "100755" : "100644")
        }
        stream += Self.file("link", Data("crlf.txt".utf8), mode: "120000")
        stream += Data("M 160000 0123456789abcdef0123456789abcdef01234567 sub\n".utf8)
        try await fastImport(stream)
        try await git("branch", "release/2.x/odd", "main")
        try await git("tag", "-a", "-m", "A tag on a commit", "inner", "main")
        try await git("tag", "-a", "-m", "A tag on a tag", "outer", "inner")
        try await git("tag", "plain/2026-01", "main")
        let tree = try await git("rev-parse", "main^{tree}")
        let parent = try await git("rev-parse", "main")
        // As old importers left them: git itself writes no such commit, and reads it.
        let raw = """
            tree \(tree)
            parent \(parent)
            author Nobody <nobody@example.org>
            committer Nobody <nobody@example.org> 1767225600 +0000

            Without an author's date

            """
        let undated = try await git(
            "hash-object", "-t", "commit", "-w", "--literally", "--stdin", input: Data(raw.utf8))
        try await git("update-ref", "refs/heads/undated", undated)
        let listed = try await git("ls-tree", "-r", "-z", "main")
        let blobs = listed.split(separator: "\0").compactMap { line -> (String, String)? in
            let parts = line.split(separator: "\t", maxSplits: 1)
            let words = parts[0].split(separator: " ")
            return parts.count == 2 && words.count == 3 ? (String(parts[1]), String(words[2])) : nil
        }
        known.withLock { $0 = Dictionary(uniqueKeysWithValues: blobs) }
    }

    /// Commits so many small files, in folders of a hundred, to `main`.
    func importManyFiles(_ count: Int) async throws {
        var stream = Data("blob\nmark :1\ndata 5\nsmall\n".utf8) + Self.commit(on: "main", "Very many files")
        for number in 0..<count {
            stream += Data("M 100644 :1 folder-\(number / 100)/deep/file-\(number).txt\n".utf8)
        }
        try await fastImport(stream)
    }

    /// Commits a file `notes.txt` to a branch that begins anew with it.
    func importText(_ text: String, on branch: String) async throws {
        try await fastImport(
            Data("reset refs/heads/\(branch)\n".utf8) + Self.commit(on: branch, "Notes: \(text)")
                + Self.file("notes.txt", Data(text.utf8), mode: "100644"))
    }

    /// Runs git in the repository. Gives what it printed, without the line's end.
    /// - Throws: ``GitFailed``.
    @discardableResult
    func git(_ arguments: String..., input: Data = Data()) async throws -> String {
        let place = arguments.first == "init" ? [] : ["--git-dir", path]
        let result = try await run(
            .name("git"), arguments: .init(place + arguments),
            environment: .inherit.updating([
                "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_AUTHOR_NAME": "Odd",
                "GIT_AUTHOR_EMAIL": "odd@example.org", "GIT_COMMITTER_NAME": "Odd",
                "GIT_COMMITTER_EMAIL": "odd@example.org",
            ]),
            input: .array(Array(input)), output: .string(limit: 16 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw GitFailed(arguments: arguments, output: result.standardError)
        }
        return result.standardOutput.trimmingCharacters(in: .newlines)
    }

    private func fastImport(_ stream: Data) async throws {
        try await git("fast-import", "--quiet", "--force", input: stream)
    }

    private static func commit(on branch: String, _ message: String) -> Data {
        let author = "Odd <odd@example.org> 1767225600 +0100"
        return Data(
            "commit refs/heads/\(branch)\nauthor \(author)\ncommitter \(author)\ndata \(message.utf8.count)\n\(message)\n"
                .utf8)
    }

    private static func file(_ path: String, _ bytes: Data, mode: String) -> Data {
        let quoted = "\"" + path.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        return Data("M \(mode) inline \(quoted)\ndata \(bytes.count)\n".utf8) + bytes + Data("\n".utf8)
    }

    /// Bytes without a pattern, the same at each run.
    private static func noise(_ count: Int) -> Data {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        var words: [UInt64] = []
        words.reserveCapacity(count / 8 + 1)
        for _ in 0...(count / 8) {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            words.append(state)
        }
        return words.withUnsafeBytes { Data($0.prefix(count)) }
    }
}
