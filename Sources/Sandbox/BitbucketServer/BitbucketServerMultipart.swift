// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// The parts of a change's form, by name.
struct BitbucketServerMultipart: Sendable {
    private let parts: [String: [UInt8]]

    /// - Throws: BitbucketServerRefusal for a body of another type or without a boundary.
    init(_ request: ForgeRequest, _ body: [UInt8]) throws(BitbucketServerRefusal) {
        guard request.mediaType == "multipart/form-data" else {
            throw BitbucketServerRefusal(status: 415, message: "HTTP 415 Unsupported Media Type")
        }
        guard let form = Multipart(body, type: request.headers[.contentType] ?? "") else {
            throw .invalid(nil, "The form has no boundary.")
        }
        let named = form.parts.compactMap { part in part.name.map { ($0, part.bytes) } }
        parts = Dictionary(named) { $1 }
    }

    /// nil where there is no such part.
    func bytes(_ name: String) -> [UInt8]? { parts[name] }

    /// nil where there is no such part, or an empty one.
    func text(_ name: String) -> String? {
        parts[name].flatMap { $0.isEmpty ? nil : String(decoding: $0, as: UTF8.self) }
    }
}
