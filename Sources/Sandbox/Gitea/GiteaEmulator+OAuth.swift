// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// The pages that a person sees, and the endpoint that applications call.
/// https://docs.gitea.com/development/oauth2-provider
extension GiteaEmulator {
    private var pages: AuthorizePages {
        AuthorizePages(
            store: backend.store, forgeName: "Gitea", authorizePath: "/login/oauth/authorize",
            signInPath: "/user/login", sessionPath: "/user/login", cookieName: "i_like_gitea", userField: "user_name",
            passwordField: "password", defaultScopes: ["all"], grantedScopes: { asked, _ in asked },
            requiresResponseType: true)
    }

    func respondToPage(_ request: ForgeRequest) async -> ForgeAnswer {
        let route = "\(request.method.rawValue) /\(request.segments.joined(separator: "/"))"
        let response: Response
        switch route {
        case "POST /login/oauth/access_token": response = await answer { try await token(request) }
        case "GET /login/oauth/authorize": response = pages.authorize(request)
        case "POST /login/oauth/authorize": response = await answer { try await pages.decide(request) }
        case "GET /user/login": response = pages.signInPage(request)
        case "POST /user/login": response = await answer { try await pages.signIn(request) }
        default:
            let page = HTMLPage(
                title: "Page Not Found", paragraphs: ["The page you are trying to reach does not exist."])
            return ForgeAnswer(page.response(.notFound), route: "none")
        }
        return ForgeAnswer(response, route: route)
    }

    /// An access token lives an hour, a refresh token a month; it is good once, as with `INVALIDATE_REFRESH_TOKENS`. An
    /// access token is a signed text that nothing but its own end ends, so a renewal leaves it good.
    /// https://docs.gitea.com/administration/config-cheat-sheet#oauth2-oauth2
    private var tokenPolicy: TokenPolicy {
        TokenPolicy(
            accessLifetime: 3600, refreshLifetime: 730 * 3600, options: backend.options,
            accessToken: { "gta_" + RandomText.alphanumeric(60) },
            refreshToken: { "gtr_" + RandomText.alphanumeric(60) })
    }

    /// Every refusal has status 400. Most are called `unauthorized_client`, whatever is wrong.
    private func token(_ request: ForgeRequest) async throws -> Response {
        let form = try await request.form()
        let (client, secret) = request.basicCredentials ?? (form["client_id"] ?? "", form["client_secret"] ?? "")
        switch form["grant_type"] {
        case "authorization_code":
            return exchange(form, client, secret)
        case "refresh_token":
            return renew(form["refresh_token"] ?? "", client, secret)
        default:
            return Self.refusal(
                "unsupported_grant_type", "Only refresh_token or authorization_code grant type is supported")
        }
    }

    private func exchange(_ form: FormFields, _ client: String, _ secret: String) -> Response {
        do throws(OAuthRefusal) {
            return Self.answer(
                try backend.store.exchange(
                    code: form["code"] ?? "", clientID: client, clientSecret: secret,
                    redirectURI: form["redirect_uri"], verifier: form["code_verifier"], policy: tokenPolicy))
        } catch {
            switch error {
            case .invalidClient: return Self.refusal("unauthorized_client", "invalid client secret")
            case .redirectMismatch: return Self.refusal("unauthorized_client", "unexpected redirect URI")
            case .verifierMismatch: return Self.refusal("unauthorized_client", "failed PKCE code challenge")
            case .invalidCode, .invalidRefreshToken:
                return Self.refusal("unauthorized_client", "client is not authorized")
            }
        }
    }

    private func renew(_ token: String, _ client: String, _ secret: String) -> Response {
        do throws(OAuthRefusal) {
            return Self.answer(
                try backend.store.rotate(
                    token, clientID: client, clientSecret: secret, policy: tokenPolicy, endsAccessToken: false))
        } catch {
            return error == .invalidClient
                ? Self.refusal("invalid_client", "invalid client secret")
                : Self.refusal("unauthorized_client", "token was already used")
        }
    }

    private static func answer(_ grant: OAuthGrant) -> Response {
        .json([
            "access_token": .string(grant.accessToken.text), "token_type": "bearer",
            "expires_in": .optional(grant.accessExpires.map { Int($0 - grant.created) }),
            "refresh_token": .optional(grant.refreshToken?.text),
        ])
    }

    private static func refusal(_ error: String, _ description: String) -> Response {
        .json(["error": .string(error), "error_description": .string(description)], status: .badRequest)
    }
}
