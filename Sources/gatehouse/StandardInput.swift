// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where commands read secrets from: an argument would be seen by every user of the machine.
enum StandardInput {
    private static let limit = 65_536

    /// The first line without its end; nil where it is empty or there is none.
    /// - Throws: ``Refusal`` for one that is too long or not UTF-8.
    static func line() throws -> String? {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(STDIN_FILENO, &byte, 1) == 1, byte != UInt8(ascii: "\n") {
            guard bytes.count < limit else { throw Refusal("The first line of standard input is longer than 64 KB.") }
            bytes.append(byte)
        }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Refusal("The first line of standard input is not UTF-8.")
        }
        return text.isEmpty ? nil : text
    }
}
