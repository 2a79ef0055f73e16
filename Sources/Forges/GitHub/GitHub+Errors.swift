// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

/// An answer that is not the wanted one, read for what it means.
/// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
struct GitHubAnswer {
    /// A JSON object, of which each member may be missing or of another kind than documented.
    private struct Body: Decodable {
        let message: String?
        let errors: [Item]

        private enum CodingKeys: CodingKey {
            case message
            case errors
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            message = try? values.decode(String.self, forKey: .message)
            errors = (try? values.decode([Item].self, forKey: .errors)) ?? []
        }
    }

    /// One of `errors`: an object, or a plain text.
    private struct Item: Decodable {
        var field: String?
        var code: String?
        var message: String?

        private enum CodingKeys: CodingKey {
            case field
            case code
            case message
        }

        init(from decoder: any Decoder) throws {
            if let values = try? decoder.container(keyedBy: CodingKeys.self) {
                field = try? values.decode(String.self, forKey: .field)
                code = try? values.decode(String.self, forKey: .code)
                message = try? values.decode(String.self, forKey: .message)
            } else {
                message = try? decoder.singleValueContainer().decode(String.self)
            }
        }
    }

    private let response: Upstream.Response
    private let host: ForgeHost
    private let now: Int64
    /// nil where the body is no JSON object: a proxy's page, or an answer that was cut off.
    private let body: Body?
    /// All that GitHub says in words, in lower case. Only ever compared with known phrases, never passed on.
    private let words: String

    init(_ response: Upstream.Response, host: ForgeHost, now: Int64) {
        self.response = response
        self.host = host
        self.now = now
        body = try? JSONDecoder().decode(Body.self, from: Data(response.body.prefix(1 << 20)))
        let texts = [body?.message].compactMap(\.self) + (body?.errors ?? []).compactMap(\.message)
        words = texts.joined(separator: "\n").lowercased()
    }

    /// The repository has no commit yet. GitHub answers 409 then to most that reads commits, trees and refs.
    var saysEmptyRepository: Bool {
        response.status == 409 && (says("repository is empty") || says("empty repository"))
    }

    /// The file is too large for this way of reading it.
    var saysTooLarge: Bool {
        response.status == 403 && (body?.errors ?? []).contains { $0.code == "too_large" }
    }

    /// A file was to be made that is there: GitHub asks for the `sha` of what is to be replaced.
    var asksForSHA: Bool {
        response.status == 422 && says("\"sha\" wasn't supplied")
    }

    func says(_ phrase: String) -> Bool {
        words.contains(phrase)
    }

    var error: ForgeError {
        switch response.status {
        case 401: isPage ? nonsense : rejected
        case 403, 429: limited ?? (body == nil ? nonsense : forbidden)
        case 404, 410:
            body == nil && !response.body.isEmpty
                ? nonsense : made(.notFound, "GitHub has no such thing, or the credential may not see it.")
        case 409: body == nil ? nonsense : conflict
        case 422: body == nil ? nonsense : invalid
        case 451: made(.forbidden, "GitHub has blocked this for legal reasons.")
        case 400, 405...499: body == nil ? nonsense : invalid
        case 500...599:
            made(.unavailable, "GitHub failed with status \(response.status). Try again later.")
        default: nonsense
        }
    }

    private var isPage: Bool {
        response.header("Content-Type")?.lowercased().contains("html") == true
            || response.body.first { $0 > 0x20 } == UInt8(ascii: "<")
    }

    private var nonsense: ForgeError {
        made(
            .unavailable,
            "The host answered status \(response.status) with something that is not GitHub's. Check that \(Quotation.of(host.pages)) is a GitHub, then try again later."
        )
    }

    private var rejected: ForgeError {
        response.header("X-GitHub-OTP") != nil
            ? made(
                .credentialRejected,
                "GitHub asks for a second factor. Give a personal access token in the password's place.")
            : made(.credentialRejected, "GitHub rejects the credential: wrong, expired or revoked. Authorize again.")
    }

    /// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
    private var limited: ForgeError? {
        var wait: Int64?
        if let header = response.header("Retry-After") {
            wait = Int64(header) ?? 60
        } else if response.header("X-RateLimit-Remaining") == "0" {
            wait = response.header("X-RateLimit-Reset").flatMap { Int64($0) }.map { max($0, now) - now } ?? 60
        } else if response.header("gh-limited-by") != nil || response.status == 429 || says("rate limit")
            || says("abuse detection") || says("maximum number of login attempts")
        {
            wait = 60
        }
        guard let wait else { return nil }
        let seconds = Int(min(max(wait, 1), 86_400))
        return made(
            .rateLimited, "GitHub's rate limit is reached. Try again in \(seconds) seconds.", retryAfter: seconds)
    }

