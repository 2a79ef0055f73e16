// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// The pages that a person sees, and the endpoint that applications call. https://gitee.com/api/v5/oauth_doc
extension GiteeEmulator {
    private var pages: AuthorizePages {
        AuthorizePages(
            store: backend.store, forgeName: "Gitee", authorizePath: "/oauth/authorize", signInPath: "/login",
            sessionPath: "/login", cookieName: "gitee-session-n", userField: "user[login]",
            passwordField: "user[password]", defaultScopes: ["user_info"],
            grantedScopes: { asked, application in
                asked.allSatisfy(application.scopes.contains) ? asked : nil
            },
            requiresResponseType: true)
    }

    func respondToPage(_ request: ForgeRequest) async -> ForgeAnswer {
        let route = "\(request.method.rawValue) /\(request.segments.joined(separator: "/"))"
        let response: Response
        switch route {
        case "POST /oauth/token": response = await answer { try await token(request) }
        case "GET /oauth/authorize": response = pages.authorize(request)
        case "POST /oauth/authorize": response = await answer { try await pages.decide(request) }
        case "GET /login": response = pages.signInPage(request)
        case "POST /login": response = await answer { try await pages.signIn(request) }
        default:
            let page = HTMLPage(title: "404", paragraphs: ["你所访问的页面不存在了"])
            return ForgeAnswer(page.response(.notFound), route: "none")
        }
        return ForgeAnswer(response, route: route)
    }

    /// An access token lives a day; a refresh token is good once.
    private var tokenPolicy: TokenPolicy {
        TokenPolicy(
            accessLifetime: 86_400, refreshLifetime: nil, options: backend.options,
            accessToken: { RandomText.hexadecimal(32) }, refreshToken: { RandomText.hexadecimal(64) })
    }

    /// `POST /oauth/token`, its parameters in the query or the body. A renewal is documented with the refresh token alone;
    /// a client that names itself must do so rightly.
    private func token(_ request: ForgeRequest) async throws -> Response {
        let fields = try await GiteeFields(request)
        let client = try fields.text("client_id")
        let secret = try fields.text("client_secret") ?? ""
        let grant: OAuthGrant
        switch try fields.text("grant_type") {
        case "authorization_code":
            let code = try fields.text("code") ?? ""
            let address = try fields.text("redirect_uri") ?? ""
            let verifier = try fields.text("code_verifier")
            do throws(OAuthRefusal) {
                grant = try backend.store.exchange(
                    code: code, clientID: client ?? "", clientSecret: secret, redirectURI: address,
                    verifier: verifier, policy: tokenPolicy)
            } catch {
                return Self.refusal(error)
            }
        case "refresh_token":
            let token = try fields.text("refresh_token") ?? ""
            let owner = backend.store.read { state -> OAuthApplication? in
                let id = state.grants.first { $0.refreshToken?.text == token }?.applicationID
                return state.applications.first { $0.id == id }
            }
            do throws(OAuthRefusal) {
                grant = try backend.store.rotate(
                    token, clientID: client ?? owner?.clientID ?? "",
                    clientSecret: client == nil ? owner?.clientSecret.text ?? "" : secret, policy: tokenPolicy)
            } catch {
                return Self.refusal(client == nil ? .invalidRefreshToken : error)
            }
        default:
            return Self.refusal(
                "unsupported_grant_type", "The authorization grant type is not supported by the authorization server.")
        }
        return .json(
            [
                "access_token": .string(grant.accessToken.text), "token_type": "bearer",
                "expires_in": .optional(grant.accessExpires.map { Int($0 - grant.created) }),
                "refresh_token": .optional(grant.refreshToken?.text),
                "scope": .string(grant.scopes.joined(separator: " ")), "created_at": .integer(Int(grant.created)),
            ], headers: [.cacheControl: "no-store"])
    }

    private static func refusal(_ refusal: OAuthRefusal) -> Response {
        guard refusal != .invalidClient else {
            return Self.refusal(
                "invalid_client",
                "Client authentication failed due to unknown client, no client authentication included, or unsupported "
                    + "authentication method.")
        }
        return Self.refusal(
            "invalid_grant",
            "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in "
                + "the authorization request, or was issued to another client.")
    }

    private static func refusal(_ error: String, _ description: String) -> Response {
        .json(
            ["error": .string(error), "error_description": .string(description)], status: .unauthorized,
            headers: [.cacheControl: "no-store"])
    }
}
