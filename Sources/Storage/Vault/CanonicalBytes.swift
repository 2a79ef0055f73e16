// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Texts in a row, unambiguous: every part has its length before it, and an absent text differs from an empty one.
struct CanonicalBytes: Sendable {
    private(set) var bytes: [UInt8] = []

    /// - Parameter kind: what it is and in which form, so that one thing's bytes are never another's.
    init(_ kind: String) {
        bytes.reserveCapacity(512)
        append(kind)
    }

    mutating func append(_ part: String?) {
        guard let part else {
            bytes.append(0)
            return
        }
        bytes.append(1)
        withUnsafeBytes(of: UInt64(part.utf8.count).bigEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: part.utf8)
    }

    mutating func append(_ number: Int64?) {
        append(number.map { String($0) })
    }
}
