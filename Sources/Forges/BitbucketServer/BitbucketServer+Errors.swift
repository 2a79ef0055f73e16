// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

extension BitbucketServer {
    /// What a call looked for, in sentences.
    enum Missing: String, CaseIterable {
        case namespace = "project or user"
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

    /// Whether an answer speaks against the credential. Not every 401 does: Bitbucket answers it to a user whom it knows,
    /// too, for what the user may not do or see, and for a user without a licence.
    static func refuses(_ response: Upstream.Response) -> Bool {
        guard response.status == 401 else { return false }
        let refusal = Refusal(response)
        return !refusal.isPage && !refusal.isForbidden && !refusal.isUnlicensed && !isCaptcha(response, refusal)
    }

    /// What an unexpected answer means. The forge's own words are only compared, never passed on.
    static func explain(_ response: Upstream.Response) -> ForgeError {
        let refusal = Refusal(response)
        var error = classify(response, refusal)
        error.upstreamStatus = response.status
        // It begins with a sign of what it counts: `@1F6DG0Fx540x12x0`.
        error.upstreamRequestID = response.header("X-AREQUESTID").flatMap { id in
            Quotation.word(id.drop { $0 == "@" || $0 == "*" })
        }
        if [429, 503].contains(response.status) {
            error.retryAfter = response.header("Retry-After").flatMap { Int($0) }.map { min(max($0, 1), 3600) }
        }
        return error
    }

    private static func classify(_ response: Upstream.Response, _ refusal: Refusal) -> ForgeError {
        // https://confluence.atlassian.com/bitbucketserver/improving-instance-stability-with-rate-limiting-976171954.html
        if response.status == 429 {
            return ForgeError(.rateLimited, .bitbucket, "Bitbucket's rate limit is reached. Wait, then try again.")
        }
        // A sign-in page or a proxy's page is not Bitbucket's API speaking: it must never count as a refused credential.
        if refusal.isPage {
            return ForgeError(
                .unavailable, .bitbucket,
                "A web page answered instead of Bitbucket's API. Check the host, and what stands before it.")
        }
        switch response.status {
        case 401 where refuses(response):
            return ForgeError(
                .credentialRejected, .bitbucket,
                "Bitbucket rejects the credential: it is wrong, expired or revoked. Authorize again.")
        case 401, 403:
            return forbidden(response, refusal)
        case 404:
            return notFound(refusal.missing)
        case 400, 409, 412, 422:
            return refused(response.status, refusal)
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

    private static func forbidden(_ response: Upstream.Response, _ refusal: Refusal) -> ForgeError {
        if refusal.isUnlicensed {
            return ForgeError(
                .forbidden, .bitbucket,
                "The user has no licence for this Bitbucket. Ask its administrator for one.")
        }
        if isCaptcha(response, refusal) {
            return ForgeError(
                .forbidden, .bitbucket,
                "Bitbucket wants the user to solve a CAPTCHA first. Sign in to its page once, then try again.")
        }
        return ForgeError(
            .forbidden, .bitbucket,
            "Bitbucket forbids it: the user or the token lacks the right for this project or repository. Ask for it, or make a token with more rights."
        )
    }

    /// https://confluence.atlassian.com/bitbucketserver/connecting-bitbucket-to-crowd-776640424.html (after failed sign-ins)
    private static func isCaptcha(_ response: Upstream.Response, _ refusal: Refusal) -> Bool {
        refusal.isCaptcha || response.header("X-Authentication-Denied-Reason")?.hasPrefix("CAPTCHA") == true
    }

    private static func refused(_ status: Int, _ refusal: Refusal) -> ForgeError {
        if refusal.nameIsTaken { return alreadyExists }
        if refusal.isVeto { return vetoed }
        if refusal.isReadOnly { return readOnly }
        if refusal.missing != .resource { return notFound(refusal.missing) }
        if status == 409 { return conflict }
        if refusal.isBadName {
            return ForgeError(.invalidRequest, .bitbucket, "git forbids this name. Choose another one.")
        }
        let named = refusal.fields.isEmpty ? "" : " (\(refusal.fields.joined(separator: ", ")))"
        return ForgeError(.invalidRequest, .bitbucket, "Bitbucket refuses the request\(named). Check its parameters.")
    }

    static let alreadyExists = ForgeError(
        .alreadyExists, .bitbucket, "Bitbucket has something of this name already. Choose another name.")

    static let fileExists = ForgeError(
        .alreadyExists, .bitbucket, "There is a file at this path already. Update it, or choose another path.")

    static let conflict = ForgeError(
        .conflict, .bitbucket, "The file or the branch has changed since it was read. Read it again, then write.")

    static let vetoed = ForgeError(
        .forbidden, .bitbucket,
        "A rule of the repository is against it, such as a branch permission. Ask its administrator, or use another branch."
    )

    private static let readOnly = ForgeError(
        .forbidden, .bitbucket,
        "The repository is archived: it can be read only. Ask its administrator to open it again.")
}
