// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import TestSupport
import Testing

@testable import Forges

struct CodeArtsRepositoriesTests {
    private static let groups = "/v4/groups/list?order_by=path&sort=asc&offset=0&limit=100"
    private static let own = "/v4/user/repositories?order_by=created_at&sort=asc&offset=0&limit=100"

    /// Answers by what an address begins with.
    private func network(_ answers: [String: String], statuses: [String: Int] = [:]) -> StubNetwork {
        CodeArtsBench.network { method, path in
            let call = "\(method.rawValue) \(path)"
            guard let (key, name) = answers.filter({ call.hasPrefix($0.key) }).max(by: { $0.key.count < $1.key.count })
            else { return nil }
            return .json(name.hasPrefix("[") ? name : try CodeArtsBench.fixture(name), status: statuses[key] ?? 200)
        }
    }

    @Test func `the user is who the call for e-mail addresses names`() async throws {
        let account = try await CodeArtsBench.open(network(["GET /v4/user/emails": "user"])).account()
        #expect(account == Account(login: "ada", home: CodeArtsBench.api, avatar: ""))
    }

    @Test(arguments: [(#"{"name":null,"username":"c1d2"}"#, "c1d2"), (#"{"username":"c1d2","name":""}"#, "c1d2")])
    func `a user without a name has an id`(json: String, login: String) async throws {
        let network = CodeArtsBench.network { _, _ in .json(json) }
        #expect(try await CodeArtsBench.open(network).account().login == login)
    }

    @Test func `namespaces are the groups, then the places that only repositories tell of`() async throws {
        let network = network(["GET /v4/groups/list": "groups", "GET /v4/user/repositories": "repositories"])
        let names = [CodeArtsBench.group, CodeArtsBench.group + "/presses", CodeArtsBench.project]
        #expect(
            try await CodeArtsBench.open(network).namespaces() == names.map { Namespace(id: $0, name: $0) })
        #expect(CodeArtsBench.asked(network) == ["GET " + Self.groups, "GET " + Self.own])
    }

    private let cider = Repository(
        id: "9001", name: "cider", cloneURL: CodeArtsBench.cloneURL,
        namespace: Namespace(id: CodeArtsBench.group, name: CodeArtsBench.group))

    /// 9003 is in a group below, and not in the user's own list.
    @Test(arguments: [CodeArtsBench.group, "71", CodeArtsBench.group.uppercased()])
    func `a group's repositories are those directly in it`(namespace: String) async throws {
        let network = network([
            "GET /v4/groups/list": "groups", "GET /v4/user/repositories": "repositories",
            "GET /v4/groups/71/repositories": "group-repositories-deep",
            "GET /v4/repositories/9003": "repository-below",
        ])
        #expect(try await CodeArtsBench.open(network).repositories(in: namespace) == [cider])
        #expect(
            CodeArtsBench.asked(network).suffix(2) == [
                "GET /v4/groups/71/repositories?order_by=id&sort=asc&offset=0&limit=100", "GET /v4/repositories/9003",
            ])
    }

    @Test func `a repository that goes away while the list is read is left out`() async throws {
        let network = network([
            "GET /v4/groups/list": "groups", "GET /v4/user/repositories": "repositories",
            "GET /v4/groups/71/repositories": "group-repositories-deep",
        ])
        #expect(try await CodeArtsBench.open(network).repositories(in: "71") == [cider])
    }

    @Test func `a project's repositories are found by its id`() async throws {
        let network = network([
            "GET /v4/user/repositories": "repositories",
            "GET /v4/projects/\(CodeArtsBench.project)/repositories": #"[{"id":9002},{"id":9001}]"#,
        ])
        let found = try await CodeArtsBench.open(network).repositories(in: CodeArtsBench.project)
        #expect(found.map(\.name) == ["pips"])
        #expect(found.first?.namespace.id == CodeArtsBench.project)
    }

    @Test func `a place that is no group's is found by its repositories, and an unknown one is not`() async throws {
        let list =
            #"[{"id":1,"http_url_to_repo":"https://codehub.devcloud.cn-north-4.huaweicloud.com/OLD00024/x.git"}]"#
        let network = network(["GET /v4/groups/list": "groups", "GET /v4/user/repositories": list])
        let forge = CodeArtsBench.open(network)
        #expect(try await forge.repositories(in: "old00024").map(\.id) == ["1"])
        let error = await failure { () throws(ForgeError) in try await forge.repositories(in: "nowhere") }
        #expect(error?.code == .notFound)
    }

    @Test func `a repository is made in a group, private and empty`() async throws {
        let network = network([
            "GET /v4/groups/list": "groups", "POST /v1/repositories": "made", "GET /v2/repositories/": "created",
        ])
        let made = try await CodeArtsBench.open(network).createRepository(named: "engine", in: CodeArtsBench.group)
        #expect(made.id == "9004")
        #expect(made.name == "engine")
        #expect(made.cloneURL.hasSuffix("/\(CodeArtsBench.group)/engine.git"))
        #expect(made.namespace == cider.namespace)
        let body = try JSONTree(parsing: network.requests[2].body ?? [])
        #expect(
            body
                == .object([
                    "name": .string("engine"), "project_uuid": .string(CodeArtsBench.project), "group_id": .integer(71),
                    "visibility_level": .integer(0), "enable_readme": .integer(0),
                ]))
    }

