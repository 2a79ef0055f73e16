// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// Any JSON value, for tests that look into one without a type of its own.
package indirect enum JSONTree: Sendable, Hashable, Decodable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONTree])
    case object([String: JSONTree])

    package init(parsing data: Data) throws {
        self = try JSONDecoder().decode(JSONTree.self, from: data)
    }

    package init(parsing bytes: some Sequence<UInt8>) throws {
        try self.init(parsing: Data(bytes))
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
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
        } else if let values = try? container.decode([JSONTree].self) {
            self = .array(values)
        } else {
            self = .object(try container.decode([String: JSONTree].self))
        }
    }

    /// An object's member; nil for other values and for a member that is not there.
    package subscript(key: String) -> JSONTree? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    /// An array's element; nil for other values and beyond the end.
    package subscript(index: Int) -> JSONTree? {
        if case .array(let values) = self, values.indices.contains(index) { values[index] } else { nil }
    }

    package var string: String? { if case .string(let text) = self { text } else { nil } }
    package var integer: Int? { if case .integer(let number) = self { number } else { nil } }
    package var bool: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    package var array: [JSONTree]? { if case .array(let values) = self { values } else { nil } }
    package var object: [String: JSONTree]? { if case .object(let members) = self { members } else { nil } }

    /// JSON's name of the value's type; `number` for integers as well.
    package var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .integer, .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
