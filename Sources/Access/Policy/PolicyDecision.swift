// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

/// What policies come to for a request: denied where any statement denies, else allowed where any allows, else not.
package enum PolicyDecision: Sendable, Hashable {
    case allowed
    /// By a statement's Deny.
    case denied(policy: String, statement: Int)
    /// Nothing allows it.
    case notAllowed
    /// It may be allowed, and hangs on what is not known yet.
    case pending

    /// - Parameter opensRepositories: whether what nobody speaks of is allowed in repositories, as at the cloud: where no statement
    ///   allows anything there by name.
    init(
        of policies: [NamedPolicy], for action: Action, _ facts: PolicyFacts, opensRepositories: Bool
    ) {
        let isOpen =
            opensRepositories && action.isOnRepositories && !policies.contains(where: \.policy.allowsByRepository)
        var (isAllowed, mayBeAllowed, mayBeDenied) = (isOpen, false, false)
        for named in policies {
            for (index, statement) in named.policy.statements.enumerated() {
                switch (statement.outcome(for: action, facts), statement.effect) {
                case (.applies, .allow): isAllowed = true
                case (.pending, .allow): mayBeAllowed = true
                case (.pending, .deny): mayBeDenied = true
                case (.applies, .deny):
                    self = .denied(policy: named.name, statement: index)
                    return
                case (.action, _), (.resource, _), (.condition, _): break
                }
            }
        }
        switch (isAllowed, mayBeAllowed, mayBeDenied) {
        case (true, _, false): self = .allowed
        case (true, _, true), (false, true, _): self = .pending
        case (false, false, _): self = .notAllowed
        }
    }
}

/// The policies of a caller, and where they are from.
package struct Rights: Sendable {
    package enum Source: Sendable, Hashable {
        /// They are the user's own.
        case attached
        /// They are those of the user's roles.
        case roles([String])
    }

    package let policies: [NamedPolicy]
    package let source: Source

    package init(policies: [NamedPolicy], source: Source) {
        self.policies = policies
        self.source = source
    }

    package func decision(for action: Action, _ facts: PolicyFacts) -> PolicyDecision {
        // Who has no policy at all has no right at all.
        guard !policies.isEmpty else { return .notAllowed }
        return PolicyDecision(of: policies, for: action, facts, opensRepositories: true)
    }

    /// Why a decision is none to go on with; nil where it is.
    func refusal(of decision: PolicyDecision, _ action: Action) -> AccessError? {
        switch decision {
        case .allowed, .pending: return nil
        case .denied(let policy, let statement):
            return AccessError(
                .forbidden, "Your policy \(policy) denies \(action.rawValue) here: Statement[\(statement)].")
        case .notAllowed:
            guard policies.isEmpty else {
                let names = policies.map(\.name).joined(separator: ", ")
                return AccessError(
                    .forbidden,
                    "None of your policies (\(names)) allows \(action.rawValue) here. Ask the operator for one.")
            }
            guard case .roles(let roles) = source, !roles.isEmpty else {
                return AccessError(
                    .forbidden, "You have no role, so nothing is allowed. Ask the operator for a policy.")
            }
            return AccessError(
                .forbidden,
                "No policy belongs to your roles (\(roles.joined(separator: ", "))), so nothing is allowed. Ask the operator for one."
            )
        }
    }
}

/// What may go through an authorization, as its owner has said.
package struct UsePolicy: Sendable, Hashable {
    package let authorization: AuthorizationName
    package let policy: Policy

    package init(authorization: AuthorizationName, policy: Policy) {
        self.authorization = authorization
        self.policy = policy
    }

    package func decision(for action: Action, _ facts: PolicyFacts) -> PolicyDecision {
        PolicyDecision(
            of: [NamedPolicy(name: authorization.text, policy: policy)], for: action, facts, opensRepositories: false)
    }

    func refusal(of decision: PolicyDecision, _ action: Action) -> AccessError? {
        switch decision {
        case .allowed, .pending: nil
        case .denied(_, let statement):
            AccessError(
                .usePolicyDenies,
                "The use-policy of the authorization \(authorization) denies \(action.rawValue) here: Statement[\(statement)]."
            )
        case .notAllowed:
            AccessError(
                .usePolicyDenies,
                "The use-policy of the authorization \(authorization) does not allow \(action.rawValue) here. Ask whoever has set it."
            )
        }
    }
}
