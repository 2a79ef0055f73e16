// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// The body that answers what failed on the identity's routes: `{"error": {"code", "message", "title"}}`.
package struct KeystoneError: Sendable, Hashable, Encodable {
    struct Body: Sendable, Hashable, Encodable {
        let code: Int
        let message: String
        let title: String
    }

    let error: Body

    /// The HTTP status.
    package var status: Int { error.code }

    /// - Parameter status: the HTTP status, where it is not that of the failure's code.
    package init(_ failure: AccessError, status: Int? = nil) {
        let (code, title) = Self.status(of: failure.code)
        error = Body(
            code: status ?? code, message: failure.message, title: status == 413 ? "Request Entity Too Large" : title)
    }

    package func json() throws(AccessError) -> Data {
        try KeystoneJSON.encode(self)
    }

    private static func status(of code: AccessError.Code) -> (Int, String) {
        switch code {
        case .unauthenticated, .tokenExpired: (401, "Unauthorized")
        case .forbidden, .usePolicyDenies, .otherTenant: (403, "Forbidden")
        case .invalidRequest, .noSuchAuthorization, .unsupported, .badState: (400, "Bad Request")
        case .notFound: (404, "Not Found")
        case .alreadyExists: (409, "Conflict")
        case .tooManyAttempts, .tooManyRequests, .overQuota: (429, "Too Many Requests")
        case .unavailable, .identityUnavailable: (503, "Service Unavailable")
        }
    }
}
