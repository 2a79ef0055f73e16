// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Access
import Crypto
import Forges
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Model
import Storage
import TestSupport

@testable import Web

/// The whole site over a ``TestHouse``, asked without a socket.
struct TestSite {
    let house: TestHouse
    let client: any TestClientProtocol

    /// A GitHub that answers every call of the operations with something fitting.
    static func withSite<Value: Sendable>(
        network: StubNetwork = StubNetwork { StubGitHub.answer($0) }, isReady: Bool = true,
        keystone: StubKeystone? = nil, door: FrontDoor = FrontDoor(), quota: Quota = .unlimited,
        _ body: @Sendable @escaping (TestSite) async throws -> Value
    ) async throws -> Value {
        let house = try await TestHouse(network: network, quota: quota)
        let router = try makeRouter(
            broker: house.broker, identity: identity(of: house, keystone), publicURL: "https://gate.example.org",
            door: door,
            isReady: { isReady })
        return try await Application(router: router).test(.router) { client in
            try await body(TestSite(house: house, client: client))
        }
    }

    private static func identity(of house: TestHouse, _ keystone: StubKeystone?) -> Identity {
        guard let keystone, let service = keystone.service else { return house.identity }
        let wall = house.clock.wall
        let client = KeystoneClient(service, upstream: keystone.upstream, now: { wall.seconds })
        return house.identity.trusting(ExternalTokens(client, store: house.store, clock: wall))
    }

    var root: String { "/v1/\(house.caller.tenant.id)/git" }

    /// A sample's path below the API's root. The record's stands beside `git`.
    func address(of path: String) -> String {
        path.hasPrefix("/audit") ? "/v1/\(house.caller.tenant.id)\(path)" : root + path
    }

    /// A sample's body, with a state that is good.
    func body(of sample: DoorTests.Sample) async throws -> String? {
        guard let name = sample.body?.split(separator: " ").last, sample.body?.hasPrefix("STATE ") == true else {
            return sample.body
        }
        let address = try await house.broker.redirect(to: .github, site: nil, name: nil, with: house.grant())
        let state = URLComponents(string: address)?.queryItems?.first { $0.name == "state" }?.value ?? ""
        return #"{"name":"\#(name)","code":"c","state":"\#(state)"}"#
    }

    func token(of caller: Caller? = nil) async throws -> String {
        let caller = caller ?? house.caller
        return try await house.identity.issue(
            KeystoneAuthRequest(method: .password(.id(caller.user.id), TestHouse.password), scope: nil)
        ).token.exposed
    }

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPFields
        let text: String

        func json() throws -> [String: Any] {
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
        }

        var code: String? { (try? json())?["error_code"] as? String }
        var message: String? { (try? json())?["error_msg"] as? String }
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, headers: [String: String] = [:], body: String? = nil
    ) async throws -> Answer {
        try await send(method, path, headers: headers, bytes: body.map { Array($0.utf8) })
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, headers: [String: String] = [:], bytes: [UInt8]?
    ) async throws -> Answer {
        var fields = HTTPFields()
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return try await client.execute(
            uri: path, method: method, headers: fields, body: bytes.map { ByteBuffer(bytes: $0) }
        ) { response in
            Answer(status: response.status.code, headers: response.headers, text: String(buffer: response.body))
        }
    }

    /// Sends with the caller's token, and with an authorization that is there.
    func call(
        _ method: HTTPRequest.Method, _ path: String, headers: [String: String] = [:], body: String? = nil
    ) async throws -> Answer {
        let mine = ["X-Auth-Token": try await token(), "X-Repo-Auth": "main"].merging(headers) { $1 }
        return try await send(method, address(of: path), headers: mine, body: body)
    }

    /// Stores the authorization that ``call(_:_:headers:body:)`` names.
    /// - Parameter usePolicy: nil for none.
    func storeMain(usePolicy: String? = TestSite.openUsePolicy) async throws {
        try await house.store(.personal(Secret("canary-personal-token")), named: "main")
        guard let usePolicy, let name = AuthorizationName("main") else { return }
        _ = try await house.vault.setUsePolicy(usePolicy, of: name, tenant: house.caller.tenant.id)
    }

    /// A use-policy that lets everything through.
    static let openUsePolicy = #"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["*"]}]}"#
}

