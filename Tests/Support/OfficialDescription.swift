// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A forge's own description of its API (OpenAPI 3 or Swagger 2), to hold answers against.
package struct OfficialDescription: Sendable {
    private let root: JSONTree

    /// - Parameter path: under `corpora/official` of the shared folder, for example
    ///   `github/openapi.ghes-3.9.trimmed.json`.
    package init(_ path: String) throws {
        let shared = try #require(TestData.shared)
        root = try JSONTree(parsing: Data(contentsOf: shared.appending(path: "corpora/official/" + path)))
    }

    /// One sentence for each place where a body is not as described; empty where it agrees.
    /// - Parameters:
    ///   - path: as the description writes it, with its `{holes}`.
    ///   - asListOf: whether the schema describes one element and the answer is a list, as Swagger descriptions of
    ///     GitLab have it.
    package func problems(
        in body: JSONTree,
        _ method: String,
        _ path: String,
        status: Int,
        asListOf: Bool = false
    ) -> [String] {
        guard let operation = root["paths"]?[path]?[method.lowercased()] else {
            return ["\(method) \(path) is not described"]
        }
        guard let response = operation["responses"]?[String(status)].map(resolve) else {
            return ["\(method) \(path) is described without the status \(status)"]
        }
        let content = response["content"]?.object
        let media = content?["application/json"] ?? content?.sorted { $0.key < $1.key }.first?.value
        guard let schema = media?["schema"] ?? response["schema"] else { return [] }
        guard asListOf else { return check(body, schema, at: "") }
        guard let elements = body.array else { return ["the answer is no list"] }
        return elements.flatMap { check($0, schema, at: "[]") }
    }

    /// The same against a schema by its name.
    package func problems(in body: JSONTree, schema name: String) -> [String] {
        guard let schema = root["components"]?["schemas"]?[name] ?? root["definitions"]?[name] else {
            return ["no schema is called \(name)"]
        }
        return check(body, schema, at: "")
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

    private func check(_ value: JSONTree, _ unresolved: JSONTree, at path: String) -> [String] {
        let schema = resolve(unresolved)
        let here = path.isEmpty ? "the answer" : path
        // Swagger 2 cannot say `nullable`, and its authors did not miss it.
        let mayBeNull = schema["nullable"]?.bool ?? (root["swagger"] != nil || schema["x-nullable"]?.bool == true)
        if value == .null, mayBeNull || schema["type"] == nil { return [] }
        var found: [String] = []
        for part in schema["allOf"]?.array ?? [] { found += check(value, part, at: path) }
        if let choices = schema["anyOf"]?.array ?? schema["oneOf"]?.array {
            let tries = choices.map { check(value, $0, at: path) }
            if !tries.contains(where: \.isEmpty) {
                found += tries.min { $0.count < $1.count } ?? []
            }
        }
        if let type = schema["type"]?.string, !Self.agrees(value, type) {
            return found + ["\(here) is \(value.typeName), described as \(type)"]
        }
        if let allowed = schema["enum"]?.array, !allowed.contains(value), value != .null {
            found.append("\(here) is none of the described values")
        }
        switch value {
        case .array(let elements):
            if let items = schema["items"] {
                found += elements.flatMap { check($0, items, at: path + "[]") }
            }
        case .object(let members):
            for name in schema["required"]?.array ?? [] {
                if let name = name.string, members[name] == nil { found.append("\(join(path, name)) is missing") }
            }
            let properties = schema["properties"]?.object ?? [:]
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                if let property = properties[name] { found += check(member, property, at: join(path, name)) }
            }
        default: break
        }
        return found
    }

    private static func agrees(_ value: JSONTree, _ type: String) -> Bool {
        switch (type, value) {
        case ("integer", .integer), ("number", .integer), ("number", .number), ("string", .string),
            ("boolean", .bool), ("array", .array), ("object", .object), ("null", .null), ("file", _):
            true
        default: false
        }
    }

    private func join(_ path: String, _ name: String) -> String {
        path.isEmpty ? name : path + "." + name
    }
}

extension JSONTree {
    fileprivate subscript(key: some StringProtocol) -> JSONTree? { self[String(key)] }
}

/// A recorded exchange of a forge.
package struct Recording: Sendable {
    /// For example `github/user__401`.
    package let id: String
    package let status: Int
    /// By lower-case name.
    package let headers: [String: String]
    package let body: JSONTree

    /// Read once: it is large.
    private static let index = Result {
        let shared = try #require(TestData.shared).appending(path: "corpora")
        return try JSONTree(parsing: Data(contentsOf: shared.appending(path: "index.json")))
    }

    package init(_ id: String) throws {
        let shared = try #require(TestData.shared).appending(path: "corpora")
        let entry = try #require(try Self.index.get()["exchanges"]?.array?.first { $0["id"]?.string == id })
        self.id = id
        status = entry["status"]?.integer ?? 0
        let fields = (entry["response_headers"]?.object ?? [:]).compactMap { name, value in
            value.string.map { (name.lowercased(), $0) }
        }
        headers = Dictionary(fields) { first, _ in first }
        if let file = entry["file"]?.string {
            body = try JSONTree(parsing: Data(contentsOf: shared.appending(path: file)))
        } else {
            body = .null
        }
    }
}
