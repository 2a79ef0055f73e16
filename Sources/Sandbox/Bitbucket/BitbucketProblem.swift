// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// A refusal in Bitbucket's form: `{"type": "error", "error": {"message": …}}`.
/// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#standardized-error-responses
struct BitbucketProblem: Error, Sendable {
    let status: Int
    let message: String
    /// A text, or for missing scopes an object.
    var detail: JSON?
    /// What is wrong with which field.
    var fields: JSON?
    var headers: HTTPFields = [:]

    init(_ status: Int, _ message: String, detail: JSON? = nil, fields: JSON? = nil) {
        self.status = status
        self.message = message
        self.detail = detail
        self.fields = fields
    }

    var response: Response {
        var error: JSON = ["message": .string(message)]
        if let detail { error = error.adding(["detail": detail]) }
        if let fields { error = error.adding(["fields": fields]) }
        return .json(
            ["type": "error", "error": error], status: HTTPResponse.Status(code: status), headers: headers)
    }
}

extension BitbucketProblem {
    static let noAPI = BitbucketProblem(404, "Resource not found", detail: "There is no API hosted at this URL")
    static let notFound = BitbucketProblem(404, "Resource not found")
    static let limited = BitbucketProblem(429, "Rate limit for this resource has been exceeded")
    static let badToken = unauthorized("Token is invalid, expired, or not supported for this endpoint.")
    static let expiredToken = unauthorized(
        "Access token expired. Use your refresh token to obtain a new access token.")
    static let kindOfToken = BitbucketProblem(403, "This API is not accessible by this authentication mechanism")
    static let noWriteAccess = BitbucketProblem(403, "You do not have write access to this repository.")
    static let noAdministration = BitbucketProblem(
        403, "You do not have administrator access to this repository.")

    private static func unauthorized(_ message: String) -> BitbucketProblem {
        var problem = BitbucketProblem(401, message)
        problem.headers[.wwwAuthenticate] = "Basic realm=\"Bitbucket.org HTTP\""
        return problem
    }

    static func lacksScopes(_ required: [String], _ granted: Set<String>) -> BitbucketProblem {
        BitbucketProblem(
            403, "Your credentials lack one or more required privilege scopes.",
            detail: [
                "required": .array(required.map(JSON.string)), "granted": .array(granted.sorted().map(JSON.string)),
            ])
    }

    static func noRepository(_ name: String) -> BitbucketProblem {
        BitbucketProblem(404, "Repository \(name) not found")
    }

    static func noWorkspace(_ name: String) -> BitbucketProblem {
        BitbucketProblem(404, "No workspace with identifier '\(name)'.")
    }

    static func noFile(_ path: String) -> BitbucketProblem {
        BitbucketProblem(404, "No such file or directory: \(path)")
    }

    static func badRequest(_ field: String, _ complaint: String) -> BitbucketProblem {
        BitbucketProblem(400, "Bad request", fields: .object([JSON.Member(key: field, value: .string(complaint))]))
    }
}
