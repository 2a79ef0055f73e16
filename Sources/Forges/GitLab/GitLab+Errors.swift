// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension GitLab {
    /// What a call looked for, in sentences.
    enum Missing: String, CaseIterable {
        case namespace = "user or group"
        case repository
        case branch
        case tag
        case ref = "branch, tag or commit"
        case file
        case hook = "webhook"
        /// GitLab did not say what.
        case resource
    }

    static func notFound(_ missing: Missing) -> ForgeError {
        ForgeError(
            .notFound, .gitlab,
            "GitLab has no such \(missing.rawValue), or the credential may not see it. Check the name.",
            upstreamStatus: 404)
    }

    /// What an unexpected answer means. The forge's own words are only compared, never passed on.
    /// https://docs.gitlab.com/api/rest/troubleshooting/#status-codes
    static func explain(_ response: Upstream.Response) -> ForgeError {
        let refusal = Refusal(response)
        var error = classify(response, refusal)
        error.upstreamStatus = response.status
        error.upstreamRequestID = response.header("X-Request-Id").flatMap { Quotation.word($0) }
        if response.status == 429 || response.status == 503 { error.retryAfter = retryAfter(in: response) }
        return error
    }

    private static func classify(_ response: Upstream.Response, _ refusal: Refusal) -> ForgeError {
        // Rate limits are plain text at GitLab itself and a page at what may stand before it.
        if response.status == 429 {
            return ForgeError(.rateLimited, .gitlab, "GitLab's rate limit is reached. Wait, then try again.")
        }
        // A sign-in page or a proxy's page is not GitLab's API speaking: it must never count as a refused credential.
        if refusal.isPage {
            return ForgeError(
                .unavailable, .gitlab,
                "A web page answered instead of GitLab's API. Check the host, and what stands before it.")
        }
        switch response.status {
        case 401:
            return ForgeError(
                .credentialRejected, .gitlab,
                "GitLab rejects the credential: it is wrong, expired or revoked. Authorize again.")
        case 403:
            return forbidden(refusal)
        case 404:
            return notFound(refusal.missing)
        case 409:
            if refusal.nameIsTaken { return alreadyExists }
            return conflict
        case 400, 405, 412, 422:
            return invalid(refusal)
        case 413, 414:
            return ForgeError(.invalidRequest, .gitlab, "GitLab finds the request too large. Send less at once.")
        case 500...:
            return ForgeError(.unavailable, .gitlab, "GitLab failed (\(response.status)). Try again later.")
        default:
            return ForgeError(
                .unavailable, .gitlab,
                "GitLab answered \(response.status), which is not documented. Check the host, then try again later.")
        }
    }

    private static func forbidden(_ refusal: Refusal) -> ForgeError {
        if let scopes = refusal.wantedScopes {
            let wanted = scopes.isEmpty ? "the right scope" : "the scope \(scopes.joined(separator: " or "))"
            return ForgeError(.forbidden, .gitlab, "The token lacks a scope. Authorize with a token of \(wanted).")
        }
        return refusal.isProtection ? protected : forbidden
    }

    private static func invalid(_ refusal: Refusal) -> ForgeError {
        if refusal.nameIsTaken { return alreadyExists }
        if refusal.isProtection { return protected }
        if refusal.isRace { return conflict }
        let fields = refusal.fields
        let named = fields.isEmpty ? "" : " (\(fields.joined(separator: ", ")))"
        return ForgeError(.invalidRequest, .gitlab, "GitLab refuses the request\(named). Check its parameters.")
    }

    static let alreadyExists = ForgeError(
        .alreadyExists, .gitlab, "GitLab has something of this name already. Choose another name.")

    static let fileExists = ForgeError(
        .alreadyExists, .gitlab, "There is a file at this path already. Update it, or choose another path.")

    static let conflict = ForgeError(
        .conflict, .gitlab, "The file or the branch has changed since it was read. Read it again, then write.")

    private static let forbidden = ForgeError(
        .forbidden, .gitlab,
        "GitLab forbids it: the user's role is too low, the account is blocked, or a rule of the group is against it."
    )

    private static let protected = ForgeError(
        .forbidden, .gitlab,
        "GitLab protects this branch or tag from the user. Ask for a higher role, or change the protection rule.")

    /// Seconds from `Retry-After`, or until `RateLimit-Reset` (Unix time); 1 to 3600.
    /// https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/#response-headers
    private static func retryAfter(in response: Upstream.Response) -> Int? {
        if let seconds = response.header("Retry-After").flatMap({ Int($0) }) {
            return min(max(seconds, 1), 3600)
        }
        if let reset = response.header("RateLimit-Reset").flatMap({ Int($0) }) {
            let now = Int(Date().timeIntervalSince1970)
            return min(max(reset, now + 1) - now, 3600)
        }
        return nil
    }
}
