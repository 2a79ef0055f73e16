// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto

/// A request as it came over the wire, as far as a signature covers it.
package struct SignedRequest: Sendable {
    package let method: String
    /// The path with its percent-encoding as received, without the query.
    package let path: String
    /// What stands after the first `?`, as received; empty where there is none.
    package let query: String
    /// All values of a header, in the order received; the name is given in lower case. `host` must give the authority.
    package let headers: @Sendable (_ name: String) -> [String]
    package let body: BodyDigest

    package init(
        method: String, path: String, query: String, headers: @escaping @Sendable (_ name: String) -> [String],
        body: BodyDigest
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }
}

/// The SHA-256 of a request's body, as the exact bytes that were received.
package struct BodyDigest: Sendable, Hashable {
    /// 32 bytes.
    let bytes: [UInt8]
    let isEmpty: Bool

    package init(_ body: UnsafeRawBufferPointer) {
        var hash = SHA256()
        hash.update(bufferPointer: body)
        bytes = Array(hash.finalize())
        isEmpty = body.isEmpty
    }

    package init(_ body: [UInt8]) {
        self = body.withUnsafeBytes { BodyDigest($0) }
    }

    /// A request without a body.
    package static let empty = BodyDigest([])
}
