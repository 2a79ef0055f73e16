// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Why a Keystone has told nothing about a token. None of it says anything about the token.
///
/// The description is a sentence for the operator. It holds no token, no password and nothing that the Keystone has written.
package struct KeystoneFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Kind: Sendable, Hashable {
        /// No connection, no TLS, no answer in time, one that is too large…
        case unreachable(Upstream.Failure)
        /// It answered, and not as a Keystone does. The text says in which way.
        case nonsense(String)
        /// It has trouble of its own, or too much to do.
        case trouble(status: Int)
        /// It refuses the service user: a wrong name, password or project, or the user is disabled.
        case refusesServiceUser
        /// The service user may not ask about others' tokens.
        case forbidsServiceUser
    }

    package let kind: Kind
    /// Seconds after which it may be asked again, where it has told that.
    package let retryAfter: Int?

    init(_ kind: Kind, retryAfter: Int? = nil) {
        self.kind = kind
        self.retryAfter = retryAfter
    }

    package var description: String {
        switch kind {
        case .unreachable(let failure): Self.sentence(failure)
        case .nonsense(let what): "What answers there is no Keystone, or broken: \(what). Check identity.keystone.url."
        case .trouble(let status): "The Keystone has trouble of its own: it answers with status \(status)."
        case .refusesServiceUser:
            "The Keystone refuses the service user. Check identity.keystone.user, password, domain, project and project_domain, and that the user is enabled."
        case .forbidsServiceUser:
            "The Keystone does not let the service user look at tokens. Give it the role `service` or `admin` in the project of identity.keystone.project."
        }
    }

    private static func sentence(_ failure: Upstream.Failure) -> String {
        switch failure {
        case .unreachable(let what): "The Keystone cannot be reached: \(what)."
        case .distrusted:
            "The Keystone's certificate is not for its host, has ended, or is signed by nobody known here. identity.keystone.ca names an authority of your own."
        case .timedOut: "The Keystone does not answer within identity.keystone.timeout_seconds."
        case .tooLarge(let limit): "The Keystone answers more than \(limit) bytes."
        case .overloaded: "Too much is being read from the Keystone at this moment."
        case .unknownHost: "The Keystone's host has no address. Check identity.keystone.url."
        case .refusedHost: "The Keystone's host is not allowed. Check identity.keystone.url."
        }
    }
}
