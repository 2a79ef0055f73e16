// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@testable import Access

@Suite struct PolicyParsingTests {
    private static func policy(_ statement: String) -> String {
        #"{"Version":"1.1","Statement":[\#(statement)]}"#
    }

    private static func condition(_ condition: String) -> String {
        policy(#"{"Effect":"Allow","Action":["*"],"Condition":\#(condition)}"#)
    }

    @Test func `the system's policies are good, and are what they say`() throws {
        #expect(SystemPolicy.allCases.map(\.rawValue) == ["FullAccess", "ReadOnlyAccess", "Development"])
        for system in SystemPolicy.allCases {
            #expect(try Policy(system.document) == SystemPolicy.policies[system.rawValue])
        }
        #expect(SystemPolicy.policies["FullAccess"]?.statements.first?.actions == Set(Action.allCases))
        let reading = SystemPolicy.policies["ReadOnlyAccess"]?.statements.first?.actions ?? []
        #expect(
            reading == [
                .listAuthorizations, .getAuthorization, .getUsePolicy, .listNamespaces, .showProject, .listProjects,
                .listBranches, .listTags, .listCommits, .listHooks, .listFiles, .getFile, .readAudit,
            ])
        let developing = SystemPolicy.policies["Development"]?.statements.first?.actions ?? []
        #expect(Set(Action.allCases).subtracting(developing) == [.setUsePolicy, .deleteUsePolicy, .readAudit])
    }

