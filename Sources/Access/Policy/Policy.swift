// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

/// A policy in the cloud's form, version 1.1: statements that allow or deny actions, for some authorizations, under conditions.
/// `docs/permissions.md` has all of it.
package struct Policy: Sendable, Hashable {
    package let statements: [PolicyStatement]
    /// Whether some statement allows something in repositories by name: then what it does not allow there is not allowed.
    let allowsByRepository: Bool

    init(statements: [PolicyStatement]) {
        self.statements = statements
        allowsByRepository = statements.contains { statement in
            statement.effect == .allow && statement.actions.contains(where: \.isOnRepositories)
        }
    }
}

package struct PolicyStatement: Sendable, Hashable {
    package enum Effect: String, CaseIterable, Sendable, Hashable {
        case allow = "Allow"
        case deny = "Deny"
    }

    package let effect: Effect
    /// What its Action comes to.
    package let actions: Set<Action>
    /// Patterns of authorizations' names; nil for whatever it is about.
    package let authorizations: [String]?
    package let conditions: [PolicyCondition]

    /// Whether it speaks about a request.
    enum Outcome: Sendable, Hashable {
        case applies
        /// It hangs on what is not known yet.
        case pending
        case action
        case resource
        /// The condition at this place is not met.
        case condition(Int)
    }

    func outcome(for action: Action, _ facts: PolicyFacts) -> Outcome {
        guard actions.contains(action) else { return .action }
        var isPending = false
        if let authorizations {
            switch facts.authorization {
            case .absent, .unknown: return .resource
            case .pending: isPending = true
            case .value(let name):
                guard authorizations.contains(where: { Wildcard.fits(name, $0) }) else { return .resource }
            }
        }
        for (index, condition) in conditions.enumerated() {
            switch condition.outcome(for: facts[condition.key], effect: effect) {
            case .met: break
            case .notMet: return .condition(index)
            case .pending: isPending = true
            }
        }
        return isPending ? .pending : .applies
    }
}

/// A policy with the name that it is known by.
package struct NamedPolicy: Sendable, Hashable {
    package let name: String
    package let policy: Policy

    package init(name: String, policy: Policy) {
        self.name = name
        self.policy = policy
    }
}
