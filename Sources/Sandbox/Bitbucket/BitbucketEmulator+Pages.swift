// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import Hummingbird

/// Sign-in, consent and the token endpoint. https://developer.atlassian.com/cloud/bitbucket/oauth-2/
extension BitbucketEmulator {
    private var pages: AuthorizePages {
        AuthorizePages(
            store: backend.store, forgeName: "Bitbucket", authorizePath: "/site/oauth2/authorize",
            signInPath: "/account/signin/", sessionPath: "/account/signin/", cookieName: "bb_session",
            userField: "username", passwordField: "password", defaultScopes: [],
            // What is asked for does not count: the consumer's own scopes do.
            grantedScopes: { _, application in application.scopes }, requiresResponseType: true)
    }

    func page(_ request: ForgeRequest) async throws -> ForgeAnswer {
        let route = "\(request.method.rawValue) /\(request.segments.joined(separator: "/"))"
        let response: Response
        switch route {
        case "GET /site/oauth2/authorize": response = pages.authorize(request)
        case "POST /site/oauth2/authorize": response = try await pages.decide(request)
        case "POST /site/oauth2/access_token": response = try await accessToken(request)
        case "GET /account/signin": response = pages.signInPage(request)
        case "POST /account/signin": response = try await pages.signIn(request)
        case "GET /":
            response =
                HTMLPage(
                    title: "An emulated Bitbucket",
                    paragraphs: [
                        "Its API stands at \(backend.host)/2.0, its repositories at \(backend.host)/WORKSPACE/NAME.git."
                    ]
                ).response()
        default:
            let page = HTMLPage(title: "Page not found", paragraphs: ["This emulated Bitbucket has no such page."])
            return ForgeAnswer(page.response(.notFound), route: "none")
        }
        return ForgeAnswer(response, route: route)
    }

    /// Two hours; a refresh token ends with its first use, or after three months without one. The latter since May 2026.
    /// https://community.developer.atlassian.com/t/oauth-2-0-and-api-authentication-changes-for-bitbucket-cloud/99003
    private var policy: TokenPolicy {
        TokenPolicy(
            accessLifetime: 7200, refreshLifetime: 7_776_000, options: backend.options,
            accessToken: { RandomText.alphanumeric(84) + "==" }, refreshToken: { RandomText.alphanumeric(18) })
    }

    /// The consumer's key and secret come by Basic; in the body they are taken as well.
    private func accessToken(_ request: ForgeRequest) async throws -> Response {
        let form: FormFields
        do {
            form = try await request.form()
        } catch is BodyProblem {
            return Self.refusal("invalid_request", "The body cannot be read.")
        }
        let basic = request.basicCredentials
        let (client, secret) = (basic?.user ?? form["client_id"] ?? "", basic?.password ?? form["client_secret"] ?? "")
        let grant: OAuthGrant
        let kind = form["grant_type"] ?? ""
        do throws(OAuthRefusal) {
            switch kind {
            case "authorization_code":
                grant = try backend.store.exchange(
                    code: form["code"] ?? "", clientID: client, clientSecret: secret,
                    redirectURI: form["redirect_uri"], verifier: form["code_verifier"], policy: policy)
            case "refresh_token":
                grant = try backend.store.refresh(
                    form["refresh_token"] ?? "", clientID: client, clientSecret: secret, policy: policy)
            default: return Self.refusal("invalid_grant", "Unsupported grant type: \(kind.isEmpty ? "None" : kind)")
            }
        } catch {
            return Self.refusal(error)
        }
        return .json(
            [
                "scope": .string(grant.scopes.joined(separator: " ")), "access_token": .string(grant.accessToken.text),
                "expires_in": .optional(grant.accessExpires.map { Int($0 - grant.created) }), "token_type": "bearer",
                "state": .string(kind), "refresh_token": .optional(grant.refreshToken?.text),
            ], headers: [.cacheControl: "no-store"])
    }

    private static func refusal(_ refusal: OAuthRefusal) -> Response {
        switch refusal {
        case .invalidClient: Self.refusal("unauthorized_client", "Invalid OAuth client credentials")
        case .invalidCode, .verifierMismatch: Self.refusal("invalid_grant", "The specified code is not valid.")
        case .redirectMismatch: Self.refusal("invalid_grant", "redirect_uri does not match")
        case .invalidRefreshToken: Self.refusal("invalid_grant", "Invalid refresh_token")
        }
    }

    private static func refusal(_ error: String, _ description: String) -> Response {
        .json(
            ["error_description": .string(description), "error": .string(error)], status: .badRequest,
            headers: [.cacheControl: "no-store"])
    }
}
