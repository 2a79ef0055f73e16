// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
package import Model
import Storage

/// Another credential for an authorization that is there: of the same name and forge, and of any mode, user and host of that forge.
/// Whatever refers to the authorization by its name goes on with the new credential. Where the new one is no good, the old one stays.
extension Broker {
    /// Proves a personal token or a password at its forge and puts it in the place of what an authorization has.
    /// - Parameter offer: with the authorization's name. Without a host, the authorization's own one is kept.
    /// - Throws: ``AccessError/Code/notFound`` where there is no authorization of the name, ``AccessError/Code/invalidRequest`` where it
    ///   is another forge's; otherwise as ``authorize(_:with:)``.
    package func reauthorize(_ offer: Offer, with grant: Grant) async throws -> Authorization {
        let entry = try await existing(offer.name, of: offer.forge, with: grant)
        try Self.require(offer.credential.mode, of: offer.forge)
        try await quotas.occupy(for: grant)
        let address = offer.host?.isEmpty == false ? offer.host : entry.authorization.host
        let (host, account) = try await prove(
            offer.credential, at: ForgeHost.candidates(offer.forge, address: address))
        return try await replace(entry, with: offer.credential, host: host, account: account, site: nil)
    }

    /// The authorization of a name, opened.
    func existing(_ name: String, of forge: ForgeID, with grant: Grant) async throws -> VaultEntry {
        guard let valid = AuthorizationName(name), let found = try await find(valid, with: grant) else {
            throw Self.noSuchName
        }
        let entry = try vault.open(found.entry)
        guard entry.authorization.forge == forge else {
            throw AccessError(
                .invalidRequest,
                "\(valid) is an authorization of \(entry.authorization.forge.displayName), and stays one. Choose its forge, or another name."
            )
        }
        return entry
    }

    /// Writes what has been proved. Where somebody has changed the credential meanwhile, by a renewal or another re-authorization, it
    /// is written over that: the last one who comes with a good credential has it.
    func replace(
        _ first: VaultEntry, with credential: Credential, host: ForgeHost, account: Account, site: String?
    ) async throws -> Authorization {
        var entry = first
        // Each failure means that another one has written; nobody writes so often.
        for _ in 0..<100 {
            do throws(StoreError) {
                let renewed = try await vault.reauthorize(
                    entry, with: credential, host: host.shown, account: account, site: site)
                release(entry, after: credential)
                return renewed
            } catch  where error.code == .changed {
                entry = try await current(entry)
            } catch  where error.code == .notFound {
                throw Self.deletedMeanwhile
            } catch {
                throw error
            }
        }
        throw AccessError(.unavailable, "This authorization is being changed again and again. Try again later.")
    }

    private func current(_ entry: VaultEntry) async throws -> VaultEntry {
        let authorization = entry.authorization
        guard let current = try await vault.entry(named: authorization.name, of: authorization.tenant),
            current.authorization.id == authorization.id
        else { throw Self.deletedMeanwhile }
        return current
    }

    /// Lets go of the credential that another one has taken the place of. Never of the whole grant: the new tokens may hang on it.
    private func release(_ old: VaultEntry, after new: Credential) {
        guard old.credential != new else { return }
        upstream.forget(old.credential)
        // A forge may give one token twice.
        if case .oauth(let before) = old.credential, case .oauth(let after) = new {
            let kept = [after.accessToken, after.refreshToken].compactMap(\.self)
            if kept.contains(before.accessToken) || before.refreshToken.map(kept.contains) == true { return }
        }
        revoker.submit(.init(old.authorization, old.credential, .tokens))
    }

    static let deletedMeanwhile = AccessError(.notFound, "The authorization has been deleted meanwhile.")
}
