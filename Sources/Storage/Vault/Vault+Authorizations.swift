// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Model

/// An authorization with its opened credential. Hold it no longer than one call to a forge.
package struct VaultEntry: Sendable {
    package let authorization: Authorization
    package let credential: Credential
    /// Which of the authorization's credentials this is, counted from 1. What compare-and-set compares.
    package let revision: Int64
    package let standing: Standing
}

/// An authorization that has been found and is still sealed.
package struct SealedEntry: Sendable {
    package var authorization: Authorization { row.authorization }
    /// What may go through it, as JSON; nil for anything.
    package var usePolicy: String? { row.usePolicy }
    fileprivate let row: AuthorizationRow
}

extension Vault {
    /// Seals and stores a new authorization. The credential's mode must be the authorization's.
    /// - Parameter quota: how many authorizations the tenant may have, where its own quota does not say; 0 for any number.
    /// - Throws: ``StoreError/Code/alreadyExists`` when the tenant has one of this name, ``StoreError/Code/notFound`` when
    ///   the tenant is gone, ``StoreError/Code/overQuota``, ``StoreError/Code/invalid``.
    package func insert(
        _ authorization: Authorization, credential: Credential, quota: Int = 0
    ) async throws(StoreError) {
        try await sealing { (master) throws(StoreError) in
            try await store.insert(
                try sealed(authorization, credential, revision: 1, proved: authorization.created, under: master),
                quota: quota)
        }
    }

    /// All authorizations of a tenant, oldest first. Opens no seal.
    package func authorizations(of tenant: TenantID) async throws(StoreError) -> [Authorization] {
        try await store.authorizations(of: tenant)
    }

    /// Opens no seal.
    package func authorization(
        named name: AuthorizationName, of tenant: TenantID
    ) async throws(StoreError) -> Authorization? {
        try await store.authorization(named: name, of: tenant)?.authorization
    }

    /// An authorization and how it fares; nil where the tenant has none of this name. Opens no seal.
    package func standing(
        named name: AuthorizationName, of tenant: TenantID
    ) async throws(StoreError) -> (authorization: Authorization, standing: Standing)? {
        try await store.authorization(named: name, of: tenant).map { ($0.authorization, $0.standing) }
    }

    /// Opens the seal; nil where the tenant has no authorization of this name.
    /// - Throws: ``StoreError/Code/unsealable`` when anything in the row but its status is not as it was sealed.
    package func entry(named name: AuthorizationName, of tenant: TenantID) async throws(StoreError) -> VaultEntry? {
        try await find(named: name, of: tenant).map { (found) throws(StoreError) in try open(found) }
    }

    /// Opens no seal; nil where the tenant has no authorization of this name.
    package func find(named name: AuthorizationName, of tenant: TenantID) async throws(StoreError) -> SealedEntry? {
        try await store.authorization(named: name, of: tenant).map(SealedEntry.init)
    }

    /// - Throws: ``StoreError/Code/unsealable`` when anything in the row but its status is not as it was sealed.
    package func open(_ found: SealedEntry) throws(StoreError) -> VaultEntry {
        let row = found.row
        return VaultEntry(
            authorization: row.authorization, credential: try opened(row), revision: row.revision,
            standing: row.standing)
    }

    /// Says what may go through an authorization. It stays when the authorization gets another credential.
    /// - Parameter document: JSON; nil for anything.
    /// - Returns: false where the tenant has no authorization of this name.
    package func setUsePolicy(
        _ document: String?, of name: AuthorizationName, tenant: TenantID
    ) async throws(StoreError) -> Bool {
        try await store.setUsePolicy(document, of: name, tenant: tenant)
    }

