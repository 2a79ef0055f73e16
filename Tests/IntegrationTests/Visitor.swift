// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Testing

/// Somebody with a browser who signs in at a forge's pages and allows what is asked for: plain forms, redirects and cookies.
struct Visitor {
    private var cookies: [String: String] = [:]

    /// What the forge sends back with: the code and the state.
    struct Consent {
        let code: String
        let state: String
    }

    /// Opens a consent page and does what it wants.
    mutating func allow(_ address: String, as user: SandboxCaller.Ready.SignIn) async throws -> Consent {
        var url = try #require(URL(string: address))
        var form: String?
        for _ in 0..<8 {
            let answer = try await send(url, form)
            form = nil
            if let location = answer.headers.first(name: "Location") {
                url = try #require(URL(string: location, relativeTo: url)).absoluteURL
                if let consent = Self.consent(url) { return consent }
                continue
            }
            let page = try #require(Form(answer.page), "\(answer.page)")
            form = page.filled(user: user.user, password: user.password)
            url = try #require(URL(string: page.action, relativeTo: url)).absoluteURL
        }
        throw Lost(at: url)
    }

    private static func consent(_ url: URL) -> Consent? {
        let query = URLComponents(url: url, resolvingAgainstBaseURL: true)?.queryItems ?? []
        guard let code = query.first(where: { $0.name == "code" })?.value,
            let state = query.first(where: { $0.name == "state" })?.value
        else { return nil }
        return Consent(code: code, state: state)
    }

    private mutating func send(_ url: URL, _ form: String?) async throws -> (headers: HTTPHeaders, page: String) {
        var request = HTTPClientRequest(url: url.absoluteString)
        request.headers.add(name: "Cookie", value: cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; "))
        if let form {
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            request.body = .bytes(ByteBuffer(string: form))
        }
        let response = try await Self.client.execute(request, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: 1 << 20)
        for cookie in response.headers["Set-Cookie"] {
            let pair = cookie.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1).map(String.init)
            if pair.count == 2 { cookies[pair[0]] = pair[1] }
        }
        return (response.headers, String(buffer: body))
    }

    /// Shows redirects rather than follow them.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    struct Lost: Error {
        let at: URL
    }
}

/// The first form of a page.
private struct Form {
    let action: String
    private let fields: [(name: String, value: String)]

    init?(_ page: String) {
        let parts = page.components(separatedBy: "<form ")
        guard parts.count > 1, let action = Self.attribute("action", in: parts[1]) else { return nil }
        self.action = action
        let form = parts[1].components(separatedBy: "</form>")[0]
        fields = form.components(separatedBy: "<input ").dropFirst().compactMap { input in
            Self.attribute("name", in: input).map { ($0, Self.attribute("value", in: input) ?? "") }
        }
    }

    func filled(user: String, password: String) -> String {
        fields.map { name, value in
            let text = name.contains("pass") ? password : name.contains("user") || name.contains("login") ? user : value
            return MainJobTests.encode(name) + "=" + MainJobTests.encode(text)
        }.joined(separator: "&")
    }

    private static func attribute(_ name: String, in tag: String) -> String? {
        guard let start = tag.range(of: "\(name)=\"") else { return nil }
        let value = String(tag[start.upperBound...].prefix { $0 != "\"" })
        return [("&quot;", "\""), ("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
            .reduce(value) { $0.replacing($1.0, with: $1.1) }
    }
}
