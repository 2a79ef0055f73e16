// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Configuration
import Foundation
import Synchronization

/// Reads settings, refuses those of a wrong type, which the reader alone takes for absent, and remembers what was asked for: what
/// nobody has asked for is misspelt or has no effect.
final class Settings: Sendable {
    private let reader: ConfigReader
    private let asked = Mutex<Set<String>>([])

    init(_ reader: ConfigReader) {
        self.reader = reader
    }

    /// The keys that have been asked for so far.
    var keys: Set<String> { asked.withLock { $0 } }

    private func note(_ key: String) {
        asked.withLock { _ = $0.insert(key) }
    }

    func string(_ key: String, isSecret: Bool = false) throws -> String? {
        note(key)
        let text = reader.string(forKey: ConfigKey(key), isSecret: isSecret)
        if text == nil, isPresent(key) { throw ServiceConfiguration.Invalid(description: "\(key) must be a text.") }
        return text?.isEmpty == true ? nil : text
    }

    func int(_ key: String, default fallback: Int, in range: ClosedRange<Int>) throws -> Int {
        note(key)
        guard let number = try reader.int(forKey: ConfigKey(key)) ?? string(key).flatMap(Int.init) else {
            guard isPresent(key) else { return fallback }
            throw ServiceConfiguration.Invalid(description: "\(key) must be a whole number.")
        }
        guard range.contains(number) else {
            throw ServiceConfiguration.Invalid(
                description: "\(key) must be from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, default fallback: Choice
    ) throws -> Choice where Choice.RawValue == String {
        guard let text = try string(key) else { return fallback }
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ServiceConfiguration.Invalid(description: "\(key) must be one of: \(known).")
        }
        return choice
    }

    func list(_ key: String) throws -> [String] {
        note(key)
        if let list = reader.stringArray(forKey: ConfigKey(key)) {
            return list.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        }
        return try string(key).map { [$0] } ?? []
    }

    /// Whether there is any value, an empty one too.
    func isGiven(_ key: String) -> Bool { isPresent(key) }

    private func isPresent(_ key: String) -> Bool {
        let key = ConfigKey(key)
        return reader.string(forKey: key, isSecret: true) != nil || reader.int(forKey: key) != nil
            || reader.bool(forKey: key) != nil || reader.double(forKey: key) != nil
            || reader.stringArray(forKey: key, isSecret: true) != nil || reader.intArray(forKey: key) != nil
            || reader.boolArray(forKey: key) != nil || reader.doubleArray(forKey: key) != nil
    }
}
