// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Where a file stands: a path with real slashes, in a repository, at a ref.
package struct FileLocation: Sendable, Hashable {
    package let repository: RepositoryReference
    /// Real slashes, none at the start; never empty.
    package let path: String
    /// A branch, a tag or a commit's SHA. For writing, only a branch is taken.
    package let ref: String

    package init(repository: RepositoryReference, path: String, ref: String) {
        self.repository = repository
        self.path = path
        self.ref = ref
    }
}

/// A file read from a forge.
package struct FileContent: Sendable, Hashable {
    /// Real slashes.
    package let path: String
    /// The SHA-1 (or SHA-256) of the git blob, lower-case hexadecimal.
    package let sha: String
    package let bytes: [UInt8]

    package init(path: String, sha: String, bytes: [UInt8]) {
        self.path = path
        self.sha = sha
        self.bytes = bytes
    }
}

/// A change of one file: one commit on the branch that ``FileLocation/ref`` names.
package struct FileChange: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// Makes a file that must not exist.
        case create(bytes: [UInt8])
        /// Changes a file that must exist. `expected` is the SHA of the blob as last read, or of the branch's latest
        /// commit; a file that has changed since is ``ForgeError/Code/conflict``.
        case update(bytes: [UInt8], expected: String)
        /// Removes a file that must exist; `expected` as for an update.
        case delete(expected: String)
    }

    package let kind: Kind
    /// The commit's message.
    package let message: String

    package init(_ kind: Kind, message: String) {
        self.kind = kind
        self.message = message
    }
}
