// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The versions of the master key that are at hand. It does not print.
package struct KeyRing: Sendable {
    private(set) var keys: [Int64: MasterKey]

    init(_ keys: [Int64: MasterKey]) {
        self.keys = keys
    }

    /// Reads keys from text: each a version's number and the key as ``MasterKey/init(text:)`` takes it, parted by blanks or
    /// lines: `1 KEY 2 KEY`. A key with no number before it is version 1, so that a text with one key only is that.
    /// - Throws: ``StoreError/Code/masterKeyRefused``.
    package init(text: String) throws(StoreError) {
        var words = text.split(whereSeparator: \.isWhitespace).map(String.init)[...]
        guard !words.isEmpty else {
            _ = try MasterKey(text: "")
            keys = [:]
            return
        }
        keys = [:]
        while let word = words.popFirst() {
            var version: Int64 = 1
            var key = word
            if let number = Self.version(word), let next = words.popFirst() {
                version = number
                key = next
            }
            guard keys[version] == nil else {
                throw StoreError(
                    .masterKeyRefused,
                    "Two master keys are given for the version \(version). Put its version's number before each: `1 KEY 2 KEY`."
                )
            }
            keys[version] = try MasterKey(text: key)
        }
    }

    subscript(version: Int64) -> MasterKey? { keys[version] }

    /// Smallest first; never empty.
    package var versions: [Int64] { keys.keys.sorted() }

    var newest: Int64 { versions.last ?? 1 }

    /// What a key file holds: a line for each version.
    var text: String {
        versions.compactMap { version in keys[version].map { "\(version) \($0.base64)\n" } }.joined()
    }

    /// A key has at least 43 characters, so a short number is a version's.
    private static func version(_ word: String) -> Int64? {
        guard word.utf8.count <= 7, let number = Int64(word), (1...1_000_000).contains(number) else { return nil }
        return number
    }
}

extension KeyRing: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<master keys>" }
    package var debugDescription: String { "<master keys>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