/// Fitting answers for every call that the operations make of GitHub, for a repository with one file.
enum StubGitHub {
    static let sha = String(repeating: "a", count: 40)
    /// The blob of an empty file.
    static let empty = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"

    static func answer(_ request: Upstream.Request) -> Upstream.Response {
        let path = URLComponents(string: request.url)?.percentEncodedPath ?? ""
        let repository = """
            {"id":1,"name":"harbour","full_name":"octavia/harbour","private":true,"default_branch":"main",
            "owner":{"login":"octavia","id":7,"type":"User"},"clone_url":"https://github.com/octavia/harbour.git"}
            """
        if request.url == "https://github.com/login/oauth/access_token" {
            return .json(#"{"access_token":"canary-oauth-token","token_type":"bearer","scope":"repo"}"#)
        }
        switch (request.method, path) {
        case (.get, "/user"):
            return .json(
                #"{"login":"octavia","id":7,"html_url":"https://github.com/octavia","avatar_url":"https://a.example.org"}"#
            )
        case (.get, "/user/orgs"): return .json("[]")
        case (.get, "/user/repos"): return .json("[\(repository)]")
        case (.post, "/user/repos"): return .json(repository, status: 201)
        case (.get, "/repos/octavia/harbour"): return .json(repository)
        case (.get, "/repos/octavia/harbour/branches"): return .json(#"[{"name":"main","commit":{"sha":"\#(sha)"}}]"#)
        case (.get, "/repos/octavia/harbour/tags"): return .json(#"[{"name":"v1","commit":{"sha":"\#(sha)"}}]"#)
        case (.get, "/repos/octavia/harbour/branches/main"):
            return .json(#"{"name":"main","commit":{"sha":"\#(sha)"}}"#)
        case (.get, "/repos/octavia/harbour/git/ref/heads/main"), (.get, "/repos/octavia/harbour/git/refs/heads/main"):
            return .json(#"{"ref":"refs/heads/main","object":{"type":"commit","sha":"\#(sha)"}}"#)
        case (.post, "/repos/octavia/harbour/git/tags"): return .json(#"{"sha":"\#(sha)","tag":"v2"}"#, status: 201)
        case (.post, "/repos/octavia/harbour/git/refs"):
            return .json(#"{"ref":"refs/tags/v2","object":{"type":"commit","sha":"\#(sha)"}}"#, status: 201)
        case (.delete, "/repos/octavia/harbour/git/refs/tags/v1"): return .json("", status: 204)
        case (.get, "/repos/octavia/harbour/commits"):
            return .json(
                #"[{"sha":"\#(sha)","commit":{"message":"first","author":{"name":"o","email":"o@example.org","date":"2024-01-02T03:04:05Z"}}}]"#
            )
        case (.get, "/repos/octavia/harbour/hooks"):
            return .json(#"[{"id":5,"config":{"url":"https://example.org/hook"}}]"#)
        case (.post, "/repos/octavia/harbour/hooks"):
            return .json(#"{"id":6,"config":{"url":"https://example.org/hook"}}"#, status: 201)
        case (.delete, "/repos/octavia/harbour/hooks/5"): return .json("", status: 204)
        case (.get, "/repos/octavia/harbour/git/trees/\(sha)"), (.get, "/repos/octavia/harbour/git/trees/main"):
            return .json(
                #"{"sha":"\#(sha)","truncated":false,"tree":[{"path":"README.md","mode":"100644","type":"blob","sha":"\#(empty)"}]}"#
            )
        case (.get, "/repos/octavia/harbour/contents/README.md"):
            return .json(
                #"{"type":"file","encoding":"base64","size":0,"name":"README.md","path":"README.md","content":"","sha":"\#(empty)"}"#
            )
        case (.get, "/repos/octavia/harbour/contents/new.txt"): return .json(#"{"message":"Not Found"}"#, status: 404)
        case (.put, _):
            return .json(
                #"{"content":{"sha":"\#(sha)"},"commit":{"sha":"\#(sha)"}}"#,
                status: path.hasSuffix("new.txt") ? 201 : 200)
        case (.delete, "/repos/octavia/harbour/contents/README.md"):
            return .json(#"{"content":null,"commit":{"sha":"\#(sha)"}}"#)
        default: return .json(#"{"message":"Not Found"}"#, status: 404)
        }
    }
}
