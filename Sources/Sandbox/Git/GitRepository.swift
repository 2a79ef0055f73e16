// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// A bare repository on disk, driven through the `git` command (about a millisecond a call).
///
/// Everything it answers and everything it writes are real git objects: a clone of ``directory`` sees them all. Any
/// number of tasks may use it at once; writers to one branch compare and swap, so no accepted commit is ever lost.
struct GitRepository: Sendable, Hashable {
    /// The bare repository's folder.
    let directory: String

    init(directory: String) {
        self.directory = directory
    }

    /// Makes an empty bare repository, to which `git` smart HTTP may push.
    /// - Parameter defaultBranch: where `HEAD` points to; the branch itself is not made.
    static func create(at directory: String, defaultBranch: String = "main") async throws(GitError) -> GitRepository {
        let repository = GitRepository(directory: directory)
        try await repository.command().run([
            "init", "--quiet", "--bare", "--template=", "--initial-branch=\(defaultBranch)",
        ])
        do {
            try Data(configuration.utf8).write(to: URL(filePath: directory + "/config"))
        } catch {
            throw .failed(command: "init", status: "no configuration written", message: "\(error)")
        }
        return repository
    }

    /// By default http-backend takes pushes only from users whom a web server has authenticated: the sandbox does that
    /// itself. Collecting garbage beside a running test would remove folders under its feet. A sandbox need not outlive a
    /// power cut, and waiting for the disk is most of what its writes would take.
    private static let configuration = """
        [core]
            repositoryformatversion = 0
            filemode = true
            bare = true
            fsync = none
        [http]
            receivepack = true
        [receive]
            autogc = false
        [gc]
            auto = 0

        """

    /// Removes the folder with all that is in it.
    func delete() throws {
        try FileManager.default.removeItem(atPath: directory)
    }

    /// Points `HEAD` to another branch.
    func setDefaultBranch(_ name: String) async throws(GitError) {
        try await command().run(["symbolic-ref", "HEAD", "refs/heads/" + name])
    }

    /// Whether there is no branch at all.
    func isEmpty() async throws(GitError) -> Bool {
        try await command().run(["for-each-ref", "--count=1", "refs/heads/"]).isEmpty
    }

    func command(_ environment: [String: String] = [:]) -> GitCommand {
        GitCommand(directory: directory, environment: environment)
    }
}

extension GitRepository {
    /// The 40 zeros that stand for "no object".
    static let noObject = String(repeating: "0", count: 40)

    /// Whether the text is a full SHA-1, 40 hexadecimal digits.
    static func isObjectID(_ text: String) -> Bool {
        text.utf8.count == 40 && text.utf8.allSatisfy(Self.isHexadecimal)
    }

    /// Whether the text could be a SHA-1 cut short (4 to 40 hexadecimal digits).
    static func isAbbreviatedObjectID(_ text: String) -> Bool {
        (4...40).contains(text.utf8.count) && text.utf8.allSatisfy(Self.isHexadecimal)
    }

    /// Whether git accepts the text as a ref's name after `refs/heads/` or `refs/tags/`.
    func isValidRefName(_ name: String) async throws(GitError) -> Bool {
        guard !name.isEmpty, !name.utf8.contains(0), !name.hasPrefix("-") else { return false }
        return try await command().attempt(["check-ref-format", "refs/heads/" + name]).succeeded
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
