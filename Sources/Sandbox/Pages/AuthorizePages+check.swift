// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// Why an authorize request is not shown to the user: a page, or a redirect with `error` in it.
struct AuthorizeRefusal: Error {
    let response: Response
}

extension AuthorizePages {
    /// Checks client and address first: only a registered address may be redirected to at all.
    func check(_ query: FormFields) -> Result<AuthorizationRequest, AuthorizeRefusal> {
        guard let application = store.read({ $0.application(clientID: query["client_id"] ?? "") }) else {
            return .failure(AuthorizeRefusal(response: problem("No application has this client_id.", .notFound)))
        }
        let registered = application.redirectURIs.first { !$0.hasSuffix(":*") }
        guard let redirectURI = query["redirect_uri"] ?? registered, application.allows(redirectURI: redirectURI) else {
            let sentence = "The redirect_uri is not registered for this application."
            return .failure(AuthorizeRefusal(response: problem(sentence, .badRequest)))
        }
        let asked = (query["scope"] ?? "").split(whereSeparator: { $0 == " " || $0 == "," }).map(String.init)
        let request = AuthorizationRequest(
            application: application,
            redirectURI: redirectURI,
            scopes: grantedScopes(asked.isEmpty ? defaultScopes : asked, application) ?? [],
            state: query["state"],
            challenge: query["code_challenge"],
            challengeMethod: query["code_challenge_method"].flatMap(PKCEMethod.init(rawValue:)) ?? .plain
        )
        if requiresResponseType, query["response_type"] != "code" {
            let sentence = "The authorization server does not support this response type."
            return .failure(AuthorizeRefusal(response: refuse(request, "unsupported_response_type", sentence)))
        }
        if grantedScopes(asked.isEmpty ? defaultScopes : asked, application) == nil {
            let sentence = "The requested scope is invalid, unknown, or malformed."
            return .failure(AuthorizeRefusal(response: refuse(request, "invalid_scope", sentence)))
        }
        if let method = query["code_challenge_method"], PKCEMethod(rawValue: method) == nil {
            let sentence = "The code_challenge_method must be S256."
            return .failure(AuthorizeRefusal(response: refuse(request, "invalid_request", sentence)))
        }
        return .success(request)
    }

    /// A redirect back to the application that says why not.
    func refuse(_ request: AuthorizationRequest, _ error: String, _ description: String) -> Response {
        redirect(request.redirectURI, request.state, [("error", error), ("error_description", description)])
    }

    func redirect(_ address: String, _ state: String?, _ fields: [(String, String)]) -> Response {
        let all = FormFields(fields + (state.map { [("state", $0)] } ?? []))
        return .redirection(to: address + (address.contains("?") ? "&" : "?") + all.encoded)
    }

    func problem(_ sentence: String, _ status: HTTPResponse.Status) -> Response {
        HTMLPage(title: "This cannot be authorized", paragraphs: [sentence]).response(status)
    }
}
