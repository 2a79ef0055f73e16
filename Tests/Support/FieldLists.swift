// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Forges
import Foundation
import Testing

/// The operations of a forge as its SDK has them: method, path, and the fields of requests and answers with their types.
/// To hold requests and answers against.
package struct FieldLists: Sendable {
    private let operations: [JSONTree]

    /// - Parameters:
    ///   - path: under `corpora/official` of the shared folder.
    ///   - lists: the names of the lists of operations in it, the most important first.
    package init(_ path: String, lists: [String]) throws {
        let shared = try #require(TestData.shared)
        let root = try JSONTree(parsing: Data(contentsOf: shared.appending(path: "corpora/official/" + path)))
        operations = try lists.flatMap { try #require(root[$0]?.array) }
    }

    /// One sentence for each place where a request is not as described; empty where it agrees.
    /// - Parameter base: what stands before a described path in an address.
    package func problems(in request: Upstream.Request, base: String) -> [String] {
        guard request.url.hasPrefix(base), let url = URLComponents(string: request.url) else {
            return ["\(request.url) is not below \(base)"]
        }
        let path = String(request.url.dropFirst(base.count).prefix { $0 != "?" })
        let name = "\(request.method.rawValue) \(path)"
        guard let operation = operation(request.method.rawValue, path) else { return ["\(name) is not described"] }
        var found: [String] = []
        let described = operation["request"]
        let allowed = (operation["query_params"]?.array ?? []).compactMap(\.string)
        let given = (url.queryItems ?? []).map(\.name)
        for item in url.queryItems ?? [] {
            guard allowed.contains(item.name), let field = described?[item.name] else {
                found.append("the parameter \(item.name) is not described")
                continue
            }
            if !Self.agrees(item.value ?? "", field["type"]?.string ?? "") {
                found.append("the parameter \(item.name) is of another type")
            }
            // Choices are words at the beginning of a line, each with its meaning behind it.
            if let choices = Self.choices(field), !choices.contains(item.value ?? "") {
                found.append("the parameter \(item.name) has an undescribed value")
            }
        }
        for (field, facts) in described?.object ?? [:]
        where facts["required_by_sdk"]?.bool == true && allowed.contains(field) && !given.contains(field) {
            found.append("the parameter \(field) is missing")
        }
        found += body(request.body, described?["body"])
        if !request.headers.contains(where: { $0.name == "Content-Type" && $0.value == "application/json" }) {
            found.append("the content type is missing")
        }
        return found.sorted().map { "\(name): \($0)" }
    }

    /// One sentence for each place where an answer has what is not described; empty where it agrees. What it leaves out is
    /// not asked for: every described field is optional.
    package func problems(in answer: JSONTree, _ method: String, _ path: String) -> [String] {
        guard let operation = operation(method, String(path.prefix { $0 != "?" })), let response = operation["response"]
        else { return ["\(method) \(path) is not described"] }
        let fields = (response.object ?? [:]).filter { $0.key != "X-Total" }
        guard let body = fields["body"], fields.count == 1 else { return check(answer, fields, at: "") }
        return check(answer, field: body, at: "")
    }

    /// The operation whose path has the most words in common with a path.
    private func operation(_ method: String, _ path: String) -> JSONTree? {
        let parts = path.split(separator: "/")
        let fitting = operations.compactMap { operation -> (Int, JSONTree)? in
            let words = (operation["path"]?.string ?? "").split(separator: "/")
            guard operation["method"]?.string == method, words.count == parts.count else { return nil }
            var common = 0
            for (word, part) in zip(words, parts) where !word.hasPrefix("{") {
                guard word == part else { return nil }
                common += 1
            }
            return (common, operation)
        }
        return fitting.max { $0.0 < $1.0 }?.1
    }

    private func body(_ bytes: [UInt8]?, _ described: JSONTree?) -> [String] {
        guard let bytes else { return described == nil ? [] : ["the body is missing"] }
        guard let fields = described?["fields"]?.object else { return ["a body is not described"] }
        guard let tree = try? JSONTree(parsing: bytes), let members = tree.object else {
            return ["the body is no object"]
        }
        let missing = fields.filter { $0.value["required_by_sdk"]?.bool == true && members[$0.key] == nil }
        return check(tree, fields, at: "the body") + missing.keys.map { "the body.\($0) is missing" }
    }

    private func check(_ value: JSONTree, _ fields: [String: JSONTree], at path: String) -> [String] {
        guard let members = value.object else { return ["\(path.isEmpty ? "the answer" : path) is \(value.typeName)"] }
        return members.sorted { $0.key < $1.key }.flatMap { name, member -> [String] in
            let place = path.isEmpty ? name : path + "." + name
            guard let field = fields[name] else { return ["\(place) is not described"] }
            return check(member, field: field, at: place)
        }
    }

    private func check(_ value: JSONTree, field: JSONTree, at path: String) -> [String] {
        if value == .null { return [] }
        let type = field["type"]?.string ?? ""
        if type.hasPrefix("list[") {
            guard let elements = value.array else { return ["\(path) is \(value.typeName), described as a list"] }
            let element = String(type.dropFirst(5).dropLast())
            return elements.flatMap { each -> [String] in
                if let fields = field["fields"]?.object { return check(each, fields, at: path + "[]") }
                return Self.agrees(each, element) ? [] : ["\(path)[] is \(each.typeName), described as \(element)"]
            }
        }
        if let fields = field["fields"]?.object { return check(value, fields, at: path) }
        return Self.agrees(value, type) ? [] : ["\(path) is \(value.typeName), described as \(type)"]
    }

    private static func choices(_ field: JSONTree) -> [String]? {
        guard let text = field["constraint_zh"]?.string ?? field["range"]?.string, text.hasPrefix("- ") else {
            return nil
        }
        return text.split(separator: "- ").compactMap {
            $0.split(whereSeparator: { "，, ".contains($0) }).first.map(String.init)
        }
    }

    private static func agrees(_ text: String, _ type: String) -> Bool {
        switch type {
        case "int": Int(text) != nil
        case "bool": ["true", "false"].contains(text)
        default: true
        }
    }

    private static func agrees(_ value: JSONTree, _ type: String) -> Bool {
        switch (type, value) {
        case ("int", .integer), ("float", .integer), ("float", .number), ("str", .string), ("datetime", .string),
            ("bool", .bool):
            true
        // A type without fields in the list.
        default: !["int", "float", "str", "datetime", "bool"].contains(type)
        }
    }
}
