// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Why a call of the `git` command gave nothing.
enum GitError: Error, Sendable, Equatable {
    /// A name that git cannot hold (a NUL byte, a forbidden ref name, a path with `..` or `.git` in it).
    case invalidName(String)
    /// The object, ref or path is not in the repository.
    case notFound(String)
    /// The ref exists already.
    case alreadyExists(String)
    /// The ref is not where the caller last saw it: somebody else was faster. Read again and decide anew.
    case refMoved(String)
    /// The `git` command could not be started or ended with an error that has no case of its own.
    case failed(command: String, status: String, message: String)
}

extension GitError: CustomStringConvertible {
    var description: String {
        switch self {
        case .invalidName(let name): "git cannot hold the name \(name.debugDescription)"
        case .notFound(let name): "\(name.debugDescription) is not in the repository"
        case .alreadyExists(let name): "\(name.debugDescription) exists already"
        case .refMoved(let name): "\(name.debugDescription) has moved since it was read"
        case .failed(let command, let status, let message): "git \(command) failed (\(status)): \(message)"
        }
    }
}
