// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Model

/// Where a new password comes from. A password given as an argument would be seen by every user of the machine, so there is no option
/// that takes one.
struct PasswordSource: ParsableArguments {
    @Flag(help: "Read the password from the first line of standard input.")
    var passwordStdin = false

    /// nil where a password is to be made.
    /// - Throws: `ValidationError` where standard input has none.
    func given() throws -> Secret? {
        guard passwordStdin else { return nil }
        guard let line = try StandardInput.line() else {
            throw ValidationError("There is no password on standard input.")
        }
        return Secret(line)
    }
}
