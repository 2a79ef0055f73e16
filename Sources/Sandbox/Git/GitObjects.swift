// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What a git object is.
enum GitObjectType: String, Sendable, Hashable, Codable {
    case blob, tree, commit, tag
}

/// A branch, a tag or any other ref.
struct GitReference: Sendable, Hashable {
    /// With its prefix, for example `refs/heads/feature/one`.
    let name: String
    /// What the ref holds: for an annotated tag the tag object.
    let objectID: String
    let objectType: GitObjectType
    /// What an annotated tag points to at last; the same as ``objectID`` for every other ref.
    let peeledID: String

    /// The name without `refs/heads/` or `refs/tags/`.
    var shortName: String {
        for prefix in ["refs/heads/", "refs/tags/"] where name.hasPrefix(prefix) {
            return String(name.dropFirst(prefix.count))
        }
        return name
    }
}

/// Who made a commit or tag, and when.
struct GitSignature: Sendable, Hashable {
    let name: String
    let email: String
    /// Unix time in seconds.
    let time: Int64
    /// Minutes east of Greenwich of the place where it was made.
    let offset: Int

    init(name: String, email: String, time: Int64, offset: Int = 0) {
        self.name = name
        self.email = email
        self.time = time
        self.offset = offset
    }
}

/// A commit, read whole.
struct GitCommit: Sendable, Hashable {
    let id: String
    let tree: String
    let parents: [String]
    let author: GitSignature
    let committer: GitSignature
    /// As stored, usually with a line feed at its end.
    let message: String
}

/// An annotated tag's object.
struct GitTag: Sendable, Hashable {
    let id: String
    let name: String
    let target: String
    let targetType: GitObjectType
    /// nil for the old tags that have none.
    let tagger: GitSignature?
    /// As stored, usually with a line feed at its end.
    let message: String
}

/// One line of a tree.
struct GitTreeEntry: Sendable, Hashable {
    /// As git writes it: `100644`, `100755`, `120000` (symbolic link), `040000` (tree), `160000` (submodule).
    let mode: String
    let type: GitObjectType
    let id: String
    /// In bytes; nil for what is no blob.
    let size: Int?
    /// From the tree's own root, with real slashes.
    let path: String

    /// The path's last part.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    var isSymbolicLink: Bool { mode == "120000" }
    var isSubmodule: Bool { type == .commit }
}

/// One change that a commit makes to a file.
enum GitChange: Sendable, Hashable {
    /// The file holds this blob from now on. `mode` is `100644`, `100755` or `120000`.
    case put(path: String, blob: String, mode: String)
    case remove(path: String)
}

extension GitSignature {
    /// Now, in UTC.
    static func now(name: String, email: String) -> GitSignature {
        GitSignature(name: name, email: email, time: Int64(Date().timeIntervalSince1970))
    }

    /// The value of `GIT_AUTHOR_DATE` and the like.
    var dateVariable: String {
        let minutes = abs(offset)
        let digits = String(10000 + minutes / 60 * 100 + minutes % 60).dropFirst()
        return "@\(time) \(offset < 0 ? "-" : "+")\(digits)"
    }
}
