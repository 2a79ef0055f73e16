// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials

/// The 32 bytes under which everything in a store is sealed. It does not print.
package struct MasterKey: Sendable {
    let key: SymmetricKey

    /// A key as text: 64 hexadecimal digits, or base64 (either alphabet, with or without padding) of 32 bytes. White space
    /// around it is left out.
    /// - Throws: ``StoreError/Code/masterKeyRefused``.
    package init(text: String) throws(StoreError) {
        let text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let bytes: [UInt8]?
        if text.utf8.count == 64 {
            bytes = Hexadecimal.decode(text.utf8)
        } else {
            let standard = text.replacing("-", with: "+").replacing("_", with: "/").replacing("=", with: "")
            let padding = String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
            bytes = Data(base64Encoded: standard + padding).map { Array($0) }
        }
        guard let bytes, bytes.count == 32 else {
            throw StoreError(
                .masterKeyRefused,
                "The master key is not 32 bytes as 64 hexadecimal digits or as base64. "
                    + "For a new store `head -c 32 /dev/urandom | base64` makes one.")
        }
        // Zeros are what an unset template or a truncated device gives; nobody draws them.
        guard Set(bytes).count > 1 else {
            throw StoreError(.masterKeyRefused, "The master key repeats one byte. Draw a random one.")
        }
        key = SymmetricKey(data: bytes)
    }

    private init(key: SymmetricKey) {
        self.key = key
    }

    static func random() -> MasterKey {
        MasterKey(key: SymmetricKey(size: .bits256))
    }

    /// What a key file holds.
    var base64: String {
        key.withUnsafeBytes { Data($0).base64EncodedString() }
    }
}

extension MasterKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<master key>" }
    package var debugDescription: String { "<master key>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
