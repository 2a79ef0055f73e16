// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Which commits of a history are wanted.
struct GitHistoryQuery: Sendable {
    /// Full SHAs where the history begins; empty for every branch and tag.
    var start: [String]
    /// Only commits that touch this file or directory.
    var path: String?
    /// Only commits whose author's name or email holds this text.
    var author: String?
    /// The same for the committer.
    var committer: String?
    /// Unix times in seconds, both inclusive.
    var since: Int64?
    var until: Int64?
    var firstParentOnly = false
    var skip = 0
    var limit = 100

    init(start: [String]) {
        self.start = start
    }
}

extension GitRepository {
    /// Commits, newest first.
    func history(_ query: GitHistoryQuery) async throws(GitError) -> [GitCommit] {
        guard let arguments = Self.arguments(query) else { return [] }
        let output = try await command().run(
            ["rev-list", "--max-count=\(query.limit)", "--skip=\(query.skip)"] + arguments)
        let lines = output.split(separator: UInt8(ascii: "\n"))
        return try await commits(lines.map { String(decoding: $0, as: UTF8.self) })
    }

    /// How many commits there are in all, whatever the query's `skip` and `limit`.
    func historyCount(_ query: GitHistoryQuery) async throws(GitError) -> Int {
        guard let arguments = Self.arguments(query) else { return 0 }
        let output = try await command().run(["rev-list", "--count"] + arguments)
        return Int(String(decoding: output, as: UTF8.self).filter(\.isNumber)) ?? 0
    }

    /// nil for a path that no commit can hold.
    private static func arguments(_ query: GitHistoryQuery) -> [String]? {
        var arguments = ["--fixed-strings"]
        if let author = query.author { arguments.append("--author=" + author) }
        if let committer = query.committer { arguments.append("--committer=" + committer) }
        if let since = query.since { arguments.append("--since=@\(since)") }
        if let until = query.until { arguments.append("--until=@\(until)") }
        if query.firstParentOnly { arguments.append("--first-parent") }
        if query.start.isEmpty { arguments += ["--branches", "--tags"] }
        arguments += ["--end-of-options"] + query.start.filter(isObjectID) + ["--"]
        guard let path = query.path, !path.isEmpty else { return arguments }
        let parts = path.split(separator: "/")
        guard !parts.isEmpty, !parts.contains("..") else { return nil }
        return arguments + [parts.joined(separator: "/")]
    }

    /// The newest commit that touched a path; nil where the path is not in the history.
    func lastCommit(touching path: String, from start: String) async throws(GitError) -> GitCommit? {
        var query = GitHistoryQuery(start: [start])
        query.path = path
        query.limit = 1
        return try await history(query).first
    }

    /// The files that a commit changes against its first parent (against nothing where it has none).
    func changedFiles(of commit: GitCommit) async throws(GitError) -> [GitFileDifference] {
        // The empty tree's SHA is known to git without being stored.
        let base = commit.parents.first ?? "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        let options = ["--no-ext-diff", "--no-textconv", "--no-color", "-z", "-r", "--no-renames"]
        let numbers = try await command().run(["diff-tree"] + options + ["--numstat", base, commit.id, "--"])
        let raw = try await command().run(["diff-tree"] + options + ["--raw", "--no-abbrev", base, commit.id, "--"])
        var counts: [String: (added: Int, deleted: Int)] = [:]
        for line in numbers.split(separator: 0) {
            let fields = line.split(separator: UInt8(ascii: "\t"), maxSplits: 2).map {
                String(decoding: $0, as: UTF8.self)
            }
            // Binary files have `-` for both.
            if fields.count == 3 { counts[fields[2]] = (Int(fields[0]) ?? 0, Int(fields[1]) ?? 0) }
        }
        let fields = raw.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        return stride(from: 0, to: fields.count - 1, by: 2).compactMap { index in
            // `:100644 100644 <old> <new> M`
            let parts = fields[index].split(separator: " ")
            guard parts.count == 5, let status = parts[4].first else { return nil }
            let path = fields[index + 1]
            return GitFileDifference(
                path: path,
                status: status,
                blob: status == "D" ? String(parts[2]) : String(parts[3]),
                added: counts[path]?.added ?? 0,
                deleted: counts[path]?.deleted ?? 0
            )
        }
    }
}

/// One file in a commit's difference.
struct GitFileDifference: Sendable, Hashable {
    let path: String
    /// `A` added, `M` modified, `D` deleted, `T` type changed.
    let status: Character
    /// The blob after the change, before it for a deleted file.
    let blob: String
    /// Lines; 0 for binary files.
    let added: Int
    let deleted: Int
}
