// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// The adapter against the emulator, over a real network: what was written apart must fit together.
@Suite struct GiteaAdapterTests {
    private let harbour = RepositoryReference(namespace: "octavia", project: "octavia/harbour")

    private func failure(_ act: () async throws -> Void) async throws -> ForgeError.Code? {
        do {
            try await act()
            return nil
        } catch let error as ForgeError {
            return error.code
        }
    }

    @Test func `refs are listed, made, deleted and read`() async throws {
        try await withForge(.gitea) { (forge, trial) async throws in
            #expect(try await forge.account().login == "octavia")
            #expect(
                try await forge.branches(of: harbour) == [
                    "develop", "feature/one", "feature/two", "fix/ünï-code", "main",
                ])
            try await forge.createTag(TagDraft(name: "deep/纺", description: "Noted", ref: "main"), in: harbour)
            try await forge.createTag(TagDraft(name: "plain", description: "", ref: "v1.0.0"), in: harbour)
            #expect(try await forge.tags(of: harbour) == ["deep/纺", "plain", "release/2024-01", "v0.9.0", "v1.0.0"])
            let again = TagDraft(name: "plain", description: "", ref: "main")
            #expect(try await failure { try await forge.createTag(again, in: harbour) } == .alreadyExists)
            let lost = TagDraft(name: "lost", description: "", ref: "nowhere")
            #expect(try await failure { try await forge.createTag(lost, in: harbour) } == .notFound)
            for name in ["deep/纺", "plain"] { try await forge.deleteTag(named: name, in: harbour) }
            #expect(try await failure { try await forge.deleteTag(named: "plain", in: harbour) } == .notFound)
            #expect(try await forge.commits(of: harbour, at: "v1.0.0").first?.message == "Version 1\n")
            #expect(try await forge.commits(of: harbour, at: "feature/one").first?.message == "Start feature one\n")
            #expect(try await failure { _ = try await forge.commits(of: harbour, at: "nowhere") } == .notFound)
            #expect(try await forge.files(of: harbour, at: "v0.9.0").contains("src/main/pilot.txt"))
            let crowded = RepositoryReference(namespace: "octavia", project: SandboxSeed.crowdedProject)
            #expect(Set(try await forge.branches(of: crowded)).count == 251)
            #expect(Set(try await forge.tags(of: crowded)).count == 250)
        }
    }

    @Test func `namespaces hold repositories, which are made private`() async throws {
        try await withForge(.gitea) { (forge, _) async throws in
            #expect(try await forge.namespaces().map(\.id) == ["octavia", "harbour-works"])
            #expect(try await forge.repositories(in: "harbour-works").map(\.id) == ["harbour-works/crane-control"])
            #expect(try await forge.repositories(in: "octavia").count == 5)
            #expect(try await forge.repositories(in: "marlow").isEmpty)
            #expect(try await failure { _ = try await forge.repositories(in: "nobody") } == .notFound)
            for namespace in ["octavia", "harbour-works"] {
                let made = try await forge.createRepository(named: "made", in: namespace)
                #expect(try await forge.repository(cloneURL: made.cloneURL) == made)
                #expect(
                    try await failure { _ = try await forge.createRepository(named: "MADE", in: namespace) }
                        == .alreadyExists)
                let place = RepositoryReference(namespace: namespace, project: made.id)
                #expect(try await forge.branches(of: place).isEmpty)
                #expect(try await forge.commits(of: place, at: nil).isEmpty)
                #expect(try await forge.files(of: place, at: "main").isEmpty)
                let first = FileLocation(repository: place, path: "a/b.txt", ref: "trunk")
                try await forge.change(FileChange(.create(bytes: [49]), message: "Begin"), at: first)
                #expect(try await forge.branches(of: place) == ["trunk"])
                #expect(try await forge.files(of: place, at: "trunk") == ["a/b.txt"])
            }
        }
    }

    @Test(arguments: [0, 1, (1 << 20) + 1, 20 << 20])
    func `a file of any size is read and written byte for byte`(size: Int) async throws {
        try await withForge(.gitea) { (forge, _) async throws in
            let location = FileLocation(repository: harbour, path: "sized.bin", ref: "main")
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
            try await forge.change(FileChange(.create(bytes: bytes), message: "Add"), at: location)
            let read = try await forge.file(at: location)
            #expect(read.bytes == bytes)
            try await forge.change(FileChange(.delete(expected: read.sha), message: "Drop"), at: location)
            #expect(try await failure { _ = try await forge.file(at: location) } == .notFound)
        }
    }

    @Test func `names of every kind are read, made, changed and removed`() async throws {
        try await withForge(.gitea) { (forge, _) async throws in
            for path in ["a b/c d.txt", "a+b", "100%", "50%25.txt", "#1", "why?.md", "x:y", "港/ünï.txt", "app.json"] {
                let location = FileLocation(repository: harbour, path: path, ref: "main")
                try await forge.change(
                    FileChange(.create(bytes: Array(path.utf8)), message: "Add \(path)"), at: location)
                let read = try await forge.file(at: location)
                #expect(read.bytes == Array(path.utf8), "\(path)")
                #expect(
                    try await failure {
                        try await forge.change(FileChange(.create(bytes: [1]), message: "Again"), at: location)
                    } == .alreadyExists, "\(path)")
                try await forge.change(
                    FileChange(.update(bytes: Array("two".utf8), expected: read.sha), message: "Two"), at: location)
                #expect(
                    try await failure {
                        try await forge.change(FileChange(.delete(expected: read.sha), message: "Stale"), at: location)
                    } == .conflict, "\(path)")
                let now = try await forge.file(at: location).sha
                try await forge.change(FileChange(.delete(expected: now), message: "Drop"), at: location)
            }
            let tag = FileLocation(repository: harbour, path: "x", ref: "v1.0.0")
            #expect(
                try await failure {
                    try await forge.change(FileChange(.create(bytes: [1]), message: "m"), at: tag)
                } == .invalidRequest)
            let link = FileLocation(repository: harbour, path: "docs/index.md", ref: "main")
            #expect(try await forge.file(at: link).bytes == Array("../README.md".utf8))
        }
    }

    @Test func `webhooks, and what is archived or another's`() async throws {
        try await withForge(.gitea) { (forge, _) async throws in
            let draft = HookDraft(url: "https://ci.example.org/hook", secret: Secret("seal-4711"))
            let hook = try await forge.createHook(draft, in: harbour)
            #expect(try await forge.hooks(of: harbour) == [hook])
            try await forge.deleteHook(id: hook.id, in: harbour)
            #expect(try await failure { try await forge.deleteHook(id: hook.id, in: harbour) } == .notFound)
            let archived = RepositoryReference(namespace: "octavia", project: "old-pier")
            let tag = TagDraft(name: "t", description: "", ref: "main")
            #expect(try await failure { try await forge.createTag(tag, in: archived) } == .forbidden)
            let secret = RepositoryReference(namespace: "marlow", project: "secret-cove")
            #expect(try await failure { _ = try await forge.branches(of: secret) } == .notFound)
        }
    }

    @Test func `a password, a token as password, a wrong and a narrow token`() async throws {
        let reader = SandboxToken(forge: .gitea, token: Secret("reader"), scopes: ["read:user", "read:repository"])
        try await withForge(.gitea, { $0.tokens = [reader] }) { (_, trial) async throws in
            for password in [SandboxSeed.password, trial.forge.token.exposed] {
                let credential = Credential.password(user: "octavia", password: Secret(password))
                try await withForge(trial.forge, credential) { (forge) async throws in
                    #expect(try await forge.account().login == "octavia")
                    #expect(try await forge.tags(of: harbour).count == 3)
                }
            }
            try await withForge(trial.forge, token: "wrong") { (forge) async throws in
                #expect(try await failure { _ = try await forge.account() } == .credentialRejected)
            }
            try await withForge(trial.forge, token: "reader") { (forge) async throws in
                #expect(try await forge.tags(of: harbour).count == 3)
                let tag = TagDraft(name: "t", description: "", ref: "main")
                #expect(try await failure { try await forge.createTag(tag, in: harbour) } == .forbidden)
                #expect(try await failure { _ = try await forge.namespaces() } == .forbidden)
            }
        }
    }
}

