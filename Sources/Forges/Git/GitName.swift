// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model

/// What git and the forges allow as names. Checked before a name is put into an address: so that no name can lead out
/// of the path it belongs to, and a name that cannot exist costs no call.
enum GitName {
    /// Whether git allows this as the short name of a branch or tag. A commit's SHA is one, too.
    /// https://git-scm.com/docs/git-check-ref-format
    static func isRef(_ name: String) -> Bool {
        guard (1...1024).contains(name.utf8.count), name != "@", name.utf8.last != UInt8(ascii: "."),
            name.utf8.first != UInt8(ascii: "-"),
            !has(name, ".", "."), !has(name, "@", "{")
        else { return false }
        let forbidden = name.utf8.contains { byte in
            byte <= 0x20 || byte == 0x7F || "~^:?*[\\".utf8.contains(byte)
        }
        return !forbidden
            && name.pathParts.allSatisfy { part in
                !part.isEmpty && part.utf8.first != UInt8(ascii: ".")
                    && !part.utf8.suffix(5).elementsEqual(".lock".utf8)
            }
    }

    /// By bytes, as git looks: to Swift, a dot with a combining mark behind it is no dot.
    private static func has(_ name: String, _ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Bool {
        zip(name.utf8, name.utf8.dropFirst()).contains { $0 == UInt8(ascii: first) && $1 == UInt8(ascii: second) }
    }

    /// Whether a file can stand at this path in a git tree: no empty part, no `.`, `..` or `.git`, no NUL.
    static func isPath(_ path: String) -> Bool {
        guard (1...4096).contains(path.utf8.count), !path.utf8.contains(0) else { return false }
        return path.pathParts.allSatisfy { part in
            !part.isEmpty && part != "." && part != ".." && part.lowercased() != ".git"
        }
    }

    /// Whether the text may be an object's name, whole or shortened: 4 to 40, or 64, hexadecimal digits.
    static func isObject(_ text: String) -> Bool {
        let count = text.utf8.count
        return ((4...40).contains(count) || count == 64) && text.utf8.allSatisfy(\.isHexadecimalDigit)
    }

    /// Whether the text is an object's whole name: 40 or 64 hexadecimal digits.
    static func isWholeObject(_ text: String) -> Bool {
        [40, 64].contains(text.utf8.count) && isObject(text)
    }
}

extension UInt8 {
    /// Whether the byte is one of `0`…`9`, `a`…`f`, `A`…`F`.
    var isHexadecimalDigit: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