    private var forbidden: ForgeError {
        if let header = response.header("X-GitHub-SSO") { return made(.forbidden, singleSignOn(header)) }
        if let missing = missingScopes ?? missingPermissions { return made(.forbidden, missing) }
        if says("archived") { return made(.forbidden, "The repository is archived at GitHub and can only be read.") }
        if says("suspended") { return made(.forbidden, "GitHub has suspended this account.") }
        if isProtected { return protected }
        return made(
            .forbidden,
            "GitHub knows the credential and forbids this. Give it the right that is missing, or ask the owner.")
    }

    /// `X-GitHub-SSO: required; url=https://github.com/orgs/octo/sso?authorization_request=…`
    private func singleSignOn(_ header: String) -> String {
        let sentence =
            "The organisation demands single sign-on for this credential. Authorize the credential for it at GitHub"
        let address = header.split(separator: ";").lazy.compactMap { part -> String? in
            let pair = part.split(separator: "=", maxSplits: 1).map { $0.filter { $0 != " " } }
            return pair.count == 2 && pair[0].lowercased() == "url" ? pair[1] : nil
        }.first
        guard let address, address.utf8.count <= 500, address.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let origin = Origin(address), origin == Origin(host.pages)
        else { return sentence + "." }
        return sentence + ": \(address)"
    }

    /// Classic tokens: the scopes that the call takes against those that the token has.
    private var missingScopes: String? {
        guard let accepted = response.header("X-Accepted-OAuth-Scopes"), let granted = response.header("X-OAuth-Scopes")
        else { return nil }
        let wanted = Self.words(in: accepted)
        guard !wanted.isEmpty, Set(wanted).isDisjoint(with: Self.words(in: granted)) else { return nil }
        return
            "The token lacks a scope for this: \(wanted.joined(separator: " or ")). Make one that has it, then authorize again."
    }

    /// Fine-grained tokens: the permissions that the call takes, as `contents=write; metadata=read`.
    private var missingPermissions: String? {
        guard let header = response.header("X-Accepted-GitHub-Permissions") else { return nil }
        let wanted = Self.words(in: header)
        guard !wanted.isEmpty else { return nil }
        return "The token lacks a permission for this: \(wanted.joined(separator: ", ")). Give it, then try again."
    }

    private static func words(in list: String) -> [String] {
        list.split { ",; ".contains($0) }.prefix(12).compactMap(Quotation.word)
    }

    private var isProtected: Bool {
        [
            "rule violation", "protected branch", "protected tag", "protected ref", "through a pull request",
            "through the merge queue", "approving review", "status check", "push declined",
        ].contains(where: says)
    }

    private var protected: ForgeError {
        made(
            .forbidden, "GitHub's rules protect this branch or tag. Change it through a pull request, or ask the owner."
        )
    }

    private var conflict: ForgeError {
        if saysEmptyRepository { return made(.notFound, "The repository is empty.") }
        if isProtected { return protected }
        return made(.conflict, "It has changed at GitHub since it was read. Read it again, then write.")
    }

    private var invalid: ForgeError {
        let errors = body?.errors ?? []
        if says("already exists") || errors.contains(where: { $0.code == "already_exists" }) {
            return made(.alreadyExists, "GitHub has something of this name already.")
        }
        if says("reference does not exist") || says("object does not exist") || says("no commit found") {
            return made(.notFound, "GitHub has no such reference or commit.")
        }
        if isProtected { return protected }
        if says("not a fast forward") { return conflict }
        let codes = ["missing", "missing_field", "invalid", "unprocessable", "custom"]
        let fields = errors.prefix(5).compactMap { item -> String? in
            guard let field = item.field.flatMap(Quotation.word) else { return nil }
            return item.code.map { codes.contains($0) ? "\(field) (\($0))" : field } ?? field
        }
        let named = fields.isEmpty ? "" : ": " + fields.joined(separator: ", ")
        return made(.invalidRequest, "GitHub finds the request invalid\(named). Change it, then try again.")
    }

    private func made(_ code: ForgeError.Code, _ message: String, retryAfter: Int? = nil) -> ForgeError {
        ForgeError(
            code, .github, message, upstreamStatus: response.status,
            upstreamRequestID: response.header("X-GitHub-Request-Id").flatMap(Quotation.word), retryAfter: retryAfter)
    }
}

extension GitHub {
    /// The answer read for what it means, where a call expected its status.
    func answer(_ response: Upstream.Response) -> GitHubAnswer {
        GitHubAnswer(response, host: host, now: 0)
    }
}
