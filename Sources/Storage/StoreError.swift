// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Why the store or the vault did not do what was asked.
///
/// ``message`` is a sentence for the operator. Neither it nor ``cause`` ever holds a value that was to be stored.
package struct StoreError: Error, Sendable, Hashable {
    package enum Code: String, CaseIterable, Sendable, Hashable {
        /// Something of this name or id is there already. Choose another name.
        case alreadyExists
        /// What shall be changed, or what a new row shall belong to, is not there (any more).
        case notFound
        /// A compare-and-set lost: somebody else changed the credential first. Read again.
        case changed
        /// A value breaks a rule of the schema (an empty name, one that is too long). Change the request.
        case invalid
        /// The tenant has as many as its quota allows. Delete one, or let the operator allow more.
        case overQuota
        /// A row does not open under the master key: it was tampered with, moved, or sealed under another key.
        case unsealable
        /// The master key is missing, malformed, readable by others, or not the one that this store was sealed under.
        /// Seen at the start only. Give the right key.
        case masterKeyRefused
        /// A newer Gatehouse wrote this store. Run that one, or restore a backup of before.
        case newerSchema
        /// The store is locked, full, read-only, damaged or cannot be reached. Look at the machine, try again.
        case unavailable
    }

    package let code: Code
    package let message: String
    /// The lower layer's own words, for the log.
    package let cause: String?

    package init(_ code: Code, _ message: String, cause: String? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        guard let cause else { return "\(code.rawValue): \(message)" }
        return "\(code.rawValue): \(message) (\(cause))"
    }
}
