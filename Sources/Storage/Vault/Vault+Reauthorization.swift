// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

/// An authorization that has just been deleted, with what it opened its forge with.
package struct DeletedAuthorization: Sendable {
    /// nil where its row held words that this Gatehouse does not know.
    package let authorization: Authorization?
    /// nil where it does not open: then there is nothing that could be given back to the forge.
    package let credential: Credential?
}

extension Vault {
    /// Puts another credential, of any mode, user and host of the same forge, in the place of that of an entry, in one transaction. Id,
    /// name, forge and the time of creation stay; the status is normal again. A task's cancellation does not stop it.
    /// - Parameters:
    ///   - entry: what is there, as it was read. That it was opened says that its row is sound.
    ///   - host: as ``Authorization/host``.
    /// - Returns: the authorization as it is now.
    /// - Throws: ``StoreError/Code/changed`` when the entry's revision is not the newest any more, ``StoreError/Code/notFound``,
    ///   ``StoreError/Code/invalid``.
    package func reauthorize(
        _ entry: VaultEntry, with credential: Credential, host: String, account: Account, site: String?
    ) async throws(StoreError) -> Authorization {
        let old = entry.authorization
        let renewed = Authorization(
            id: old.id, tenant: old.tenant, name: old.name, forge: old.forge, mode: credential.mode, host: host,
            account: account, site: site, created: old.created, updated: clock.milliseconds, status: .normal)
        try await sealing { (master) throws(StoreError) in
            try await store.reauthorize(
                try sealed(
                    renewed, credential, revision: entry.revision + 1, proved: renewed.updated, under: master))
        }
        return renewed
    }

    /// The sites of all OAuth authorizations, of whatever tenant, of one user at a host; the user's letter case does not count. nil is
    /// the usual site. Opens no seal.
    package func sitesWithOAuth(
        of forge: ForgeID, host: String, user: String
    ) async throws(StoreError) -> [String?] {
        try await store.sitesWithOAuth(of: forge, host: host, user: user)
    }
}
