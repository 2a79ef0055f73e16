// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// One thing that a check has found, and what to do where it is not good.
struct Finding: Sendable, Hashable {
    enum Level: String, Sendable {
        case good
        case warning
        case bad
    }

    let level: Level
    /// What it is about, in a word or two.
    let about: String
    let text: String

    init(_ level: Level, _ about: String, _ text: String) {
        self.level = level
        self.about = about
        self.text = text
    }

    static func good(_ about: String, _ text: String) -> Finding { Finding(.good, about, text) }
    static func warning(_ about: String, _ text: String) -> Finding { Finding(.warning, about, text) }
    static func bad(_ about: String, _ text: String) -> Finding { Finding(.bad, about, text) }
}
