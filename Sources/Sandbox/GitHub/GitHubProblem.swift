// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// An error answer of GitHub: a status, a message and, where validation failed, what was wrong with which field.
///
/// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
struct GitHubProblem: Error {
    let status: HTTPResponse.Status
    let message: String
    var errors: [JSON] = []
    /// Stands in place of the operation's own page; nil for that one.
    var documentation: String?
    var headers = HTTPFields()
    /// Further members of the body.
    var members: JSON = [:]

    func response(documentation page: String) -> Response {
        var body: JSON = ["message": .string(message)]
        if !errors.isEmpty { body = body.adding(["errors": .array(errors)]) }
        let root = "https://docs.github.com/rest"
        let address = documentation ?? (page.isEmpty ? root : root + "/" + page)
        body = body.adding(members)
        return .json(
            body.adding(["documentation_url": .string(address), "status": .string(String(status.code))]),
            status: status, headers: headers)
    }
}

extension GitHubProblem {
    /// Also for what the token may not see.
    static let notFound = GitHubProblem(status: .notFound, message: "Not Found")
    static let badCredentials = GitHubProblem(
        status: .unauthorized, message: "Bad credentials", documentation: "https://docs.github.com/rest")
    static let requiresAuthentication = GitHubProblem(status: .unauthorized, message: "Requires authentication")
    static let emptyRepository = GitHubProblem(status: .conflict, message: "Git Repository is empty.")
    static let archived = GitHubProblem(status: .forbidden, message: "Repository was archived so is read-only.")
    static let notAdministrator = GitHubProblem(
        status: .forbidden, message: "Must have admin rights to Repository.")
    static let invalidJSON = GitHubProblem(status: .badRequest, message: "Problems parsing JSON")
    static let notAnObject = GitHubProblem(status: .badRequest, message: "Body should be a JSON object")

    /// The body lacks fields or has them of a wrong type.
    static func invalidRequest(_ sentence: String) -> GitHubProblem {
        GitHubProblem(status: .unprocessableContent, message: "Invalid request.\n\n" + sentence)
    }

    static func notSupplied(_ field: String) -> GitHubProblem {
        invalidRequest("\"\(field)\" wasn't supplied.")
    }

    static func unprocessable(_ message: String) -> GitHubProblem {
        GitHubProblem(status: .unprocessableContent, message: message)
    }

    static func conflict(_ message: String) -> GitHubProblem {
        GitHubProblem(status: .conflict, message: message)
    }

    /// `code` is `missing_field`, `invalid`, `already_exists` or, with a sentence, `custom`.
    static func validationFailed(
        _ resource: String, field: String?, code: String, sentence: String? = nil, message: String = "Validation Failed"
    ) -> GitHubProblem {
        var entry: JSON = ["resource": .string(resource), "code": .string(code)]
        if let field { entry = entry.adding(["field": .string(field)]) }
        if let sentence { entry = entry.adding(["message": .string(sentence)]) }
        return GitHubProblem(status: .unprocessableContent, message: message, errors: [entry])
    }

    static func tooLarge(_ what: String) -> GitHubProblem {
        GitHubProblem(
            status: .forbidden,
            message: "This API returns blobs up to 100 MB in size. The requested \(what) is too large to fetch via the "
                + "API, but you can always clone the repository.",
            errors: [["resource": "Blob", "field": "data", "code": "too_large"]])
    }
}
