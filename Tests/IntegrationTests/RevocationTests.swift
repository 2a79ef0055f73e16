// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Authorizations of OAuth, over HTTP and with emulated forges behind: how they end, and how they get another credential.
@Suite(.serialized) struct RevocationTests {
    private struct Case: Sendable, CustomTestStringConvertible {
        /// As the ready file has it.
        let forge: String
        let repoType: String
        var tag: String?
        /// Below the forge's address: where a token tells its user.
        let user: String
        /// Whether the forge documents a call that ends a token.
        let isRevocable: Bool

        var testDescription: String { forge }
    }

    private static let cases = [
        Case(forge: "github", repoType: "github", user: "/api/v3/user", isRevocable: true),
        Case(forge: "gitlab", repoType: "gitlab", user: "/api/v4/user", isRevocable: true),
        Case(forge: "gitee", repoType: "gitee", user: "/api/v5/user", isRevocable: false),
        Case(forge: "gitea", repoType: "gitea", user: "/api/v1/user", isRevocable: false),
        Case(forge: "bitbucket", repoType: "bitbucket", user: "/2.0/user", isRevocable: false),
        Case(
            forge: "bitbucket-datacenter", repoType: "bitbucket", tag: "datacenter",
            user: "/rest/api/latest/projects", isRevocable: false),
    ]

    /// A sandbox whose forges keep what they give in files, where a test can look it up.
    private struct Stage {
        let directory: TemporaryDirectory
        let state: URL
        let sandbox: RunningSandbox

        init() async throws {
            directory = try TemporaryDirectory()
            state = directory.url.appending(path: "state")
            sandbox = try await RunningSandbox.start(in: directory.url, state: state)
        }

        /// What the forge has given by OAuth and has not ended: the access tokens.
        func tokens(_ forge: String) throws -> [String] {
            let file = state.appending(path: "forges/\(forge)/accounts.json")
            let root = try JSONSerialization.jsonObject(with: try Data(contentsOf: file)) as? [String: Any]
            let grants = root?["grants"] as? [[String: Any]] ?? []
            return grants.filter { $0["isRevoked"] as? Bool != true }.compactMap { $0["accessToken"] as? String }
        }

        /// Walks through a forge's pages as its user and gives code and state.
        func visit(_ one: Case, more: String = "") async throws -> Visitor.Consent {
            let tag = one.tag.map { "tag=\($0)&" } ?? ""
            let answer = try await sandbox.call("GET", "/auths/\(one.repoType)/redirect?\(tag)\(more)")
            let url = try #require(
                try answer.json()["url"] as? String, "\(String(decoding: answer.body, as: UTF8.self))")
            let seeded = try #require(sandbox.ready.forges[one.forge])
            var visitor = Visitor()
            return try await visitor.allow(url, as: seeded.sign_in)
        }

        func oauth(_ one: Case, _ name: String, method: String = "POST", more: String = "") async throws
            -> SandboxCaller.Answer
        {
            let back = try await visit(one, more: more)
            let tag = one.tag.map { "?tag=\($0)" } ?? ""
            return try await sandbox.call(
                method, "/auths/\(one.repoType)/oauth\(tag)",
                body: ["name": name, "code": back.code, "state": back.state])
        }

