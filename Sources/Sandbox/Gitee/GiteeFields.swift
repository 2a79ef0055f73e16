// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// A request's parameters: those of the query and of the body, which may be a form or JSON, as one set. The body's win.
struct GiteeFields: Sendable {
    private let values: [String: JSON]

    /// - Throws: ``BodyProblem``.
    init(_ request: ForgeRequest) async throws {
        var values = Self.texts(request.query)
        if request.method != .get, request.method != .head {
            if request.mediaType == "application/json" {
                guard case .object(let members) = try await request.json() else { throw BodyProblem.notJSON }
                for member in members { Self.add(member.value, as: member.key, to: &values) }
            } else {
                let body = FormFields(parsing: String(decoding: try await request.bytes(), as: UTF8.self))
                values.merge(Self.texts(body)) { $1 }
            }
        }
        self.values = values
    }

    private static func texts(_ fields: FormFields) -> [String: JSON] {
        Dictionary(fields.fields.map { ($0.name, JSON.string($0.value)) }) { $1 }
    }

    /// `{"author": {"name": …}}` of JSON is the form's `author[name]`.
    private static func add(_ value: JSON, as key: String, to values: inout [String: JSON]) {
        guard case .object(let members) = value else {
            values[key] = value
            return
        }
        for member in members { values["\(key)[\(member.key)]"] = member.value }
    }

    /// nil where it is not there or null.
    func text(_ name: String) throws(GiteeRefusal) -> String? {
        switch values[name] {
        case nil, .null?: return nil
        case .string(let text)?: return text
        case .integer(let number)?: return String(number)
        case .bool(let flag)?: return String(flag)
        default: throw .invalid(name)
        }
    }

    /// A text that must be there; it may be empty.
    func required(_ name: String) throws(GiteeRefusal) -> String {
        guard let text = try text(name) else { throw .missing(name) }
        return text
    }

    func flag(_ name: String) throws(GiteeRefusal) -> Bool? {
        guard let text = try text(name)?.lowercased(), !text.isEmpty else { return nil }
        switch text {
        case "true", "1", "t", "on": return true
        case "false", "0", "f", "off": return false
        default: throw .invalid(name)
        }
    }

    func number(_ name: String) throws(GiteeRefusal) -> Int? {
        guard let text = try text(name), !text.isEmpty else { return nil }
        guard let number = Int(text) else { throw .invalid(name) }
        return number
    }

    /// One of a few words; nil where it is not there.
    func word(_ name: String, of words: Set<String>) throws(GiteeRefusal) -> String? {
        guard let text = try text(name), !text.isEmpty else { return nil }
        guard words.contains(text) else { throw GiteeRefusal(400, "\(name) does not have a valid value") }
        return text
    }
}
