// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import Forges
import Hummingbird
import Model
import Storage
import TestSupport
import Testing

@testable import Web

/// Every operation × {no credentials, wrong signature, expired token, another tenant, an action that is missing, denied or the only one,
/// denied by the use-policy, ok}.
@Suite struct DoorTests {
    /// A request that each operation answers well, below `/v1/{project_id}/git`.
    struct Sample: Sendable, CustomTestStringConvertible {
        let id: String
        let method: HTTPRequest.Method
        let path: String
        var body: String?
        var status = 200

        var testDescription: String { id }

        init(_ id: String, _ method: HTTPRequest.Method, _ path: String, body: String? = nil, status: Int = 200) {
            self.id = id
            self.method = method
            self.path = path
            self.body = body
            self.status = status
        }
    }

    static let repository = "/repos/octavia/octavia:harbour"
    static let files = "/files/octavia/harbour"
    static let samples = [
        Sample("ListAuthorizations", .get, "/auths"),
        Sample("ShowAuthorization", .get, "/auths/main"),
        Sample("ShowRedirectUrl", .get, "/auths/GitHub/redirect"),
        Sample("CreateOAuth", .post, "/auths/github/oauth", body: "STATE new-flow"),
        Sample("UpdateOAuth", .put, "/auths/github/oauth", body: "STATE main"),
        Sample(
            "CreatePersonalAuth", .post, "/auths/github/personal",
            body: #"{"name":"new-one","token":"canary","extra":[1]}"#),
        Sample("UpdatePersonalAuth", .put, "/auths/github/personal", body: #"{"name":"main","token":"canary"}"#),
        Sample(
            "CreatePasswordAuth", .post, "/auths/github/password",
            body: #"{"name":"new-two","user":"octavia","password":"canary"}"#),
        Sample(
            "UpdatePasswordAuth", .put, "/auths/github/password",
            body: #"{"name":"main","user":"octavia","password":"canary"}"#),
        Sample("CheckRepositoryPassword", .get, "/auths/github/password/valid"),
        Sample("DeleteAuthorize", .delete, "/auths/main", status: 204),
        Sample("ListNamespaces", .get, "/repos/namespaces"),
        Sample(
            "ShowProjectDetail", .get, "/repos/project-info?clone_url=https%3A%2F%2Fgithub.com%2Foctavia%2Fharbour.git"),
        Sample("ListProjects", .get, "/repos/octavia/projects"),
        Sample("CreateProject", .post, "/repos/octavia/projects", body: #"{"name":"harbour"}"#),
        Sample("ListBranches", .get, "\(repository)/branches"),
        Sample("ListTags", .get, "\(repository)/tags"),
        Sample("CreateTag", .post, "\(repository)/tags?ref=main", body: #"{"name":"v2","description":"two"}"#),
        Sample("DeleteTag", .delete, "\(repository)/tags/v1", status: 204),
        Sample("ListCommits", .get, "\(repository)/commits?ref=main"),
        Sample("ListHooks", .get, "\(repository)/hooks"),
        Sample("CreateHook", .post, "\(repository)/hooks", body: #"{"secret":"s","url":"https://example.org/hook"}"#),
        Sample("DeleteHook", .delete, "\(repository)/hooks/5", status: 204),
        Sample("ListTrees", .get, "\(files)/trees?ref=main"),
        Sample("ShowContent", .get, "\(files)/README.md?ref=main"),
        Sample("CreateFile", .post, "\(files)/new.txt?ref=main", body: #"{"message":"add","content":"aGVsbG8="}"#),
        Sample(
            "UpdateFile", .put, "\(files)/README.md?ref=main",
            body: #"{"message":"change","content":"aGVsbG8=","sha":"\#(StubGitHub.empty)"}"#),
        Sample("DeleteFile", .delete, "\(files)/README.md?ref=main&message=gone&sha=\(StubGitHub.empty)", status: 204),
        Sample("ListAuditEvents", .get, "/audit?limit=10"),
        Sample("ShowUsePolicy", .get, "/auths/main/policy"),
        Sample("SetUsePolicy", .put, "/auths/main/policy", body: TestSite.openUsePolicy),
        Sample("DeleteUsePolicy", .delete, "/auths/main/policy", status: 204),
    ]

    @Test func `the table has every operation`() async throws {
        let ids = try await TestSite.withSite { operations($0.house.broker).map(\.id) }
        #expect(Self.samples.map(\.id) == ids)
    }

    @Test(arguments: samples) func `an allowed caller is answered as documented`(sample: Sample) async throws {
        try await TestSite.withSite { site async throws in
            try await site.storeMain()
            try await site.house.store(.password(user: "octavia", password: Secret("canary")), named: "pass")
            let body = try await site.body(of: sample)
            let answer = try await site.call(sample.method, sample.path, body: body)
            #expect(answer.status == sample.status, "\(answer.text)")
            #expect(answer.headers[.xRequestID]?.count == 32)
            if sample.status == 204 { #expect(answer.text.isEmpty) }
            #expect(!answer.text.contains("canary"))
        }
    }

    @Test(arguments: samples) func `nobody gets in without credentials`(sample: Sample) async throws {
        try await TestSite.withSite { site async throws in
            try await site.storeMain()
            let answer = try await site.send(sample.method, site.address(of: sample.path), body: sample.body)
            #expect((answer.status, answer.code) == (401, "APIGW.0301"))
        }
    }

    @Test(arguments: samples) func `a wrong signature does not get in`(sample: Sample) async throws {
        try await TestSite.withSite { site async throws in
            let key = try await site.house.identity.createAccessKey(for: site.house.caller.user)
            let headers = [
                "X-Sdk-Date": "20250102T120000Z",
                "Authorization":
                    "SDK-HMAC-SHA256 Access=\(key.key.id), SignedHeaders=x-sdk-date, Signature=\(String(repeating: "0", count: 64))",
            ]
            let answer = try await site.send(
                sample.method, site.address(of: sample.path), headers: headers, body: sample.body)
            #expect((answer.status, answer.code) == (401, "APIGW.0301"))
        }
    }

    @Test(arguments: samples) func `an expired token does not get in`(sample: Sample) async throws {
        try await TestSite.withSite { site async throws in
            let token = try await site.token()
            site.house.clock.advance(seconds: 24 * 3600 + 1)
            let answer = try await site.send(
                sample.method, site.address(of: sample.path), headers: ["X-Auth-Token": token], body: sample.body)
            #expect((answer.status, answer.code) == (401, "APIGW.0307"))
        }
    }

    @Test(arguments: samples) func `another tenant's caller does not get in`(sample: Sample) async throws {
        try await TestSite.withSite { site async throws in
            try await site.storeMain()
            let headers = ["X-Auth-Token": try await site.token(of: site.house.stranger), "X-Repo-Auth": "main"]
            let answer = try await site.send(
                sample.method, site.address(of: sample.path), headers: headers, body: sample.body)
            #expect((answer.status, answer.code) == (403, "APIGW.0302"))
            #expect(try await site.house.broker.authorizations(site.house.grant()).count == 1)
        }
    }

    @Test(arguments: samples) func `another tenant's name for an authorization opens nothing`(sample: Sample)
        async throws
    {
        guard sample.path.hasPrefix("/repos") || sample.path.hasPrefix("/files") else { return }
        try await TestSite.withSite { site async throws in
            try await site.house.store(.personal(Secret("canary")), named: "main", of: site.house.stranger)
            let answer = try await site.call(sample.method, sample.path, body: sample.body)
            #expect((answer.status, answer.code) == (400, "SVCSTG.REPO.0450"))
        }
    }

    private static func policy(_ statements: String...) -> String {
        #"{"Version":"1.1","Statement":[\#(statements.joined(separator: ","))]}"#
    }

    /// The site with all that any sample needs, and the sample's action.
    private static func withStage(
        of sample: Sample, usePolicy: String? = TestSite.openUsePolicy,
        _ body: @Sendable @escaping (TestSite, StubNetwork, Action) async throws -> Void
    ) async throws {
        let network = StubNetwork { StubGitHub.answer($0) }
        try await TestSite.withSite(network: network) { site async throws in
            try await site.storeMain(usePolicy: usePolicy)
            try await site.house.store(.password(user: "octavia", password: Secret("canary")), named: "pass")
            let operation = try #require(operations(site.house.broker).first { $0.id == sample.id })
            try await body(site, network, operation.action)
        }
    }

    @Test(arguments: samples) func `who lacks the action does not get in, and no forge is asked`(
        sample: Sample
    ) async throws {
        try await Self.withStage(of: sample) { site, network, action in
            let body = try await site.body(of: sample)
            let others = Action.allCases.filter { $0 != action }.map { #""\#($0.rawValue)""# }.joined(separator: ",")
            try await site.house.restrict(by: Self.policy(#"{"Effect":"Allow","Action":[\#(others)]}"#))
            let answer = try await site.call(sample.method, sample.path, body: body)
            #expect((answer.status, answer.code) == (403, "APIGW.0302"))
            #expect(answer.message?.contains("(restriction) allows \(action.rawValue) here") == true)
            #expect(network.requests.isEmpty)
        }
    }

    @Test(arguments: samples) func `what a policy denies is denied, whatever allows it`(sample: Sample) async throws {
        try await Self.withStage(of: sample) { site, network, action in
            let body = try await site.body(of: sample)
            try await site.house.restrict(
                by: Self.policy(
                    #"{"Effect":"Allow","Action":["*"]}"#, #"{"Effect":"Deny","Action":["\#(action.rawValue)"]}"#))
            let answer = try await site.call(sample.method, sample.path, body: body)
            #expect((answer.status, answer.code) == (403, "APIGW.0302"))
            #expect(answer.message?.contains("restriction denies \(action.rawValue) here: Statement[1]") == true)
            #expect(network.requests.isEmpty)
        }
    }

    @Test(arguments: samples) func `the one action is all that an operation needs`(sample: Sample) async throws {
        try await Self.withStage(of: sample) { site, _, action in
            let body = try await site.body(of: sample)
            try await site.house.restrict(
                by: Self.policy(#"{"Effect":"Allow","Action":["\#(action.rawValue)"]}"#))
            let answer = try await site.call(sample.method, sample.path, body: body)
            #expect(answer.status == sample.status, "\(answer.text)")
        }
    }

    @Test(arguments: samples) func `what the use-policy does not let through does not go through`(
        sample: Sample
    ) async throws {
        let lists = Self.policy(#"{"Effect":"Allow","Action":["*"]}"#, #"{"Effect":"Deny","Action":["*"]}"#)
        try await Self.withStage(of: sample, usePolicy: lists) { site, network, action in
            let body = try await site.body(of: sample)
            let answer = try await site.call(sample.method, sample.path, body: body)
            guard action.isOnRepositories else {
                #expect(answer.status == sample.status, "\(answer.text)")
                return
            }
            #expect((answer.status, answer.code) == (403, "SVCSTG.REPO.0454"))
            #expect(answer.message?.contains("authorization main denies \(action.rawValue) here: Statement[1]") == true)
            #expect(network.requests.isEmpty)
        }
    }

    @Test(arguments: samples) func `without a use-policy everything goes through that the user may do`(
        sample: Sample
    ) async throws {
        try await Self.withStage(of: sample, usePolicy: nil) { site, _, action in
            let answer = try await site.call(sample.method, sample.path, body: try await site.body(of: sample))
            let isAboutIt = [.getUsePolicy, .deleteUsePolicy].contains(action)
            #expect(answer.status == (isAboutIt ? 404 : sample.status), "\(answer.text)")
        }
    }

    /// What an operation's place names is what it declares, and what its action's conditions can be about.
    @Test func `every operation declares what policies are held against`() async throws {
        try await TestSite.withSite { site in
            for operation in operations(site.house.broker) {
                #expect(operation.subject.keys == operation.action.keys.subtracting([.forge]), "\(operation.id)")
                #expect(
                    (operation.subject.namespace == .path) == operation.template.contains("{namespace}"),
                    "\(operation.id)")
                #expect(
                    (operation.subject.project == .path) == operation.template.contains("{project}"), "\(operation.id)")
                #expect((operation.subject.path == .path) == operation.template.contains("{path}"), "\(operation.id)")
                let isOnRepositories = ["/repos/", "/files/"].contains { operation.path.hasPrefix($0) }
                #expect(operation.action.isOnRepositories == isOnRepositories, "\(operation.id)")
            }
            let used = Set(operations(site.house.broker).map(\.action))
            #expect(used == Set(Action.allCases))
        }
    }
}
