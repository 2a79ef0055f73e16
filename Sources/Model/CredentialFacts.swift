// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// What a forge tells of the credential that it was asked with.
package struct CredentialFacts: Sendable, Hashable {
    /// Unix time in seconds from which the forge takes the credential no more; nil where it has no end or the forge does
    /// not tell it, and for an OAuth grant, whose access token's end is no end of the grant.
    package var expires: Int64?
    /// In the forge's order; nil where the forge does not tell them.
    package var scopes: [String]?

    package init(expires: Int64? = nil, scopes: [String]? = nil) {
        self.expires = expires
        self.scopes = scopes
    }
}
