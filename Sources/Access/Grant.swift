// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model
package import Storage
import Synchronization

/// Proof that somebody may do something in a tenant. Only the functions here make one, and the broker opens nothing without one.
///
/// What policies say may hang on the authorization and on the repository, which are found on the way. A grant says what is known so far,
/// and is refused as soon as that suffices. The broker puts in the authorization before its seal is opened; it is the last moment for
/// everything that changes anything. ``isSettled`` tells afterwards whether the last word was said.
package struct Grant: Sendable {
    /// nil where the operator acts, who is no user of the tenant.
    package let caller: Caller?
    package let action: Action
    package let tenant: TenantID
    /// Where the broker tells what it touches.
    package let trace: AuditTrace
    /// nil for the operator, who may do everything.
    private let rights: Rights?
    private var facts: PolicyFacts
    private var usePolicy: UsePolicy?
    private var isFound: Bool
    private let settlement = Settlement()

    fileprivate init(
        caller: Caller?, action: Action, tenant: TenantID, trace: AuditTrace, rights: Rights?, facts: PolicyFacts
    ) {
        self.caller = caller
        self.action = action
        self.tenant = tenant
        self.trace = trace
        self.rights = rights
        self.facts = facts
        isFound = !action.isOnRepositories
    }

    /// Decides whether a caller may act in a project, as far as that can be told without knowing on what.
    /// - Parameter project: the `project_id` of the request's path.
    /// - Throws: ``AccessError/Code/otherTenant`` for a project that is not the caller's, ``AccessError/Code/forbidden``,
    ///   ``AccessError/Code/unavailable``.
    package static func authorise(
        _ caller: Caller, to action: Action, in project: String, by permission: Permission,
        trace: AuditTrace = AuditTrace()
    ) async throws(AccessError) -> Grant {
        guard project == caller.tenant.id.text else {
            throw AccessError(
                .otherTenant,
                "The project in the path is not the project of your credentials. Use your own project's ID.")
        }
        let grant = Grant(
            caller: caller, action: action, tenant: caller.tenant.id, trace: trace,
            rights: try await permission.rights(of: caller), facts: PolicyFacts(of: action, by: caller))
        try grant.decide()
        return grant
    }

    /// Leave for the operator, at the command line, to act in any tenant.
    ///
    /// The proof is the opened vault: only who has the store and its master key in hand can make one, and could read everything
    /// without us. `Web` cannot name the type, so no request gets such a grant.
    package static func authorise(operatorOf _: Vault, to action: Action, in tenant: Tenant) -> Grant {
        Grant(
            caller: nil, action: action, tenant: tenant.id, trace: AuditTrace(), rights: nil,
            facts: PolicyFacts(of: action, userName: .absent, userID: .absent))
    }

    /// The same with what the request names. A key that is left out stays unknown until an answer tells it.
    /// - Throws: ``AccessError/Code/forbidden``.
    package func about(_ named: [ConditionKey: Fact]) throws(AccessError) -> Grant {
        try narrowed { facts in
            for (key, fact) in named { facts[key] = fact }
        }
    }

    /// The same for an authorization by its name, where there need not be one.
    /// - Parameters:
    ///   - name: nil for one that has no name yet.
    /// - Throws: ``AccessError/Code/forbidden``.
    func about(_ name: AuthorizationName?, of forge: Fact) throws(AccessError) -> Grant {
        try narrowed { facts in
            facts.authorization = name.map { .value($0.text) } ?? .absent
            facts[.forge] = forge
        }
    }

    /// The same for an authorization that was found, and with what may go through it.
    /// - Throws: ``AccessError/Code/forbidden``, ``AccessError/Code/usePolicyDenies``.
    func about(_ authorization: Authorization, usePolicy: Policy?) throws(AccessError) -> Grant {
        trace.note(authorization)
        var grant = self
        grant.isFound = true
        if action.isOnRepositories {
            grant.usePolicy = usePolicy.map { UsePolicy(authorization: authorization.name, policy: $0) }
        }
        return try grant.about(authorization.name, of: .value(authorization.forge.rawValue))
    }

    /// The last word where only the forge's answer has told which repository it is. Before anything of the answer is told.
    /// - Throws: ``AccessError/Code/forbidden``, ``AccessError/Code/usePolicyDenies``.
    func about(_ repository: Repository) throws(AccessError) {
        _ = try about([.namespace: .value(repository.namespace.name), .project: .value(repository.name)])
    }

    /// Those of a list that the caller may have, where each has its own name for a key.
    func permitted<Element>(
        _ elements: [Element], _ facts: (Element) -> [ConditionKey: Fact]
    ) -> [Element] {
        defer { settlement.isDone.withLock { $0 = isFound } }
        // Nothing hangs on it: most lists.
        if decision == .allowed { return elements }
        return elements.filter { element in
            var one = self
            for (key, fact) in facts(element) { one.facts[key] = fact }
            return one.decision == .allowed
        }
    }

    /// Those authorizations of a list that the caller may have.
    func permitted(_ authorizations: [Authorization]) -> [Authorization] {
        defer { settlement.isDone.withLock { $0 = isFound } }
        if decision == .allowed { return authorizations }
        return authorizations.filter { authorization in
            var one = self
            one.facts.authorization = .value(authorization.name.text)
            one.facts[.forge] = .value(authorization.forge.rawValue)
            return one.decision == .allowed
        }
    }

    /// Whether everything that the policies hang on was known in the end.
    package var isSettled: Bool { settlement.isDone.withLock { $0 } }

    private func narrowed(_ change: (inout PolicyFacts) -> Void) throws(AccessError) -> Grant {
        var grant = self
        change(&grant.facts)
        try grant.decide()
        return grant
    }

    /// Both must allow: the caller's policies, and the authorization's where there are any.
    private var decision: PolicyDecision {
        let first = rights?.decision(for: action, facts) ?? .allowed
        guard first == .allowed || first == .pending, rights != nil, let usePolicy else { return first }
        let second = usePolicy.decision(for: action, facts)
        return second == .allowed ? first : second
    }

    private func decide() throws(AccessError) {
        guard let rights else { return }
        let first = rights.decision(for: action, facts)
        if let refusal = rights.refusal(of: first, action) { throw refusal }
        var isAllowed = first == .allowed
        if let usePolicy {
            let second = usePolicy.decision(for: action, facts)
            if let refusal = usePolicy.refusal(of: second, action) { throw refusal }
            isAllowed = isAllowed && second == .allowed
        }
        settlement.isDone.withLock { $0 = isAllowed && isFound }
    }
}

/// Whether the last word about an operation has been said. One for all that a grant becomes.
private final class Settlement: Sendable {
    let isDone = Mutex(false)
}
