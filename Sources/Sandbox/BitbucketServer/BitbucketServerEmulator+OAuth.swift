// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import Hummingbird

/// OAuth 2 with an incoming application link, and the pages for it.
/// https://confluence.atlassian.com/bitbucketserver/bitbucket-oauth-2-0-provider-api-1108483661.html
extension BitbucketServerEmulator {
    private static let authorizePath = "/rest/oauth2/latest/authorize"

    private var pages: AuthorizePages {
        AuthorizePages(
            store: backend.store, forgeName: "Bitbucket Data Center", authorizePath: Self.authorizePath,
            signInPath: "/login", sessionPath: "/j_atl_security_check", cookieName: "BITBUCKETSESSIONID",
            userField: "j_username", passwordField: "j_password", defaultScopes: ["REPO_READ"],
            grantedScopes: { asked, application in
                // Each scope includes the lesser ones.
                BitbucketServerLevel(scopes: Set(asked)) <= BitbucketServerLevel(scopes: Set(application.scopes))
                    && asked.allSatisfy(Self.scopes.contains) ? asked : nil
            },
            requiresResponseType: true)
    }

    private static let scopes: Set = [
        "PUBLIC_REPOS", "REPO_READ", "REPO_WRITE", "REPO_ADMIN", "PROJECT_ADMIN", "ADMIN_WRITE", "SYSTEM_ADMIN",
        "ACCOUNT_WRITE",
    ]

    /// nil for what is no page.
    func respondToPage(_ request: ForgeRequest) async -> ForgeAnswer? {
        let route = "\(request.method.rawValue) /\(request.segments.joined(separator: "/"))"
        let response: Response
        switch route {
        case "GET \(Self.authorizePath)": response = pages.authorize(request)
        case "POST \(Self.authorizePath)": response = await answer(nil) { try await pages.decide(request) }
        case "POST /rest/oauth2/latest/token": response = await answer(nil) { try await token(request) }
        case "GET /login": response = pages.signInPage(request)
        case "POST /j_atl_security_check": response = await answer(nil) { try await pages.signIn(request) }
        default:
            guard request.segments.first != "rest" else { return nil }
            let page = HTMLPage(title: "Page not found", paragraphs: ["The page may have been moved or deleted."])
            return ForgeAnswer(page.response(.notFound), route: "none")
        }
        return ForgeAnswer(response, route: route)
    }

    /// An access token lives an hour, a refresh token ninety days; a refresh ends both old ones.
    private var tokenPolicy: TokenPolicy {
        TokenPolicy(
            accessLifetime: 3600, refreshLifetime: 90 * 86_400, options: backend.options,
            accessToken: { "ey" + RandomText.alphanumeric(120) },
            refreshToken: { "ey" + RandomText.alphanumeric(120) })
    }

    private func token(_ request: ForgeRequest) async throws -> Response {
        // The documentation's examples have the parameters in the address, clients in the body.
        let form = FormFields((try await request.form().fields + request.query.fields).map { ($0.name, $0.value) })
        let client = form["client_id"] ?? ""
        let secret = form["client_secret"] ?? ""
        let grant: OAuthGrant
        do throws(OAuthRefusal) {
            switch form["grant_type"] {
            case "authorization_code":
                grant = try backend.store.exchange(
                    code: form["code"] ?? "", clientID: client, clientSecret: secret,
                    redirectURI: form["redirect_uri"] ?? "", verifier: form["code_verifier"], policy: tokenPolicy)
            case "refresh_token":
                grant = try backend.store.refresh(
                    form["refresh_token"] ?? "", clientID: client, clientSecret: secret, policy: tokenPolicy)
            default: return Self.refusal("unsupported_grant_type", "The grant type is not supported.")
            }
        } catch {
            return error == .invalidClient
                ? Self.refusal("invalid_client", "The client is unknown, or its secret is wrong.", .unauthorized)
                : Self.refusal("invalid_grant", "The code or token is wrong, used, or too old.")
        }
        return .json(
            [
                "access_token": .string(grant.accessToken.text), "token_type": "Bearer",
                "expires_in": .optional(grant.accessExpires.map { Int($0 - grant.created) }),
                "refresh_token": .optional(grant.refreshToken?.text), "created_at": .integer(Int(grant.created)),
            ], headers: [.cacheControl: "no-store"])
    }

    private static func refusal(
        _ error: String, _ description: String, _ status: HTTPResponse.Status = .badRequest
    ) -> Response {
        .json(
            ["error": .string(error), "error_description": .string(description)], status: status,
            headers: [.cacheControl: "no-store"])
    }
}
