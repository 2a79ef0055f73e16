// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// Why Gitee does not do what was asked. Its API answers `{"message": …}`, in English or Chinese, and what its own models
/// refuse as `{"error": {field: [texts]}}`.
struct GiteeRefusal: Error, Sendable {
    let status: HTTPResponse.Status
    let body: JSON
    var headers: HTTPFields = [:]

    init(_ status: Int, _ message: String) {
        self.status = HTTPResponse.Status(code: status)
        body = ["message": .string(message)]
    }

    init(_ status: Int, field: String, _ message: String) {
        self.status = HTTPResponse.Status(code: status)
        body = ["error": .object([JSON.Member(key: field, value: [.string(message)])])]
    }

    var response: Response { .json(body, status: status, headers: headers) }

    static let routeNotFound = GiteeRefusal(404, "404 Not Found")
    static let noToken = GiteeRefusal(401, "401 Unauthorized: Access token is required")
    static let unknownToken = GiteeRefusal(401, "401 Unauthorized: Access token does not exist")
    static let expiredToken = GiteeRefusal(401, "401 Unauthorized: Access token is expired")
    static let forbidden = GiteeRefusal(403, "403 Forbidden")
    /// Gitee takes no request without a `User-Agent`.
    static let noAgent = GiteeRefusal(403, "403 Forbidden: User-Agent is required")
    static let archived = GiteeRefusal(403, "仓库已关闭，只读")

    /// `404 Project Not Found`
    static func notFound(_ what: String) -> GiteeRefusal { GiteeRefusal(404, "404 \(what) Not Found") }
    static func missing(_ field: String) -> GiteeRefusal { GiteeRefusal(400, "\(field) is missing") }
    static func invalid(_ field: String) -> GiteeRefusal { GiteeRefusal(400, "\(field) is invalid") }

    static func scope(_ names: [String]) -> GiteeRefusal {
        GiteeRefusal(403, "403 Forbidden: the token needs the scope \(names.joined(separator: " or "))")
    }

    /// Too many requests; the words are those of whatever stands before Gitee.
    static func limit(seconds: Int64) -> GiteeRefusal {
        var refusal = GiteeRefusal(429, "429 Too Many Requests")
        refusal.headers[.retryAfter] = String(seconds)
        return refusal
    }
}