@Suite struct GiteaEmulatorTests {
    private static func send(
        _ trial: SandboxTrial, _ method: HTTPMethod, _ path: String, _ body: String? = nil
    ) async throws -> Answer {
        try await trial.send(
            method, "/api/v1" + path, headers: [("Authorization", "token \(trial.forge.token.exposed)")],
            body: body.map { Array($0.utf8) })
    }

    @Test func `bad input is refused, and nothing fails`() async throws {
        try await SandboxTrial.run(.gitea) { (trial) async throws in
            let harbour = "/repos/octavia/harbour"
            for (method, path, body, status) in [
                (HTTPMethod.POST, "/user/repos", "{", 422), (.POST, "/user/repos", "[]", 422),
                (.POST, "/user/repos", "{}", 422), (.POST, "/user/repos", #"{"name":"a b"}"#, 422),
                (.POST, "/user/repos", #"{"name":7}"#, 422), (.POST, "/user/repos", #"{"name":"harbour"}"#, 409),
                (.POST, "/orgs/nobody/repos", #"{"name":"x"}"#, 404), (.POST, harbour + "/tags", "{}", 422),
                (.POST, harbour + "/hooks", #"{"type":"gitea"}"#, 422),
                (.POST, harbour + "/hooks", #"{"type":"x","config":{}}"#, 422),
                (.POST, harbour + "/contents/x", #"{"content":"!!"}"#, 422),
                (.POST, harbour + "/contents/x", #"{"content":"","branch":"no"}"#, 404),
                (.POST, harbour + "/contents/.git/x", #"{"content":""}"#, 422),
                (.POST, harbour + "/contents/README.md/x", #"{"content":""}"#, 422),
                (.PUT, harbour + "/contents/README.md", #"{"content":""}"#, 422),
                (.PUT, harbour + "/contents/README.md", #"{"content":"","sha":"x"}"#, 422),
                (.DELETE, harbour + "/contents/none", #"{"sha":"x"}"#, 404),
                (.DELETE, harbour + "/tags/none", "{}", 404),
            ] {
                let answer = try await Self.send(trial, method, path, body)
                #expect(answer.status == status, "\(path) \(body): \(answer.text.prefix(200))")
                #expect(try answer.json()["url"]?.string?.hasSuffix("/api/swagger") == true)
            }
            for (path, status) in [
                ("/nothing", 404), ("/repos/dev/null", 404), (harbour + "/commits?sha=--all", 404),
                (harbour + "/git/trees/main~1", 400), (harbour + "/hooks/abc", 404),
                (harbour + "/branches/%00", 404), ("/user/repos?page=-1&limit=99999999999999999999", 200),
                ("/repos/octavia/empty-dock/commits", 409),
            ] {
                #expect(try await Self.send(trial, .GET, path).status == status, "\(path)")
            }
        }
    }

    @Test func `a code gives tokens of an hour, a refresh token is good once`() async throws {
        try await SandboxTrial.run(.gitea) { (trial) async throws in
            let callback = "http://127.0.0.1:4711/callback"
            let client = [
                ("client_id", trial.forge.oauthClientID),
                ("client_secret", trial.forge.oauthClientSecret.exposed), ("redirect_uri", callback),
            ]
            func token(_ fields: [(String, String)]) async throws -> Answer {
                try await trial.send(
                    .POST, "/login/oauth/access_token",
                    headers: [("Content-Type", "application/x-www-form-urlencoded")],
                    body: Array(Browser.encode(client + fields).utf8))
            }
            var browser = Browser(trial)
            let back = try await browser.signInAndAllow(
                "/login/oauth/authorize?client_id=\(trial.forge.oauthClientID)&redirect_uri=\(callback)"
                    + "&response_type=code&state=s&scope=write:repository%20read:user")
            let code = try #require(back["code"])
            let first = try await token([("grant_type", "authorization_code"), ("code", code)]).json()
            #expect(first["expires_in"]?.integer == 3600)
            #expect(first["token_type"]?.string == "bearer")
            let access = try #require(first["access_token"]?.string)
            let user = try await trial.send(.GET, "/api/v1/user", headers: [("Authorization", "Bearer \(access)")])
            #expect(try user.json()["login"]?.string == "octavia")
            let refresh = [("grant_type", "refresh_token"), ("refresh_token", first["refresh_token"]?.string ?? "")]
            #expect(try await token(refresh).status == 200)
            // A renewal leaves the old access token as it is: it is a signed text with an end of its own.
            let old = try await trial.send(.GET, "/api/v1/user", headers: [("Authorization", "Bearer \(access)")])
            #expect(old.status == 200)
            for fields in [refresh, [("grant_type", "authorization_code"), ("code", code)]] {
                let again = try await token(fields)
                #expect(again.status == 400)
                #expect(try again.json()["error"]?.string == "unauthorized_client")
            }
        }
    }

    @Test func `real git clones and pushes with a password or a token`() async throws {
        try await SandboxTrial.run(.gitea) { (trial) async throws in
            for (index, password) in [SandboxSeed.password, trial.forge.token.exposed].enumerated() {
                let address =
                    trial.forge.host.replacing("://", with: "://octavia:\(password)@") + "/octavia/harbour.git"
                let cloned = try await runGit(["clone", "-q", address, "clone-\(index)"], in: trial.folder)
                #expect(cloned.isDone, "\(cloned.output)")
                let pushed = try await runGit(
                    ["push", "-q", "origin", "main:refs/heads/pushed-\(index)"],
                    in: trial.folder + "/clone-\(index)")
                #expect(pushed.isDone, "\(pushed.output)")
            }
            let wrong = trial.forge.host.replacing("://", with: "://octavia:wrong@") + "/octavia/harbour.git"
            #expect(try await runGit(["clone", "-q", wrong, "no"], in: trial.folder).isDone == false)
        }
    }
}
