// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Hummingbird
import Model
import NIOCore
import NIOHTTP1

/// The one place where an error becomes a status, a code and a sentence.
///
/// The codes are those of the API's error tables; `docs/compatibility.md` lists them with the statuses.
struct Problem: Sendable {
    let status: HTTPResponse.Status
    let code: String
    let message: String
    /// Seconds, for `Retry-After`.
    var retryAfter: Int?
    /// Whether the fault is Gatehouse's own, so that the log must say more than the answer.
    var isFault = false

    init(_ status: HTTPResponse.Status, _ code: String, _ message: String, retryAfter: Int? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
    }

    /// Never prints an error that it does not know.
    init(_ error: any Error) {
        switch AccessError.shown(error) {
        case let problem as ProblemError: self = problem.problem
        case let error as ForgeError: self.init(error)
        case let error as AccessError: self.init(error)
        case let error as HTTPError where error.status == .contentTooLarge: self = .bodyTooLarge
        case is NIOTooManyBytesError: self = .bodyTooLarge
        case let error as HTTPError where error.status == .notFound: self = .noSuchRoute
        case let error as HTTPError where error.status.kind == .clientError:
            self.init(.badRequest, "SVCSTG.REPO.0400", "The request cannot be read. Check its path, headers and body.")
        default:
            self.init(
                .internalServerError, "SVCSTG.REPO.0500",
                "Something failed inside Gatehouse. Give the operator the request ID.")
            isFault = true
        }
    }

    static let bodyTooLarge = Problem(
        .contentTooLarge, "APIGW.0201", "The request's body is larger than 12 MB. Send less.")
    static let noSuchRoute = Problem(
        .notFound, "APIGW.0101", "There is no such operation. The description of the API is at /openapi.yaml.")

    private init(_ error: ForgeError) {
        let (status, code): (HTTPResponse.Status, String) =
            switch error.code {
            case .invalidRequest: (.badRequest, "SVCSTG.REPO.0400")
            case .unsupported: (.badRequest, "SVCSTG.REPO.0401")
            case .oauthRejected: (.badRequest, "SVCSTG.REPO.0402")
            case .alreadyExists: (.badRequest, "SVCSTG.REPO.0403")
            case .credentialRejected: (.badRequest, "SVCSTG.REPO.0451")
            case .invalidCloneURL: (.badRequest, "SVCSTG.REPO.0452")
            case .notFound: (.notFound, "SVCSTG.REPO.0404")
            case .conflict: (.conflict, "SVCSTG.REPO.0409")
            case .forbidden: (.forbidden, "SVCSTG.REPO.0453")
            case .rateLimited: (.tooManyRequests, "SVCSTG.REPO.0429")
            case .unavailable: (.badGateway, "SVCSTG.REPO.0502")
            case .timedOut: (.gatewayTimeout, "SVCSTG.REPO.0504")
            }
        self.init(status, code, error.message, retryAfter: error.code == .rateLimited ? error.retryAfter ?? 60 : nil)
    }

    private init(_ error: AccessError) {
        let (status, code): (HTTPResponse.Status, String) =
            switch error.code {
            case .unauthenticated: (.unauthorized, "APIGW.0301")
            case .tokenExpired: (.unauthorized, "APIGW.0307")
            case .forbidden, .otherTenant: (.forbidden, "APIGW.0302")
            case .usePolicyDenies: (.forbidden, "SVCSTG.REPO.0454")
            case .invalidRequest: (.badRequest, "SVCSTG.REPO.0400")
            case .unsupported: (.badRequest, "SVCSTG.REPO.0401")
            case .badState: (.badRequest, "SVCSTG.REPO.0402")
            case .alreadyExists: (.badRequest, "SVCSTG.REPO.0403")
            case .noSuchAuthorization: (.badRequest, "SVCSTG.REPO.0450")
            case .notFound: (.notFound, "SVCSTG.REPO.0404")
            case .tooManyAttempts, .tooManyRequests: (.tooManyRequests, "APIGW.0308")
            case .overQuota: (.tooManyRequests, "SVCSTG.REPO.0455")
            case .identityUnavailable: (.serviceUnavailable, "APIGW.0613")
            case .unavailable: (.internalServerError, "SVCSTG.REPO.0500")
            }
        let isLater = [.tooManyAttempts, .tooManyRequests, .overQuota, .identityUnavailable].contains(error.code)
        self.init(status, code, error.message, retryAfter: isLater ? error.retryAfter ?? 5 : nil)
        isFault = error.code == .unavailable || error.code == .identityUnavailable
    }

    static let headersTooLarge = Problem(
        .init(code: 494, reasonPhrase: "Request Header Too Large"), "APIGW.0201",
        "A header is longer than 32 KB, all headers together are longer than 128 KB, or the address is longer than 64 KB."
    )

    /// What no request could be read from.
    init(unreadable error: HTTPParserError) {
        self =
            error == .headerOverflow
            ? .headersTooLarge
            : Problem(.badRequest, "SVCSTG.REPO.0400", "What was sent is not well-formed HTTP.")
    }

    private func json(requestID: String) -> JSONWriter {
        var json = JSONWriter()
        json.object {
            $0.member("error_code", code)
            $0.member("error_msg", message)
            $0.member("request_id", requestID)
        }
        return json
    }

    /// The body of that answer.
    func bytes(requestID: String) -> ByteBuffer {
        json(requestID: requestID).buffer
    }

    /// The answer in the API's form.
    func response(requestID: String) -> Response {
        var response = json(requestID: requestID).response(status)
        if let retryAfter { response.headers[.retryAfter] = String(retryAfter) }
        return response
    }
}

/// A problem that is found in this room: a parameter that is absent or has a wrong form.
struct ProblemError: Error {
    let problem: Problem

    init(_ problem: Problem) {
        self.problem = problem
    }

    /// 400 SVCSTG.REPO.0400 with a sentence.
    static func invalid(_ message: String) -> ProblemError {
        ProblemError(Problem(.badRequest, "SVCSTG.REPO.0400", message))
    }
}