        func works(_ one: Case, _ token: String) async throws -> Bool {
            let seeded = try #require(sandbox.ready.forges[one.forge])
            let headers = ["Authorization": "Bearer \(token)", "User-Agent": "gatehouse-tests"]
            return try await SandboxCaller.send("GET", seeded.host + one.user, headers: headers).status == 200
        }
    }

    @Test(arguments: cases) private func `a deleted authorization's token is dead where its forge has a call for it`(
        one: Case
    ) async throws {
        let stage = try await Stage()
        let made = try await stage.oauth(one, "flow")
        #expect(made.status == 200, "\(String(decoding: made.body, as: UTF8.self))")
        let token = try #require(try stage.tokens(one.forge).first)
        #expect(try await stage.works(one, token))
        #expect(try await stage.sandbox.call("GET", "/repos/namespaces", as: "flow").status == 200)
        #expect(try await stage.sandbox.call("DELETE", "/auths/flow").status == 204)
        #expect(try await stage.sandbox.call("GET", "/repos/namespaces", as: "flow").errorCode == "SVCSTG.REPO.0450")
        // Its end waits for what it has begun.
        #expect(stage.sandbox.process.stop() == 0, "\(stage.sandbox.process.output)")
        #expect(try stage.tokens(one.forge).contains(token) != one.isRevocable)
        #expect(!stage.sandbox.process.output.contains(token))
        // Refused by the forge itself, not only marked by it.
        let again = try await RunningSandbox.start(in: stage.directory.url, state: stage.state)
        let seeded = try #require(again.ready.forges[one.forge])
        let headers = ["Authorization": "Bearer \(token)", "User-Agent": "gatehouse-tests"]
        let asked = try await SandboxCaller.send("GET", seeded.host + one.user, headers: headers)
        #expect(asked.status == (one.isRevocable ? 401 : 200))
        #expect(again.process.stop() == 0)
    }

    @Test(arguments: cases) private func `an authorization gets a new grant, and its old token ends where it can`(
        one: Case
    ) async throws {
        let stage = try await Stage()
        let made = try await stage.oauth(one, "flow").json()["authorization"] as? [String: Any]
        let old = try #require(try stage.tokens(one.forge).first)
        let answer = try await stage.oauth(one, "flow", method: "PUT", more: "name=flow&reauthorize=true")
        #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
        let after = try #require(try answer.json()["authorization"] as? [String: Any])
        #expect(after["create_time"] as? Int == made?["create_time"] as? Int)
        #expect(after["update_time"] as? Int ?? 0 > made?["update_time"] as? Int ?? 0)
        #expect((after["status"] as? Int, after["token_type"] as? String) == (0, "oauth"))
        #expect(try await stage.sandbox.call("GET", "/repos/namespaces", as: "flow").status == 200)
        #expect(stage.sandbox.process.stop() == 0, "\(stage.sandbox.process.output)")
        let left = try stage.tokens(one.forge)
        #expect(left.contains(old) != one.isRevocable)
        #expect(left.contains { $0 != old })
    }

    @Test func `hooks and uses go on while modes change`() async throws {
        let stage = try await Stage()
        let one = Self.cases[0]
        let seeded = try #require(stage.sandbox.ready.forges["github"])
        let personal = ["name": "main", "token": seeded.token, "host": seeded.host]
        #expect(try await stage.sandbox.call("POST", "/auths/github/personal", body: personal).status == 200)
        let hooks = "/repos/\(seeded.namespace)/\(seeded.project)/hooks"
        let hook = ["url": "https://ci.example/hook", "secret": "s3cret-canary"]
        #expect(try await stage.sandbox.call("POST", hooks, as: "main", body: hook).status == 200)
        func count() async throws -> Int? {
            (try await stage.sandbox.call("GET", hooks, as: "main").json()["hooks"] as? [Any])?.count
        }
        let before = try await count()
        for step in ["oauth", "password", "personal"] {
            let answer =
                switch step {
                case "oauth": try await stage.oauth(one, "main", method: "PUT")
                case "password":
                    try await stage.sandbox.call(
                        "PUT", "/auths/github/password",
                        body: ["name": "main", "user": seeded.login, "password": seeded.token])
                default:
                    try await stage.sandbox.call(
                        "PUT", "/auths/github/personal", body: ["name": "main", "token": seeded.token])
                }
            #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
            let authorization = try answer.json()["authorization"] as? [String: Any]
            #expect(authorization?["token_type"] as? String == step)
            #expect(authorization?["repo_host"] as? String == seeded.host + "/api/v3")
            #expect(try await count() == before)
        }
        let wrong = ["name": "main", "token": "canary-wrong"]
        #expect(
            try await stage.sandbox.call("PUT", "/auths/github/personal", body: wrong).errorCode == "SVCSTG.REPO.0451")
        #expect(try await count() == before)
        #expect(stage.sandbox.process.stop() == 0, "\(stage.sandbox.process.output)")
    }

    @Test(arguments: [SIGSTOP, SIGKILL]) func `a forge that is slow or down holds no deletion up`(signal: Int32)
        async throws
    {
        let stage = try await Stage()
        let seeded = try #require(stage.sandbox.ready.forges["gitlab"])
        let site = stage.directory.url
        let environment = [
            "GATEHOUSE_STORE_PATH": site.path + "/data/store.sqlite",
            "GATEHOUSE_MASTER_KEY_FILE": site.path + "/keys/master.key", "GATEHOUSE_LOG_LEVEL": "trace",
            "GATEHOUSE_NETWORK_ALLOW": "127.0.0.0/8", "GATEHOUSE_PUBLIC_URL": stage.sandbox.ready.endpoint,
            "GATEHOUSE_FORGES_GITLAB_OAUTH_DEFAULT_HOST": seeded.host,
            "GATEHOUSE_FORGES_GITLAB_OAUTH_DEFAULT_CLIENT_ID": seeded.oauth.client_id,
            "GATEHOUSE_FORGES_GITLAB_OAUTH_DEFAULT_CLIENT_SECRET": seeded.oauth.client_secret,
        ]
        func run(_ arguments: String...) throws -> String {
            try GatehouseProcess.run(arguments, in: site, environment: environment).output
        }
        func value(_ label: String, _ output: String) throws -> String {
            let line = output.split(separator: "\n").first { $0.hasPrefix(label) }
            return try #require(line?.split(separator: " ").dropFirst().first.map(String.init), "\(output)")
        }
        let project = try value("project_id", try run("tenant", "create", "acme"))
        let password = try value("password", try run("user", "create", "acme", "alice"))
        let process = try GatehouseProcess(["serve", "--port", "0"], in: site, environment: environment)
        let address = try await process.listeningAddress()
        let caller = try await SandboxCaller(
            .init(
                endpoint: address, project_id: project, access_key: .init(ak: "", sk: ""),
                user: .init(domain: "acme", name: "alice", password: password), forges: [:]))
        let url = try #require(try await caller.call("GET", "/auths/gitlab/redirect").json()["url"] as? String)
        var visitor = Visitor()
        let back = try await visitor.allow(url, as: seeded.sign_in)
        let made = try await caller.call(
            "POST", "/auths/gitlab/oauth", body: ["name": "flow", "code": back.code, "state": back.state])
        #expect(made.status == 200, "\(String(decoding: made.body, as: UTF8.self))")
        let token = try #require(try stage.tokens("gitlab").first)

        kill(stage.sandbox.process.process.processIdentifier, signal)
        #expect(try await caller.call("DELETE", "/auths/flow").status == 204)
        let listed = try await caller.call("GET", "/auths").json()
        #expect(listed["count"] as? Int == 0)
        #expect(process.stop() == 0, "\(process.output)")
        let lines = process.output.split(separator: "\n")
        let told = try #require(lines.firstIndex { $0.contains("tokens not revoked") }, "\(process.output)")
        if signal == SIGSTOP {
            // Answered before the forge was given up.
            let answered = lines.firstIndex { $0.contains("method=DELETE") && $0.contains("status=204") }
            #expect(try #require(answered) < told, "\(process.output)")
        }
        #expect(!process.output.contains(token))
        stage.sandbox.process.killAtOnce()
    }

    @Test func `an operator lists, renews and deletes by command, with the secret from standard input`() async throws {
        let stage = try await Stage()
        let one = Self.cases[1]
        let seeded = try #require(stage.sandbox.ready.forges["gitlab"])
        #expect(try await stage.oauth(one, "flow").status == 200)
        let token = try #require(try stage.tokens("gitlab").first)
        let environment = [
            "GATEHOUSE_STORE_PATH": stage.state.path + "/gatehouse.sqlite",
            "GATEHOUSE_MASTER_KEY_FILE": stage.state.path + "/master.key", "GATEHOUSE_LOG_LEVEL": "trace",
            "GATEHOUSE_NETWORK_ALLOW": "127.0.0.0/8", "GATEHOUSE_PUBLIC_URL": stage.sandbox.ready.endpoint,
            "GATEHOUSE_FORGES_GITLAB_OAUTH_DEFAULT_HOST": seeded.host,
            "GATEHOUSE_FORGES_GITLAB_OAUTH_DEFAULT_CLIENT_ID": seeded.oauth.client_id,
            "GATEHOUSE_FORGES_GITLAB_OAUTH_DEFAULT_CLIENT_SECRET": seeded.oauth.client_secret,
        ]
        func run(_ arguments: [String], input: String = "") throws -> (status: Int32, output: String) {
            let file = stage.directory.url.appending(path: "input")
            try Data(input.utf8).write(to: file)
            return try GatehouseProcess.run(
                ["authorization"] + arguments, in: stage.directory.url, environment: environment, input: file)
        }
        let listed = try run(["list", "harbour-works"])
        #expect(listed.output.contains("flow  0  gitlab  oauth  \(seeded.login)  "), "\(listed.output)")
        let wrong = try run(["reauthorize", "harbour-works", "flow", "--mode", "personal"], input: "canary-wrong\n")
        #expect(wrong.status != 0 && wrong.output.contains("GitLab"), "\(wrong.output)")
        let none = try run(["reauthorize", "harbour-works", "flow", "--mode", "personal"])
        #expect(none.status != 0 && none.output.contains("no token on standard input"), "\(none.output)")
        let unknown = try run(["reauthorize", "harbour-works", "other", "--mode", "personal"], input: "x\n")
        #expect(unknown.status != 0 && unknown.output.contains("other"), "\(unknown.output)")
        let user = try run(["reauthorize", "harbour-works", "flow", "--mode", "password"], input: "x\n")
        #expect(user.status != 0 && user.output.contains("--user"), "\(user.output)")
        #expect(try stage.tokens("gitlab") == [token])

        let done = try run(
            ["reauthorize", "harbour-works", "flow", "--mode", "personal"], input: "\(seeded.token)\n")
        #expect(done.status == 0 && done.output.contains("authorized anew"), "\(done.output)")
        #expect(try stage.tokens("gitlab").isEmpty)
        // The service that runs beside sees it at once.
        #expect(try await stage.sandbox.call("GET", "/repos/namespaces", as: "flow").status == 200)
        #expect(try run(["list", "harbour-works"]).output.contains("flow  0  gitlab  personal  "))

        #expect(try await stage.oauth(one, "second").status == 200)
        #expect(try stage.tokens("gitlab").count == 1)
        let deleted = try run(["delete", "harbour-works", "second"])
        #expect(deleted.status == 0, "\(deleted.output)")
        #expect(try stage.tokens("gitlab").isEmpty)
        #expect(try run(["delete", "harbour-works", "second"]).status != 0)
        for output in [listed, wrong, none, unknown, user, done, deleted].map(\.output) {
            for secret in [token, seeded.token, "canary-wrong", seeded.oauth.client_secret] {
                #expect(!output.contains(secret))
            }
        }
        #expect(stage.sandbox.process.stop() == 0)
    }

    @Test func `a tenant's grants end with it`() async throws {
        let stage = try await Stage()
        for (one, name) in [(Self.cases[0], "first"), (Self.cases[1], "second"), (Self.cases[2], "third")] {
            #expect(try await stage.oauth(one, name).status == 200)
        }
        let forges = stage.sandbox.ready.forges
        var environment = [
            "GATEHOUSE_STORE_PATH": stage.state.path + "/gatehouse.sqlite",
            "GATEHOUSE_MASTER_KEY_FILE": stage.state.path + "/master.key", "GATEHOUSE_NETWORK_ALLOW": "127.0.0.0/8",
            "GATEHOUSE_PUBLIC_URL": stage.sandbox.ready.endpoint,
        ]
        for name in ["github", "gitlab", "gitee"] {
            let key = "GATEHOUSE_FORGES_\(name.uppercased())_OAUTH_DEFAULT_"
            environment[key + "HOST"] = forges[name]?.host
            environment[key + "CLIENT_ID"] = forges[name]?.oauth.client_id
            environment[key + "CLIENT_SECRET"] = forges[name]?.oauth.client_secret
        }
        let deleted = try GatehouseProcess.run(
            ["tenant", "delete", "--yes", "harbour-works"], in: stage.directory.url, environment: environment)
        #expect(deleted.status == 0 && deleted.output.contains("3 of 3 OAuth grants"), "\(deleted.output)")
        #expect(try stage.tokens("github").isEmpty && stage.tokens("gitlab").isEmpty)
        #expect(try stage.tokens("gitee").count == 1)
        #expect(stage.sandbox.process.stop() == 0)
    }
}
