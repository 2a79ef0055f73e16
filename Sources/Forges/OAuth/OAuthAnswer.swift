// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model

/// What a token endpoint answered: tokens, or why not.
///
/// GitHub answers its errors with status 200, and everything form-encoded where it does not heed `Accept`; GitLab answers
/// errors as RFC 6749 has them, with 400 or 401.
/// https://www.rfc-editor.org/rfc/rfc6749#section-5
struct OAuthAnswer {
    /// What is handed in for tokens.
    enum Grant {
        case code
        case refreshToken

        /// The forge does not take it (any more).
        func refusal(by forge: ForgeID, status: Int? = nil) -> ForgeError {
            switch self {
            case .code:
                ForgeError(
                    .oauthRejected, forge,
                    "\(forge.displayName) does not accept the code: it is wrong, used or too old. Start again from the redirect address.",
                    upstreamStatus: status)
            case .refreshToken:
                ForgeError(
                    .credentialRejected, forge,
                    "The access granted at \(forge.displayName) has ended and cannot be renewed. Authorize again.",
                    upstreamStatus: status)
            }
        }
    }

    struct Tokens {
        let accessToken: Secret
        let refreshToken: Secret?
        /// Seconds; nil where the token does not expire.
        let lifetime: Int64?
        /// nil where the forge does not say: then what was asked for is granted.
        let scopes: [String]?
    }

    private let response: Upstream.Response
    private let forge: ForgeID
    /// nil where the body is neither a JSON object nor form-encoded.
    private let fields: [String: String]?

    init(_ response: Upstream.Response, forge: ForgeID) {
        self.response = response
        self.forge = forge
        fields = Self.json(response.body) ?? Self.form(response)
    }

    func tokens(for grant: Grant) throws(ForgeError) -> Tokens {
        if let limited { throw limited }
        guard let fields, response.status < 500 else { throw unavailable }
        if let error = fields["error"] { throw self.error(error, for: grant) }
        guard response.status == 200 || response.status == 201, let access = fields["access_token"], !access.isEmpty
        else { throw unavailable }
        let lifetime = fields["expires_in"].flatMap { Double($0) }.flatMap { Int64(exactly: $0.rounded(.down)) }
        return Tokens(
            accessToken: Secret(access),
            refreshToken: fields["refresh_token"].flatMap { $0.isEmpty ? nil : Secret($0) },
            lifetime: lifetime.flatMap { $0 > 0 ? $0 : nil },
            // RFC 6749 has spaces between scopes, GitHub commas. Bitbucket has called them `scopes` until 2026.
            scopes: (fields["scope"] ?? fields["scopes"]).map { $0.split { $0 == "," || $0 == " " }.map(String.init) })
    }

    private func error(_ code: String, for grant: Grant) -> ForgeError {
        switch code {
        case "bad_verification_code", "bad_refresh_token", "invalid_grant", "access_denied", "expired_token":
            return grant.refusal(by: forge, status: response.status)
        // Gitea's word for a code or refresh token that is wrong, used or another client's, and for much else.
        case "unauthorized_client" where forge == .gitea:
            return grant.refusal(by: forge, status: response.status)
        case "unverified_user_email":
            return ForgeError(
                .oauthRejected, forge,
                "\(forge.displayName) wants the user to confirm an e-mail address first. Confirm it, then start again.",
                upstreamStatus: response.status)
        default:
            let named = Quotation.word(code).map { " (\($0))" } ?? ""
            return ForgeError(
                .unavailable, forge,
                "\(forge.displayName) does not accept this service's OAuth application\(named). The operator must check its client id, secret and redirect address.",
                upstreamStatus: response.status)
        }
    }

    private var limited: ForgeError? {
        let wait = response.header("Retry-After").map { Int($0) ?? 60 }
        guard response.status == 429 || (response.status == 403 && wait != nil) else { return nil }
        let seconds = min(max(wait ?? 60, 1), 86_400)
        return ForgeError(
            .rateLimited, forge, "\(forge.displayName)'s rate limit is reached. Try again in \(seconds) seconds.",
            upstreamStatus: response.status, retryAfter: seconds)
    }

    private var unavailable: ForgeError {
        ForgeError(
            .unavailable, forge,
            "\(forge.displayName) answered status \(response.status) with no token and no reason. Try again later; if it stays so, the operator must check the OAuth application's host and client id.",
            upstreamStatus: response.status)
    }

    /// Every text and number of the object as text. A lifetime may be a number or a text.
    private static func json(_ body: [UInt8]) -> [String: String]? {
        enum Value: Decodable {
            case text(String)
            case other

            init(from decoder: any Decoder) throws {
                let value = try decoder.singleValueContainer()
                if let text = try? value.decode(String.self) {
                    self = .text(text)
                } else if let number = try? value.decode(Double.self) {
                    self = .text(String(number))
                } else {
                    self = .other
                }
            }
        }
        guard let values = try? JSONDecoder().decode([String: Value].self, from: Data(body)) else { return nil }
        return values.compactMapValues { value in
            if case .text(let text) = value { text } else { nil }
        }
    }

    private static func form(_ response: Upstream.Response) -> [String: String]? {
        guard let text = String(validating: response.body, as: UTF8.self),
            !text.contains(where: { "<{ \n".contains($0) })
        else { return nil }
        var fields: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let name = decoded(parts[0]), let value = decoded(parts[1]) else { return nil }
            fields[name] = value
        }
        return fields.isEmpty ? nil : fields
    }

    private static func decoded(_ text: Substring) -> String? {
        String(text).replacing("+", with: " ").removingPercentEncoding
    }
}
