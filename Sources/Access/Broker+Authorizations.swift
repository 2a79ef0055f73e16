// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
package import Model
import Storage

/// Making and deleting authorizations. Nothing is stored that its forge has not accepted.
extension Broker {
    /// What a caller gives for a personal token or a password.
    package struct Offer: Sendable {
        package let name: String
        package let forge: ForgeID
        package let credential: Credential
        /// As ``ForgeHost/candidates(_:address:)`` takes it; nil or empty for the usual host of the forge.
        package let host: String?

        package init(name: String, forge: ForgeID, credential: Credential, host: String?) {
            self.name = name
            self.forge = forge
            self.credential = credential
            self.host = host
        }
    }

    /// Proves a personal token or a password at its forge and stores it.
    /// - Throws: ``AccessError`` for a bad name, a taken one, or a mode that the forge does not have; ``ForgeError`` when the forge rejects
    ///   the credential or cannot be reached; ``StoreError``.
    package func authorize(_ offer: Offer, with grant: Grant) async throws -> Authorization {
        let name = try await available(offer.name, of: offer.forge, with: grant)
        try Self.require(offer.credential.mode, of: offer.forge)
        try await quotas.occupy(for: grant)
        let address = offer.host?.isEmpty == false ? offer.host : usualHosts[offer.forge]
        let (host, account) = try await prove(
            offer.credential, at: ForgeHost.candidates(offer.forge, address: address))
        return try await store(offer.credential, as: name, host: host, account: account, site: nil, with: grant)
    }

    /// An authorization with what is known of it.
    package struct Details: Sendable {
        package let authorization: Authorization
        package let standing: Standing
        /// Whether Gatehouse renews the credential before its end; not where that has failed for good.
        package let isRenewed: Bool
    }

    /// What is known of an authorization. It is opened for that, so that one which cannot be is told as such.
    /// - Throws: ``AccessError/Code/notFound`` where there is none of this name.
    package func details(_ name: String, with grant: Grant) async throws -> Details {
        guard let valid = AuthorizationName(name) else { throw Self.noSuchName }
        guard let found = try await find(valid, with: grant) else { throw Self.noSuchName }
        do throws(StoreError) {
            let entry = try vault.open(found.entry)
            let authorization = entry.authorization
            return Details(
                authorization: authorization, standing: ledger.completed(entry.standing, of: authorization.id),
                isRenewed: entry.credential.isRenewable && entry.standing.reason == nil)
        } catch {
            guard error.code == .unsealable, let found = try await vault.standing(named: valid, of: grant.tenant) else {
                throw error
            }
            await ledger.markUnreadable(found.authorization.id, error)
            var standing = ledger.completed(found.standing, of: found.authorization.id)
            standing.reason = .unreadable
            return Details(authorization: found.authorization, standing: standing, isRenewed: false)
        }
    }

    /// Deletes an authorization with its credential. An OAuth grant is then ended at its forge, as far as the forge lets us: in the
    /// background, whatever becomes of it.
    /// - Throws: ``AccessError/Code/notFound`` where there is none of this name.
    package func delete(_ name: String, with grant: Grant) async throws {
        guard let valid = AuthorizationName(name) else { throw Self.noSuchName }
        try await permit(deletionOf: valid, with: grant)
        guard let deleted = try await vault.delete(named: valid, of: grant.tenant) else { throw Self.noSuchName }
        grant.trace.note(valid)
        if let authorization = deleted.authorization { grant.trace.note(authorization) }
        guard let authorization = deleted.authorization, let credential = deleted.credential else { return }
        upstream.forget(credential)
        revoker.submit(.init(authorization, credential, .grant))
    }

    /// An authorization that holds a word which nobody here knows can be deleted too, and is of no forge.
    private func permit(deletionOf name: AuthorizationName, with grant: Grant) async throws {
        do {
            guard try await find(name, with: grant) != nil else { throw Self.noSuchName }
        } catch let error as StoreError where error.code == .unsealable {
            _ = try grant.about(name, of: .unknown)
        }
    }

    static let noSuchName = AccessError(.notFound, "There is no authorization of this name in this project.")

