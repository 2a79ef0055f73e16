// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
package import Model
import Storage

/// The OAuth code flow: a redirect to the forge, and back with a code and our state.
extension Broker {
    /// What somebody who comes back from the forge is told before an authorization is made of the visit.
    package struct PendingOAuth: Sendable {
        package let forge: ForgeID
        package let host: String
        /// The user who asked for the redirect.
        package let requester: String
        /// The tenant that the authorization will belong to.
        package let tenant: String
        /// The name for the authorization, where the redirect was asked for with one.
        package let name: AuthorizationName?
    }

    /// The address of the forge's consent page, with a new state that is good once and for ten minutes, for this tenant, forge
    /// and site only.
    /// - Parameter name: the authorization's name for the browser's way; the API's way names it later.
    package func redirect(
        to forge: ForgeID, site: String?, name: String?, with grant: Grant
    ) async throws -> String {
        try Self.require(.oauth, of: forge)
        let application = try sites.application(forge, site: site)
        var bound: AuthorizationName?
        if let name { bound = try await available(name, with: grant) }
        let verifier = OAuthFlow.makeVerifier()
        let state = try await vault.save(
            OAuthState(
                binding: .init(tenant: grant.tenant, forge: forge, site: application.site), user: grant.caller.user.id,
                name: bound, verifier: verifier))
        return OAuthFlow(application, upstream: upstream).authorizeURL(state: state, verifier: verifier)
    }

    /// Makes an authorization of a code and a state that the caller has copied: the API's way.
    /// - Throws: ``AccessError/Code/badState`` for a state that was never issued, has been used, is over, or is another's.
    package func authorize(
        _ name: String, forge: ForgeID, site: String?, code: Secret, state: Secret, with grant: Grant
    ) async throws -> Authorization {
        try Self.require(.oauth, of: forge)
        try sites.requireAny(of: forge)
        let valid = try await available(name, with: grant)
        guard let found = try await vault.peek(state.exposed), found.binding.tenant == grant.tenant,
            found.binding.forge == forge, site == nil || found.binding.site == site
        else { throw Self.badState }
        return try await complete(found, code: code, state: state, as: valid, with: grant)
    }

    /// Who asked for the visit that a browser comes back from. nil for a state that is not good (any more).
    package func pending(_ state: Secret) async throws -> PendingOAuth? {
        guard let found = try await vault.peek(state.exposed), let asked = try await identity.caller(userID: found.user)
        else { return nil }
        return PendingOAuth(
            forge: found.binding.forge,
            host: try sites.application(found.binding.forge, site: found.binding.site).host.pages,
            requester: asked.user.name, tenant: asked.tenant.name, name: found.name)
    }

    /// Makes an authorization of a code and a state: the browser's way, for the user who asked for the redirect.
    /// - Throws: as ``authorize(_:forge:site:code:state:with:)``.
    package func authorize(_ name: String, code: Secret, state: Secret) async throws -> Authorization {
        guard let found = try await vault.peek(state.exposed), let asked = try await identity.caller(userID: found.user)
        else { throw Self.badState }
        let grant = try Grant.authorise(asked, to: .createAuthorization, in: found.binding.tenant.text)
        let valid = try await available(name, with: grant)
        return try await complete(found, code: code, state: state, as: valid, with: grant)
    }

    private func complete(
        _ found: OAuthState, code: Secret, state: Secret, as name: AuthorizationName, with grant: Grant
    ) async throws -> Authorization {
        guard !code.exposed.isEmpty,
            let spent = try await vault.consume(state.exposed, expecting: found.binding)
        else { throw Self.badState }
        let application = try sites.application(spent.binding.forge, site: spent.binding.site)
        let flow = OAuthFlow(application, upstream: upstream, now: { clock.seconds })
        let tokens = try await flow.exchange(code: code, verifier: spent.verifier)
        let (host, account) = try await prove(.oauth(tokens), at: [application.host])
        return try await store(
            .oauth(tokens), as: name, host: host, account: account, site: application.site, with: grant)
    }

    private static let badState = AccessError(
        .badState,
        "code or state is not good: a state can be used once, within ten minutes, in the project that asked for it. Ask for a new redirect address."
    )
}
