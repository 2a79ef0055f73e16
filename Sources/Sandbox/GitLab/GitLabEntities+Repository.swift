// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// What the repository's own objects look like in the API.
extension GitLabEntities {
    /// https://docs.gitlab.com/api/commits/
    func commit(_ commit: GitCommit, of project: SandboxRepository) -> JSON {
        let trailers = GitLabTrailers(message: commit.message)
        return [
            "id": .string(commit.id), "short_id": .string(String(commit.id.prefix(8))),
            "created_at": .string(GitLabTime.signature(commit.committer)),
            "parent_ids": .array(commit.parents.map(JSON.string)),
            "title": .string(Self.title(of: commit.message)), "message": .string(commit.message),
            "author_name": .string(commit.author.name), "author_email": .string(commit.author.email),
            "authored_date": .string(GitLabTime.signature(commit.author)),
            "committer_name": .string(commit.committer.name), "committer_email": .string(commit.committer.email),
            "committed_date": .string(GitLabTime.signature(commit.committer)), "trailers": trailers.last,
            "extended_trailers": trailers.all,
            "web_url": .string("\(address)/\(state.fullPath(of: project))/-/commit/\(commit.id)"),
        ]
    }

    /// A commit on its own, with what its changes count. `stats` is nil where they were not asked for.
    func commitDetail(
        _ commit: GitCommit, stats: (additions: Int, deletions: Int)?, of project: SandboxRepository
    ) -> JSON {
        var entity = self.commit(commit, of: project)
        if let stats { entity = entity.adding(["stats": Self.stats(stats)]) }
        return entity.adding(["status": nil, "project_id": .integer(project.id), "last_pipeline": nil])
    }

    static func stats(_ stats: (additions: Int, deletions: Int)) -> JSON {
        [
            "additions": .integer(stats.additions), "deletions": .integer(stats.deletions),
            "total": .integer(stats.additions + stats.deletions),
        ]
    }

    /// https://docs.gitlab.com/api/branches/
    func branch(
        _ name: String, at commit: GitCommit, merged: Bool, isDefault: Bool, of project: SandboxRepository,
        for user: SandboxUser?
    ) -> JSON {
        [
            "name": .string(name), "commit": self.commit(commit, of: project), "merged": .bool(merged),
            "protected": .bool(project.protects(branch: name)), "developers_can_push": false,
            "developers_can_merge": false,
            "can_push": .bool(user.map { state.mayPush(to: name, of: project, as: $0.id) } ?? false),
            "default": .bool(isDefault),
            "web_url": .string("\(address)/\(state.fullPath(of: project))/-/tree/\(name)"),
        ]
    }

    /// https://docs.gitlab.com/api/tags/
    /// - Parameter annotation: the tag's own object; nil for a lightweight tag, which has neither message nor time.
    func tag(
        _ reference: GitReference, annotation: GitTag?, commit: GitCommit?, of project: SandboxRepository
    ) -> JSON {
        [
            "name": .string(reference.shortName),
            "message": annotation.map { .string(Self.trimmed($0.message)) } ?? "",
            "target": .string(reference.objectID), "commit": commit.map { self.commit($0, of: project) } ?? nil,
            "release": nil, "protected": .bool(project.protects(tag: reference.shortName)),
            "created_at": .optional(annotation?.tagger.map(GitLabTime.signature)),
        ]
    }

    /// https://docs.gitlab.com/api/repositories/#list-repository-tree
    func treeEntry(_ entry: GitTreeEntry) -> JSON {
        [
            "id": .string(entry.id), "name": .string(entry.name), "type": .string(entry.type.rawValue),
            "path": .string(entry.path), "mode": .string(entry.mode),
        ]
    }

    /// A message's first line.
    static func title(of message: String) -> String {
        let line = message.prefix { !$0.isNewline }
        return line.isEmpty ? "--no commit message" : String(line)
    }

    private static func trimmed(_ message: String) -> String {
        var text = message[...]
        while text.last?.isNewline == true { text.removeLast() }
        return String(text)
    }
}

/// The `Key: value` lines of a message's last paragraph.
/// https://git-scm.com/docs/git-interpret-trailers
struct GitLabTrailers {
    private let lines: [(key: String, value: String)]

    init(message: String) {
        let paragraphs = message.split(separator: "\n\n")
        var found: [(key: String, value: String)] = []
        if paragraphs.count > 1, let last = paragraphs.last {
            for line in last.split(whereSeparator: \.isNewline) {
                guard let colon = line.firstIndex(of: ":"), colon != line.startIndex,
                    line[..<colon].allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" })
                else {
                    found = []
                    break
                }
                let value = line[line.index(after: colon)...].drop { $0 == " " }
                found.append((String(line[..<colon]), String(value)))
            }
        }
        lines = found
    }

    /// Each key with its last value.
    var last: JSON {
        .object(keys.map { key in .init(key: key, value: .optional(lines.last { $0.key == key }?.value)) })
    }

    /// Each key with all its values.
    var all: JSON {
        .object(
            keys.map { key in .init(key: key, value: .array(lines.filter { $0.key == key }.map { .string($0.value) })) }
        )
    }

    private var keys: [String] {
        var seen: [String] = []
        for line in lines where !seen.contains(line.key) { seen.append(line.key) }
        return seen
    }
}
