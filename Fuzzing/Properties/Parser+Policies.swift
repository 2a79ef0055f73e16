// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model

@testable import Access

extension Parser {
    /// What is taken for a policy is what any other reader of JSON sees in it, and what it decides does not hang on what is not
    /// known yet.
    static func policy(_ input: [UInt8]) throws -> Bool {
        let asUse = try policy(input, for: .use)
        guard let policy = try policy(input, for: .user) else {
            try hold(asUse == nil, "what is no policy of a user is one of an authorization")
            return false
        }
        if let asUse {
            try hold(asUse.statements.count == policy.statements.count, "one text is two policies")
            for (use, user) in zip(asUse.statements, policy.statements) {
                // "*" is every action for a user, and every one in repositories for an authorization.
                try hold(
                    use.actions == user.actions.filter(\.isOnRepositories) && use.effect == user.effect
                        && use.conditions == user.conditions && use.authorizations == nil && user.authorizations == nil,
                    "one text is two policies")
            }
        }
        try hold((1...Policy.statementLimit).contains(policy.statements.count), "a policy has no or many statements")
        for statement in policy.statements {
            try hold(!statement.actions.isEmpty, "a statement speaks of no action")
            try hold(statement.conditions.count <= Policy.conditionLimit, "a statement has too many conditions")
            for text in statement.conditions.flatMap(\.values) + (statement.authorizations ?? []) {
                try hold(!text.isEmpty && text.isOneLine, "a value is empty or has control characters")
            }
        }
        try holdsElsewhere(policy, input)
        try decides(policy)
        return true
    }

    private static func policy(_ input: [UInt8], for kind: Policy.Kind) throws -> Policy? {
        do {
            return try Policy(input, for: kind)
        } catch {
            let sentence = error.description
            try hold(
                (10...1000).contains(sentence.utf8.count) && sentence.isOneLine,
                "a refusal is no sentence: \(sentence)")
            return nil
        }
    }

    private static func holdsElsewhere(_ policy: Policy, _ input: [UInt8]) throws {
        guard let value = try? JSONSerialization.jsonObject(with: Data(input)) as? [String: Any],
            let statements = value["Statement"] as? [[String: Any]],
            let written = try? JSONSerialization.data(withJSONObject: value, options: .sortedKeys)
        else { throw Broken(description: "another reader sees no policy") }
        try hold(statements.count == policy.statements.count, "another reader sees more or fewer statements")
        guard let again = try? Policy(Array(written)) else {
            // Another writer escapes more, so that it may be too long.
            return try hold(written.count > Policy.sizeLimit, "a policy that is written is not taken when read again")
        }
        for (one, other) in zip(policy.statements, again.statements) {
            try hold(
                one.effect == other.effect && one.actions == other.actions && one.authorizations == other.authorizations
                    && Set(one.conditions) == Set(other.conditions),
                "a policy that is written is another one when read again")
        }
    }

    private static func decides(_ policy: Policy) throws {
        let named = [NamedPolicy(name: "this", policy: policy)]
        let all = Policy(statements: [
            PolicyStatement(effect: .deny, actions: Set(Action.allCases), authorizations: nil, conditions: [])
        ])
        let texts = ["main", "é"] + policy.statements.flatMap { $0.conditions.flatMap(\.values) }.prefix(6)
        for action in Action.allCases {
            var early = PolicyFacts(of: action, userName: .value("octavia"), userID: .value("42"))
            if case .pending = early.authorization { early.authorization = .value("main") }
            let before = decision(named, action, early)
            let unknown = decision(named, action, early.filled(.unknown, action))
            try hold(
                decision(named + [.init(name: "all", policy: all)], action, early).isDenied,
                "something else wins against a Deny")
            for text in texts {
                let known = decision(named, action, early.filled(.value(text), action))
                try hold(known != .pending, "a decision hangs on something when all is known")
                switch before {
                case .allowed: try hold(known == .allowed, "what was allowed early is not in the end: \(action)")
                case .denied: try hold(known.isDenied, "what was denied early is not in the end: \(action)")
                case .notAllowed: try hold(known != .allowed, "what was not allowed early is in the end: \(action)")
                case .pending: break
                }
                if unknown == .allowed {
                    try hold(known == .allowed, "what nobody can tell helps to be let in: \(action), \(text)")
                }
            }
        }
    }

    private static func decision(_ policies: [NamedPolicy], _ action: Action, _ facts: PolicyFacts) -> PolicyDecision {
        PolicyDecision(of: policies, for: action, facts, opensRepositories: true)
    }
}

extension PolicyDecision {
    fileprivate var isDenied: Bool {
        if case .denied = self { true } else { false }
    }
}

extension PolicyFacts {
    /// With the same fact in place of whatever was not known yet.
    fileprivate func filled(_ fact: Fact, _ action: Action) -> PolicyFacts {
        var facts = self
        for key in action.keys { facts[key] = fact }
        return facts
    }
}
