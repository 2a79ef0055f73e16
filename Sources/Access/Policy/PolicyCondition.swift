// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// One line of a Condition: `"StringEquals": {"gatehouse:Branch": ["main"]}`. It is met where one of the values fits, and a negated one
/// where none does.
package struct PolicyCondition: Sendable, Hashable {
    /// As it is written.
    package let name: String
    package let key: ConditionKey
    package let values: [String]
    let comparison: Comparison
    let isNegated: Bool
    /// `…IfExists`: met where the operation has no such thing.
    let isForExisting: Bool
    /// ``values`` without their letter case.
    private let folded: [String]

    enum Comparison: Sendable, Hashable {
        case equals
        case equalsIgnoringCase
        /// `*` for any text, `?` for one character.
        case pattern
        case start
        case end
    }

    /// The cloud's operators for texts, https://support.huaweicloud.com/intl/en-us/usermanual-iam/iam_01_0019.html, and
    /// `StringMatch` of its newer policies. Each also with `IfExists`.
    static let operators: [String: (comparison: Comparison, isNegated: Bool)] = [
        "StringEquals": (.equals, false), "StringNotEquals": (.equals, true),
        "StringEqualsIgnoreCase": (.equalsIgnoringCase, false),
        "StringNotEqualsIgnoreCase": (.equalsIgnoringCase, true),
        "StringLike": (.pattern, false), "StringNotLike": (.pattern, true),
        "StringMatch": (.pattern, false), "StringNotMatch": (.pattern, true),
        "StringStartWith": (.start, false), "StringNotStartWith": (.start, true),
        "StringEndWith": (.end, false), "StringNotEndWith": (.end, true),
    ]

    /// nil where there is no such operator.
    init?(_ name: String, key: ConditionKey, values: [String]) {
        let isForExisting = name.hasSuffix("IfExists")
        guard let found = Self.operators[isForExisting ? String(name.dropLast(8)) : name] else { return nil }
        self.name = name
        self.key = key
        self.values = values
        self.isForExisting = isForExisting
        comparison = found.comparison
        isNegated = found.isNegated
        folded = values.map { $0.lowercased() }
    }

    enum Outcome: Sendable, Hashable {
        case met
        case notMet
        /// It hangs on what is not known yet.
        case pending
    }

    /// Whether it is met. Whatever is doubtful lets nobody in: what cannot be told is no reason to allow and is one to deny, and letter
    /// case counts only where that allows less.
    func outcome(for fact: Fact, effect: PolicyStatement.Effect) -> Outcome {
        switch fact {
        case .pending: .pending
        case .unknown: effect == .deny ? .met : .notMet
        case .absent: isForExisting || (isNegated && effect == .deny) ? .met : .notMet
        case .value(let text):
            fits(text, exactly: (effect == .allow) != isNegated) != isNegated ? .met : .notMet
        }
    }

    private func fits(_ text: String, exactly: Bool) -> Bool {
        if exactly, comparison != .equalsIgnoringCase {
            return values.contains { Self.fits(text, $0, comparison) }
        }
        let text = text.lowercased()
        return folded.contains { Self.fits(text, $0, comparison) || (comparison != .pattern && text == $0) }
    }

    private static func fits(_ text: String, _ value: String, _ comparison: Comparison) -> Bool {
        switch comparison {
        // Letter by letter: for Swift, two spellings of "é" are equal, and for git they are two files.
        case .equals, .equalsIgnoringCase: text.utf8.elementsEqual(value.utf8)
        case .start: text.utf8.starts(with: value.utf8)
        case .end: text.utf8.reversed().starts(with: value.utf8.reversed())
        case .pattern: Wildcard.fits(text, value, withSingle: true)
        }
    }
}

/// Patterns with `*` for any text, slashes too, and, where wanted, `?` for one character.
enum Wildcard {
    static func fits(_ text: String, _ pattern: String, withSingle: Bool = false) -> Bool {
        guard pattern.utf8.contains(where: { $0 == 0x2A || (withSingle && $0 == 0x3F) }) else {
            return text.utf8.elementsEqual(pattern.utf8)
        }
        let text = Array(text.unicodeScalars), pattern = Array(pattern.unicodeScalars)
        var (at, rest) = (0, 0)
        // The last star, and where the text goes on that it has not swallowed: one step back is enough.
        var star: (pattern: Int, text: Int)?
        while at < text.count {
            if rest < pattern.count, pattern[rest] == "*" {
                star = (rest, at)
                rest += 1
            } else if rest < pattern.count, pattern[rest] == text[at] || (withSingle && pattern[rest] == "?") {
                at += 1
                rest += 1
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                (at, rest) = (last.text + 1, last.pattern + 1)
            } else {
                return false
            }
        }
        return pattern[rest...].allSatisfy { $0 == "*" }
    }
}
