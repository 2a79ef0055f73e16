// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Model

/// What an OAuth flow is bound to: the state of one flow is of no use for another tenant, forge or site.
package struct OAuthStateBinding: Sendable, Hashable {
    package let tenant: TenantID
    package let forge: ForgeID
    /// The label of the OAuth application's site, the API's `tag`.
    package let site: String?

    package init(tenant: TenantID, forge: ForgeID, site: String?) {
        self.tenant = tenant
        self.forge = forge
        self.site = site
    }
}

/// An OAuth flow that has begun and waits for the user to come back from the forge.
package struct OAuthState: Sendable, Hashable {
    package let binding: OAuthStateBinding
    /// The id of the user who began the flow.
    package let user: String
    /// The name for the authorization, where it was chosen before the user was sent to the forge.
    package let name: AuthorizationName?
    /// The PKCE code verifier, RFC 7636.
    package let verifier: Secret
    /// The id of the authorization that gets another credential by the flow; nil where a new one is made.
    package let renews: String?

    package init(
        binding: OAuthStateBinding, user: String, name: AuthorizationName?, verifier: Secret, renews: String? = nil
    ) {
        self.binding = binding
        self.user = user
        self.name = name
        self.verifier = verifier
        self.renews = renews
    }

    /// What is sealed of it: the verifier, and in a second line, which no verifier has, the authorization's id.
    fileprivate var sealedText: String { [verifier.exposed, renews].compactMap(\.self).joined(separator: "\n") }
}

extension Vault {
    /// Remembers a flow and forgets those that have ended.
    /// - Parameter lifetime: in seconds.
    /// - Returns: the state's text for the forge's address: 32 random bytes, base64url. Only its digest is stored.
    /// - Throws: ``StoreError/Code/notFound`` when the user is gone.
    package func save(_ state: OAuthState, lifetime: Int64 = 600) async throws(StoreError) -> String {
        let text = RandomText.base64URL(byteCount: 32)
        let now = clock.milliseconds
        let digest = Data(digestOf: text)
        let expires = now + lifetime * 1000
        let context = SealContext(state.binding, digest: digest, user: state.user, name: state.name, expires: expires)
        try await sealing { (master) throws(StoreError) in
            let row = OAuthStateRow(
                digest: digest, tenant: state.binding.tenant, user: state.user, forge: state.binding.forge,
                site: state.binding.site, name: state.name, expires: expires, keyVersion: master.version,
                sealed: try seal(Data(state.sealedText.utf8), under: master, context))
            try await store.insert(row, now: now)
        }
        return text
    }

    /// Looks at a flow without using it up; nil for a state that is unknown, used or has ended.
    package func peek(_ state: String) async throws(StoreError) -> OAuthState? {
        guard let row = try await store.oauthState(digest: Data(digestOf: state), now: clock.milliseconds) else {
            return nil
        }
        return try opened(row)
    }

    /// Takes a flow out: of two who come with one state at once, only one gets it.
    /// - Parameter expecting: what the flow must be bound to; one that is bound otherwise stays, and nil is given. nil where
    ///   the state is all that there is, as on the page that the forge sends a browser to.
    /// - Returns: nil for a state that is unknown, used, bound otherwise or has ended.
    package func consume(
        _ state: String, expecting: OAuthStateBinding? = nil
    ) async throws(StoreError) -> OAuthState? {
        let row = try await store.takeOAuthState(
            digest: Data(digestOf: state), expecting: expecting, now: clock.milliseconds)
        guard let row else { return nil }
        return try opened(row)
    }

    private func opened(_ row: OAuthStateRow) throws(StoreError) -> OAuthState {
        let binding = OAuthStateBinding(tenant: row.tenant, forge: row.forge, site: row.site)
        let text = String(decoding: try open(row.sealed, version: row.keyVersion, SealContext(row)), as: UTF8.self)
        let parts = text.split(separator: "\n", maxSplits: 1)
        return OAuthState(
            binding: binding, user: row.user, name: row.name, verifier: Secret(parts.first.map(String.init) ?? ""),
            renews: parts.count == 2 ? String(parts[1]) : nil)
    }
}

extension SealContext {
    init(_ row: OAuthStateRow) {
        self.init(
            OAuthStateBinding(tenant: row.tenant, forge: row.forge, site: row.site), digest: row.digest,
            user: row.user, name: row.name, expires: row.expires)
    }

    fileprivate init(
        _ binding: OAuthStateBinding, digest: Data, user: String, name: AuthorizationName?, expires: Int64
    ) {
        self.init(
            kind: .oauthVerifier, tenant: binding.tenant, id: Hexadecimal.encode(digest),
            bound: [user, binding.forge.rawValue, binding.site, name?.text, String(expires)])
    }
}
