// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What was listed last. A tree is named by its content, so a list is good for ever and for every repository that has it.
/// Without it, each page of a tree of 20,000 files took as long as the whole.
private let recentTrees = Mutex<[(key: [String], entries: [GitTreeEntry])]>([])

extension GitRepository {
    /// The entries of a tree in git's order: its own, or with `recursive` those of all trees below as well (the trees
    /// themselves included, each before its content).
    /// - Parameters:
    ///   - treeish: the full SHA of a tree or commit.
    ///   - path: a directory in it, with real slashes; empty for its root. The entries' paths count from the root.
    /// - Throws: ``GitError/notFound(_:)`` where tree or directory are not there.
    func tree(
        _ treeish: String,
        path: String = "",
        recursive: Bool = false
    ) async throws(GitError) -> [GitTreeEntry] {
        let directory = path.split(separator: "/").joined(separator: "/")
        guard let root = try await objectID("\(treeish)^{tree}") else { throw .notFound(treeish) }
        if !directory.isEmpty {
            guard try await entry(directory, in: root)?.type == .tree else { throw .notFound(path) }
        }
        var arguments = ["ls-tree", "-z", "-l", "--full-tree"]
        if recursive { arguments += ["-r", "-t"] }
        arguments += [root]
        if !directory.isEmpty { arguments += ["--", directory + "/"] }
        let key = arguments
        if let found = recentTrees.withLock({ $0.first { $0.key == key }?.entries }) { return found }
        // With -r -t, git also lists the directories on the way down to the one asked for.
        let entries = Self.entries(try await command().run(arguments))
            .filter { directory.isEmpty || $0.path.utf8.count > directory.utf8.count }
        recentTrees.withLock { $0 = [(key, entries)] + $0.prefix(3) }
        return entries
    }

    /// What stands at one path (a file, link, directory or submodule); nil where nothing does.
    /// - Parameter treeish: the full SHA of a tree or commit.
    func entry(_ path: String, in treeish: String) async throws(GitError) -> GitTreeEntry? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !path.isEmpty, !path.utf8.contains(0), !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." })
        else { return nil }
        let outcome = try await command().attempt(["ls-tree", "-z", "-l", "--full-tree", treeish, "--", path])
        guard outcome.succeeded else { return nil }
        return Self.entries(outcome.output).first
    }

    /// Where a submodule comes from, by the file `.gitmodules`; nil where that does not say so.
    func submoduleAddress(_ path: String, in treeish: String) async throws(GitError) -> String? {
        guard let file = try await entry(".gitmodules", in: treeish), file.type == .blob else { return nil }
        let arguments = ["config", "-z", "--blob", file.id, "--get-regexp", "^submodule\\..*\\.(path|url)$"]
        let outcome = try await command().attempt(arguments)
        // `submodule.<name>.path LF <value> NUL`
        var values: [String: String] = [:]
        for line in String(decoding: outcome.output, as: UTF8.self).split(separator: "\0") {
            let halves = line.split(separator: "\n", maxSplits: 1)
            if halves.count == 2 { values[String(halves[0])] = String(halves[1]) }
        }
        let key = values.first { $0.key.hasSuffix(".path") && $0.value == path }?.key
        return key.flatMap { values[$0.dropLast("path".count) + "url"] }
    }

    /// `<mode> SP <type> SP <sha> SP+ <size or -> TAB <path> NUL`
    private static func entries(_ output: [UInt8]) -> [GitTreeEntry] {
        output.split(separator: 0).compactMap { line in
            guard let tab = line.firstIndex(of: UInt8(ascii: "\t")) else { return nil }
            let fields = line[..<tab].split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
            guard fields.count == 4, let type = GitObjectType(rawValue: fields[1]) else { return nil }
            return GitTreeEntry(
                mode: fields[0],
                type: type,
                id: fields[2],
                size: Int(fields[3]),
                path: String(decoding: line[(tab + 1)...], as: UTF8.self)
            )
        }
    }
}
