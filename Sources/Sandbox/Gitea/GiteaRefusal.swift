// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// Why Gitea does not do what was asked: `{"message": …, "url": …}`, the address being that of the API's own pages.
struct GiteaRefusal: Error, Sendable {
    let status: Int
    let message: String
    var headers: HTTPFields = [:]

    init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }

    func response(address: String) -> Response {
        let body: JSON = ["message": .string(message), "url": .string(address + "/api/swagger")]
        return .json(
            status == 404 ? body.adding(["errors": []]) : body, status: HTTPResponse.Status(code: status),
            headers: headers)
    }

    static let notFound = GiteaRefusal(404, "The target couldn't be found.")
    static let tokenRequired = GiteaRefusal(401, "token is required")
    static let badCredentials = GiteaRefusal(401, "invalid username, password or token")
    static let emptyRepository = GiteaRefusal(409, "Git Repository is empty.")

    static func scope(_ needed: [String]) -> GiteaRefusal {
        GiteaRefusal(
            403, "token does not have at least one of required scope(s), required=[\(needed.joined(separator: " "))]")
    }

    static func invalid(_ message: String) -> GiteaRefusal { GiteaRefusal(422, message) }
    static func required(_ field: String) -> GiteaRefusal { GiteaRefusal(422, "[\(field)]: Required") }
}
