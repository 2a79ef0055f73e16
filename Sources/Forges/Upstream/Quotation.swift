// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Text of others inside our own sentences.
enum Quotation {
    /// The text in `'…'`, at most 80 characters of it, whatever cannot be printed on one line replaced by `?`.
    static func of(_ text: String) -> String {
        var shown = ""
        for scalar in text.unicodeScalars.prefix(80) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
                shown.unicodeScalars.append("?")
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return "'" + shown + (text.unicodeScalars.count > 80 ? "…" : "") + "'"
    }

    /// The text, where it is a plain word of at most 60 letters, digits and `_ - . : =`, such as a scope or a field's name; else nil.
    static func word(_ text: some StringProtocol) -> String? {
        let plain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "_-.:=".utf8.contains(byte)
            }
        }
        return plain && (1...60).contains(text.utf8.count) ? String(text) : nil
    }
}
