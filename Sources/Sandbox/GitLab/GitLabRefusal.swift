// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// An answer that is not a success, with exactly the body that GitLab sends.
///
/// GitLab has two shapes: `{"message": …}` from its own code, and `{"error": …}` from the framework's parameter checks
/// and from OAuth.
struct GitLabRefusal: Error {
    let status: Int
    let body: JSON
    var headers: [(name: String, value: String)] = []

    static func message(_ status: Int, _ text: String) -> GitLabRefusal {
        GitLabRefusal(status: status, body: ["message": .string(text)])
    }

    static func error(_ status: Int, _ text: String) -> GitLabRefusal {
        GitLabRefusal(status: status, body: ["error": .string(text)])
    }

    /// What a commit, a branch or a tag that cannot be made gets: one sentence, always 400.
    static func badRequest(_ text: String) -> GitLabRefusal { .message(400, text) }

    static let unauthorized = GitLabRefusal.message(401, "401 Unauthorized")

    /// The role in the project does not reach.
    static let forbidden = GitLabRefusal.message(403, "403 Forbidden")

    /// `404 Project Not Found`; things that the token may not see answer the same.
    static func notFound(_ noun: String) -> GitLabRefusal { .message(404, "404 \(noun) Not Found") }

    /// A record of the database (a hook) that is not there: with a small n, unlike the others.
    static let recordNotFound = GitLabRefusal.message(404, "404 Not found")

    /// No such route.
    static let routeNotFound = GitLabRefusal.error(404, "404 Not Found")

    static let methodNotAllowed = GitLabRefusal.error(405, "405 Not Allowed")

    /// Fields of a record that could not be saved, each with its complaints.
    static func invalidRecord(_ complaints: [(field: String, texts: [String])]) -> GitLabRefusal {
        let members = complaints.map { JSON.Member(key: $0.field, value: .array($0.texts.map(JSON.string))) }
        return GitLabRefusal(status: 400, body: ["message": .object(members)])
    }

    /// The token is known, live, and not allowed to do this.
    /// https://docs.gitlab.com/api/rest/authentication/
    static func insufficientScope(needed: [String]) -> GitLabRefusal {
        GitLabRefusal(
            status: 403,
            body: [
                "error": "insufficient_scope",
                "error_description": "The request requires higher privileges than provided by the access token.",
                "scope": .string(needed.joined(separator: " ")),
            ])
    }

    /// A token that was live once. GitLab tells such a one from a token that it never gave, which is plain 401.
    static func invalidToken(_ description: String) -> GitLabRefusal {
        GitLabRefusal(
            status: 401,
            body: ["error": "invalid_token", "error_description": .string(description)],
            headers: [
                (
                    "WWW-Authenticate",
                    "Bearer realm=\"The API\", error=\"invalid_token\", error_description=\"\(description)\""
                )
            ])
    }

    static let expiredToken = invalidToken("Token is expired. You can either do re-authorization or token refresh.")

    static let revokedToken = invalidToken("Token was revoked. You have to re-authorize from the user.")

    /// What the rate limiter answers before any of GitLab's code runs: plain text, not JSON.
    static let rateLimitBody = "Retry later\n"
}
