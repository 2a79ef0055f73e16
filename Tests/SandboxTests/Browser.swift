// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import Testing

/// A person's browser, as far as plain forms and cookies go.
struct Browser {
    let trial: SandboxTrial
    private var cookies: [String: String] = [:]

    init(_ trial: SandboxTrial) {
        self.trial = trial
    }

    /// Opens a page and follows redirects on the same host.
    mutating func open(_ path: String) async throws -> Answer {
        var next = path
        for _ in 0..<5 {
            let answer = try await send(.GET, next, nil)
            guard let location = answer.headers.first(name: "Location"), location.hasPrefix("/") else { return answer }
            next = location
        }
        throw BrowserProblem.tooManyRedirects
    }

    /// Fills and sends one of a page's forms; the first one where none is named. Follows no redirect.
    mutating func submit(
        _ page: Answer, form index: Int = 0, user: String = "", password: String = ""
    ) async throws -> Answer {
        let forms = page.text.components(separatedBy: "<form ").dropFirst()
        let form = try #require(Array(forms).indices.contains(index) ? Array(forms)[index] : nil)
        let action = try #require(Self.attribute("action", in: form))
        let fields = form.components(separatedBy: "<input ").dropFirst().compactMap { input -> (String, String)? in
            guard let name = Self.attribute("name", in: input) else { return nil }
            let value = Self.attribute("value", in: input) ?? ""
            if name.contains("pass") { return (name, password) }
            return name.contains("user") || name.contains("login") ? (name, user) : (name, value)
        }
        return try await send(.POST, action, Self.encode(fields))
    }

    /// Opens the authorize page, signs in as the seeded user and gives the consent page.
    mutating func signIn(_ path: String) async throws -> Answer {
        let page = try await open(path)
        let answer = try await submit(
            page, user: trial.forge.signIn.user, password: trial.forge.signIn.password.exposed)
        return try await open(try #require(answer.headers.first(name: "Location")))
    }

    /// The same, then allows; gives the query's fields of the address that the browser is sent back to.
    mutating func signInAndAllow(_ path: String) async throws -> [String: String] {
        let answer = try await submit(try await signIn(path))
        #expect(answer.status == 302)
        let location = try #require(answer.headers.first(name: "Location"))
        let items = URLComponents(string: location)?.queryItems ?? []
        return Dictionary(items.map { ($0.name, $0.value ?? "") }) { first, _ in first }
    }

    private mutating func send(_ method: HTTPMethod, _ path: String, _ body: String?) async throws -> Answer {
        var headers = [("Cookie", cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; "))]
        if body != nil { headers.append(("Content-Type", "application/x-www-form-urlencoded")) }
        let answer = try await trial.send(method, path, headers: headers, body: body.map { Array($0.utf8) })
        for header in answer.headers["Set-Cookie"] {
            let pair = header.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1).map(String.init)
            if pair.count == 2 { cookies[pair[0]] = pair[1] }
        }
        return answer
    }

    static func encode(_ fields: [(String, String)]) -> String {
        let allowed = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._~"))
        let escaped = { (text: String) in text.addingPercentEncoding(withAllowedCharacters: allowed) ?? "" }
        return fields.map { escaped($0.0) + "=" + escaped($0.1) }.joined(separator: "&")
    }

    private static func attribute(_ name: String, in tag: String) -> String? {
        guard let start = tag.range(of: "\(name)=\"") else { return nil }
        let value = tag[start.upperBound...].prefix { $0 != "\"" }
        return value.replacingOccurrences(of: "&quot;", with: "\"").replacingOccurrences(of: "&#39;", with: "'")
            .replacingOccurrences(of: "&lt;", with: "<").replacingOccurrences(of: "&gt;", with: ">")
            .replacingOccurrences(of: "&amp;", with: "&")
    }
}

enum BrowserProblem: Error {
    case tooManyRedirects
}
