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
        /// Whether the visit renews the authorization of this name.
        package let isRenewal: Bool
    }

    /// The address of the forge's consent page, with a new state that is good once and for ten minutes, for this tenant, forge
    /// and site only.
    /// - Parameters:
    ///   - name: the authorization's name for the browser's way; the API's way names it later.
    ///   - renewing: whether the visit is for the authorization that has this name already; without a site, it leads to the
    ///     authorization's own host.
    package func redirect(
        to forge: ForgeID, site: String?, name: String?, renewing: Bool = false, with grant: Grant
    ) async throws -> String {
        try Self.require(.oauth, of: forge)
        guard let user = grant.caller?.user.id else {
            throw AccessError(.unsupported, "A visit to a forge is begun by a user of the tenant.")
        }
        var renewed: Authorization?
        if renewing { renewed = try await existing(name ?? "", of: forge, with: grant).authorization }
        let application = try application(forge, site: site, renewing: renewed)
        var bound = renewed?.name
        if !renewing {
            if let name {
                bound = try await available(name, of: forge, with: grant)
            } else {
                _ = try grant.about(nil, of: .value(forge.rawValue))
            }
        }
        let verifier = OAuthFlow.makeVerifier()
        let state = try await vault.save(
            OAuthState(
                binding: .init(tenant: grant.tenant, forge: forge, site: application.site), user: user, name: bound,
                verifier: verifier, renews: renewed?.id))
        return OAuthFlow(application, upstream: upstream).authorizeURL(state: state, verifier: verifier)
    }

    private func application(
        _ forge: ForgeID, site: String?, renewing authorization: Authorization?
    ) throws(AccessError) -> OAuthApplication {
        guard let authorization, site == nil else { return try sites.application(forge, site: site) }
        return try sites.application(renewing: authorization)
    }

    /// Makes an authorization of a code and a state that the caller has copied: the API's way.
    /// - Throws: ``AccessError/Code/badState`` for a state that was never issued, has been used, is over, or is another's.
    package func authorize(
        _ name: String, forge: ForgeID, site: String?, code: Secret, state: Secret, with grant: Grant
    ) async throws -> Authorization {
        try Self.require(.oauth, of: forge)
        try sites.requireAny(of: forge)
        let valid = try await available(name, of: forge, with: grant)
        let found = try await visit(state, forge: forge, site: site, with: grant)
        guard found.renews == nil else { throw Self.badState }
        try await quotas.occupy(for: grant)
        return try await complete(found, code: code, state: state) { visit in
            try await store(
                visit.credential, as: valid, host: visit.host, account: visit.account, site: visit.site, with: grant)
        }
    }

    /// Puts tokens for a code and a state that the caller has copied in the place of what an authorization has. Its host becomes that
    /// of the visit.
    /// - Throws: as ``reauthorize(_:with:)``; ``AccessError/Code/badState`` for a state that was never issued, has been used, is
    ///   over, is another's, or is for the renewal of another authorization.
    package func reauthorize(
        _ name: String, forge: ForgeID, site: String?, code: Secret, state: Secret, with grant: Grant
    ) async throws -> Authorization {
        try Self.require(.oauth, of: forge)
        try sites.requireAny(of: forge)
        let entry = try await existing(name, of: forge, with: grant)
        let found = try await visit(state, forge: forge, site: site, with: grant)
        guard found.renews ?? entry.authorization.id == entry.authorization.id else { throw Self.badState }
        try await quotas.occupy(for: grant)
        return try await renew(entry, found, code: code, state: state)
    }

    private func visit(_ state: Secret, forge: ForgeID, site: String?, with grant: Grant) async throws -> OAuthState {
        guard let found = try await vault.peek(state.exposed), found.binding.tenant == grant.tenant,
            found.binding.forge == forge, site == nil || found.binding.site == site
        else { throw Self.badState }
        return found
    }

    private func renew(
        _ entry: VaultEntry, _ found: OAuthState, code: Secret, state: Secret
    ) async throws -> Authorization {
        try await complete(found, code: code, state: state) { visit in
            try await replace(
                entry, with: visit.credential, host: visit.host, account: visit.account, site: visit.site)
        }
    }

    /// Who asked for the visit that a browser comes back from. nil for a state that is not good (any more).
    package func pending(_ state: Secret) async throws -> PendingOAuth? {
        guard let found = try await vault.peek(state.exposed),
            let asked = try await identity.caller(userID: found.user, of: found.binding.tenant)
        else { return nil }
        return PendingOAuth(
            forge: found.binding.forge,
            host: try sites.application(found.binding.forge, site: found.binding.site).host.pages,
            requester: asked.user.name, tenant: asked.tenant.name, name: found.name, isRenewal: found.renews != nil)
    }

    /// Makes an authorization of a code and a state: the browser's way, for the user who asked for the redirect. A visit that renews
    /// an authorization does that, whatever name is given.
    /// - Throws: as ``authorize(_:forge:site:code:state:with:)`` and ``reauthorize(_:forge:site:code:state:with:)``.
    package func authorize(
        _ name: String, code: Secret, state: Secret, trace: AuditTrace = AuditTrace()
    ) async throws -> Authorization {
        guard let found = try await vault.peek(state.exposed),
            let asked = try await identity.caller(userID: found.user, of: found.binding.tenant)
        else { throw Self.badState }
        trace.note(asked)
        let grant = try await Grant.authorise(
            asked, to: .createAuthorization, in: found.binding.tenant.text, by: permission, trace: trace)
        try await quotas.occupy(for: grant)
        if let renewed = found.renews {
            let entry = try await existing(found.name?.text ?? "", of: found.binding.forge, with: grant)
            // Another of the same name is not what was asked for.
            guard entry.authorization.id == renewed else { throw Self.deletedMeanwhile }
            return try await renew(entry, found, code: code, state: state)
        }
        let valid = try await available(name, of: found.binding.forge, with: grant)
        return try await complete(found, code: code, state: state) { visit in
            try await store(
                visit.credential, as: valid, host: visit.host, account: visit.account, site: visit.site, with: grant)
        }
    }

    /// What a visit to a forge has brought, proved.
    private struct Visit {
        let credential: Credential
        let host: ForgeHost
        let account: Account
        let site: String?
    }

    /// Uses the state up and changes the code for tokens. Tokens that are not kept in the end are revoked.
    private func complete(
        _ found: OAuthState, code: Secret, state: Secret, keeping keep: (Visit) async throws -> Authorization
    ) async throws -> Authorization {
        guard !code.exposed.isEmpty,
            let spent = try await vault.consume(state.exposed, expecting: found.binding)
        else { throw Self.badState }
        let application = try sites.application(spent.binding.forge, site: spent.binding.site)
        let flow = OAuthFlow(application, upstream: upstream, now: { clock.seconds })
        let tokens = try await flow.exchange(code: code, verifier: spent.verifier)
        do {
            let (host, account) = try await prove(.oauth(tokens), at: [application.host])
            return try await keep(
                Visit(credential: .oauth(tokens), host: host, account: account, site: application.site))
        } catch {
            revoker.submit(.init(tokens, host: application.host, site: application.site))
            throw error
        }
    }

    private static let badState = AccessError(
        .badState,
        "code or state is not good: a state can be used once, within ten minutes, in the project that asked for it. Ask for a new redirect address."
    )
}
