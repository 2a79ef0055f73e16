// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// A JSON value whose objects keep the order of their members, as the forges' answers have one.
///
/// Written with literals: `["id": 1, "name": "main", "protected": false, "license": nil]`.
enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([Member])
    /// The JSON text of a string that needs no escapes but those already in it, quotes included. Only for large contents.
    case encoded([UInt8])

    struct Member: Sendable, Hashable {
        let key: String
        let value: JSON
    }
}

extension JSON {
    /// A string, or `null` for nil.
    static func optional(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }

    /// An integer, or `null` for nil.
    static func optional(_ number: Int?) -> JSON { number.map(JSON.integer) ?? .null }

    /// An object's member; nil for other values and for a member that is not there.
    subscript(key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.key == key }?.value
    }

    /// This object with further members behind its own; a member of the same name is replaced where it stands.
    func adding(_ other: JSON) -> JSON {
        guard case .object(var members) = self, case .object(let more) = other else { return self }
        for member in more {
            if let index = members.firstIndex(where: { $0.key == member.key }) {
                members[index] = member
            } else {
                members.append(member)
            }
        }
        return .object(members)
    }

    /// This object without some members.
    func removing(_ keys: Set<String>) -> JSON {
        guard case .object(let members) = self else { return self }
        return .object(members.filter { !keys.contains($0.key) })
    }

    var stringValue: String? { if case .string(let text) = self { text } else { nil } }
    var boolValue: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    var intValue: Int? { if case .integer(let number) = self { number } else { nil } }
    var arrayValue: [JSON]? { if case .array(let values) = self { values } else { nil } }
    var isNull: Bool { self == .null }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    init(stringLiteral value: String) { self = .string(value) }
    init(integerLiteral value: Int) { self = .integer(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(nilLiteral: ()) { self = .null }
    init(arrayLiteral elements: JSON...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { Member(key: $0.0, value: $0.1) })
    }
}

extension JSON: Codable {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Name.self) {
            self = .object(
                try container.allKeys.map {
                    Member(key: $0.stringValue, value: try container.decode(JSON.self, forKey: $0))
                }
            )
            return
        }
        let container = try decoder.singleValueContainer()
        // One of these succeeds for every JSON value: a failure only means that it is of another kind.
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .bool(flag)
        } else if let number = try? container.decode(Int.self) {
            self = .integer(number)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .string(text)
        } else {
            self = .array(try container.decode([JSON].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .object(let members):
            var container = encoder.container(keyedBy: Name.self)
            for member in members { try container.encode(member.value, forKey: Name(stringValue: member.key)) }
        case .array(let values):
            var container = encoder.unkeyedContainer()
            for value in values { try container.encode(value) }
        case .null, .bool, .integer, .number, .string, .encoded:
            var container = encoder.singleValueContainer()
            switch self {
            case .bool(let flag): try container.encode(flag)
            case .integer(let number): try container.encode(number)
            case .number(let number): try container.encode(number)
            case .string(let text): try container.encode(text)
            case .encoded(let text): try container.encode(String(decoding: text.dropFirst().dropLast(), as: UTF8.self))
            default: try container.encodeNil()
            }
        }
    }
}
