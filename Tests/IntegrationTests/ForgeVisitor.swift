// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Testing

/// A person at an emulated forge's pages, as far as forms and cookies go.
final class ForgeVisitor {
    private let host: String
    private var cookies: [String: String] = [:]

    init(_ host: String) {
        self.host = host
    }

    /// Opens the address that an application has given, signs in, and allows it what it asks for.
    func allow(_ address: String, user: String, password: String) async throws -> (code: String, state: String) {
        let signIn = try await open(address)
        let entered = try await submit(signIn.body, user: user, password: password)
        let consent = try await open(try #require(entered.location))
        let allowed = try await submit(consent.body)
        let items = URLComponents(string: try #require(allowed.location, "\(consent.body)"))?.queryItems
        func item(_ name: String) throws -> String {
            try #require(items?.first { $0.name == name }?.value, "\(allowed.location ?? "")")
        }
        return (try item("code"), try item("state"))
    }

    /// Follows redirects within the forge.
    private func open(_ address: String) async throws -> (body: String, location: String?) {
        var next = address
        for _ in 0..<5 {
            let answer = try await send("GET", next)
            guard let location = answer.location, location.hasPrefix("/") else { return answer }
            next = location
        }
        throw URLError(.httpTooManyRedirects)
    }

    /// Fills and sends the first form of a page.
    private func submit(
        _ page: String, user: String = "", password: String = ""
    ) async throws -> (body: String, location: String?) {
        let form = try #require(page.components(separatedBy: "<form ").dropFirst().first, "\(page)")
        let fields = form.components(separatedBy: "<input ").dropFirst().compactMap { input -> String? in
            guard let name = Self.attribute("name", input) else { return nil }
            var value = Self.attribute("value", input) ?? ""
            if name.contains("pass") {
                value = password
            } else if name.contains("user") || name.contains("login") {
                value = user
            }
            return MainJobTests.encode(name) + "=" + MainJobTests.encode(value)
        }
        return try await send(
            "POST", try #require(Self.attribute("action", form)), body: fields.joined(separator: "&"))
    }

    private func send(
        _ method: String, _ path: String, body: String? = nil
    ) async throws -> (body: String, location: String?) {
        var headers = ["Cookie": cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")]
        if body != nil { headers["Content-Type"] = "application/x-www-form-urlencoded" }
        let address = path.hasPrefix("/") ? host + path : path
        var request = HTTPClientRequest(url: address)
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let answer = try await Self.client.execute(request, timeout: .seconds(60))
        for header in answer.headers["Set-Cookie"] {
            let pair = header.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1).map(String.init)
            if pair.count == 2 { cookies[pair[0]] = pair[1] }
        }
        let text = String(buffer: try await answer.body.collect(upTo: 1 << 20))
        return (text, answer.headers.first(name: "Location"))
    }

    private static func attribute(_ name: String, _ tag: String) -> String? {
        guard let start = tag.range(of: "\(name)=\"") else { return nil }
        return tag[start.upperBound...].prefix { $0 != "\"" }.replacingOccurrences(of: "&quot;", with: "\"")
            .replacingOccurrences(of: "&#39;", with: "'").replacingOccurrences(of: "&amp;", with: "&")
    }

    /// One that follows no redirect: the last one leads to an application.
    private static let client = HTTPClient(
        eventLoopGroupProvider: .singleton, configuration: .init(redirectConfiguration: .disallow))
}
