// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension Gitee {
    /// What a call looked for, in sentences.
    enum Missing: String, CaseIterable {
        case namespace = "user, organisation or enterprise"
        case repository
        case branch
        case tag
        case ref = "branch, tag or commit"
        case file
        case hook = "webhook"
        /// Gitee did not say what.
        case resource
    }

    static func notFound(_ missing: Missing) -> ForgeError {
        ForgeError(
            .notFound, .gitee,
            "Gitee has no such \(missing.rawValue), or the credential may not see it. Check the name.",
            upstreamStatus: 404)
    }

    static let conflict = ForgeError(
        .conflict, .gitee, "The file or the branch has changed since it was read. Read it again, then write.")

    /// What an unexpected answer means. Gitee's own words are only compared, never passed on.
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
        // A limit may be a page of what stands before Gitee.
        if response.status == 429 || (response.status == 403 && refusal.isLimit) {
            return ForgeError(.rateLimited, .gitee, "Gitee's rate limit is reached. Wait, then try again.")
        }
        // A sign-in page or a proxy's page is not Gitee's API speaking: it must never count as a refused credential.
        if refusal.isPage {
            return ForgeError(
                .unavailable, .gitee,
                "A web page answered instead of Gitee's API. Check the host, and what stands before it.")
        }
        switch response.status {
        case 401:
            return ForgeError(
                .credentialRejected, .gitee,
                "Gitee rejects the credential: it is wrong, expired or revoked. Authorize again.")
        case 403:
            return forbidden(refusal)
        case 404:
            return notFound(refusal.missing)
        case 409:
            return refusal.nameIsTaken ? alreadyExists : conflict
        case 400, 405, 412, 422:
            if refusal.nameIsTaken { return alreadyExists }
            if refusal.isProtection { return protected }
            return ForgeError(.invalidRequest, .gitee, "Gitee refuses the request. Check its parameters.")
        case 413, 414:
            return ForgeError(.invalidRequest, .gitee, "Gitee finds the request too large. Send less at once.")
        case 500...:
            return ForgeError(.unavailable, .gitee, "Gitee failed (\(response.status)). Try again later.")
        default:
            return ForgeError(
                .unavailable, .gitee,
                "Gitee answered \(response.status), which is not documented. Check the host, then try again later.")
        }
    }

    private static func forbidden(_ refusal: Refusal) -> ForgeError {
        if refusal.isProtection { return protected }
        return ForgeError(
            .forbidden, .gitee,
            "Gitee forbids it: the token lacks a scope, the user's role is too low, or the repository is archived.")
    }

    private static let alreadyExists = ForgeError(
        .alreadyExists, .gitee, "Gitee has something of this name already. Choose another name.")

    private static let protected = ForgeError(
        .forbidden, .gitee,
        "Gitee protects this branch or tag from the user. Ask for a higher role, or change the protection rule.")
}

extension ForgeError {
    /// Whether Gitee has seen the request and finds something wrong with it, for which it has few and changing statuses.
    var isRefusal: Bool {
        [.invalidRequest, .alreadyExists].contains(code) && upstreamStatus != nil
    }
}
