// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@testable import Access

@Suite struct PolicyDecisionTests {
    private static func policy(_ statements: String...) throws -> NamedPolicy {
        NamedPolicy(
            name: "tried", policy: try Policy(#"{"Version":"1.1","Statement":[\#(statements.joined(separator: ","))]}"#)
        )
    }

    /// A request of alice's to change a file, with everything known.
    private static func facts(
        _ action: Action = .updateFile, _ changes: [ConditionKey: Fact] = [:], authorization: Fact = .value("main")
    ) -> PolicyFacts {
        var facts = PolicyFacts(of: action, userName: .value("alice"), userID: .value("a1"))
        facts.authorization = authorization
        let all: [ConditionKey: Fact] = [
            .forge: .value("github"), .namespace: .value("octavia"), .project: .value("harbour"),
            .branch: .value("main"), .path: .value("docs/a.md"),
        ]
        for (key, fact) in all where action.keys.contains(key) { facts[key] = fact }
        for (key, fact) in changes { facts[key] = fact }
        return facts
    }

    private static func decide(
        _ statements: [String], _ action: Action = .updateFile, _ changes: [ConditionKey: Fact] = [:],
        authorization: Fact = .value("main")
    ) throws -> PolicyDecision {
        let text = #"{"Version":"1.1","Statement":[\#(statements.joined(separator: ","))]}"#
        let rights = Rights(policies: [NamedPolicy(name: "tried", policy: try Policy(text))], source: .attached)
        return rights.decision(for: action, facts(action, changes, authorization: authorization))
    }

    private static let all = #"{"Effect":"Allow","Action":["*"]}"#

    @Test func `nothing is allowed that nothing allows, and a Deny wins over every Allow`() throws {
        let reading = #"{"Effect":"Allow","Action":["gatehouse:repository:read"]}"#
        let deny = #"{"Effect":"Deny","Action":["gatehouse:repository:write"]}"#
        #expect(try Self.decide([reading]) == .notAllowed)
        #expect(try Self.decide([reading], .getFile) == .allowed)
        #expect(try Self.decide([Self.all]) == .allowed)
        #expect(try Self.decide([Self.all, deny]) == .denied(policy: "tried", statement: 1))
        #expect(try Self.decide([deny, Self.all]) == .denied(policy: "tried", statement: 0))
        #expect(try Self.decide([Self.all, deny], .getFile) == .allowed)
        #expect(Rights(policies: [], source: .roles([])).decision(for: .getFile, Self.facts(.getFile)) == .notAllowed)
    }

    @Test func `repositories are open where no Allow speaks of them, as at the cloud`() throws {
        let lists = #"{"Effect":"Allow","Action":["servicestage:app:list"]}"#
        let deny = #"{"Effect":"Deny","Action":["gatehouse:repository:deleteFile"]}"#
        for action in Action.allCases {
            #expect(
                try Self.decide([lists], action)
                    == (action.isOnRepositories || action == .listAuthorizations ? .allowed : .notAllowed))
        }
        #expect(try Self.decide([lists, deny], .deleteFile) == .denied(policy: "tried", statement: 1))
        #expect(try Self.decide([deny], .getFile) == .allowed)
        // An Allow under a condition closes them, whatever it allows.
        let some = #"{"Effect":"Allow","Action":["*"],"Condition":{"StringEquals":{"g:UserName":["bob"]}}}"#
        #expect(try Self.decide([lists, some], .getFile) == .notAllowed)
    }

    /// Each operator × {fits, does not fit}, in an Allow and in a Deny.
    @Test(arguments: [
        ("StringEquals", "docs/a.md", "docs/b.md"), ("StringEqualsIgnoreCase", "DOCS/A.md", "docs/b.md"),
        ("StringLike", "docs/*", "src/*"), ("StringMatch", "*/?.md", "*/??.md"),
        ("StringMatch", "docs/a.md", "docs/a.m"),
        ("StringStartWith", "docs/", "ocs/"), ("StringEndWith", ".md", ".m"),
    ]) func `each operator does what it says, and its negation the contrary`(
        name: String, fitting: String, other: String
    ) throws {
        func statement(_ effect: String, _ name: String, _ value: String) -> String {
            #"{"Effect":"\#(effect)","Action":["*"],"Condition":{"\#(name)":{"gatehouse:Path":["nothing*","\#(value)"]}}}"#
        }
        let negated = "StringNot" + name.dropFirst(6)
        let (denied, allowed) = (PolicyDecision.denied(policy: "tried", statement: 1), PolicyDecision.allowed)
        for suffix in ["", "IfExists"] {
            #expect(try Self.decide([statement("Allow", name + suffix, fitting)]) == .allowed)
            #expect(try Self.decide([statement("Allow", name + suffix, other)]) == .notAllowed)
            #expect(try Self.decide([statement("Allow", negated + suffix, fitting)]) == .notAllowed)
            #expect(try Self.decide([statement("Allow", negated + suffix, other)]) == .allowed)
            #expect(try Self.decide([Self.all, statement("Deny", name + suffix, fitting)]) == denied)
            #expect(try Self.decide([Self.all, statement("Deny", name + suffix, other)]) == allowed)
            #expect(try Self.decide([Self.all, statement("Deny", negated + suffix, fitting)]) == allowed)
            #expect(try Self.decide([Self.all, statement("Deny", negated + suffix, other)]) == denied)
        }
    }

