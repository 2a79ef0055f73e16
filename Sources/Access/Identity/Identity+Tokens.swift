// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Model
package import Storage

/// A token that was just made. Only its digest is stored; this is the one time that its text is here.
package struct IssuedToken: Sendable {
    /// What goes into `X-Subject-Token`.
    package let token: Secret
    package let body: KeystoneToken
    package let caller: Caller
}

/// Who bears a token, whatever the token is scoped to.
package struct TokenSession: Sendable {
    package let caller: Caller
    package let token: TokenRecord
}

extension Identity {
    /// Before the random part, so that a token that has leaked somewhere can be recognised as one of Gatehouse.
    static let tokenPrefix = "gate_"

    /// Who bears an `X-Auth-Token` that is scoped to the tenant's project: the door of the API.
    /// - Throws: ``AccessError/Code/unauthenticated``, ``AccessError/Code/tokenExpired``, ``AccessError/Code/forbidden`` for
    ///   a token of another scope, ``AccessError/Code/unavailable``.
    package func caller(token: String) async throws(AccessError) -> Caller {
        if let external { return try await external.caller(token: token) }
        let session = try await session(token: token)
        guard session.token.scope == .project else {
            throw AccessError(
                .forbidden, "The token is not scoped to a project. Get one with auth.scope.project, or with no scope.")
        }
        return session.caller
    }

    /// Who bears an `X-Auth-Token` of any scope: the door of the identity's own routes.
    /// - Throws: ``AccessError/Code/unauthenticated``, ``AccessError/Code/tokenExpired``, ``AccessError/Code/unavailable``,
    ///   ``AccessError/Code/forbidden`` where tokens are an external Keystone's.
    package func session(token: String) async throws(AccessError) -> TokenSession {
        try requireOwnTokens()
        guard let entry = try await entry(token) else {
            throw AccessError(
                .unauthenticated,
                "Incorrect IAM authentication information: the X-Auth-Token is not known. Get one: POST /v3/auth/tokens."
            )
        }
        guard clock.milliseconds < entry.token.expires else {
            throw AccessError(
                .tokenExpired, "The token must be updated: it has expired. Get a new one: POST /v3/auth/tokens.")
        }
        return TokenSession(caller: Caller(user: entry.user, tenant: entry.tenant), token: entry.token)
    }

    /// Signs in: `POST /v3/auth/tokens`, answered 201.
    /// https://docs.openstack.org/api-ref/identity/v3/#password-authentication-with-unscoped-authorization
    /// - Parameters:
    ///   - address: where the request comes from; nil where that is not known.
    ///   - withCatalog: false where the request has a `nocatalog` parameter.
    /// - Throws: ``AccessError/Code/unauthenticated``, ``AccessError/Code/tokenExpired`` for the token method,
    ///   ``AccessError/Code/tooManyAttempts``, ``AccessError/Code/unavailable``.
    package func issue(
        _ request: KeystoneAuthRequest, from address: IPAddress? = nil, withCatalog: Bool = true
    ) async throws(AccessError) -> IssuedToken {
        try requireOwnTokens()
        let now = clock.milliseconds
        let caller: Caller
        let methods: [String]
        let expires: Int64
        switch request.method {
        case .password(let reference, let password):
            caller = try await signIn(reference, password, from: address)
            (methods, expires) = (["password"], now + settings.tokenLifetime * 1000)
        case .token(let token):
            // A token that was got by a token ends with it; else a leaked one could be kept alive for ever.
            let session = try await session(token: token.exposed)
            caller = session.caller
            let earlier = session.token.methods.filter { $0 != "token" }
            (methods, expires) = (["token"] + earlier, session.token.expires)
        }
        let scope = try scope(request.scope, for: caller.tenant)
        let text = Self.tokenPrefix + RandomText.base64URL(byteCount: 32)
        let record = TokenRecord(
            digest: Data(digestOf: text), scope: scope, methods: methods, issued: now, expires: expires)
        // Ended ones are kept for another lifetime, so that their bearers are told that they ended.
        let end = now - settings.tokenLifetime * 1000
        try await stored { () async throws(StoreError) in
            try await store.insert(record, of: caller.user, forgettingEndedBefore: end)
        }
        return IssuedToken(
            token: Secret(text),
            body: KeystoneToken(record, caller, catalog: withCatalog ? catalog(for: record, caller) : []),
            caller: caller)
    }

