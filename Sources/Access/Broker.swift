// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Forges
package import Model
package import Storage
import Synchronization

/// Opens forges for callers: from a grant and an authorization's name to a ``Forge`` that acts with the credential.
///
/// The credential goes from the vault into the adapter's session and nowhere else.
package struct Broker: Sendable {
    let vault: Vault
    let identity: Identity
    let upstream: Upstream
    let sites: OAuthSites
    let refresher: CredentialRefresher
    let ledger: Ledger
    let revoker: TokenRevoker
    package let audit: AuditRecord
    package let permission: Permission
    /// The addresses that callers mean who name no host.
    let usualHosts: [ForgeID: String]
    let clock: WallClock
    package let quotas: Quotas

    /// Tokens that end within this many seconds are renewed before they are used.
    static let margin: Int64 = 60

    /// - Parameter usualHosts: the addresses that callers mean who name no host; the forge's own service where there is none.
    package init(
        vault: Vault, identity: Identity, upstream: Upstream, sites: OAuthSites, refresher: CredentialRefresher,
        ledger: Ledger, revoker: TokenRevoker, audit: AuditRecord, permission: Permission,
        usualHosts: [ForgeID: String] = [:], clock: WallClock = .system, quota: Quota = .unlimited,
        patience: Duration = .seconds(20)
    ) {
        self.vault = vault
        self.identity = identity
        self.upstream = upstream
        self.sites = sites
        self.refresher = refresher
        self.ledger = ledger
        self.revoker = revoker
        self.audit = audit
        self.permission = permission
        self.usualHosts = usualHosts
        self.clock = clock
        quotas = Quotas(quota, store: identity.store, clock: clock, patience: patience)
    }

    /// The tenant's authorizations that the caller may see, oldest first.
    package func authorizations(_ grant: Grant) async throws(StoreError) -> [Authorization] {
        grant.permitted(try await vault.authorizations(of: grant.tenant))
    }

    /// An authorization with the forge behind it.
    package struct Opened: Sendable {
        package let authorization: Authorization
        package let forge: any Forge
        /// With what the authorization's own policy says.
        fileprivate let grant: Grant

        /// The repository of an address for cloning, where the caller may see it.
        /// - Throws: ``AccessError/Code/forbidden``, ``AccessError/Code/usePolicyDenies``, ``ForgeError``.
        package func repository(cloneURL: String) async throws -> Repository {
            let repository = try await forge.repository(cloneURL: cloneURL)
            grant.trace.note(namespace: repository.namespace.name, project: repository.name)
            try grant.about(repository)
            return repository
        }

        /// Those namespaces that the caller may see.
        package func namespaces() async throws -> [Namespace] {
            grant.permitted(try await forge.namespaces()) { [.namespace: .value($0.name)] }
        }

        /// Those repositories of a namespace that the caller may see.
        package func repositories(in namespace: String) async throws -> [Repository] {
            grant.permitted(try await forge.repositories(in: namespace)) { [.project: .value($0.name)] }
        }

        /// Those branches that the caller may see.
        package func branches(of repository: RepositoryReference) async throws -> [String] {
            grant.permitted(try await forge.branches(of: repository)) { [.branch: .value($0)] }
        }

        /// Those files that the caller may see.
        package func files(of repository: RepositoryReference, at ref: String) async throws -> [String] {
            grant.permitted(try await forge.files(of: repository, at: ref)) { [.path: .value($0)] }
        }
    }

    /// Opens an authorization by its name, the API's `X-Repo-Auth`.
    /// - Throws: ``AccessError/Code/noSuchAuthorization``, ``AccessError/Code/forbidden``,
    ///   ``AccessError/Code/usePolicyDenies``, or a ``StoreError``.
    package func open(_ name: String?, with grant: Grant) async throws -> Opened {
        guard let name, !name.isEmpty else {
            throw AccessError(
                .noSuchAuthorization, "The header X-Repo-Auth is missing. Send the name of an authorization in it.")
        }
        guard let valid = AuthorizationName(name), let found = try await find(valid, with: grant) else {
            throw AccessError(
                .noSuchAuthorization,
                "X-Repo-Auth names no authorization of this project. List the authorizations for their names.")
        }
        try await quotas.occupy(for: found.grant)
        let entry = try vault.open(found.entry)
        ledger.noteUse(of: entry.authorization)
        return Opened(authorization: entry.authorization, forge: try open(entry), grant: found.grant)
    }

    /// An authorization that is still sealed, with the caller's leave for it.
    struct Found {
        let entry: SealedEntry
        let grant: Grant
    }

    /// The one way from a caller's name for an authorization to the authorization: whatever permission has to say of it is said before its
    /// seal is opened.
    /// - Returns: nil where there is none of this name.
    func find(_ name: AuthorizationName, with grant: Grant) async throws -> Found? {
        // Whoever may not have it is not told whether it is there.
        _ = try grant.about(name, of: .pending)
        guard let entry = try await sealed(name, grant) else { return nil }
        let policy = try entry.usePolicy.map { (document) throws(AccessError) in
            try permission.policy(document, for: .use)
        }
        return Found(entry: entry, grant: try grant.about(entry.authorization, usePolicy: policy))
    }

    private func sealed(_ name: AuthorizationName, _ grant: Grant) async throws(StoreError) -> SealedEntry? {
        do throws(StoreError) {
            return try await vault.find(named: name, of: grant.tenant)
        } catch {
            // It is there, and holds a word that nobody here knows.
            if error.code == .unsealable { grant.trace.note(name) }
            throw error
        }
    }

    func open(_ entry: VaultEntry) throws -> any Forge {
        let authorization = entry.authorization
        guard let host = ForgeHost(authorization.forge, stored: authorization.host) else {
            throw StoreError(.unsealable, "The authorization \(authorization.id) has no usable host.")
        }
        return host.open(source(of: entry), upstream: upstream)
    }

    /// The credential of an entry for one request to Gatehouse, renewed when it is near its end or refused.
    private func source(of entry: VaultEntry) -> CredentialSource {
        let held = HeldEntry(entry)
        return CredentialSource(
            current: { () throws(ForgeError) in
                let entry = held.value
                guard case .oauth(let tokens) = entry.credential, let expires = tokens.expires,
                    expires <= clock.seconds + Self.margin
                else { return entry.credential }
                if tokens.refreshToken != nil {
                    return try held.adopt(try await refresher.entry(after: entry))
                }
                guard expires <= clock.seconds else { return entry.credential }
                await ledger.mark(entry, .expired)
                throw ForgeError(
                    .credentialRejected, entry.authorization.forge,
                    "The authorization's token has expired and cannot be renewed. Authorize again.")
            },
            renewed: { (refused) throws(ForgeError) in
                let entry = held.value
                if entry.credential != refused { return entry.credential }
                if let newer = await newer(than: entry) { return try held.adopt(newer) }
                guard case .oauth(let tokens) = entry.credential, tokens.refreshToken != nil else { return nil }
                return try held.adopt(try await refresher.entry(after: entry))
            },
            proved: { accepted in
                if accepted {
                    await ledger.accepted(held.value)
                } else {
                    await ledger.refused(held.value)
                }
            })
    }
}

