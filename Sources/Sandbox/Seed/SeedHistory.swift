// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// A whole history as one stream for `git fast-import`. https://git-scm.com/docs/git-fast-import#_input_format
struct SeedHistory: Sendable {
    private(set) var stream: [UInt8] = []
    private var commitCount = 0
    /// Further branches and lightweight tags at the tip of `main`, of which there may be hundreds.
    var references: [String] = []
    /// The first commit's time; each later one comes 26 hours after the one before, so that all have different days.
    private var time: Int64 = 1_704_182_645

    /// What stands at a path in a seeded commit.
    enum Content {
        case file([UInt8])
        case executable(String)
        case link(String)
        /// A submodule at a commit of another repository, which is not here.
        case submodule(String)

        static func text(_ text: String) -> Content { .file(Array(text.utf8)) }
    }

    /// Adds a commit on a branch. Its mark is the number of the commit, from 1.
    /// - Parameter from: the mark of its parent; nil for the branch's own last commit in this stream.
    @discardableResult
    mutating func commit(
        _ branch: String,
        _ message: String,
        from: Int? = nil,
        by author: (name: String, email: String) = ("Octavia Lund", SandboxSeed.email),
        _ changes: [(path: String, content: Content?)]
    ) -> Int {
        commitCount += 1
        time += 26 * 3600 + 61
        line("commit refs/heads/\(branch)")
        line("mark :\(commitCount)")
        line("author \(author.name) <\(author.email)> \(time) +0100")
        line("committer \(author.name) <\(author.email)> \(time) +0100")
        data(Array(message.utf8))
        if let from { line("from :\(from)") }
        for change in changes {
            let path = Self.quoted(change.path)
            switch change.content {
            case nil: line("D \(path)")
            case .file(let bytes):
                line("M 100644 inline \(path)")
                data(bytes)
            case .executable(let text):
                line("M 100755 inline \(path)")
                data(Array(text.utf8))
            case .submodule(let commit): line("M 160000 \(commit) \(path)")
            case .link(let target):
                line("M 120000 inline \(path)")
                data(Array(target.utf8))
            }
        }
        return commitCount
    }

    /// Points a branch or a lightweight tag at a commit.
    mutating func reference(_ name: String, at mark: Int) {
        line("reset \(name)")
        line("from :\(mark)")
        line("")
    }

    /// Adds an annotated tag.
    mutating func tag(_ name: String, at mark: Int, _ message: String) {
        line("tag \(name)")
        line("from :\(mark)")
        line("tagger Octavia Lund <\(SandboxSeed.email)> \(time) +0100")
        data(Array(message.utf8))
    }

    private mutating func line(_ text: String) {
        stream += text.utf8
        stream.append(UInt8(ascii: "\n"))
    }

    private mutating func data(_ bytes: [UInt8]) {
        line("data \(bytes.count)")
        stream += bytes
        line("")
    }

    private static func quoted(_ path: String) -> String {
        var text = "\""
        for character in path {
            switch character {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
        return text + "\""
    }
}
