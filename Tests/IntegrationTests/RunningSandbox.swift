// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// A running `gatehouse sandbox`, and a caller of its API.
struct RunningSandbox {
    let process: GatehouseProcess
    let caller: SandboxCaller

    var ready: SandboxCaller.Ready { caller.ready }

    /// Starts a sandbox on free ports and waits until all of it is up.
    static func start(
        in directory: URL, state: URL? = nil, more: [String] = [], environment: [String: String] = [:]
    ) async throws -> RunningSandbox {
        let file = directory.appending(path: "ready-\(UUID().uuidString).json")
        var arguments = ["sandbox", "--port", "0", "--forge-port", "0", "--ready-file", file.path] + more
        if let state { arguments += ["--state", state.path] }
        let process = try GatehouseProcess(arguments, in: directory, environment: environment)
        let ready = try JSONDecoder().decode(SandboxCaller.Ready.self, from: try await process.wait(for: file))
        return RunningSandbox(process: process, caller: try await SandboxCaller(ready))
    }

    /// As ``SandboxCaller/call(_:_:as:body:)``.
    func call(
        _ method: String, _ path: String, as authorization: String? = nil, body: [String: String]? = nil
    ) async throws -> SandboxCaller.Answer {
        try await caller.call(method, path, as: authorization, body: body)
    }
}

/// Somebody who calls a sandbox's API with a token.
struct SandboxCaller: Sendable {
    struct Ready: Decodable, Sendable {
        struct AccessKey: Decodable, Sendable {
            let ak: String
            let sk: String
        }

        struct User: Decodable, Sendable {
            let domain: String
            let name: String
            let password: String
        }

        struct Forge: Decodable, Sendable {
            let host: String
            let login: String
            let sign_in: SignIn
            let basic: SignIn?
            let token: String
            let oauth: Application
            let namespace: String
            let project: String
        }

        struct Application: Decodable, Sendable {
            let client_id: String
            let client_secret: String
        }

        struct SignIn: Decodable, Sendable {
            let user: String
            let password: String
        }

        let endpoint: String
        let project_id: String
        let access_key: AccessKey
        let user: User
        let forges: [String: Forge]
    }

    struct Answer {
        let status: Int
        let headers: HTTPHeaders
        let body: Data

        func json() throws -> [String: Any] {
            try JSONSerialization.jsonObject(with: body) as? [String: Any] ?? [:]
        }

        var errorCode: String? { (try? json())?["error_code"] as? String }
    }

    let ready: Ready
    let token: String

    init(_ ready: Ready) async throws {
        self.ready = ready
        token = try await Self.token(ready)
    }

    private static func token(_ ready: Ready) async throws -> String {
        let body = """
            {"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"\(ready.user.name)",\
            "password":"\(ready.user.password)","domain":{"name":"\(ready.user.domain)"}}}},\
            "scope":{"project":{"id":"\(ready.project_id)"}}}}
            """
        let answer = try await send("POST", ready.endpoint + "/v3/auth/tokens", headers: [:], body: Data(body.utf8))
        return answer.headers.first(name: "X-Subject-Token") ?? ""
    }

    /// Calls an operation. `path` stands below `/v1/{project_id}/git`.
    func call(
        _ method: String, _ path: String, as authorization: String? = nil, body: [String: String]? = nil
    ) async throws -> Answer {
        var headers = ["X-Auth-Token": token, "Content-Type": "application/json"]
        headers["X-Repo-Auth"] = authorization
        return try await Self.send(
            method, "\(ready.endpoint)/v1/\(ready.project_id)/git\(path)", headers: headers,
            body: try body.map { try JSONEncoder().encode($0) })
    }

    static func send(
        _ method: String, _ url: String, headers: [String: String], body: Data? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let bytes = try await response.body.collect(upTo: 64 << 20)
        return Answer(status: Int(response.status.code), headers: response.headers, body: Data(bytes.readableBytesView))
    }
}
