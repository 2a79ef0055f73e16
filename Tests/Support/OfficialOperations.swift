// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Forges
import Foundation
import Testing

/// A list of a forge's operations that was taken from a client generated from the forge's own description: method, path,
/// and for each parameter its place, its type and whether it is required. To hold requests against.
package struct OfficialOperations: Sendable {
    private let operations: [JSONTree]
    private let base: String
    private let spanning: Set<String>

    /// - Parameters:
    ///   - path: under `corpora/official` of the shared folder.
    ///   - base: what stands before an operation's path in an address.
    ///   - spanning: holes of paths that may hold slashes, as `{path}`.
    package init(_ path: String, base: String, spanning: Set<String> = []) throws {
        let shared = try #require(TestData.shared)
        let root = try JSONTree(parsing: Data(contentsOf: shared.appending(path: "corpora/official/" + path)))
        operations = try #require(root["operations"]?.array)
        self.base = base
        self.spanning = spanning
    }

    /// One sentence for each place where a request is not as described; empty where it agrees.
    package func problems(in request: Upstream.Request) -> [String] {
        guard request.url.hasPrefix(base), let url = URLComponents(string: request.url) else {
            return ["\(request.url) is not below \(base)"]
        }
        let path = String(request.url.dropFirst(base.count).prefix { $0 != "?" })
        let name = "\(request.method.rawValue) \(path)"
        guard let operation = operation(request.method.rawValue, path) else { return ["\(name) is not described"] }
        var given: [String: JSONTree] = [:]
        for item in url.queryItems ?? [] { given[item.name] = .string(item.value ?? "") }
        var found: [String] = []
        if let body = request.body {
            guard let members = (try? JSONTree(parsing: body))?.object else {
                return ["\(name): the body is no object"]
            }
            if request.method == .get || request.method == .delete { found.append("a body is not described") }
            given.merge(members) { $1 }
        }
        let parameters = (operation["parameters"]?.object ?? [:]).filter { $0.value["in"]?.string != "path" }
        for (key, value) in given {
            guard let parameter = parameters[key] else {
                found.append("\(key) is not described")
                continue
            }
            if !agrees(value, parameter["type"]?.string ?? "") { found.append("\(key) is of another type") }
        }
        for (key, parameter) in parameters where parameter["required"]?.bool == true && given[key] == nil {
            found.append("\(key) is missing")
        }
        return found.sorted().map { "\(name): \($0)" }
    }

    /// Whether a described operation has this method and path.
    package func has(_ method: String, _ path: String) -> Bool {
        operation(method, path) != nil
    }

    private func operation(_ method: String, _ path: String) -> JSONTree? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let fitting = operations.compactMap { operation -> (Int, JSONTree)? in
            guard operation["method"]?.string == method, let template = operation["path"]?.string else { return nil }
            let words = template.split(separator: "/", omittingEmptySubsequences: false)
            return alike(words[...], parts[...]).map { ($0, operation) }
        }
        return fitting.max { $0.0 < $1.0 }?.1
    }

    /// How many words a path has in common with a described one; nil where it does not fit.
    private func alike(_ words: ArraySlice<Substring>, _ parts: ArraySlice<Substring>) -> Int? {
        guard let word = words.first, let part = parts.first else { return words.isEmpty && parts.isEmpty ? 0 : nil }
        if word == part { return alike(words.dropFirst(), parts.dropFirst()).map { $0 + 1 } }
        guard word.hasPrefix("{"), !part.isEmpty else { return nil }
        if let rest = alike(words.dropFirst(), parts.dropFirst()) { return rest }
        return spanning.contains(String(word)) ? alike(words, parts.dropFirst()) : nil
    }

    /// A query has texts only.
    private func agrees(_ value: JSONTree, _ type: String) -> Bool {
        switch (type, value) {
        case ("int", .integer), ("bool", .bool), ("str", .string): true
        case ("int", .string(let text)): Int(text) != nil
        case ("bool", .string(let text)): text == "true" || text == "false"
        case ("", _), ("Any", _): true
        default: false
        }
    }
}
