// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// A request as it came over the wire, as far as a signature covers it.
package struct SignedRequest: Sendable {
    package let method: String
    /// The path with its percent-encoding as received, without the query.
    package let path: String
    /// What stands after the first `?`, as received; empty where there is none.
    package let query: String
    /// All values of a header, in the order received; the name is given in lower case. `host` must give the authority.
    package let headers: @Sendable (_ name: String) -> [String]
    package let body: SignedBody

    package init(
        method: String, path: String, query: String, headers: @escaping @Sendable (_ name: String) -> [String],
        body: SignedBody
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }
}

/// A request's body, as the exact bytes that were received, to be hashed as its signature wants it.
package struct SignedBody: Sendable {
    let isEmpty: Bool
    private let hashed: @Sendable ((UnsafeRawBufferPointer) -> [UInt8]) -> [UInt8]

    /// - Parameter hashed: calls what it is given with the bytes, and gives what that gives.
    package init(isEmpty: Bool, _ hashed: @escaping @Sendable ((UnsafeRawBufferPointer) -> [UInt8]) -> [UInt8]) {
        self.isEmpty = isEmpty
        self.hashed = hashed
    }

    package init(_ body: [UInt8]) {
        self.init(isEmpty: body.isEmpty) { hash in body.withUnsafeBytes { hash($0) } }
    }

    func digest(by hash: SigningHash) -> [UInt8] {
        hashed { hash.digest($0) }
    }
}
