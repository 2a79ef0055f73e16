// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// The fields of a query or of a body of type `application/x-www-form-urlencoded`, in order.
struct FormFields: Sendable, Hashable {
    struct Field: Sendable, Hashable {
        var name: String
        var value: String
    }

    var fields: [Field]

    init(_ fields: [(String, String)] = []) {
        self.fields = fields.map { Field(name: $0.0, value: $0.1) }
    }

    /// Reads the encoded text. `+` is a space; what is no percent-encoded UTF-8 stays as it stands.
    init<T: StringProtocol>(parsing text: T) {
        fields = text.split(separator: "&").map { (part: T.SubSequence) -> Field in
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
            let name = PercentEncoding.decode(halves[0], plusIsSpace: true) ?? halves[0]
            let raw = halves.count > 1 ? halves[1] : ""
            return Field(name: name, value: PercentEncoding.decode(raw, plusIsSpace: true) ?? raw)
        }
    }

    /// The last field of a name; nil where there is none.
    subscript(name: String) -> String? {
        fields.last { $0.name == name }?.value
    }

    /// All fields of a name, as `scopes[]` may come.
    func all(_ name: String) -> [String] {
        fields.filter { $0.name == name }.map(\.value)
    }

    /// These fields with one set to a value, in its old place or at the end.
    func setting(_ name: String, to value: String) -> FormFields {
        var changed = self
        if let index = changed.fields.firstIndex(where: { $0.name == name }) {
            changed.fields[index].value = value
        } else {
            changed.fields.append(Field(name: name, value: value))
        }
        return changed
    }

    func removing(_ name: String) -> FormFields {
        var changed = self
        changed.fields.removeAll { $0.name == name }
        return changed
    }

    /// The encoded text, without `?`.
    var encoded: String {
        fields.map { PercentEncoding.encode($0.name) + "=" + PercentEncoding.encode($0.value) }.joined(separator: "&")
    }
}

/// Percent-encoding. https://www.rfc-editor.org/rfc/rfc3986#section-2
enum PercentEncoding {
    /// nil where the text has a broken escape or its bytes are not UTF-8.
    static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Escapes everything but letters, digits and `-._~`.
    /// - Parameter kept: further characters to leave as they are, such as `/` in a path.
    static func encode(_ text: String, keeping kept: String = "") -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8).union(kept.utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if allowed.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
