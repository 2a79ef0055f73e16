// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// The parameters of one request, read as GitLab's API framework reads them: the query and the body are one set, each
/// parameter has a type, and all complaints are told together as `{"error": "branch is missing, …"}` with status 400.
///
/// Read everything first, then call ``validate()``; what was read before that may be a stand-in.
struct GitLabForm: Sendable {
    private let values: [String: JSON]
    private(set) var complaints: [String] = []
    /// What was read and its value, defaults included: GitLab repeats these in its paging links.
    private(set) var declared: [String: String] = [:]

    init(_ values: [String: JSON]) {
        self.values = values
    }

    /// Throws ``GitLabRefusal`` with every complaint so far.
    func validate() throws(GitLabRefusal) {
        guard complaints.isEmpty else { throw .error(400, complaints.joined(separator: ", ")) }
    }

    func has(_ name: String) -> Bool { values[name] != nil }

    // MARK: Texts

    mutating func text(_ name: String) -> String? {
        guard let value = values[name] else { return nil }
        switch value {
        case .null: return nil
        case .string(let text): return remember(name, text)
        case .integer(let number): return remember(name, String(number))
        case .number(let number): return remember(name, String(number))
        case .bool(let flag): return remember(name, String(flag))
        case .array, .object, .encoded:
            complaints.append("\(name) is invalid")
            return nil
        }
    }

    /// A text that must be there; where `blank` is false it may not be empty either. GitLab complains twice about a
    /// missing one that may not be blank.
    mutating func requiredText(_ name: String, blank: Bool = true) -> String {
        let before = complaints.count
        let value = text(name)
        guard complaints.count == before else { return "" }
        if value == nil, !has(name) { complaints.append("\(name) is missing") }
        if !blank, (value ?? "").allSatisfy(\.isWhitespace) { complaints.append("\(name) is empty") }
        return value ?? ""
    }

    mutating func choice(_ name: String, of allowed: [String], default fallback: String) -> String {
        guard let value = text(name) else { return remember(name, fallback) }
        guard allowed.contains(value) else {
            complaints.append("\(name) does not have a valid value")
            return fallback
        }
        return value
    }

    /// A text out of a set, or nil where it is not given.
    mutating func choice(_ name: String, of allowed: [String]) -> String? {
        guard let value = text(name) else { return nil }
        if !allowed.contains(value) { complaints.append("\(name) does not have a valid value") }
        return value
    }

    // MARK: Numbers and flags

    mutating func integer(_ name: String) -> Int? {
        guard let value = values[name] else { return nil }
        let number: Int?
        switch value {
        case .null: return nil
        case .integer(let given): number = given
        case .string(let text) where text.isEmpty: return nil
        case .string(let text): number = Int(text)
        default: number = nil
        }
        guard let number else {
            complaints.append("\(name) is invalid")
            return nil
        }
        declared[name] = String(number)
        return number
    }

    mutating func flag(_ name: String) -> Bool? {
        guard let value = values[name] else { return nil }
        let flag: Bool?
        switch value {
        case .null: return nil
        case .bool(let given): flag = given
        case .integer(1): flag = true
        case .integer(0): flag = false
        case .string(let text):
            switch text.lowercased() {
            case "": return nil
            case "true", "t", "1", "on": flag = true
            case "false", "f", "0", "off": flag = false
            default: flag = nil
            }
        default: flag = nil
        }
        guard let flag else {
            complaints.append("\(name) is invalid")
            return nil
        }
        declared[name] = String(flag)
        return flag
    }

    mutating func flag(_ name: String, default fallback: Bool) -> Bool {
        if let given = flag(name) { return given }
        declared[name] = String(fallback)
        return fallback
    }

    /// A list of objects; nil where it is not given.
    mutating func objects(_ name: String) -> [JSON]? {
        guard let value = values[name] else { return nil }
        guard case .array(let items) = value, items.allSatisfy(\.isObject) else {
            complaints.append("\(name) is invalid")
            return nil
        }
        return items
    }

    mutating func complain(_ text: String) { complaints.append(text) }

    /// Everything that was sent and nobody asked for: GitLab carries it along in paging links.
    var undeclared: [String: String] {
        var rest: [String: String] = [:]
        for (name, value) in values where declared[name] == nil {
            switch value {
            case .string(let text): rest[name] = text
            case .integer(let number): rest[name] = String(number)
            case .bool(let flag): rest[name] = String(flag)
            default: continue
            }
        }
        return rest
    }

    private mutating func remember(_ name: String, _ value: String) -> String {
        declared[name] = value
        return value
    }
}

extension JSON {
    fileprivate var isObject: Bool {
        if case .object = self { true } else { false }
    }
}
