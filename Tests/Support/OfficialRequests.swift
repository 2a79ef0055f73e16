// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Forges
import Foundation
import Testing

/// A forge's own description of its API (OpenAPI 3 or Swagger 2), to hold requests against.
///
/// A request must be of a described method and path; every query parameter and every member of its body must be
/// described, of the described type and among the described values; and nothing that is required may be missing.
package struct OfficialRequests: Sendable {
    private let root: JSONTree
    private let base: String
    private let undescribed: Set<String>
    private let spanning: Set<String>
    private let unasked: Set<String>

    /// - Parameters:
    ///   - path: under `corpora/official` of the shared folder.
    ///   - base: what stands before a described path in an address.
    ///   - undescribed: query parameters that the forge documents elsewhere.
    ///   - spanning: holes of paths that may hold slashes, as `{path}`.
    ///   - unasked: members of bodies that are called required and yet left out in the forge's own examples.
    package init(
        _ path: String, base: String, undescribed: Set<String> = [], spanning: Set<String> = [],
        unasked: Set<String> = []
    ) throws {
        let shared = try #require(TestData.shared)
        root = try JSONTree(parsing: Data(contentsOf: shared.appending(path: "corpora/official/" + path)))
        self.base = base
        self.undescribed = undescribed
        self.spanning = spanning
        self.unasked = unasked
    }

    /// One sentence for each place where a request is not as described; empty where it agrees.
    package func problems(in request: Upstream.Request) -> [String] {
        guard request.url.hasPrefix(base), let url = URLComponents(string: request.url) else {
            return ["\(request.url) is not below \(base)"]
        }
        let path = String(request.url.dropFirst(base.count).prefix { $0 != "?" })
        let name = "\(request.method.rawValue) \(path)"
        guard let (item, operation) = operation(request.method.rawValue.lowercased(), path) else {
            return ["\(name) is not described"]
        }
        let parameters = ((item["parameters"]?.array ?? []) + (operation["parameters"]?.array ?? [])).map(resolve)
        var found = query(url.queryItems ?? [], parameters.filter { $0["in"]?.string == "query" })
        let described = parameters.first { $0["in"]?.string == "body" }?["schema"] ?? bodySchema(operation)
        found += body(request.body, described)
        return found.map { "\(name): \($0)" }
    }

    /// The operation whose path has the most words in common with a path.
    private func operation(_ method: String, _ path: String) -> (item: JSONTree, operation: JSONTree)? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let fitting = (root["paths"]?.object ?? [:]).compactMap { template, item -> (Int, JSONTree, JSONTree)? in
            let words = template.split(separator: "/", omittingEmptySubsequences: false)
            guard let operation = item[method], let alike = alike(words[...], parts[...]) else { return nil }
            return (alike, item, operation)
        }
        return fitting.max { $0.0 < $1.0 }.map { ($0.1, $0.2) }
    }

    /// How many words a path has in common with a described one; nil where it does not fit.
    private func alike(_ words: ArraySlice<Substring>, _ parts: ArraySlice<Substring>) -> Int? {
        guard let word = words.first, let part = parts.first else { return words.isEmpty && parts.isEmpty ? 0 : nil }
        if word == part { return alike(words.dropFirst(), parts.dropFirst()).map { $0 + 1 } }
        guard word.hasPrefix("{"), !part.isEmpty else { return nil }
        if let rest = alike(words.dropFirst(), parts.dropFirst()) { return rest }
        return spanning.contains(String(word)) ? alike(words, parts.dropFirst()) : nil
    }

    private func query(_ items: [URLQueryItem], _ parameters: [JSONTree]) -> [String] {
        var found: [String] = []
        for item in items where !undescribed.contains(item.name) {
            guard let parameter = parameters.first(where: { $0["name"]?.string == item.name }) else {
                found.append("the parameter \(item.name) is not described")
                continue
            }
            let schema = resolve(parameter["schema"] ?? parameter)
            let text = item.value ?? ""
            let value: JSONTree? =
                switch schema["type"]?.string {
                case "integer": Int(text).map(JSONTree.integer)
                case "boolean": ["true": JSONTree.bool(true), "false": .bool(false)][text]
                default: .string(text)
                }
            guard let value else {
                found.append("the parameter \(item.name) is not \(schema["type"]?.string ?? "?"): \(text)")
                continue
            }
            if let allowed = schema["enum"]?.array, !allowed.contains(value) {
                found.append("the parameter \(item.name) has a value that is not described: \(text)")
            }
        }
        for parameter in parameters where parameter["required"]?.bool == true {
            let name = parameter["name"]?.string
            if !items.contains(where: { $0.name == name }) { found.append("the parameter \(name ?? "?") is missing") }
        }
        return found
    }

    private func bodySchema(_ operation: JSONTree) -> JSONTree? {
        operation["requestBody"].map(resolve)?["content"]?["application/json"]?["schema"]
    }

    private func body(_ bytes: [UInt8]?, _ schema: JSONTree?) -> [String] {
        guard let bytes else {
            let required = schema.map(resolve)?["required"]?.array ?? []
            return required.isEmpty ? [] : ["the body is missing"]
        }
        guard let schema else { return ["a body is not described"] }
        do {
            return check(try JSONTree(parsing: bytes), schema, at: "the body", outermost: true)
        } catch {
            return ["the body is no JSON"]
        }
    }

    private func check(_ value: JSONTree, _ unresolved: JSONTree, at path: String, outermost: Bool) -> [String] {
        let schema = resolve(unresolved)
        if let parts = schema["allOf"]?.array {
            return parts.flatMap { check(value, $0, at: path, outermost: outermost) }
        }
        if let choices = schema["oneOf"]?.array ?? schema["anyOf"]?.array, schema["properties"] == nil {
            let tries = choices.map { check(value, $0, at: path, outermost: outermost) }
            return tries.contains(where: \.isEmpty) ? [] : tries.min { $0.count < $1.count } ?? []
        }
        if let type = schema["type"]?.string, !agrees(value, type) {
            return ["\(path) is \(value.typeName), not \(type)"]
        }
        if let allowed = schema["enum"]?.array, !allowed.contains(value) { return ["\(path) has an undescribed value"] }
        switch value {
        case .array(let elements):
            guard let items = schema["items"] else { return [] }
            return elements.flatMap { check($0, items, at: path + "[]", outermost: false) }
        case .object(let members):
            guard let properties = schema["properties"]?.object else { return [] }
            var found: [String] = []
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                if let property = properties[name] {
                    found += check(member, property, at: path + "." + name, outermost: false)
                } else if schema["additionalProperties"] == nil {
                    found.append("\(path).\(name) is not described")
                }
            }
            // Swagger descriptions of GitLab call every member of a list's element required.
            guard outermost || root["swagger"] == nil else { return found }
            let required = (schema["required"]?.array ?? []).compactMap(\.string)
            let missing = required.filter { members[$0] == nil && !unasked.contains($0) }
            return found + missing.map { "\(path).\($0) is missing" }
        default: return []
        }
    }

    private func agrees(_ value: JSONTree, _ type: String) -> Bool {
        switch (type, value) {
        case ("integer", .integer), ("number", .integer), ("number", .number), ("string", .string),
            ("boolean", .bool), ("array", .array), ("object", .object), ("null", .null):
            true
        default: false
        }
    }

    private func resolve(_ node: JSONTree) -> JSONTree {
        var current = node
        while let reference = current["$ref"]?.string {
            var target: JSONTree? = root
            for part in reference.split(separator: "/").dropFirst() {
                target = target?[part.replacing("~1", with: "/").replacing("~0", with: "~")]
            }
            guard let target else { return .null }
            current = target
        }
        return current
    }
}

extension JSONTree {
    fileprivate subscript(key: some StringProtocol) -> JSONTree? { self[String(key)] }
}
