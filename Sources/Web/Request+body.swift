// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore

extension Request {
    /// Whether the body may have more than 64 KiB, as far as the headers tell.
    var mayHaveLargeBody: Bool {
        if headers[.transferEncoding] != nil { return true }
        return headers[.contentLength].map { Int($0) ?? .max > 64 << 10 } ?? false
    }

    /// The whole body. What breaks off or is not well-formed is the sender's fault, not this program's.
    /// - Throws: ``ProblemError`` (400); `NIOTooManyBytesError` or `HTTPError` for one over the limit.
    func bytes(upTo limit: Int) async throws -> ByteBuffer {
        try requireLength(upTo: limit)
        do {
            return try await body.collect(upTo: limit)
        } catch {
            throw Self.explained(error)
        }
    }

    /// The same, and the request has it from then on.
    mutating func collect(upTo limit: Int) async throws -> ByteBuffer {
        try requireLength(upTo: limit)
        do {
            return try await collectBody(upTo: limit)
        } catch {
            throw Self.explained(error)
        }
    }

    /// Who asks before sending a body is told at once that it is too long. Not so who sends it already: a connection that ends
    /// while its body is still coming takes the answer with it.
    private func requireLength(upTo limit: Int) throws {
        guard head.asksBeforeSending, let text = headers[.contentLength], let length = Int(text), length > limit else {
            return
        }
        throw NIOTooManyBytesError(maxBytes: limit)
    }

    private static func explained(_ error: any Error) -> any Error {
        switch error {
        case is NIOTooManyBytesError, is HTTPError, is CancellationError: error
        default: ProblemError.invalid("The request's body is cut off, or it is not well-formed HTTP.")
        }
    }
}