    @Test func `a repository is made directly in a project, by its id or by a neighbour`() async throws {
        for namespace in [CodeArtsBench.project, "OLD00024"] {
            let list =
                #"[{"id":1,"project_id":"\#(CodeArtsBench.project)","http_url_to_repo":"https://codehub.devcloud.cn-north-4.huaweicloud.com/OLD00024/x.git"}]"#
            let network = network([
                "GET /v4/groups/list": "[]", "GET /v4/user/repositories": list, "POST /v1/repositories": "made",
                "GET /v2/repositories/": "created",
            ])
            _ = try await CodeArtsBench.open(network).createRepository(named: "engine", in: namespace)
            let sent = try #require(network.requests.first { $0.url.hasSuffix("/v1/repositories") })
            let body = try JSONTree(parsing: sent.body ?? [])
            #expect(body["project_uuid"]?.string == CodeArtsBench.project)
            #expect(body["group_id"] == nil)
        }
    }

    @Test(arguments: [200, 400])
    func `what stands against a repository is asked for`(status: Int) async throws {
        for (found, code) in [
            ("repository-id", ForgeError.Code.alreadyExists), ("no-such-repository", .invalidRequest),
        ] {
            let network = network(
                [
                    "GET /v4/groups/list": "groups", "POST /v1/repositories": "refused",
                    "GET /v1/repositories/repoid": found,
                ], statuses: ["POST /v1/repositories": status])
            let error = await failure { () throws(ForgeError) in
                try await CodeArtsBench.open(network).createRepository(named: "engine", in: CodeArtsBench.group)
            }
            #expect(error?.code == code)
        }
        let nowhere = network(["GET /v4/groups/list": "groups", "GET /v4/user/repositories": "repositories"])
        let error = await failure { () throws(ForgeError) in
            try await CodeArtsBench.open(nowhere).createRepository(named: "engine", in: "nowhere")
        }
        #expect(error?.code == .notFound)
    }

    private static let region = "cn-north-4.huaweicloud.com"

