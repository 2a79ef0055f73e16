// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Storage

/// Why a caller does not get in, or not to what it asked for.
///
/// ``message`` is a sentence for the caller: it says what to do and holds no secret, no canonical request and nothing
/// about other tenants. ``cause`` is for the log.
package struct AccessError: Error, Sendable, Hashable {
    package enum Code: String, CaseIterable, Sendable, Hashable {
        /// No credentials, or ones that prove nothing: an unknown token, an unknown access key, a wrong signature, one
        /// whose time is off, a wrong password. Sign in or sign again.
        case unauthenticated
        /// The token was good and has ended. Get a new one.
        case tokenExpired
        /// The caller is known and must not do this. Ask the operator for a policy.
        case forbidden
        /// The caller may do this, but not through this authorization. Ask whoever has set its use-policy.
        case usePolicyDenies
        /// The project of the path or of `X-Project-Id` is not the caller's. Use the caller's own project id.
        case otherTenant
        /// The request itself is wrong: a body that is no JSON, a missing member, a bad name. Change it.
        case invalidRequest
        /// `X-Repo-Auth` names no authorization of the caller's tenant, or is missing. List the authorizations.
        case noSuchAuthorization
        /// The forge is not known here, or has no authorization of this mode. Choose another one.
        case unsupported
        /// The code or the state of an OAuth flow is not good (any more). Ask for a new redirect address.
        case badState
        /// No such tenant, user, access key or subject token.
        case notFound
        /// A tenant or a user of this name is there already. Choose another name.
        case alreadyExists
        /// Too many sign-ins have failed, or wait to be checked. Try again after ``AccessError/retryAfter``.
        case tooManyAttempts
        /// The tenant sends more requests, or has more under way at the forges, than its quota allows. Try again after
        /// ``AccessError/retryAfter``.
        case tooManyRequests
        /// The tenant has as many authorizations as its quota allows. Delete one, or let the operator allow more.
        case overQuota
        /// The external Keystone cannot be asked about a token. Nobody is let in meanwhile; the operator finds the cause in the log.
        case identityUnavailable
        /// The store does not answer or holds what cannot be opened. The operator finds the cause in the log.
        case unavailable
    }

    package let code: Code
    package let message: String
    package let cause: String?
    /// Seconds after which one may try again, where that is known.
    package let retryAfter: Int?

    package init(_ code: Code, _ message: String, cause: String? = nil, retryAfter: Int? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
        self.retryAfter = retryAfter
    }
}

extension AccessError {
    /// A failure of the store as the caller may see it: names and paths stay in ``cause``.
    package init(_ error: StoreError) {
        switch error.code {
        case .alreadyExists:
            self.init(.alreadyExists, "Something of this name exists already. Choose another name.", cause: "\(error)")
        case .notFound:
            self.init(.notFound, "What this belongs to does not exist (any more).", cause: "\(error)")
        case .invalid:
            self.init(.invalidRequest, "A value is empty, too long or of the wrong form.", cause: "\(error)")
        case .overQuota:
            self.init(
                .overQuota,
                "This project has as many authorizations as its quota allows. Delete one, or ask the operator for more.",
                cause: "\(error)", retryAfter: 3600)
        case .unsealable:
            self.init(
                .unavailable,
                "The stored credential cannot be opened: it was changed, or sealed under another key. Delete it and authorize again.",
                cause: "\(error)")
        case .changed, .masterKeyRefused, .newerSchema, .unavailable:
            self.init(
                .unavailable, "The service cannot use its store right now. Try again later.", cause: "\(error)")
        }
    }
}

extension AccessError {
    /// An error as a caller may see it: one of the store becomes one of these, any other stays what it is.
    package static func shown(_ error: any Error) -> any Error {
        (error as? StoreError).map { AccessError($0) } ?? error
    }
}

extension AccessError: CustomStringConvertible {
    package var description: String {
        guard let cause else { return "\(code.rawValue): \(message)" }
        return "\(code.rawValue): \(message) (\(cause))"
    }
}
