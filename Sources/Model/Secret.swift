// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Text that must never be seen: a token, a password, a client secret, a secret key.
///
/// It does not print. String interpolation, `dump`, mirrors and debug descriptions give `<secret>`, so a secret that
/// ends up in a log line or an error by mistake is not in clear there. The text is reached only through ``exposed``,
/// which makes every place that uses it easy to find.
package struct Secret: Sendable, Hashable {
    /// The text itself. Read it only where it is put on the wire, sealed or compared.
    package let exposed: String

    package init(_ exposed: String) {
        self.exposed = exposed
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<secret>" }
    package var debugDescription: String { "<secret>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
