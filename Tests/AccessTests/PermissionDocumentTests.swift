// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import Testing

@testable import Access

/// `docs/permissions.md` is held to what is so.
@Suite struct PermissionDocumentTests {
    private static func text() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "docs/permissions.md"), encoding: .utf8)
    }

    /// The examples, in their order.
    private static func examples() throws -> [String] {
        try text().matches(of: /```json\n(?<policy>(?s:.*?))\n```/).map { String($0.policy) }
    }

    private static func decision(
        _ policy: String, _ action: Action, _ facts: [ConditionKey: String], by user: String = "alice",
        through authorization: String = "main"
    ) throws -> PolicyDecision {
        var all = PolicyFacts(of: action, userName: .value(user), userID: .value("1"))
        all.authorization = action.hasAuthorization ? .value(authorization) : .absent
        for key in action.keys { all[key] = facts[key].map { .value($0) } ?? .value("other") }
        return Rights(policies: [NamedPolicy(name: "it", policy: try Policy(policy))], source: .attached)
            .decision(for: action, all)
    }

    @Test func `each example is good, and does what the text says`() throws {
        let examples = try Self.examples()
        #expect(examples.count == 4)
        let (form, use, pipeline, notMain) = (examples[0], examples[1], examples[2], examples[3])
        let docs: [ConditionKey: String] = [.forge: "gitlab", .branch: "main", .path: "docs/a.md"]
        #expect(try Self.decision(form, .updateFile, docs, through: "docs-robot") == .allowed)
        #expect(try Self.decision(form, .updateFile, docs, through: "robot") == .notAllowed)
        #expect(
            try Self.decision(form, .updateFile, docs.merging([.path: "a.md"]) { $1 }, through: "docs-robot")
                == .notAllowed)
        #expect(try Self.decision(form, .getFile, [:]) == .allowed)
        #expect(try Self.decision(form, .getFile, [.namespace: "Payments"]) == .denied(policy: "it", statement: 2))
        #expect(try Self.decision(form, .deleteAuthorization, [:]) == .notAllowed)

        _ = try Policy(use, for: .use)
        let harbour: [ConditionKey: String] = [.namespace: "octavia", .project: "harbour"]
        #expect(try Self.decision(use, .getFile, harbour, by: "bob") == .allowed)
        #expect(try Self.decision(use, .getFile, harbour, by: "carol") == .notAllowed)
        #expect(try Self.decision(use, .createTag, harbour, by: "alice") == .allowed)
        #expect(try Self.decision(use, .createTag, harbour, by: "bob") == .notAllowed)
        #expect(try Self.decision(use, .createTag, harbour.merging([.project: "cranes"]) { $1 }) == .notAllowed)

        for action in Action.allCases where action.isOnRepositories {
            let isWanted = action.group == "gatehouse:repository:read" || action == .createTag
            #expect((try Self.decision(pipeline, action, [:]) == .allowed) == isWanted, "\(action)")
        }
        #expect(try Self.decision(notMain, .updateFile, [.branch: "main"]) == .denied(policy: "it", statement: 1))
        #expect(try Self.decision(notMain, .updateFile, [.branch: "release/2"]) == .denied(policy: "it", statement: 1))
        #expect(try Self.decision(notMain, .updateFile, [.branch: "dev"]) == .allowed)
        #expect(try Self.decision(notMain, .getFile, [.branch: "main"]) == .allowed)
    }

    @Test func `every action, key and operator is listed`() throws {
        let text = try Self.text()
        for action in Action.allCases {
            let row = "| `\(action.rawValue)` | "
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(row) }, "\(row)")
            #expect(action.group.map { line.contains("`\($0)`") } ?? line.hasSuffix("| |"), "\(line)")
        }
        for key in ConditionKey.allCases { #expect(text.contains("`\(key.rawValue)`"), "\(key)") }
        for name in PolicyCondition.operators.keys { #expect(text.contains("`\(name)`"), "\(name)") }
        for limit in [
            "1 to 32 statements", "1 to 100 names", "up to 20 [conditions]", "up to 100 values", "1024 bytes",
            "16,384 bytes", "8 deep",
        ] {
            #expect(text.contains(limit), "\(limit)")
        }
        for system in SystemPolicy.allCases { #expect(text.contains("| `\(system.rawValue)` | ")) }
    }
}
