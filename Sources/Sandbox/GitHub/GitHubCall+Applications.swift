// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// What an OAuth application does with its own tokens. https://docs.github.com/en/rest/apps/oauth-applications
extension GitHubCall {
    /// Deletes the token that the body names, or the grant of its user: all tokens that the application has for the user.
    ///
    /// 204, or 422 where the body names no token of the application that is good. An application that does not prove itself is told
    /// nothing but 404.
    func revoke(wholeGrant: Bool) async throws -> Response {
        let client = parameters["client_id"]
        guard let basic = request.basicCredentials, basic.user == client,
            let application = backend.store.application(client, secret: basic.password)
        else { throw GitHubProblem.notFound }
        let token = try await object().requiredString("access_token")
        guard backend.store.revoke(accessToken: token, of: application, wholeGrant: wholeGrant) else {
            throw GitHubProblem.validationFailed("OauthAccess", field: "access_token", code: "invalid")
        }
        return .empty()
    }
}
