// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model
package import Storage
import Synchronization

/// Finds the policies of a caller: those attached to the user, else those of the user's roles.
///
/// They are read from the store for every request, one row where there are none, so that a change counts from the next request on in
/// all processes. What is kept in memory is what a text was parsed to.
package struct Permission: Sendable {
    private let store: SQLiteStore
    /// The names of policies by the name of a Keystone role.
    package let roles: [String: [String]]
    private let shelf = PolicyShelf()

    /// As Keystone's own policies have them, https://docs.openstack.org/keystone/latest/admin/service-api-protection.html
    package static let usualRoles = [
        "admin": [SystemPolicy.fullAccess.rawValue], "member": [SystemPolicy.fullAccess.rawValue],
        "reader": [SystemPolicy.readOnlyAccess.rawValue],
    ]

    package init(store: SQLiteStore, roles: [String: [String]] = Self.usualRoles) {
        self.store = store
        self.roles = roles
    }

    /// - Throws: ``AccessError/Code/forbidden`` where a policy that the caller should have is gone: it may be one that denies;
    ///   ``AccessError/Code/unavailable``.
    package func rights(of caller: Caller) async throws(AccessError) -> Rights {
        let attached: [AttachedPolicy]
        do throws(StoreError) {
            attached = try await store.attachedPolicies(of: caller.user.id, in: caller.tenant.id)
        } catch {
            throw AccessError(error)
        }
        guard attached.isEmpty else {
            return Rights(policies: try attached.map(named), source: .attached)
        }
        return try await rights(of: caller.roles)
    }

    /// - Throws: as ``rights(of:)-(Caller)``.
    package func rights(of callerRoles: [String]) async throws(AccessError) -> Rights {
        var names: [String] = []
        for role in callerRoles {
            // Keystone's roles are found whatever their letter case.
            for name in roles[role.lowercased()] ?? [] where !names.contains(name) { names.append(name) }
        }
        var policies: [NamedPolicy] = []
        for name in names { policies.append(try await policy(named: name)) }
        return Rights(policies: policies, source: .roles(callerRoles))
    }

    private func policy(named name: String) async throws(AccessError) -> NamedPolicy {
        if let system = SystemPolicy.policies[name] { return NamedPolicy(name: name, policy: system) }
        return try named(AttachedPolicy(name: name, document: try await document(ofPolicy: name)))
    }

    private func document(ofPolicy name: String) async throws(AccessError) -> String? {
        do throws(StoreError) {
            return try await store.policy(named: name)?.document
        } catch {
            throw AccessError(error)
        }
    }

    private func named(_ attached: AttachedPolicy) throws(AccessError) -> NamedPolicy {
        if let system = SystemPolicy.policies[attached.name] { return NamedPolicy(name: attached.name, policy: system) }
        guard let document = attached.document else {
            throw AccessError(
                .forbidden,
                "Your policy \(attached.name) is not there (any more), so nothing is allowed. Ask the operator.")
        }
        return NamedPolicy(name: attached.name, policy: try policy(document, for: .user))
    }

    /// A policy that stands in the store. One that cannot be read allows nothing: nobody knows what it denies.
    /// - Throws: ``AccessError/Code/unavailable``.
    func policy(_ document: String, for kind: Policy.Kind) throws(AccessError) -> Policy {
        if let policy = shelf[document, kind] { return policy }
        do throws(Policy.Invalid) {
            let policy = try Policy(document, for: kind)
            shelf.keep(policy, document, kind)
            return policy
        } catch {
            throw AccessError(
                .unavailable, "A policy in the store cannot be read. The operator finds the cause in the log.",
                cause: error.description)
        }
    }
}

/// Policies by their texts, so many of them as are in use.
private final class PolicyShelf: Sendable {
    private struct Kept {
        var user: [String: Policy] = [:]
        var use: [String: Policy] = [:]
    }

    private let kept = Mutex(Kept())
    private static let capacity = 500

    subscript(document: String, kind: Policy.Kind) -> Policy? {
        kept.withLock { kept in
            switch kind {
            case .user: kept.user[document]
            case .use: kept.use[document]
            }
        }
    }

    func keep(_ policy: Policy, _ document: String, _ kind: Policy.Kind) {
        kept.withLock { kept in
            if kept.user.count + kept.use.count >= Self.capacity { kept = Kept() }
            switch kind {
            case .user: kept.user[document] = policy
            case .use: kept.use[document] = policy
            }
        }
    }
}
