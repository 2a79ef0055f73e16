// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

extension StringProtocol {
    /// What stands between the slashes, empty parts included.
    ///
    /// By bytes, as git and the forges see them. To Swift a slash with a combining mark behind it (`/` and U+0301) is another
    /// character than a slash: a `..` before it would not be found.
    package var pathParts: [String] {
        utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
