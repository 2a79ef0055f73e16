// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Why a command was not carried out, in a sentence for whoever typed it.
struct Refusal: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