    /// Tries every password authorization of a forge in this tenant.
    /// - Throws: ``AccessError/Code/noSuchAuthorization`` where there is none; the first ``ForgeError`` met.
    package func checkPasswords(of forge: ForgeID, with grant: Grant) async throws {
        try Self.require(.password, of: forge)
        let all = try await vault.authorizations(of: grant.tenant).filter {
            $0.forge == forge && $0.mode == .password
        }
        let stored = grant.permitted(all)
        guard all.isEmpty || !stored.isEmpty else {
            throw AccessError(
                .forbidden, "Your policies allow \(grant.action.rawValue) for none of these authorizations.")
        }
        guard !stored.isEmpty else {
            throw AccessError(
                .noSuchAuthorization, "This project has no password authorization of \(forge.displayName).")
        }
        try await quotas.occupy(for: grant)
        for authorization in stored {
            grant.trace.note(authorization)
            guard let entry = try await vault.entry(named: authorization.name, of: grant.tenant) else { continue }
            _ = try await open(entry).account()
        }
    }

    static func require(_ mode: AuthorizationMode, of forge: ForgeID) throws(AccessError) {
        guard forge.modes.contains(mode) else {
            let modes = forge.modes.map(\.rawValue).sorted().joined(separator: ", ")
            throw AccessError(
                .unsupported, "\(forge.displayName) has no \(mode.rawValue) authorization. It has: \(modes).")
        }
    }

    /// The name as a value, where it follows the rule and is free. The store has the last word on the latter.
    func available(_ name: String, of forge: ForgeID, with grant: Grant) async throws -> AuthorizationName {
        guard let valid = AuthorizationName(name) else {
            throw AccessError(
                .invalidRequest, "name must be 4 to 63 characters long and of letters, digits, '.', '_' and '-' only.")
        }
        _ = try grant.about(valid, of: .value(forge.rawValue))
        guard try await vault.authorization(named: valid, of: grant.tenant) == nil else { throw Self.nameTaken }
        // Before a forge is asked, and a code used up. The store has the last word on that, too.
        try await quotas.requireRoom(in: grant.tenant)
        return valid
    }

    /// Asks the forge who the credential's user is, at each host that is possible until one is a forge.
    func prove(
        _ credential: Credential, at candidates: [ForgeHost]
    ) async throws -> (host: ForgeHost, account: Account) {
        var first: ForgeError?
        // No account is longer, and the host may be anybody's.
        let upstream = upstream.limited(to: 1 << 20)
        for host in candidates {
            do {
                return (host, try Self.checked(await host.open(.fixed(credential), upstream: upstream).account(), host))
            } catch {
                // Whatever else it says, it is a forge, and knows.
                guard [.notFound, .unavailable].contains(error.code) else { throw error }
                if first == nil { first = error }
            }
        }
        let forge = candidates[0].forge
        let error = first ?? ForgeError(.unavailable, forge, "There is no host to ask.")
        guard error.code == .notFound else { throw error }
        throw ForgeError(
            .unavailable, forge, "There is no \(forge.displayName) API at this host. Check host.",
            upstreamStatus: error.upstreamStatus, upstreamRequestID: error.upstreamRequestID)
    }

    /// An account that may be kept and shown: its addresses may stand in a link.
    private static func checked(_ account: Account, _ host: ForgeHost) throws(ForgeError) -> Account {
        func isAddress(_ text: String) -> Bool {
            text.isEmpty || ((text.hasPrefix("https://") || text.hasPrefix("http://")) && isText(text, limit: 2048))
        }
        guard isText(account.login, limit: 255), !account.login.isEmpty, isAddress(account.home),
            isAddress(account.avatar)
        else {
            throw ForgeError(
                .unavailable, host.forge,
                "\(host.forge.displayName) answered with an account that makes no sense. Check host.")
        }
        return account
    }

    /// Without control characters, angle brackets and quotation marks.
    private static func isText(_ text: String, limit: Int) -> Bool {
        text.utf8.count <= limit
            && !text.unicodeScalars.contains {
                $0.value < 0x20 || $0.value == 0x7F || "<>\"".unicodeScalars.contains($0)
            }
    }

    func store(
        _ credential: Credential, as name: AuthorizationName, host: ForgeHost, account: Account, site: String?,
        with grant: Grant
    ) async throws -> Authorization {
        let now = clock.milliseconds
        let authorization = Authorization(
            id: RandomText.hexadecimal(), tenant: grant.tenant, name: name, forge: host.forge, mode: credential.mode,
            host: host.shown, account: account, site: site, created: now, updated: now, status: .normal)
        do {
            try await vault.insert(authorization, credential: credential, quota: quotas.configured.authorizations)
        } catch {
            throw error.code == .alreadyExists ? Self.nameTaken : error
        }
        grant.trace.note(authorization)
        return authorization
    }

    private static let nameTaken = AccessError(
        .alreadyExists,
        "An authorization of this name exists already in this project. Choose another name, delete that one, or authorize it again (PUT)."
    )
}