extension Broker {
    /// What an authorization has by now, where it is not what it had: it may have been authorized anew while a request was under way.
    private func newer(than entry: VaultEntry) async -> VaultEntry? {
        let authorization = entry.authorization
        do {
            let current = try await vault.entry(named: authorization.name, of: authorization.tenant)
            guard let current, current.authorization.id == authorization.id, current.revision != entry.revision else {
                return nil
            }
            return current
        } catch {
            // Whoever asks has a refusal of the forge to tell already.
            return nil
        }
    }
}

/// The newest entry that one request has seen.
private final class HeldEntry: Sendable {
    private let entry: Mutex<VaultEntry>

    init(_ entry: VaultEntry) {
        self.entry = Mutex(entry)
    }

    var value: VaultEntry { entry.withLock { $0 } }

    /// Takes a newer entry.
    ///
    /// Not one of another host: the adapter at hand speaks to the host that it was opened for, and the credential of the one must
    /// not go to the other.
    func adopt(_ new: VaultEntry) throws(ForgeError) -> Credential {
        let host = entry.withLock { $0.authorization.host }
        guard new.authorization.host == host else {
            throw ForgeError(
                .unavailable, new.authorization.forge,
                "The authorization has been moved to another host in this moment. Try again.")
        }
        entry.withLock { $0 = new }
        return new.credential
    }
}
