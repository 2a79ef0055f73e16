// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model

extension CodeArts {
    /// What a call looked for, in sentences.
    enum Missing: String {
        case namespace = "group"
        case repository
        case tag
        case branch
        case ref = "branch, tag or commit"
        case file
        case hook = "webhook"
        /// CodeArts Repo did not say what.
        case resource
    }

    static func notFound(_ missing: Missing) -> ForgeError {
        ForgeError(
            .notFound, .devcloud,
            "CodeArts Repo has no such \(missing.rawValue), or the user may not see it. Check the name.",
            upstreamStatus: 404)
    }

    /// What an unexpected answer means. Huawei's own words are only compared, never passed on.
    /// https://support.huaweicloud.com/intl/en-us/api-codeartsrepo/codeartsrepo_05_0007.html
    static func explain(_ response: Upstream.Response) -> ForgeError {
        let refusal = Refusal(response)
        return finished(classify(response.status, refusal), response)
    }

    /// What a failure in an envelope of versions 1 and 2 means, whatever the status it came with.
    static func explain(failed response: Upstream.Response) -> ForgeError {
        let refusal = Refusal(response)
        let error: ForgeError =
            if refusal.isUnknown { notFound(.resource) } else { refusal.isBusy ? busy : invalid(refusal) }
        return finished(error, response)
    }

    private static func finished(_ error: ForgeError, _ response: Upstream.Response) -> ForgeError {
        var error = error
        error.upstreamStatus = response.status
        error.upstreamRequestID = requestID(of: response)
        error.retryAfter = retryAfter(in: response)
        return error
    }

    private static func classify(_ status: Int, _ refusal: Refusal) -> ForgeError {
        if status == 429 {
            return ForgeError(.rateLimited, .devcloud, "CodeArts Repo's rate limit is reached. Wait, then try again.")
        }
        // A sign-in page or a proxy's page is not the API speaking: it must never count as a refused credential.
        if refusal.isPage {
            return ForgeError(
                .unavailable, .devcloud,
                "A web page answered instead of CodeArts Repo's API. Check the host, and what stands before it.")
        }
        switch status {
        case 401:
            return ForgeError(
                .credentialRejected, .devcloud,
                "CodeArts Repo rejects the user's token: the user may be deleted, disabled or of another region. Authorize again."
            )
        case 403:
            return ForgeError(
                .forbidden, .devcloud,
                "CodeArts Repo forbids it: the user's role in the project or repository is too low, or a protection rule is against it."
            )
        case 404: return notFound(.resource)
        case 409: return conflict
        case 400, 405, 412, 422: return refusal.isUnknown ? notFound(.resource) : invalid(refusal)
        case 413, 414:
            return ForgeError(
                .invalidRequest, .devcloud, "CodeArts Repo finds the request too large. Send less at once.")
        case 500...: return ForgeError(.unavailable, .devcloud, "CodeArts Repo failed (\(status)). Try again later.")
        default:
            return ForgeError(
                .unavailable, .devcloud,
                "CodeArts Repo answered \(status), which is not documented. Check the host, then try again later.")
        }
    }

    private static func invalid(_ refusal: Refusal) -> ForgeError {
        let code = refusal.code.map { " (\($0))" } ?? ""
        return ForgeError(
            .invalidRequest, .devcloud, "CodeArts Repo refuses the request\(code). Check its parameters.")
    }

    static let alreadyExists = ForgeError(
        .alreadyExists, .devcloud, "CodeArts Repo has something of this name already. Choose another name.")

    static let fileExists = ForgeError(
        .alreadyExists, .devcloud, "There is a file at this path already. Update it, or choose another path.")

    static let conflict = ForgeError(
        .conflict, .devcloud, "The file or the branch has changed since it was read. Read it again, then write.")

    private static let busy = ForgeError(.unavailable, .devcloud, "CodeArts Repo is busy. Try again later.")

    static func requestID(of response: Upstream.Response) -> String? {
        response.header("X-Request-Id").flatMap { Quotation.word($0) }
    }

    /// Seconds from `Retry-After`, 1 to 3600, where an answer may have it.
    static func retryAfter(in response: Upstream.Response) -> Int? {
        guard response.status == 429 || response.status == 503 else { return nil }
        return response.header("Retry-After").flatMap { Int($0) }.map { min(max($0, 1), 3600) }
    }

    /// What a refusal says: `{"error_code", "error_msg"}`, or in an envelope `{"error": {"code", "message"}}`.
    struct Refusal {
        /// A web page rather than an answer of the API.
        let isPage: Bool
        /// For example `CH.010117`; nil where there is none that can be shown.
        let code: String?

        init(_ response: Upstream.Response) {
            let type = response.header("Content-Type")?.lowercased() ?? ""
            let first = response.body.first { !($0 == 0x20 || (0x09...0x0D).contains($0)) }
            isPage = type.hasPrefix("text/html") || first == UInt8(ascii: "<")
            do {
                let wire = try JSONDecoder().decode(WireRefusal.self, from: Data(response.body.prefix(1 << 16)))
                let said = wire.error_code ?? wire.error?.code
                code = said.flatMap { $0.utf8.contains(UInt8(ascii: ".")) ? Quotation.word($0) : nil }
            } catch {
                // Another form, nothing at all, or cut off: the status alone has to tell.
                code = nil
            }
        }

        /// `CH.010117`: there is no such repository; `CH.00402000` is version 4's for whatever is not there.
        /// https://support.huaweicloud.com/api-codeartsrepo/ShowRepoId.html
        var isUnknown: Bool { ["CH.010117", "CH.00402000"].contains(code) }

        /// `CH.10000`: the system is busy.
        var isBusy: Bool { code == "CH.10000" }
    }
}

private struct WireRefusal: Decodable {
    struct Inner: Decodable {
        let code: String?
    }

    let error_code: String?
    let error: Inner?
}
