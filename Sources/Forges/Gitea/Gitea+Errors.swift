// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension Gitea {
    /// What a call looked for, in sentences.
    enum Missing: String, CaseIterable {
        case namespace = "user or organisation"
        case repository
        case branch
        case tag
        case ref = "branch, tag or commit"
        case file
        case hook = "webhook"
        /// Gitea did not say what.
        case resource
    }

    static func notFound(_ missing: Missing) -> ForgeError {
        ForgeError(
            .notFound, .gitea,
            "Gitea has no such \(missing.rawValue), or the credential may not see it. Check the name.",
            upstreamStatus: 404)
    }

    static let conflict = ForgeError(
        .conflict, .gitea, "The file or the branch has changed since it was read. Read it again, then write.")

    /// What an unexpected answer means. Gitea's own words are only compared, never passed on.
    /// https://docs.gitea.com/development/api-usage
    static func explain(_ response: Upstream.Response) -> ForgeError {
        let refusal = Refusal(response)
        var error = classify(response, refusal)
        error.upstreamStatus = response.status
        error.upstreamRequestID = response.header("X-Request-Id").flatMap { Quotation.word($0) }
        if error.code == .rateLimited || response.status == 503 {
            error.retryAfter = response.header("Retry-After").flatMap { Int($0) }.map { min(max($0, 1), 3600) }
        }
        return error
    }

    private static func classify(_ response: Upstream.Response, _ refusal: Refusal) -> ForgeError {
        // A limit may be a page of what stands before Gitea.
        if response.status == 429 || (response.status == 403 && refusal.isLimit) {
            return ForgeError(.rateLimited, .gitea, "Gitea's rate limit is reached. Wait, then try again.")
        }
        // A sign-in page or a proxy's page is not Gitea's API speaking: it must never count as a refused credential.
        if refusal.isPage {
            return ForgeError(
                .unavailable, .gitea,
                "A web page answered instead of Gitea's API. Check the host, and what stands before it.")
        }
        switch response.status {
        case 401:
            return ForgeError(
                .credentialRejected, .gitea,
                "Gitea rejects the credential: it is wrong, expired or revoked. Authorize again.")
        case 403:
            return forbidden(refusal)
        case 404:
            return notFound(refusal.missing)
        case 409:
            return refusal.nameIsTaken ? alreadyExists : conflict
        // 423: an archived repository, or a locked mirror.
        case 423:
            return ForgeError(
                .forbidden, .gitea, "Gitea forbids it: the repository is archived. It can be read only.")
        case 400, 405, 412, 422:
            if refusal.nameIsTaken { return alreadyExists }
            if refusal.isProtection { return protected }
            return ForgeError(.invalidRequest, .gitea, "Gitea refuses the request. Check its parameters.")
        case 413, 414:
            return ForgeError(.invalidRequest, .gitea, "Gitea finds the request too large. Send less at once.")
        case 500...:
            return ForgeError(.unavailable, .gitea, "Gitea failed (\(response.status)). Try again later.")
        default:
            return ForgeError(
                .unavailable, .gitea,
                "Gitea answered \(response.status), which is not documented. Check the host, then try again later.")
        }
    }

    private static func forbidden(_ refusal: Refusal) -> ForgeError {
        if refusal.isProtection { return protected }
        return ForgeError(
            .forbidden, .gitea,
            "Gitea forbids it: the token lacks a scope, or the user's role is too low.")
    }

    private static let alreadyExists = ForgeError(
        .alreadyExists, .gitea, "Gitea has something of this name already. Choose another name.")

    private static let protected = ForgeError(
        .forbidden, .gitea,
        "Gitea protects this branch or tag from the user. Ask for a higher role, or change the protection rule.")
}
