// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Model

/// A decision line by line: every statement of every policy, whether it speaks about the request, and why not.
package struct PolicyExplanation: Sendable {
    package let lines: [String]
    package let decision: PolicyDecision
    /// What the decision still hangs on.
    package let missing: [String]

    package init(rights: Rights, for action: Action, _ facts: PolicyFacts) {
        let decision = rights.decision(for: action, facts)
        var lines: [String] = []
        for named in rights.policies { lines += Self.lines(of: named.policy, "policy \(named.name)", action, facts) }
        if rights.policies.isEmpty {
            lines.append("there is no policy: nothing is allowed")
        } else if action.isOnRepositories {
            lines.append(
                rights.policies.contains(where: \.policy.allowsByRepository)
                    ? "by default: not allowed, since a statement allows something in repositories"
                    : "by default: allowed, since no statement allows anything in repositories")
        } else {
            lines.append("by default: not allowed")
        }
        self.init(lines, decision, facts, rights.policies.map(\.policy), action)
    }

    package init(use: UsePolicy, for action: Action, _ facts: PolicyFacts) {
        let name = "use-policy of \(use.authorization)"
        guard action.isOnRepositories else {
            self.init(["\(name): it is about what goes through the authorization only"], .allowed, facts, [], action)
            return
        }
        let lines = Self.lines(of: use.policy, name, action, facts) + ["by default: not allowed"]
        self.init(lines, use.decision(for: action, facts), facts, [use.policy], action)
    }

    private init(
        _ lines: [String], _ decision: PolicyDecision, _ facts: PolicyFacts, _ policies: [Policy], _ action: Action
    ) {
        self.lines = lines
        self.decision = decision
        let open = policies.flatMap(\.statements).filter { $0.outcome(for: action, facts) == .pending }
        let keys = Set(open.flatMap { $0.conditions.map(\.key) })
        var missing = ConditionKey.allCases.filter { keys.contains($0) && facts[$0] == .pending }.map(\.rawValue)
        if facts.authorization == .pending, open.contains(where: { $0.authorizations != nil }) {
            missing.insert("Resource", at: 0)
        }
        self.missing = decision == .pending ? missing : []
    }

    private static func lines(
        of policy: Policy, _ name: String, _ action: Action, _ facts: PolicyFacts
    ) -> [String] {
        policy.statements.enumerated().map { index, statement in
            let head = "\(name), Statement[\(index)], \(statement.effect.rawValue): "
            return head + reason(statement.outcome(for: action, facts), statement, action, facts)
        }
    }

    private static func reason(
        _ outcome: PolicyStatement.Outcome, _ statement: PolicyStatement, _ action: Action, _ facts: PolicyFacts
    ) -> String {
        switch outcome {
        case .applies: return "applies"
        case .pending: return "may apply: it hangs on what was not given"
        case .action: return "does not apply: its Action does not name \(action.rawValue)"
        case .resource:
            return "does not apply: its Resource does not name \(shown(facts.authorization, "the authorization"))"
        case .condition(let index):
            let condition = statement.conditions[index]
            let values = condition.values.prefix(5).joined(separator: ", ") + (condition.values.count > 5 ? ", …" : "")
            return
                "does not apply: \(condition.name) of \(condition.key.rawValue) is not met by \(shown(facts[condition.key], "one")); it has: \(values)"
        }
    }

    private static func shown(_ fact: Fact, _ noun: String) -> String {
        switch fact {
        case .absent: "a request that has no such thing"
        case .pending: "what was not given"
        case .unknown: "\(noun) that cannot be told by its name"
        case .value(let text): Quoted(text).description
        }
    }
}