    /// Tells what a token is: `GET /v3/auth/tokens`, answered 200 with the same `X-Subject-Token`.
    /// - Throws: ``AccessError/Code/notFound`` for a subject that is no living token, ``AccessError/Code/forbidden`` for
    ///   another user's.
    package func check(
        subject: String, by session: TokenSession, withCatalog: Bool = true
    ) async throws(AccessError) -> KeystoneToken {
        let entry = try await living(subject, for: session)
        let caller = Caller(user: entry.user, tenant: entry.tenant)
        return KeystoneToken(entry.token, caller, catalog: withCatalog ? catalog(for: entry.token, caller) : [])
    }

    /// Ends a token: `DELETE /v3/auth/tokens`, answered 204.
    /// - Throws: as ``check(subject:by:withCatalog:)``.
    package func revoke(subject: String, by session: TokenSession) async throws(AccessError) {
        let entry = try await living(subject, for: session)
        let done = try await stored { () async throws(StoreError) in
            try await store.deleteToken(digest: entry.token.digest)
        }
        guard done else { throw Self.noSubject }
    }

    private static var noSubject: AccessError {
        AccessError(.notFound, "X-Subject-Token is invalid in the request")
    }

    private func living(_ subject: String, for session: TokenSession) async throws(AccessError) -> TokenEntry {
        guard let entry = try await entry(subject), clock.milliseconds < entry.token.expires else {
            throw Self.noSubject
        }
        guard entry.user == session.caller.user else {
            throw AccessError(.forbidden, "A token can be checked and revoked only by its own user.")
        }
        return entry
    }

    /// Looks a token up by its digest; what cannot be a token of ours costs no look at the store.
    private func entry(_ token: String) async throws(AccessError) -> TokenEntry? {
        guard token.hasPrefix(Self.tokenPrefix), token.utf8.count == Self.tokenPrefix.utf8.count + 43 else {
            return nil
        }
        let digest = Data(digestOf: token)
        return try await stored { () async throws(StoreError) in try await store.token(digest: digest) }
    }

    private func signIn(
        _ reference: UserReference, _ password: Secret, from address: IPAddress?
    ) async throws(AccessError) -> Caller {
        let login = try await stored { () async throws(StoreError) in try await store.login(reference) }
        let attempt = try await stored { () async throws(StoreError) in
            try await throttle.attempt(reference, login, from: address)
        }
        // Who must wait takes no place in the line.
        try await throttle.check(attempt)
        let right = try await line.inTurn(from: address) { () async throws(AccessError) in
            // Those before may have failed meanwhile.
            try await throttle.check(attempt)
            let right = try await passwords.verify(password, against: login?.passwordHash)
            if !right {
                try await stored { () async throws(StoreError) in try await throttle.noteFailure(of: attempt) }
            }
            return right
        }
        guard right, let login else {
            throw AccessError(.unauthenticated, "The username or password is wrong.")
        }
        try await stored { () async throws(StoreError) in try await throttle.noteSuccess(of: attempt) }
        return Caller(user: login.user, tenant: login.tenant)
    }

    /// A tenant has one project, so a request that names no scope means that one, as a default project does in Keystone.
    private func scope(
        _ scope: KeystoneAuthRequest.Scope?, for tenant: Tenant
    ) throws(AccessError) -> TokenRecord.Scope {
        switch scope {
        case nil: return .project
        case .unscoped: return .none
        case .project(let project):
            guard project.names(tenant, isRegion: isRegion) else {
                throw AccessError(.unauthenticated, "The project of auth.scope does not exist or is not this user's.")
            }
            return .project
        case .domain(let domain):
            guard domain.names(tenant) else {
                throw AccessError(.unauthenticated, "The domain of auth.scope does not exist or is not this user's.")
            }
            return .domain
        }
    }

    private func catalog(for token: TokenRecord, _ caller: Caller) -> [KeystoneToken.Service] {
        guard let endpoint = settings.endpoint, token.scope != .none else { return [] }
        return KeystoneToken.Service.all(at: endpoint, region: settings.region, project: caller.tenant.id)
    }
}

extension DomainReference {
    func names(_ tenant: Tenant) -> Bool {
        switch self {
        case .id(let id): id == tenant.domain
        case .name(let name): name == tenant.name
        }
    }
}

extension KeystoneAuthRequest.Project {
    /// By the tenant's name or, as at the cloud, by a region's.
    func names(_ tenant: Tenant, isRegion: (String) -> Bool) -> Bool {
        switch self {
        case .id(let id): id == tenant.id.text
        case .name(let name, let domain):
            (name == tenant.name || isRegion(name)) && (domain?.names(tenant) ?? true)
        }
    }
}
