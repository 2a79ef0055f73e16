// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// An error answer: `{"errors": [{"context", "message", "exceptionName"}]}`.
/// https://developer.atlassian.com/server/bitbucket/how-tos/command-line-rest/
struct BitbucketServerRefusal: Error {
    let status: Int
    /// The field that a validation complains about.
    var context: String?
    let message: String
    /// Without `com.atlassian.bitbucket.`; nil where the server names none.
    var exception: String?

    var body: JSON {
        let name = exception.map { "com.atlassian.bitbucket." + $0 }
        return [
            "errors": [
                ["context": .optional(context), "message": .string(message), "exceptionName": .optional(name)]
            ]
        ]
    }

    /// A credential that is none (any more).
    static let unauthenticated = BitbucketServerRefusal(
        status: 401, message: "Authentication failed. Please check your credentials and try again.",
        exception: "auth.IncorrectPasswordAuthenticationException")

    /// A user who may not do it, or may not even see what it is about. Bitbucket has the same status for it.
    static let unauthorised = BitbucketServerRefusal(
        status: 401, message: "You are not permitted to access this resource", exception: "AuthorisationException")

    static func noProject(_ key: String) -> BitbucketServerRefusal {
        BitbucketServerRefusal(
            status: 404, message: "Project \(key) does not exist.", exception: "project.NoSuchProjectException")
    }

    static func noRepository(_ key: String, _ slug: String) -> BitbucketServerRefusal {
        BitbucketServerRefusal(
            status: 404, message: "Repository \(key)/\(slug) does not exist.",
            exception: "repository.NoSuchRepositoryException")
    }

    static func noUser(_ slug: String) -> BitbucketServerRefusal {
        BitbucketServerRefusal(
            status: 404, message: "User \(slug) does not exist.", exception: "user.NoSuchUserException")
    }

    static func noCommit(_ revision: String, _ slug: String) -> BitbucketServerRefusal {
        BitbucketServerRefusal(
            status: 404, message: "Commit '\(revision)' does not exist in repository '\(slug)'.",
            exception: "commit.NoSuchCommitException")
    }

    static func noBranch(_ name: String, _ slug: String) -> BitbucketServerRefusal {
        BitbucketServerRefusal(
            status: 404, message: "Branch '\(name)' does not exist in repository '\(slug)'.",
            exception: "repository.NoSuchBranchException")
    }

    static func noDefaultBranch(_ name: String) -> BitbucketServerRefusal {
        BitbucketServerRefusal(
            status: 404, message: "refs/heads/\(name) is set as the default branch, but this branch does not exist",
            exception: "repository.NoDefaultBranchException")
    }

    static func noPath(_ path: String, _ revision: String) -> BitbucketServerRefusal {
        BitbucketServerRefusal(
            status: 404, message: "The path \"\(path)\" does not exist at revision \"\(revision)\"",
            exception: "content.NoSuchPathException")
    }

    /// A field that is missing or of a wrong form.
    static func invalid(_ context: String?, _ message: String) -> BitbucketServerRefusal {
        BitbucketServerRefusal(status: 400, context: context, message: message)
    }

    static func conflict(_ message: String, _ exception: String) -> BitbucketServerRefusal {
        BitbucketServerRefusal(status: 409, message: message, exception: exception)
    }

    static let archived = conflict(
        "The repository is archived and cannot be changed.", "repository.RepositoryArchivedException")
}
