// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Times as the forges write them.
enum Timestamp {
    /// `2024-01-02T03:04:05Z`, of Unix seconds.
    static func utc(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(Date.ISO8601FormatStyle())
    }

    /// `2024-01-02T11:04:05+08:00`, of Unix seconds and minutes east of Greenwich.
    static func local(_ seconds: Int64, offset: Int) -> String {
        let minutes = abs(offset)
        let digits = String(10_000 + minutes / 60 * 100 + minutes % 60).dropFirst()
        let date = utc(seconds + Int64(offset) * 60).dropLast()
        return "\(date)\(offset < 0 ? "-" : "+")\(digits.prefix(2)):\(digits.suffix(2))"
    }

    /// Unix seconds of an ISO 8601 time with a zone, or of a day alone (its beginning in UTC); nil for another text.
    static func seconds(_ text: String) -> Int64? {
        let styles = [
            Date.ISO8601FormatStyle(),
            Date.ISO8601FormatStyle(timeZoneSeparator: .colon),
            Date.ISO8601FormatStyle(timeZoneSeparator: .colon, includingFractionalSeconds: true),
            Date.ISO8601FormatStyle().year().month().day(),
        ]
        for style in styles {
            // Each style refuses the others' texts; only where all do, there is no time in it.
            if let date = try? Date(text, strategy: style) { return Int64(date.timeIntervalSince1970) }
        }
        return nil
    }
}
