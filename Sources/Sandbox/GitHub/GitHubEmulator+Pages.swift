// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// Sign-in, consent and the token endpoint.
/// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
extension GitHubEmulator {
    private var pages: AuthorizePages {
        AuthorizePages(
            store: backend.store,
            forgeName: "GitHub",
            authorizePath: "/login/oauth/authorize",
            signInPath: "/login",
            sessionPath: "/session",
            cookieName: "user_session",
            userField: "login",
            passwordField: "password",
            defaultScopes: [],
            // Scopes that it does not know, GitHub leaves out without a word.
            grantedScopes: { asked, _ in asked.filter(Self.knownScopes.contains) },
            requiresResponseType: false
        )
    }

    private static let knownScopes: Set<String> = [
        "repo", "repo:status", "repo_deployment", "public_repo", "repo:invite", "admin:repo_hook", "write:repo_hook",
        "read:repo_hook", "admin:org", "write:org", "read:org", "admin:org_hook", "gist", "notifications", "user",
        "read:user", "user:email", "user:follow", "delete_repo", "workflow",
    ]

    func page(_ request: ForgeRequest) async throws -> ForgeAnswer {
        switch (request.method, request.segments) {
        case (.get, ["login", "oauth", "authorize"]):
            ForgeAnswer(pages.authorize(request), route: "GET /login/oauth/authorize")
        case (.post, ["login", "oauth", "authorize"]):
            ForgeAnswer(try await pages.decide(request), route: "POST /login/oauth/authorize")
        case (.post, ["login", "oauth", "access_token"]):
            ForgeAnswer(try await accessToken(request), route: "POST /login/oauth/access_token")
        case (.get, ["login"]): ForgeAnswer(pages.signInPage(request), route: "GET /login")
        case (.post, ["session"]): ForgeAnswer(try await pages.signIn(request), route: "POST /session")
        case (.get, []): ForgeAnswer(home, route: "GET /")
        case (.get, let path) where path.count == 3 && path.starts(with: ["avatars", "u"]):
            ForgeAnswer(avatar(of: path[2]), route: "GET /avatars/u/:id")
        case (.get, let path) where path.count > 4 && path[2] == "raw":
            ForgeAnswer(try await raw(path, request), route: "GET /:owner/:repo/raw/*path")
        default:
            ForgeAnswer(
                HTMLPage(title: "Page not found", paragraphs: ["This emulated GitHub has no such page."])
                    .response(.notFound), route: "none")
        }
    }

    private var home: Response {
        HTMLPage(
            title: "An emulated GitHub",
            paragraphs: [
                "Its API stands at \(backend.host)/api/v3, its repositories at \(backend.host)/OWNER/NAME.git."
            ]
        ).response()
    }

    private var policy: TokenPolicy {
        TokenPolicy(
            // https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens
            accessLifetime: 28_800, refreshLifetime: 15_897_600, options: backend.options,
            // Tokens of a GitHub App, or of an OAuth app, whose tokens have no end.
            accessToken: { [hasEnd = backend.options.hasAccessTokenEnd] in
                (hasEnd ? "ghu_" : "gho_") + RandomText.alphanumeric(36)
            }, refreshToken: { "ghr_" + RandomText.alphanumeric(76) })
    }

    /// Errors come with the status 200 too.
    private func accessToken(_ request: ForgeRequest) async throws -> Response {
        let form: FormFields
        do {
            form = try await request.form()
        } catch is BodyProblem {
            throw GitHubProblem.invalidJSON
        }
        let field = { (name: String) in form[name] ?? request.query[name] ?? "" }
        do throws(OAuthRefusal) {
            let grant: OAuthGrant
            switch form["grant_type"] ?? request.query["grant_type"] {
            case nil, "authorization_code"?:
                grant = try backend.store.exchange(
                    code: field("code"), clientID: field("client_id"), clientSecret: field("client_secret"),
                    redirectURI: form["redirect_uri"] ?? request.query["redirect_uri"],
                    verifier: form["code_verifier"] ?? request.query["code_verifier"], policy: policy)
            case "refresh_token"?:
                grant = try backend.store.refresh(
                    field("refresh_token"), clientID: field("client_id"), clientSecret: field("client_secret"),
                    policy: policy)
            default:
                return answer(
                    Self.error(
                        "unsupported_grant_type", "The grant type is not supported.", page: "unsupported-grant-type"),
                    to: request)
            }
            let ends: [(String, JSON?)] = [
                ("expires_in", grant.accessExpires.map { .integer(Int($0 - grant.created)) }),
                ("refresh_token", grant.refreshToken.map { .string($0.text) }),
                ("refresh_token_expires_in", grant.refreshExpires.map { .integer(Int($0 - grant.created)) }),
            ]
            // What has no end is not told of.
            let told = ends.compactMap { name, value in value.map { (name, $0) } }
            return answer(
                [("access_token", .string(grant.accessToken.text))] + told + [
                    ("scope", .string(grant.scopes.joined(separator: ","))), ("token_type", "bearer"),
                ], to: request)
        } catch {
            return answer(Self.refusal(error), to: request)
        }
    }

    private static func refusal(_ refusal: OAuthRefusal) -> [(String, JSON)] {
        switch refusal {
        case .invalidClient:
            error(
                "incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.",
                page: "incorrect-client-credentials")
        case .redirectMismatch:
            error(
                "redirect_uri_mismatch",
                "The redirect_uri MUST match the registered callback URL for this application.",
                page: "redirect-uri-mismatch")
        case .invalidCode, .verifierMismatch:
            error(
                "bad_verification_code", "The code passed is incorrect or expired.", page: "bad-verification-code")
        case .invalidRefreshToken:
            error(
                "bad_refresh_token", "The refresh token passed is incorrect or expired.", page: "bad-refresh-token")
        }
    }

    private static func error(_ code: String, _ sentence: String, page: String) -> [(String, JSON)] {
        let root = "https://docs.github.com/apps/managing-oauth-apps/"
        let address = root + "troubleshooting-oauth-app-access-token-request-errors/#" + page
        return [
            ("error", .string(code)), ("error_description", .string(sentence)), ("error_uri", .string(address)),
        ]
    }

    /// A form where the caller does not ask for JSON.
    private func answer(_ members: [(String, JSON)], to request: ForgeRequest) -> Response {
        let accept = request.headers[.accept] ?? ""
        var response: Response
        if accept.contains("json") {
            response = .json(.object(members.map { JSON.Member(key: $0.0, value: $0.1) }))
        } else {
            let form = FormFields(members.map { ($0.0, $0.1.stringValue ?? $0.1.intValue.map { String($0) } ?? "") })
            let type = "application/x-www-form-urlencoded; charset=utf-8"
            response = .bytes(Array(form.encoded.utf8), type: type)
        }
        response.headers[.cacheControl] = "no-store"
        response.headers[.eTag] = nil
        return response
    }
}