    /// Puts a renewed credential in the place of the one of a revision, sets the status to normal and the time of the
    /// change to now. A task's cancellation does not stop it.
    /// - Returns: the new revision.
    /// - Throws: ``StoreError/Code/changed`` when that revision is not the newest any more, ``StoreError/Code/notFound``,
    ///   ``StoreError/Code/unsealable`` when the row was tampered with: sealing it anew would make it look sound.
    @discardableResult
    package func replace(
        credential: Credential, of id: String, tenant: TenantID, ifRevision revision: Int64
    ) async throws(StoreError) -> Int64 {
        guard let row = try await store.authorization(id: id, of: tenant) else {
            throw StoreError(.notFound, "The authorization has been deleted.")
        }
        guard row.revision == revision else {
            throw StoreError(.changed, "The credential has been replaced since it was read.")
        }
        _ = try opened(row)
        let old = row.authorization
        let renewed = Authorization(
            id: old.id, tenant: old.tenant, name: old.name, forge: old.forge, mode: old.mode, host: old.host,
            account: Account(login: old.user, home: old.home, avatar: old.avatar), site: old.site,
            created: old.created, updated: clock.milliseconds, status: .normal)
        try await sealing { (master) throws(StoreError) in
            var next = try sealed(renewed, credential, revision: revision + 1, under: master)
            next.nextCheck = renewalTime(of: credential) ?? .max
            try await store.update(next)
        }
        return revision + 1
    }

    /// Notes how the forge takes the credential of a revision. Writes nothing when that is known already.
    /// - Parameter reason: why it is not good; nil for the status normal.
    /// - Throws: ``StoreError/Code/changed`` when that revision is not the newest any more, ``StoreError/Code/notFound``.
    package func set(
        reason: StatusReason?, of id: String, tenant: TenantID, ifRevision revision: Int64
    ) async throws(StoreError) {
        try await store.set(reason: reason, of: id, tenant: tenant, ifRevision: revision)
    }

    /// Deletes the authorization and its sealed credential. A row that does not open is deleted, too.
    /// - Returns: what was deleted; nil where there was none.
    package func delete(
        named name: AuthorizationName, of tenant: TenantID
    ) async throws(StoreError) -> DeletedAuthorization? {
        guard let deleted = try await store.deleteAuthorization(named: name, of: tenant) else { return nil }
        guard let row = deleted.row else { return DeletedAuthorization(authorization: nil, credential: nil) }
        return DeletedAuthorization(authorization: row.authorization, credential: readable(row))
    }

    private func readable(_ row: AuthorizationRow) -> Credential? {
        do {
            return try opened(row)
        } catch {
            return nil
        }
    }

    func sealed(
        _ authorization: Authorization, _ credential: Credential, revision: Int64, proved: Int64? = nil,
        under master: SealingKey
    ) throws(StoreError) -> AuthorizationRow {
        guard credential.mode == authorization.mode else {
            throw StoreError(.invalid, "The credential is not of the authorization's mode.")
        }
        let context = SealContext(authorization, revision: revision)
        return AuthorizationRow(
            authorization: authorization, keyVersion: master.version, revision: revision,
            sealed: try seal(try credential.encoded(), under: master, context),
            standing: Self.standing(of: credential, proved: proved))
    }

    /// What the credential itself tells.
    private static func standing(of credential: Credential, proved: Int64?) -> Standing {
        var standing = Standing(proved: proved, expires: credential.end.map { $0 * 1000 })
        if case .oauth(let tokens) = credential { standing.scopes = tokens.scopes }
        return standing
    }

    private func opened(_ row: AuthorizationRow) throws(StoreError) -> Credential {
        let context = SealContext(row.authorization, revision: row.revision)
        return try Credential(encoded: try open(row.sealed, version: row.keyVersion, context))
    }
}

extension SealContext {
    /// Everything in the row but its status, which changes without the credential and decides nothing by itself.
    init(_ authorization: Authorization, revision: Int64) {
        self.init(
            kind: .credential, tenant: authorization.tenant, id: authorization.id,
            bound: [
                String(revision), authorization.name.text, authorization.forge.rawValue, authorization.mode.rawValue,
                authorization.host, authorization.home, authorization.user, authorization.avatar, authorization.site,
                String(authorization.created), String(authorization.updated),
            ])
    }
}
