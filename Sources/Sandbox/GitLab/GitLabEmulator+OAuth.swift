// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import Hummingbird

/// The endpoints that applications call. https://docs.gitlab.com/api/oauth2/
extension GitLabEmulator {
    /// An access token lives two hours.
    private var tokenPolicy: TokenPolicy {
        TokenPolicy(
            accessLifetime: 7200, refreshLifetime: nil, options: backend.options,
            accessToken: { RandomText.hexadecimal(64) }, refreshToken: { RandomText.hexadecimal(64) })
    }

    /// `POST /oauth/token`, with a form or a JSON body; the client's name and secret in it or in Basic authorization.
    func token(_ request: ForgeRequest) async throws -> Response {
        let form = try await request.form()
        let (client, secret) = Self.client(form, request)
        let grant: OAuthGrant
        do throws(OAuthRefusal) {
            switch form["grant_type"] {
            case "authorization_code":
                guard let address = form["redirect_uri"], !address.isEmpty else {
                    return Self.refusal("invalid_request", "Missing required parameter: redirect_uri.")
                }
                grant = try backend.store.exchange(
                    code: form["code"] ?? "", clientID: client, clientSecret: secret, redirectURI: address,
                    verifier: form["code_verifier"], policy: tokenPolicy)
            case "refresh_token":
                guard let token = form["refresh_token"], !token.isEmpty else {
                    return Self.refusal("invalid_request", "Missing required parameter: refresh_token.")
                }
                grant = try backend.store.rotate(
                    token, clientID: client, clientSecret: secret, policy: tokenPolicy)
            case nil, "":
                return Self.refusal("invalid_request", "Missing required parameter: grant_type.")
            default:
                return Self.refusal(
                    "unsupported_grant_type",
                    "The authorization grant type is not supported by the authorization server.")
            }
        } catch {
            return Self.refusal(error)
        }
        return .json(
            [
                "access_token": .string(grant.accessToken.text), "token_type": "Bearer",
                "expires_in": .optional(grant.accessExpires.map { Int($0 - grant.created) }),
                "refresh_token": .optional(grant.refreshToken?.text),
                "scope": .string(grant.scopes.joined(separator: " ")), "created_at": .integer(Int(grant.created)),
            ], headers: [.cacheControl: "no-store", .gitLabPragma: "no-cache"])
    }

    /// `POST /oauth/revoke`: 200 and `{}` even for a token that is not there.
    func revoke(_ request: ForgeRequest) async throws -> Response {
        let form = try await request.form()
        let (client, secret) = Self.client(form, request)
        do {
            try backend.store.revoke(form["token"] ?? "", clientID: client, clientSecret: secret)
        } catch {
            return Self.refusal(
                "unauthorized_client", "You are not authorized to revoke this token", status: .forbidden)
        }
        return .json([:])
    }

    /// `GET /oauth/token/info`: what the token of the request may do, and for how long.
    func tokenInfo(_ request: ForgeRequest) -> Response {
        var token = request.query["access_token"]
        if let authorization = request.authorization, authorization.scheme == "bearer" { token = authorization.value }
        do throws(TokenRefusal) {
            let identity = try backend.store.identify(token ?? "")
            guard case .oauth(let grantID, let applicationID) = identity.source else { throw .unknown }
            return backend.store.read { state in
                let grant = state.grants.first { $0.id == grantID }
                let application = state.applications.first { $0.id == applicationID }
                let left = JSON.optional(identity.expires.map { Int($0 - AccountStore.now()) })
                let scopes = JSON.array((grant?.scopes ?? []).map(JSON.string))
                return .json([
                    "resource_owner_id": .integer(identity.user.id), "scope": scopes, "expires_in": left,
                    "application": ["uid": .optional(application?.clientID)],
                    "created_at": .optional(grant.map { Int($0.created) }), "scopes": scopes,
                    "expires_in_seconds": left,
                ])
            }
        } catch {
            let reason =
                switch error {
                case .unknown: "The access token is invalid"
                case .expired: "The access token expired"
                case .revoked: "The access token was revoked"
                }
            return Self.refusal("invalid_token", reason, status: .unauthorized)
        }
    }

    private static func client(_ form: FormFields, _ request: ForgeRequest) -> (id: String, secret: String) {
        if let basic = request.basicCredentials { return (basic.user, basic.password) }
        return (form["client_id"] ?? "", form["client_secret"] ?? "")
    }

    private static func refusal(_ refusal: OAuthRefusal) -> Response {
        guard refusal != .invalidClient else {
            return Self.refusal(
                "invalid_client",
                "Client authentication failed due to unknown client, no client authentication included, or unsupported "
                    + "authentication method.", status: .unauthorized)
        }
        return Self.refusal(
            "invalid_grant",
            "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in "
                + "the authorization request, or was issued to another client.")
    }

    private static func refusal(
        _ error: String, _ description: String, status: HTTPResponse.Status = .badRequest
    ) -> Response {
        var headers: HTTPFields = [.cacheControl: "no-store", .gitLabPragma: "no-cache"]
        if status == .unauthorized {
            headers[.wwwAuthenticate] =
                "Bearer realm=\"Doorkeeper\", error=\"\(error)\", error_description=\"\(description)\""
        }
        return .json(
            ["error": .string(error), "error_description": .string(description)], status: status, headers: headers)
    }
}
