// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird
import Model

/// A request's JSON body, read member by member so that each fault gets its own sentence. Unknown members are passed over.
struct Body: Sendable {
    private let members: [String: Value]

    /// A member's value, as far as the API has any use for it.
    private enum Value: Decodable, Sendable {
        case text(String)
        case null
        case other

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else {
                self = container.decodeNil() ? .null : .other
            }
        }
    }

    /// - Throws: 400 for what is no JSON object in UTF-8; 413 for a body over the limit.
    init(_ request: Request) async throws {
        let buffer = try await request.bytes(upTo: Authentication.bodyLimit)
        try self.init(json: Data(buffer.readableBytesView))
    }

    /// - Throws: 400 for what is no JSON object in UTF-8.
    init(json: Data) throws {
        guard !json.isEmpty else { throw ProblemError.invalid("The body is empty. Send a JSON object.") }
        // The decoder would take UTF-16 and UTF-32, too: whoever checks bodies on the way here might read another object.
        guard !json.contains(0), String(validating: json, as: UTF8.self) != nil else { throw Self.noObject }
        do {
            members = try JSONDecoder().decode([String: Value].self, from: json)
        } catch {
            throw Self.noObject
        }
    }

    private static let noObject = ProblemError.invalid("The body is not a JSON object in UTF-8, or it is cut off.")

    func has(_ name: String) -> Bool {
        if case .text = members[name] { true } else { false }
    }

    /// A text that must be there and not be empty, at most `limit` bytes of UTF-8.
    func text(_ name: String, limit: Int) throws -> String {
        guard let text = try optional(name, limit: limit), !text.isEmpty else {
            throw ProblemError.invalid("\(name) is missing or empty in the body.")
        }
        return text
    }

    /// A text that may be absent, null or empty.
    func optional(_ name: String, limit: Int) throws -> String? {
        switch members[name] {
        case nil, .null: return nil
        case .other: throw ProblemError.invalid("\(name) must be a string in the body.")
        case .text(let text):
            guard text.utf8.count <= limit else {
                throw ProblemError.invalid("\(name) is longer than \(limit) bytes.")
            }
            guard !text.utf8.contains(0) else { throw ProblemError.invalid("\(name) holds a NUL character.") }
            return text
        }
    }

    /// A text that must be there and may be empty.
    func present(_ name: String, limit: Int) throws -> String {
        guard let text = try optional(name, limit: limit) else {
            throw ProblemError.invalid("\(name) is missing in the body.")
        }
        return text
    }

    /// A secret that must be there: one line without control characters, as it goes into a header.
    func secret(_ name: String) throws -> Secret {
        let text = try self.text(name, limit: 65_536)
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw ProblemError.invalid("\(name) holds control characters or line ends. Copy it again.")
        }
        return Secret(text)
    }

    /// Bytes in base64. Line ends inside are taken, other foreign characters are not. An empty text is an empty file.
    func base64(_ name: String) throws -> [UInt8] {
        let text = try present(name, limit: Authentication.bodyLimit)
        let packed = text.utf8.filter { $0 != 0x0A && $0 != 0x0D }
        // Foundation takes padding that is too much or in the midst, and leaves bytes out.
        let pad = UInt8(ascii: "=")
        let padding = packed.reversed().prefix { $0 == pad }.count
        guard packed.count.isMultiple(of: 4), padding <= 2, !packed.dropLast(padding).contains(pad),
            let data = Data(base64Encoded: Data(packed))
        else {
            throw ProblemError.invalid("\(name) is not base64 (RFC 4648 §4, with padding).")
        }
        return Array(data)
    }
}
