// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import TestSupport
import Testing

@testable import Forges

/// What Gitea's tests share: gitea.com behind a network that answers from a script.
enum GiteaBench {
    static let api = "https://gitea.com/api/v1"
    static let repo = api + "/repos/kim/kettle"
    static let kettle = RepositoryReference(namespace: "kim", project: "kettle")
    static let page = "?page=1&limit=50"
    static let bare = "&stat=false&verification=false&files=false"
    static let tip = "1f3d5f7b9b8e7d6c5b4a39281706f5e4d3c2b1a0"
    static let notFound = #"{"errors":[],"message":"The target couldn't be found.","url":"x"}"#

    static func open(
        _ network: StubNetwork, _ credential: Credential = .personal(Secret("CANARY-token")),
        host: ForgeHost = .official(.gitea)
    ) -> any Forge {
        host.open(.fixed(credential), upstream: network.upstream)
    }

    static func fixture(_ name: String) throws -> String {
        try TestData.fixture("gitea/\(name).json")
    }

    static func location(_ path: String, _ ref: String = "main") -> FileLocation {
        FileLocation(repository: kettle, path: path, ref: ref)
    }
}

struct GiteaTests {
    private let user = GiteaBench.api + "/user"

    @Test func `each credential goes into its header and nowhere else`() async throws {
        let tokens = OAuthTokens(
            accessToken: Secret("access"), refreshToken: Secret("refresh"), expires: nil, scopes: [])
        for (credential, proof) in [
            (Credential.personal(Secret("mine")), "token mine"), (.oauth(tokens), "Bearer access"),
            (.password(user: "kim", password: Secret("p:w")), "kim:p:w"),
        ] {
            let network = StubNetwork(.init(.get, user, json: try GiteaBench.fixture("user")))
            let account = try await GiteaBench.open(network, credential).account()
            #expect(
                account
                    == Account(login: "kim", home: "https://gitea.com/kim", avatar: "https://gitea.com/avatars/7"))
            let request = try #require(network.requests.first)
            #expect(request.proofs.contains(proof))
            #expect(request.body == nil)
        }
    }

    @Test func `what no header or user name can carry is rejected`() async throws {
        for credential in [
            Credential.personal(Secret("a b")), .personal(Secret("")), .password(user: "a:b", password: Secret("p")),
            .password(user: "", password: Secret("p")),
        ] {
            let network = StubNetwork([])
            let forge = GiteaBench.open(network, credential)
            #expect(try await GiteeBench.error { _ = try await forge.account() }?.code == .credentialRejected)
            #expect(network.requests.isEmpty)
        }
    }

    @Test func `an old server below a path tells no page, and is asked at its own address`() async throws {
        let host = try #require(try ForgeHost.candidates(.gitea, address: "https://git.example.org/gitea").first)
        let network = StubNetwork(.init(.get, "https://git.example.org/gitea/api/v1/user", json: #"{"login":"kim"}"#))
        let account = try await GiteaBench.open(network, host: host).account()
        #expect(account == Account(login: "kim", home: "https://git.example.org/gitea/kim", avatar: ""))
        #expect(network.complaints.isEmpty)
    }

    @Test func `namespaces are the user and the organisations, by whichever name`() async throws {
        let network = StubNetwork(
            .init(.get, user, json: try GiteaBench.fixture("user")),
            .init(
                .get, GiteaBench.api + "/user/orgs" + GiteaBench.page, headers: ["X-Total-Count": "2"],
                json: try GiteaBench.fixture("orgs")))
        let found = try await GiteaBench.open(network).namespaces()
        #expect(found == ["kim", "potters", "smiths"].map { Namespace(id: $0, name: $0) })
        #expect(network.complaints.isEmpty)
    }

    @Test func `pages are read by number, whatever size the server gives them`() async throws {
        let list = GiteaBench.repo + "/tags?page="
        let network = StubNetwork(
            .init(.get, list + "1&limit=50", headers: ["X-Total-Count": "3"], json: #"[{"name":"a"},{"name":"b"}]"#),
            .init(.get, list + "2&limit=50", headers: ["X-Total-Count": "3"], json: #"[{"name":"c"}]"#))
        #expect(try await GiteaBench.open(network).tags(of: GiteaBench.kettle) == ["a", "b", "c"])
        #expect(network.complaints.isEmpty)
        let silent = StubNetwork(
            .init(.get, list + "1&limit=50", json: #"[{"name":"a"}]"#), .init(.get, list + "2&limit=50", json: "[]"))
        #expect(try await GiteaBench.open(silent).tags(of: GiteaBench.kettle) == ["a"])
        let foreign = StubNetwork(
            .init(
                .get, list + "1&limit=50",
                headers: ["X-Total-Count": "1", "Link": "<https://evil.example/?page=2>; rel=\"next\""],
                json: #"[{"name":"a"}]"#))
        #expect(try await GiteaBench.open(foreign).tags(of: GiteaBench.kettle) == ["a"])
        #expect(foreign.complaints.isEmpty)
    }

    @Test func `an organisation's repositories, else a user's`() async throws {
        let network = StubNetwork(
            .init(.get, user, json: try GiteaBench.fixture("user")),
            .init(
                .get, GiteaBench.api + "/orgs/potters/repos" + GiteaBench.page, status: 404, json: GiteaBench.notFound),
            .init(
                .get, GiteaBench.api + "/users/potters/repos" + GiteaBench.page, headers: ["X-Total-Count": "2"],
                json: try GiteaBench.fixture("repositories")),
            .init(.get, user, json: try GiteaBench.fixture("user")),
            .init(
                .get, GiteaBench.api + "/user/repos" + GiteaBench.page, headers: ["X-Total-Count": "2"],
                json: try GiteaBench.fixture("repositories")))
        let forge = GiteaBench.open(network)
        #expect(try await forge.repositories(in: "potters").map(\.id) == ["kim/kettle", "potters/jug"])
        #expect(
            try await forge.repositories(in: "KIM") == [
                Repository(
                    id: "kim/kettle", name: "kettle", cloneURL: "https://gitea.com/kim/kettle.git",
                    namespace: Namespace(id: "kim", name: "kim"))
            ])
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [
        (409, ForgeError.Code.alreadyExists), (404, .notFound), (422, .invalidRequest), (403, .forbidden),
    ])
    func `a refused repository has its code`(_ status: Int, _ code: ForgeError.Code) async throws {
        let network = StubNetwork(
            .init(.get, user, json: try GiteaBench.fixture("user")),
            .init(.post, GiteaBench.api + "/orgs/potters/repos", status: status, json: #"{"message":"x"}"#))
        let forge = GiteaBench.open(network)
        let error = try await GiteeBench.error { _ = try await forge.createRepository(named: "jug", in: "potters") }
        #expect(error?.code == code)
        let request = try #require(network.requests.last)
        #expect(
            try request.jsonBody()
                == .object(["name": .string("jug"), "private": .bool(true), "auto_init": .bool(false)]))
    }

    @Test func `a repository is found by its address, below the installation's path`() async throws {
        let host = try #require(try ForgeHost.candidates(.gitea, address: "https://git.example.org/gitea").first)
        let path = "https://git.example.org/gitea/api/v1/repos/kim/kettle"
        for address in ["https://git.example.org/gitea/kim/kettle.git", "git@git.example.org:kim/kettle.git"] {
            let network = StubNetwork(.init(.get, path, json: try GiteaBench.fixture("repository")))
            let found = try await GiteaBench.open(network, host: host).repository(cloneURL: address)
            #expect(found.id == "kim/kettle")
            #expect(network.complaints.isEmpty)
        }
        let forge = GiteaBench.open(StubNetwork([]), host: host)
        for address in ["https://git.example.org/kim/kettle.git", "https://git.example.org/gitea/kim", "x"] {
            let error = try await GiteeBench.error { _ = try await forge.repository(cloneURL: address) }
            #expect(error?.code == .invalidCloneURL)
        }
    }
}

struct GiteaContentTests {
    private let repo = GiteaBench.repo

    @Test func `an empty repository has empty lists, by 404 and 409`() async throws {
        for status in [404, 409] {
            let network = StubNetwork(answering: { request in
                request.url == GiteaBench.repo
                    ? .json(try GiteaBench.fixture("repository_empty"))
                    : .json(#"{"message":"Git Repository is empty."}"#, status: status)
            })
            let forge = GiteaBench.open(network)
            #expect(try await forge.branches(of: GiteaBench.kettle) == [])
            #expect(try await forge.tags(of: GiteaBench.kettle) == [])
            #expect(try await forge.commits(of: GiteaBench.kettle, at: nil) == [])
            #expect(try await forge.files(of: GiteaBench.kettle, at: "main") == [])
        }
    }

    @Test func `tags are made and deleted by their whole names`() async throws {
        let network = StubNetwork(
            .init(.post, repo + "/tags", status: 201, json: try GiteaBench.fixture("tag")),
            .init(.delete, repo + "/tags/release/%C3%BC%231", status: 204))
        let forge = GiteaBench.open(network)
        try await forge.createTag(TagDraft(name: "v2", description: "two", ref: "main"), in: GiteaBench.kettle)
        #expect(
            try #require(network.requests.first).jsonBody()
                == .object(["tag_name": .string("v2"), "target": .string("main"), "message": .string("two")]))
        try await forge.deleteTag(named: "release/ü#1", in: GiteaBench.kettle)
        #expect(network.complaints.isEmpty)
    }

    @Test(arguments: [
        (409, "x", ForgeError.Code.alreadyExists), (404, "x", .notFound),
        (422, "user not allowed to create protected tag", .forbidden), (423, "kim/kettle is archived", .forbidden),
        (500, "", .unavailable),
    ])
    func `a refused tag has its code`(_ status: Int, _ text: String, _ code: ForgeError.Code) async throws {
        let network = StubNetwork(.init(.post, repo + "/tags", status: status, json: #"{"message":"\#(text)"}"#))
        let forge = GiteaBench.open(network)
        let error = try await GiteeBench.error {
            try await forge.createTag(TagDraft(name: "v2", description: "", ref: "main"), in: GiteaBench.kettle)
        }
        #expect(error?.code == code)
    }

    @Test func `a tag that a release hangs on says so`() async throws {
        let network = StubNetwork(.init(.delete, repo + "/tags/v1", status: 409, json: #"{"message":"x"}"#))
        let forge = GiteaBench.open(network)
        let error = try await GiteeBench.error { try await forge.deleteTag(named: "v1", in: GiteaBench.kettle) }
        #expect(error?.code == .conflict)
        #expect(error?.message.contains("release") == true)
    }

    @Test func `commits are ten, their dates in UTC`() async throws {
        let network = StubNetwork(
            .init(
                .get, repo + "/commits?sha=feature%2Fx&page=1&limit=10" + GiteaBench.bare,
                json: try GiteaBench.fixture("commits")))
        let list = try await GiteaBench.open(network).commits(of: GiteaBench.kettle, at: "feature/x")
        #expect(
            list == [
                Commit(sha: GiteaBench.tip, message: "Boil\n\nAll of it.\n", authoredDate: "2024-02-29T22:30:00Z"),
                Commit(
                    sha: String(repeating: "2", count: 40), message: "Begin 🫖", authoredDate: "2023-12-31T23:59:59Z"),
            ])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a tree is all pages of one commit`() async throws {
        let tree = repo + "/git/trees/\(GiteaBench.tip)?recursive=true&page="
        let network = StubNetwork(
            .init(
                .get, repo + "/commits?sha=main&page=1&limit=1" + GiteaBench.bare,
                json: try GiteaBench.fixture("commits")),
            .init(.get, tree + "1&per_page=1000", json: try GiteaBench.fixture("tree_1")),
            .init(.get, tree + "2&per_page=1000", json: try GiteaBench.fixture("tree_2")))
        #expect(try await GiteaBench.open(network).files(of: GiteaBench.kettle, at: "main") == ["README.md", "docs/x"])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a tree that never ends is an outage`() async throws {
        let network = StubNetwork(answering: { request in
            .json(try GiteaBench.fixture(request.url.contains("/commits") ? "commits" : "tree_1"))
        })
        let forge = GiteaBench.open(network)
        let error = try await GiteeBench.error { _ = try await forge.files(of: GiteaBench.kettle, at: "main") }
        #expect(error?.code == .unavailable)
        #expect(network.requests.count == 3)
    }

    @Test func `a file, a link and a large file are read byte for byte`() async throws {
        let contents = repo + "/contents/"
        let network = StubNetwork(
            .init(.get, contents + "a%20b/%23.md?ref=v1", json: try GiteaBench.fixture("file")),
            .init(.get, contents + "latest?ref=main", json: try GiteaBench.fixture("symlink")),
            .init(.get, contents + "big?ref=main", json: try GiteaBench.fixture("file_large")),
            .init(
                .get, repo + "/raw/big?ref=main",
                .success(Upstream.Response(status: 200, body: Array("big bytes".utf8)))))
        let forge = GiteaBench.open(network)
        #expect(try await forge.file(at: GiteaBench.location("a b/#.md", "v1")).bytes == Array("# Kettle\n".utf8))
        #expect(try await forge.file(at: GiteaBench.location("latest")).bytes == Array("docs/a".utf8))
        #expect(try await forge.file(at: GiteaBench.location("big")).bytes == Array("big bytes".utf8))
        #expect(network.complaints.isEmpty)
    }

    @Test func `nothing, a directory and a submodule are not found, other bytes are an outage`() async throws {
        let submodule = try GiteaBench.fixture("symlink").replacing("symlink", with: "submodule")
        for (status, body, code) in [
            (404, GiteaBench.notFound, ForgeError.Code.notFound), (200, try GiteaBench.fixture("directory"), .notFound),
            (200, submodule, .notFound), (200, try GiteaBench.fixture("file_large"), .unavailable),
        ] {
            let network = StubNetwork(answering: { request in
                request.url.contains("/contents/")
                    ? .json(body, status: status) : Upstream.Response(status: 200, body: [1, 2, 3])
            })
            let forge = GiteaBench.open(network)
            let error = try await GiteeBench.error { _ = try await forge.file(at: GiteaBench.location("x")) }
            #expect(error?.code == code)
        }
    }

    @Test func `a change is locked by the blob, and a refused one says why`() async throws {
        let branch = StubNetwork.Step(.get, repo + "/branches/main", json: try GiteaBench.fixture("branch"))
        let read = StubNetwork.Step(
            .get, repo + "/contents/README.md?ref=\(GiteaBench.tip)", json: try GiteaBench.fixture("file"))
        let blob = GoodForge(.gitea).blob
        let network = StubNetwork(
            branch, read, .init(.delete, repo + "/contents/README.md", json: try GiteaBench.fixture("change")), branch,
            read, .init(.put, repo + "/contents/README.md", status: 422, json: #"{"message":"sha does not match"}"#),
            .init(.get, repo + "/contents/README.md?ref=main", json: try GiteaBench.fixture("file_large")), branch,
            .init(.post, repo + "/contents/README.md", status: 422, json: #"{"message":"x"}"#),
            .init(.get, repo + "/contents/README.md?ref=main", json: try GiteaBench.fixture("file")))
        let forge = GiteaBench.open(network)
        let location = GiteaBench.location("README.md")
        try await forge.change(FileChange(.delete(expected: GiteaBench.tip), message: "m"), at: location)
        #expect(try #require(network.requests.last).jsonBody()["sha"]?.string == blob)
        let late = try await GiteeBench.error {
            try await forge.change(FileChange(.update(bytes: [1], expected: blob), message: "m"), at: location)
        }
        #expect(late?.code == .conflict)
        let taken = try await GiteeBench.error {
            try await forge.change(FileChange(.create(bytes: [1]), message: "m"), at: location)
        }
        #expect(taken?.code == .alreadyExists)
        #expect(network.complaints.isEmpty)
    }

    @Test func `a tag takes no file`() async throws {
        let network = StubNetwork(
            .init(.get, repo + "/branches/v1", status: 404, json: GiteaBench.notFound),
            .init(.get, repo, json: try GiteaBench.fixture("repository")),
            .init(
                .get, repo + "/commits?sha=v1&page=1&limit=1" + GiteaBench.bare,
                json: try GiteaBench.fixture("commits")))
        let forge = GiteaBench.open(network)
        let error = try await GiteeBench.error {
            try await forge.change(
                FileChange(.create(bytes: [1]), message: "m"), at: GiteaBench.location("x", "v1"))
        }
        #expect(error?.code == .invalidRequest)
        #expect(network.complaints.isEmpty)
    }

    @Test func `a webhook is made for pushes with a JSON body and a secret`() async throws {
        let network = StubNetwork(
            .init(.post, repo + "/hooks", status: 201, json: try GiteaBench.fixture("hook")),
            .init(
                .get, repo + "/hooks" + GiteaBench.page, headers: ["X-Total-Count": "2"],
                json: try GiteaBench.fixture("hooks")))
        let forge = GiteaBench.open(network)
        let draft = HookDraft(url: "https://ci.example.org/hook", secret: Secret("s3cret"))
        #expect(
            try await forge.createHook(draft, in: GiteaBench.kettle)
                == Hook(id: "33", callbackURL: "https://ci.example.org/hook"))
        #expect(
            try #require(network.requests.first).jsonBody()
                == .object([
                    "type": .string("gitea"), "active": .bool(true), "events": .array([.string("push")]),
                    "config": .object([
                        "url": .string("https://ci.example.org/hook"), "content_type": .string("json"),
                        "secret": .string("s3cret"),
                    ]),
                ]))
        #expect(try await forge.hooks(of: GiteaBench.kettle).map(\.id) == ["31", "32"])
        #expect(network.complaints.isEmpty)
    }

    @Test func `a refresh token that is used up ends the grant, in Gitea's own word for it`() async throws {
        let refused = #"{"error":"unauthorized_client","error_description":"token was already used"}"#
        let network = StubNetwork(
            .init(.post, "https://gitea.com/login/oauth/access_token", status: 400, json: refused))
        let flow = OAuthFlow(
            OAuthApplication(
                host: .official(.gitea), site: nil, clientID: "c", clientSecret: Secret("s"),
                redirectURI: "https://gate.example/oauth/callback",
                scopes: OAuthApplication.defaultScopes(of: .official(.gitea))), upstream: network.upstream,
            now: { 1000 })
        let tokens = OAuthTokens(accessToken: Secret("a"), refreshToken: Secret("r"), expires: 1, scopes: [])
        let error = try await GiteeBench.error { _ = try await flow.refresh(tokens) }
        #expect(error?.code == .credentialRejected)
        #expect(network.complaints.isEmpty)
    }
}
