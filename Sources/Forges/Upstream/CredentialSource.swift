// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

/// Where a session gets its credential from, each time it needs one: so that none is ever held longer than a call,
/// and every path to a forge goes through renewal.
package struct CredentialSource: Sendable {
    /// The credential to use now, renewed beforehand where its end is near.
    package let current: @Sendable () async throws(ForgeError) -> Credential
    /// The forge has refused this credential with 401. Gives another one to try once, or nil where there is none.
    package let renewed: @Sendable (_ refused: Credential) async throws(ForgeError) -> Credential?
    /// Told after each call: whether the forge took the credential at last. An outage or a rate limit tells nothing.
    package let proved: @Sendable (_ accepted: Bool) async -> Void

    package init(
        current: @escaping @Sendable () async throws(ForgeError) -> Credential,
        renewed: @escaping @Sendable (_ refused: Credential) async throws(ForgeError) -> Credential?,
        proved: @escaping @Sendable (_ accepted: Bool) async -> Void = { _ in }
    ) {
        self.current = current
        self.renewed = renewed
        self.proved = proved
    }

    /// A credential that cannot be renewed, or is only to be tried.
    package static func fixed(_ credential: Credential) -> CredentialSource {
        CredentialSource(
            current: { () throws(ForgeError) in credential },
            renewed: { (_) throws(ForgeError) in nil },
            proved: { _ in })
    }
}
