// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// The `search` of branches and tags: a part of the name, or with `^` its beginning, or with `$` its end.
/// https://docs.gitlab.com/api/tags/#list-project-repository-tags
struct GitLabRefSearch {
    private let text: String
    private let isPrefix: Bool
    private let isSuffix: Bool

    init(_ search: String?) {
        var text = (search ?? "")[...]
        isPrefix = text.hasPrefix("^")
        if isPrefix { text.removeFirst() }
        isSuffix = text.hasSuffix("$")
        if isSuffix { text.removeLast() }
        self.text = text.lowercased()
    }

    func matches(_ name: String) -> Bool {
        let name = name.lowercased()
        if text.isEmpty { return true }
        if isPrefix && isSuffix { return name == text }
        if isPrefix { return name.hasPrefix(text) }
        return isSuffix ? name.hasSuffix(text) : name.contains(text)
    }
}

/// What GitLab allows as a new branch's or tag's name: what git allows, and nothing that looks like a full ref.
enum GitLabRefName {
    static func isAllowed(_ name: String, in git: GitRepository) async throws(GitError) -> Bool {
        let forbidden = ["refs/heads/", "refs/remotes/", "-"]
        guard name != "HEAD", name != "@", !forbidden.contains(where: { name.hasPrefix($0) }) else { return false }
        return try await git.isValidRefName(name)
    }

    /// Numbers in names count as numbers: `v1.9` comes before `v1.10`.
    static func isVersion(_ one: String, before other: String) -> Bool {
        let (first, second) = (parts(one), parts(other))
        for (left, right) in zip(first, second) where left != right {
            if let left = Int(left), let right = Int(right) { return left < right }
            return left < right
        }
        return first.count == second.count ? one < other : first.count < second.count
    }

    /// Runs of digits and of everything else.
    private static func parts(_ text: String) -> [String] {
        var parts: [String] = []
        var wasDigit: Bool?
        for character in text {
            let isDigit = character.isASCII && character.isNumber
            if isDigit == wasDigit {
                parts[parts.count - 1].append(character)
            } else {
                parts.append(String(character))
            }
            wasDigit = isDigit
        }
        return parts
    }
}

extension GitRepository {
    /// Makes a ref; false where somebody else has it, or a ref in its way, however little earlier.
    func claim(_ name: String, at target: String) async throws(GitError) -> Bool {
        do throws(GitError) {
            try await createReference(name, at: target)
            return true
        } catch {
            switch error {
            case .alreadyExists, .refMoved: return false
            default: throw error
            }
        }
    }

    /// The full names of the branches whose tips are in a commit's history.
    func namesOfBranches(mergedInto commit: String?) async throws(GitError) -> Set<String> {
        guard let commit, Self.isObjectID(commit) else { return [] }
        let output = try await command().run([
            "for-each-ref", "--merged=\(commit)", "--format=%(refname)", "--", "refs/heads/",
        ])
        return Set(output.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) })
    }
}
