// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

extension DecodingError {
    /// Where in the body, and what was expected there; never what stood there.
    var whatIsWrong: String {
        switch self {
        case .keyNotFound(let key, let context):
            "\(Self.member(context.codingPath + [key])) is missing"
        case .typeMismatch(let type, let context):
            "\(Self.member(context.codingPath)) must be \(Self.kind(of: type))"
        case .valueNotFound(let type, let context):
            "\(Self.member(context.codingPath)) is null and must be \(Self.kind(of: type))"
        case .dataCorrupted: "it is not JSON"
        @unknown default: "it is not JSON"
        }
    }

    private static func member(_ path: [any CodingKey]) -> String {
        guard !path.isEmpty else { return "the body" }
        return path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }

    private static func kind(of type: any Any.Type) -> String {
        if type == String.self { return "a text" }
        if type is any BinaryInteger.Type { return "a whole number" }
        return type is any Sequence.Type && !(type is [String: Any].Type) ? "a list of texts" : "an object"
    }
}