    @Test(arguments: [
        CodeArtsBench.cloneURL, "https://user:p%20w@codehub.devcloud.\(region)/\(CodeArtsBench.group)/cider",
        "git@codehub.devcloud.\(region):\(CodeArtsBench.group)/cider.git",
        "ssh://git@codehub.devcloud.\(region):2222/\(CodeArtsBench.group)/cider.git",
        "https://codehub-ext.cn-north-4.myhuaweicloud.com/\(CodeArtsBench.group)/cider.git",
    ])
    func `an address of the region leads to its repository`(address: String) async throws {
        let network = network([
            "GET /v1/repositories/repoid": "repository-id", "GET /v4/repositories/9001": "repository",
        ])
        #expect(try await CodeArtsBench.open(network).repository(cloneURL: address) == cider)
        let group = CodeArtsBench.group.replacing("/", with: "%2F")
        #expect(
            CodeArtsBench.asked(network) == [
                "GET /v1/repositories/repoid?group_name=\(group)&repository_name=cider", "GET /v4/repositories/9001",
            ])
    }

    @Test(arguments: [
        "https://codehub.devcloud.cn-north-1.huaweicloud.com/a/b.git", "https://github.com/a/b.git", "not a url", "",
        "https://codehub.devcloud.\(region)/alone.git", "https://codehub.devcloud.\(region):8443/a/b.git",
        "https://codehub.devcloud.\(region).evil.example/a/b.git", "https://codehub.devcloud.\(region)/a/../b.git",
    ])
    func `another address leads nowhere`(address: String) async {
        let network = StubNetwork()
        let error = await failure { () throws(ForgeError) in
            try await CodeArtsBench.open(network).repository(cloneURL: address)
        }
        #expect(error?.code == .invalidCloneURL)
        #expect(network.requests.isEmpty)
    }

    @Test func `an installation's addresses are of its own host`() async throws {
        let host = try #require(try ForgeHost.candidates(.devcloud, address: "http://127.0.0.1:9005").first)
        let network = StubNetwork { request in
            if request.url.contains("/v3/auth/tokens") { return try CodeArtsBench.token("t") }
            return .json(try CodeArtsBench.fixture(request.url.contains("repoid") ? "repository-id" : "repository"))
        }
        let forge = CodeArtsBench.open(network, host: host)
        #expect(try await forge.repository(cloneURL: "http://127.0.0.1:9005/a/b.git").id == "9001")
        let error = await failure { () throws(ForgeError) in
            try await forge.repository(cloneURL: "http://127.0.0.1:9006/a/b.git")
        }
        #expect(error?.code == .invalidCloneURL)
    }

    @Test(arguments: [
        ("9001", nil), ("cider", CodeArtsBench.group), (CodeArtsBench.group + "/cider", CodeArtsBench.group),
    ])
    func `a repository is named by its id, its name or its path`(project: String, group: String?) async throws {
        let network = network([
            "GET /v1/repositories/repoid": "repository-id", "GET /v4/repositories/9001/repository/branches": "branches",
        ])
        let reference = RepositoryReference(namespace: CodeArtsBench.group, project: project)
        #expect(try await CodeArtsBench.open(network).branches(of: reference) == ["main", "feature/press", "ünï"])
        #expect(CodeArtsBench.asked(network).count == (group == nil ? 1 : 2))
    }

    @Test func `a name in a group that is named by its id costs one more call`() async throws {
        let network = network([
            "GET /v4/groups/list": "groups", "GET /v1/repositories/repoid": "repository-id",
            "GET /v4/repositories/9001/repository/branches": "branches",
        ])
        _ = try await CodeArtsBench.open(network).branches(of: RepositoryReference(namespace: "71", project: "cider"))
        #expect(CodeArtsBench.asked(network)[1].contains("group_name=\(CodeArtsBench.project)%2Ftools&"))
    }

    @Test func `an unknown name is not found`() async {
        let network = network(["GET /v1/repositories/repoid": "no-such-repository"])
        for project in ["nothing", "/"] {
            let error = await failure { () throws(ForgeError) in
                try await CodeArtsBench.open(network).branches(
                    of: RepositoryReference(namespace: "a", project: project))
            }
            #expect(error?.code == .notFound)
        }
    }
}