    /// Whether a condition lets its statement apply: what the request has × the operator × the effect.
    @Test(arguments: [
        (Fact.absent, "StringEquals", false, false), (.absent, "StringNotEquals", false, true),
        (.absent, "StringEqualsIfExists", true, true), (.absent, "StringNotEqualsIfExists", true, true),
        (.unknown, "StringEquals", false, true), (.unknown, "StringNotEquals", false, true),
        (.unknown, "StringEqualsIfExists", false, true), (.unknown, "StringNotEqualsIfExists", false, true),
        // Letter case: never a way in.
        (.value("MAIN"), "StringEquals", false, true), (.value("MAIN"), "StringNotEquals", false, true),
        (.value("MAIN"), "StringEqualsIgnoreCase", true, true),
        (.value("MAIN"), "StringNotEqualsIgnoreCase", false, false),
        (.value("main"), "StringEquals", true, true), (.value("main"), "StringNotEquals", false, false),
    ]) func `what a request lacks, and letter case, never let in`(
        fact: Fact, name: String, allows: Bool, denies: Bool
    ) throws {
        let condition = #""Action":["*"],"Condition":{"\#(name)":{"gatehouse:Branch":["main"]}}"#
        let allow = try Self.decide([#"{"Effect":"Allow",\#(condition)}"#], .updateFile, [.branch: fact])
        #expect((allow == .allowed) == allows)
        let deny = try Self.decide([Self.all, #"{"Effect":"Deny",\#(condition)}"#], .updateFile, [.branch: fact])
        #expect((deny == .allowed) == !denies)
    }

    @Test func `all conditions of a statement must be met, and one value of each`() throws {
        let statement =
            #"{"Effect":"Allow","Action":["*"],"Condition":{"StringEquals":{"gatehouse:Branch":["dev","main"],"gatehouse:Forge":["github"]},"StringStartWith":{"gatehouse:Path":["docs/"]}}}"#
        #expect(try Self.decide([statement]) == .allowed)
        #expect(try Self.decide([statement], .updateFile, [.branch: .value("release")]) == .notAllowed)
        #expect(try Self.decide([statement], .updateFile, [.forge: .value("gitlab")]) == .notAllowed)
        #expect(try Self.decide([statement], .updateFile, [.path: .value("src/a.md")]) == .notAllowed)
    }

    @Test func `a Resource names authorizations, and what has none is not allowed by it`() throws {
        let some = #"{"Effect":"Allow","Action":["*"],"Resource":["servicestage:*:*:repositoryAuth:ma*"]}"#
        #expect(try Self.decide([some]) == .allowed)
        #expect(try Self.decide([some], authorization: .value("other")) == .notAllowed)
        #expect(try Self.decide([some], authorization: .value("Main")) == .notAllowed)
        #expect(try Self.decide([some], .readAudit, authorization: .absent) == .notAllowed)
        let deny = #"{"Effect":"Deny","Action":["*"],"Resource":["servicestage:*:*:repositoryAuth:main"]}"#
        #expect(try Self.decide([Self.all, deny]) == .denied(policy: "tried", statement: 1))
        #expect(try Self.decide([Self.all, deny], authorization: .value("other")) == .allowed)
        #expect(try Self.decide([Self.all, deny], .readAudit, authorization: .absent) == .allowed)
    }

    @Test func `what is not known yet leaves a decision open, where it hangs on it`() throws {
        let some =
            #"{"Effect":"Allow","Action":["*"],"Condition":{"StringEquals":{"gatehouse:Namespace":["octavia"]}}}"#
        let deny = #"{"Effect":"Deny","Action":["*"],"Condition":{"StringEquals":{"gatehouse:Namespace":["secret"]}}}"#
        let open: [ConditionKey: Fact] = [.namespace: .pending]
        #expect(try Self.decide([some], .updateFile, open) == .pending)
        #expect(try Self.decide([Self.all, some], .updateFile, open) == .allowed)
        #expect(try Self.decide([Self.all, deny], .updateFile, open) == .pending)
        #expect(try Self.decide([deny], .createAuthorization, open) == .notAllowed)
        let flat = #"{"Effect":"Deny","Action":["gatehouse:repository:updateFile"]}"#
        #expect(try Self.decide([some, flat], .updateFile, open) == .denied(policy: "tried", statement: 1))
    }

    @Test(arguments: [
        ("*", "", true), ("*", "a/b", true), ("a*", "a", true), ("a*c", "abbbc", true), ("a*c", "abbb", false),
        ("*a*b*", "xxaxxbxx", true), ("*a*b*", "xxbxxaxx", false), ("a?c", "abc", true), ("a?c", "ac", false),
        ("a?c", "a/c", true), ("", "", true), ("", "a", false), ("a**", "a", true), ("*.md", "a.md.x", false),
        ("*ab", "aab", true), ("a*a*a*a*a*a*b", String(repeating: "a", count: 4000), false),
    ]) func `a pattern fits whole texts`(pattern: String, text: String, fits: Bool) {
        #expect(Wildcard.fits(text, pattern, withSingle: true) == fits)
    }

    @Test func `two spellings of a letter are two paths, and a Deny meets both`() throws {
        let (composed, decomposed) = ("caf\u{E9}.md", "cafe\u{301}.md")
        #expect(composed == decomposed)
        func condition(_ effect: String) -> String {
            #"{"Effect":"\#(effect)","Action":["*"],"Condition":{"StringEquals":{"gatehouse:Path":["\#(composed)"]}}}"#
        }
        #expect(try Self.decide([condition("Allow")], .updateFile, [.path: .value(composed)]) == .allowed)
        #expect(try Self.decide([condition("Allow")], .updateFile, [.path: .value(decomposed)]) == .notAllowed)
        let deny = try Self.decide([Self.all, condition("Deny")], .updateFile, [.path: .value(decomposed)])
        #expect(deny == .denied(policy: "tried", statement: 1))
    }

    /// Whatever a forge may take for another repository or branch is not told by its name.
    @Test func `what is no plain name is not known`() {
        for (namespace, project) in [
            ("octavia", "17"), ("99", "harbour"), ("octavia", "harbour.git"), ("octavia", "harbour.GIT"),
            ("octavia", "0123456789abcdef0123456789abcdef"), ("{8f1c}", "harbour"), ("octavia", "{8f1c}"),
            ("a", "octavia/.."), ("octavia", "har bour"), ("octavia", "har%62our"), ("octavia", "harbour?"),
            ("octavia", "harbour#"), ("octavia", "har\\bour"),
        ] {
            let names = Fact.names(of: RepositoryReference(namespace: namespace, project: project))
            #expect(names.namespace == .unknown || names.project == .unknown, "\(namespace) \(project)")
            #expect(names.project != .unknown || names.namespace == .unknown, "\(namespace) \(project)")
        }
        let full = Fact.names(of: RepositoryReference(namespace: "allowed", project: "secret/sub/harbour"))
        #expect(full.namespace == .value("secret/sub") && full.project == .value("harbour"))
        let plain = Fact.names(of: RepositoryReference(namespace: "group/sub", project: "über-2.0_x"))
        #expect(plain.namespace == .value("group/sub") && plain.project == .value("über-2.0_x"))
        for ref in [
            nil, "", "HEAD", "head", "@", "FETCH_HEAD", "refs/heads/main", "Refs/heads/main", "heads/main", "tags/v1",
            "remotes/origin/main", "origin/main", "main~0", "main^0", "main^{}", "main@{0}", "main ", " main", "main:",
            "a..b", "a//b", "/main", "main/", "deadbee", String(repeating: "a", count: 40), "-main", "ma*n",
            "main.lock", "dead", "2024", "v1.2-3-gdeadbee", "x-gdead", "x-gate-gdead", "origin",
        ] {
            #expect(Fact.branch(ref) == .unknown, "\(ref ?? "none")")
        }
        for ref in ["main", "feature/x", "v1.2", "overhead", "user@work", "abc", "x-gate", "dead-end", "header"] {
            #expect(Fact.branch(ref) == .value(ref))
        }
    }

    @Test func `an explanation has a line for each statement, and says what a decision hangs on`() throws {
        let policy = try Self.policy(
            Self.all, #"{"Effect":"Deny","Action":["gatehouse:audit:list"]}"#,
            #"{"Effect":"Deny","Action":["*"],"Resource":["servicestage:*:*:repositoryAuth:other"]}"#,
            #"{"Effect":"Deny","Action":["*"],"Condition":{"StringEquals":{"gatehouse:Branch":["dev"]}}}"#)
        let rights = Rights(policies: [policy], source: .attached)
        let told = PolicyExplanation(rights: rights, for: .updateFile, Self.facts())
        #expect(told.decision == .allowed && told.missing.isEmpty)
        #expect(
            told.lines == [
                "policy tried, Statement[0], Allow: applies",
                "policy tried, Statement[1], Deny: does not apply: its Action does not name gatehouse:repository:updateFile",
                #"policy tried, Statement[2], Deny: does not apply: its Resource does not name "main""#,
                #"policy tried, Statement[3], Deny: does not apply: StringEquals of gatehouse:Branch is not met by "main"; it has: dev"#,
                "by default: not allowed, since a statement allows something in repositories",
            ])
        let open = PolicyExplanation(rights: rights, for: .updateFile, Self.facts(.updateFile, [.branch: .pending]))
        #expect(open.decision == .pending && open.missing == ["gatehouse:Branch"])
    }
}
