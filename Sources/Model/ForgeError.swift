// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Why a forge did not do what was asked.
///
/// ``message`` is a sentence for the caller of the API: it says what to do, and holds no secret and nothing that the
/// forge sent unchecked.
package struct ForgeError: Error, Sendable, Hashable {
    package enum Code: String, CaseIterable, Sendable, Hashable {
        /// A parameter does not fit what the forge allows (a bad tag name, writing to a tag). Change the request.
        case invalidRequest
        /// This forge cannot do it, or not in this mode. Use another forge or mode.
        case unsupported
        /// The forge refused an OAuth code, or the code's state is not one of ours. Start the OAuth flow again.
        case oauthRejected
        /// Something of this name is there already.
        case alreadyExists
        /// The forge rejects the credential: revoked, expired, mistyped. Authorize again.
        case credentialRejected
        /// An address for cloning that names no repository of this authorization's host.
        case invalidCloneURL
        /// No such namespace, repository, branch, tag, commit, file or hook, or the credential may not see it.
        case notFound
        /// The file or branch has changed since it was read. Read again, then write.
        case conflict
        /// The forge knows the credential and forbids the act: a missing scope, single sign-on, a protected branch.
        case forbidden
        /// The forge's rate limit. Wait for ``ForgeError/retryAfter``.
        case rateLimited
        /// The forge failed, cannot be reached, or answered what makes no sense. Try again later.
        case unavailable
        /// The forge did not answer in time. Try again later; a change may have been made.
        case timedOut
    }

    package let code: Code
    package let forge: ForgeID
    package let message: String
    /// The forge's HTTP status, where it answered.
    package var upstreamStatus: Int?
    /// The forge's own identifier of the request, for its support desk.
    package var upstreamRequestID: String?
    /// Seconds to wait, where the forge said so.
    package var retryAfter: Int?

    package init(
        _ code: Code, _ forge: ForgeID, _ message: String,
        upstreamStatus: Int? = nil, upstreamRequestID: String? = nil, retryAfter: Int? = nil
    ) {
        self.code = code
        self.forge = forge
        self.message = message
        self.upstreamStatus = upstreamStatus
        self.upstreamRequestID = upstreamRequestID
        self.retryAfter = retryAfter
    }
}
