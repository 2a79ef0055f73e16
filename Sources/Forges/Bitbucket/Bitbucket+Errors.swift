// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension Bitbucket {
    /// What a call looked for, in sentences.
    enum Missing: String, CaseIterable {
        case workspace
        case repository
        case branch
        case tag
        case ref = "branch, tag or commit"
        case file
        case hook = "webhook"
        /// Bitbucket did not say what.
        case resource
    }

    static func notFound(_ missing: Missing) -> ForgeError {
        ForgeError(
            .notFound, .bitbucket,
            "Bitbucket has no such \(missing.rawValue), or the credential may not see it. Check the name.",
            upstreamStatus: 404)
    }

    static let alreadyExists = ForgeError(
        .alreadyExists, .bitbucket, "Bitbucket has something of this name already. Choose another name.")

    static let fileExists = ForgeError(
        .alreadyExists, .bitbucket, "There is something at this path already. Update it, or choose another path.")

    static let conflict = ForgeError(
        .conflict, .bitbucket, "The file or the branch has changed since it was read. Read it again, then write.")

    /// What an unexpected answer means. Bitbucket's own words are only compared, never passed on.
    /// https://developer.atlassian.com/cloud/bitbucket/rest/intro/#standardized-error-responses
    static func explain(_ response: Upstream.Response) -> ForgeError {
        let refusal = Refusal(response)
        var error = classify(response, refusal)
        error.upstreamStatus = response.status
        error.upstreamRequestID = (response.header("X-Request-Id") ?? response.header("Atl-Traceid")).flatMap {
            Quotation.word($0)
        }
        return error
    }

    private static func classify(_ response: Upstream.Response, _ refusal: Refusal) -> ForgeError {
        if response.status == 429 {
            let wait = response.header("Retry-After").flatMap { Int($0) }.map { min(max($0, 1), 3600) }
            return ForgeError(
                .rateLimited, .bitbucket, "Bitbucket's rate limit is reached. Wait, then try again.", retryAfter: wait)
        }
        // A sign-in page or a proxy's page is not Bitbucket's API speaking: it must never count as a refused credential.
        if refusal.isPage {
            return ForgeError(
                .unavailable, .bitbucket,
                "A web page answered instead of Bitbucket's API. Check the host, and what stands before it.")
        }
        switch response.status {
        case 401:
            return ForgeError(
                .credentialRejected, .bitbucket,
                "Bitbucket rejects the credential: it is wrong, expired or revoked, or an API token without its account's email before it. Authorize again."
            )
        case 402, 403: return forbidden(refusal)
        case 404:
            // What is cut off or not the API's own says nothing about what is there.
            guard refusal.isWhole else { return nonsense }
            return notFound(refusal.missing)
        case 409: return refusal.nameIsTaken ? alreadyExists : conflict
        case 410:
            return ForgeError(
                .unavailable, .bitbucket, "Bitbucket has given up this part of its API. Tell the operator.")
        case 400, 405, 415, 422: return invalid(refusal)
        case 413, 414:
            return ForgeError(.invalidRequest, .bitbucket, "Bitbucket finds the request too large. Send less at once.")
        case 500...:
            return ForgeError(.unavailable, .bitbucket, "Bitbucket failed (\(response.status)). Try again later.")
        default:
            return ForgeError(
                .unavailable, .bitbucket,
                "Bitbucket answered \(response.status), which is not documented. Check the host, then try again later.")
        }
    }

    private static let nonsense = ForgeError(
        .unavailable, .bitbucket,
        "Something answered that is not Bitbucket's API. Check the host, then try again later.")

    private static func forbidden(_ refusal: Refusal) -> ForgeError {
        if refusal.lacksScope {
            let named = refusal.wantedScopes.isEmpty ? "" : ": \(refusal.wantedScopes.joined(separator: ", "))"
            return ForgeError(
                .forbidden, .bitbucket,
                "The credential lacks a scope that Bitbucket wants for this\(named). Authorize with one that has it.")
        }
        if refusal.isAboutTheKindOfToken {
            return ForgeError(
                .forbidden, .bitbucket,
                "Bitbucket does not do this for this kind of token. Use an API token, as email:token, or OAuth.")
        }
        return ForgeError(
            .forbidden, .bitbucket,
            "Bitbucket forbids it: the user may not write or administer there, a branch restriction is against it, or the workspace's plan or rules are."
        )
    }

    private static func invalid(_ refusal: Refusal) -> ForgeError {
        if refusal.nameIsTaken { return alreadyExists }
        if refusal.isAboutRights { return forbidden(refusal) }
        let fields = refusal.fields
        let named = fields.isEmpty ? "" : " (\(fields.joined(separator: ", ")))"
        return ForgeError(.invalidRequest, .bitbucket, "Bitbucket refuses the request\(named). Check its parameters.")
    }
}