    @Test func `all that a policy can have is read`() throws {
        let policy = try Policy(
            """
            {"Version": "1.1", "Statement": [{
              "Effect": "Deny", "Action": ["GateHouse:repository:create*", "servicestage:app:DELETE"],
              "Resource": ["servicestage:*:*:repositoryAuth:build-*", "servicestage:*:*:repositoryAuth:x.y_z"],
              "Condition": {"StringEquals": {"gatehouse:Forge": ["CodeArts", "github"], "g:UserName": ["\\u00e9va \\ud83d\\ude80"]},
                "StringNotStartWithIfExists": {"gatehouse:Path": ["docs/"]}}}]}
            """)
        let statement = try #require(policy.statements.first)
        #expect(statement.effect == .deny)
        #expect(
            statement.actions == [.createProject, .createTag, .createHook, .createFile, .deleteAuthorization])
        #expect(statement.authorizations == ["build-*", "x.y_z"])
        #expect(statement.conditions.map(\.key) == [.forge, .userName, .path])
        #expect(statement.conditions[0].values == ["devcloud", "github"])
        #expect(statement.conditions[1].values == ["éva 🚀"])
    }

    @Test(arguments: [
        ("", "cut off"), ("{", "is missing"), ("[]", "must be an object"), ("{}", "Version is missing"),
        (#"{"Version":"1.1"}"#, "Statement is missing"),
        (#"{"Version":"1.0","Statement":[]}"#, #"Version must be "1.1""#),
        (#"{"Version":"5.0","Statement":[]}"#, #"Version must be "1.1""#),
        (#"{"Version":1.1,"Statement":[]}"#, "Version is missing, or no string"),
        (#"{"Version":"1.1","Statement":[]}"#, "Statement must be an array with something in it"),
        (#"{"Version":"1.1","Statement":{}}"#, "Statement must be an array"),
        (#"{"Version":"1.1","Statement":[{}],"Depends":[]}"#, #"the member "Depends""#),
        (#"{"Version":"1.1","Version":"1.1","Statement":[{}]}"#, #""Version" stands twice"#),
        (policy(#"{"Effect":"Allow","Effect":"Deny","Action":["*"]}"#), #""Effect" stands twice"#),
        (policy(#"{"Effect":"Allow","Action":["*"],"Sid":"x"}"#), #"Statement[0] has the member "Sid""#),
        (policy("{}"), "Statement[0].Effect is missing"),
        (policy(#"{"Effect":"allow","Action":["*"]}"#), "Statement[0].Effect must be"),
        (policy(#"{"Effect":"Allow"}"#), "Statement[0].Action is missing"),
        (policy(#"{"Effect":"Allow","Action":"*"}"#), "Statement[0].Action must be an array"),
        (policy(#"{"Effect":"Allow","Action":[]}"#), "Statement[0].Action must be an array with something"),
        (policy(#"{"Effect":"Allow","Action":["*",7]}"#), "Statement[0].Action[1] must be a string"),
        (policy(#"{"Effect":"Allow","Action":["*:*"]}"#), "Statement[0].Action[0] must be SERVICE:TYPE:OPERATION"),
        (policy(#"{"Effect":"Allow","Action":["a:b:c:d"]}"#), "Statement[0].Action[0] must be"),
        (policy(#"{"Effect":"Allow","Action":["ecs:servers:list"]}"#), "names no action that there is"),
        (policy(#"{"Effect":"Allow","Action":["servicestage:app:approve"]}"#), "names no action that there is"),
        (
            policy(#"{"Effect":"Allow","Action":["*"]},{"Effect":"Deny","Action":["gatehouse:x:y"]}"#),
            "Statement[1].Action[0]"
        ),
        (policy(#"{"Effect":"Allow","Action":["*"],"Resource":["main"]}"#), "Statement[0].Resource[0] must be"),
        (
            policy(#"{"Effect":"Allow","Action":["*"],"Resource":["servicestage:eu:*:repositoryAuth:main"]}"#),
            "Resource[0]"
        ),
        (
            policy(#"{"Effect":"Allow","Action":["*"],"Resource":["servicestage:*:*:repositoryAuth:a/b"]}"#),
            "Resource[0]"
        ),
        (policy(#"{"Effect":"Allow","Action":["*"],"Resource":["servicestage:*:*:repositoryAuth:"]}"#), "Resource[0]"),
        (condition("[]"), "Statement[0].Condition must be an object"),
        (condition("{}"), "with an operator in it"),
        (condition(#"{"StringEqual":{"gatehouse:Path":["x"]}}"#), #"the operator "StringEqual""#),
        (condition(#"{"ForAnyValue:StringEquals":{"gatehouse:Path":["x"]}}"#), "which is not known"),
        (condition(#"{"IpAddress":{"g:SourceIp":["x"]}}"#), "which is not known"),
        (condition(#"{"StringEquals":[]}"#), "StringEquals must be an object"),
        (condition(#"{"StringEquals":{"gatehouse:path":["x"]}}"#), #"the key "gatehouse:path""#),
        (condition(#"{"StringEquals":{"obs:prefix":["x"]}}"#), #"the key "obs:prefix""#),
        (condition(#"{"StringEquals":{"gatehouse:Path":"x"}}"#), "StringEquals.gatehouse:Path must be an array"),
        (condition(#"{"StringEquals":{"gatehouse:Path":[""]}}"#), "gatehouse:Path[0] must be a string"),
        (condition(#"{"StringEquals":{"gatehouse:Path":["a\nb"]}}"#), "holds a control character"),
        (condition(#"{"StringEquals":{"gatehouse:Forge":["gihub"]}}"#), #"there is no forge "gihub""#),
        (condition(#"{"StringLike":{"gatehouse:Path":["docs/"]}}"#), "Write *docs/* for a part"),
        (condition(#"{"StringEquals":{"gatehouse:Path":["x"],"gatehouse:Path":["y"]}}"#), "stands twice"),
        (#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["*"]}]} x"#, "behind its end"),
        (#"{"Version":"1.1",}"#, "is missing"), ("{'Version':1}", "is missing"), ("nul", "there is no value"),
        (#"{"Version":"\x"}"#, "an escape that there is not"), (#"{"Version":"\ud800"}"#, "half of a surrogate pair"),
        ("{\"Version\":\"a\u{1}\"}", "control character"), (#"{"a":01}"#, "there is no value"),
        (String(repeating: "[", count: 9), "more than 8 deep"),
        (String(repeating: "[", count: 16_000), "more than 8 deep"),
        (String(repeating: " ", count: 16_385), "more than 16384 bytes"),
    ]) func `what is no policy is refused, and the sentence says where`(text: String, sentence: String) {
        let error = #expect(throws: Policy.Invalid.self) { try Policy(text) }
        #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
    }

    @Test func `bytes that are no text are refused`() {
        let error = #expect(throws: Policy.Invalid.self) { try Policy([0x22, 0xC3, 0x28, 0x22]) }
        #expect(error?.description.contains("not UTF-8") == true)
    }

    @Test func `each limit holds`() throws {
        func statements(_ count: Int) -> String {
            Self.policy(Array(repeating: #"{"Effect":"Allow","Action":["*"]}"#, count: count).joined(separator: ","))
        }
        func actions(_ count: Int) -> String {
            Self.policy(
                #"{"Effect":"Allow","Action":[\#(Array(repeating: #""*""#, count: count).joined(separator: ","))]}"#)
        }
        func values(_ count: Int) -> String {
            Self.condition(
                #"{"StringEquals":{"gatehouse:Path":[\#(Array(repeating: #""x""#, count: count).joined(separator: ","))]}}"#
            )
        }
        func value(_ size: Int) -> String {
            Self.condition(#"{"StringEquals":{"gatehouse:Path":["\#(String(repeating: "x", count: size))"]}}"#)
        }
        func conditions(_ count: Int) -> String {
            let keys = ["Namespace", "Project", "Branch", "Path"].map { #""gatehouse:\#($0)":["x"]"# }.joined(
                separator: ",")
            let names = PolicyCondition.operators.keys.filter { !$0.contains("Like") }.sorted()
            return Self.condition("{\(names.prefix(count / 4).map { #""\#($0)":{\#(keys)}"# }.joined(separator: ","))}")
        }
        for (good, bad) in [
            (statements(32), statements(33)), (actions(100), actions(101)), (values(100), values(101)),
            (value(1024), value(1025)), (conditions(20), conditions(24)),
        ] {
            _ = try Policy(good)
            #expect(throws: Policy.Invalid.self) { try Policy(bad) }
        }
    }

    @Test(arguments: [
        (#"{"Effect":"Allow","Action":["servicestage:*:*"]}"#, "a use-policy is about what goes through"),
        (#"{"Effect":"Allow","Action":["gatehouse:audit:list"]}"#, "a use-policy is about what goes through"),
        (#"{"Effect":"Allow","Action":["*"],"Resource":["*"]}"#, "has no place in a use-policy"),
    ]) func `a use-policy speaks of repositories only`(statement: String, sentence: String) {
        let error = #expect(throws: Policy.Invalid.self) { try Policy(Self.policy(statement), for: .use) }
        #expect(error?.description.contains(sentence) == true)
    }

    @Test func `a text of random bytes is a policy or is refused`() throws {
        let good = Array(SystemPolicy.readOnlyAccess.document.utf8)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<3000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(contentsOf: bytes[place...].prefix(9), at: place)
                }
            }
            do throws(Policy.Invalid) {
                let policy = try Policy(bytes)
                #expect(policy.statements.allSatisfy { !$0.actions.isEmpty })
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }
}
