// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto

/// An object of git, as it is hashed and sent.
/// https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
struct GitObject: Hashable, Sendable {
    enum Kind: String, Sendable {
        case commit, tree, blob, tag
    }

    let kind: Kind
    let bytes: [UInt8]

    /// 40 lower-case hexadecimal digits. Git's own name, not a protection against anybody.
    var name: String {
        var hash = Insecure.SHA1()
        hash.update(data: Array("\(kind.rawValue) \(bytes.count)\0".utf8))
        hash.update(data: bytes)
        return hash.finalize().map { Self.digits[Int($0)] }.joined()
    }

    /// The checksum at a pack's end.
    static func checksum(_ bytes: some Collection<UInt8>) -> [UInt8] {
        Array(Insecure.SHA1.hash(data: Array(bytes)))
    }

    private static let digits = (0..<256).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
}

/// One entry of a tree.
struct GitTreeEntry: Hashable, Sendable {
    /// As stored: `100644`, `100755`, `120000`, `40000`, `160000`.
    let mode: String
    let name: [UInt8]
    /// 40 lower-case hexadecimal digits.
    let object: String

    var isTree: Bool { mode == "40000" }
    /// A file or a symbolic link, not a directory or a submodule.
    var isFile: Bool { !isTree && mode != "160000" }

    /// The entries of a tree, in its order; nil for what is none.
    static func read(_ tree: [UInt8]) -> [GitTreeEntry]? {
        var entries: [GitTreeEntry] = []
        var rest = tree[...]
        while !rest.isEmpty {
            guard let space = rest.firstIndex(of: 0x20), let end = rest[space...].firstIndex(of: 0),
                rest.endIndex - end > 20
            else { return nil }
            let object = rest[(end + 1)...].prefix(20).map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
            entries.append(
                GitTreeEntry(
                    mode: String(decoding: rest[..<space], as: UTF8.self), name: Array(rest[(space + 1)..<end]),
                    object: object.joined()))
            rest = rest[(end + 21)...]
        }
        return entries
    }

    /// A tree of these entries, which must stand in git's order.
    static func write(_ entries: [GitTreeEntry]) -> [UInt8] {
        var tree: [UInt8] = []
        for entry in entries {
            tree += entry.mode.utf8
            tree.append(0x20)
            tree += entry.name
            tree.append(0)
            tree += entry.object.bytesOfHexadecimal
        }
        return tree
    }
}

extension String {
    /// The bytes that pairs of hexadecimal digits stand for.
    fileprivate var bytesOfHexadecimal: [UInt8] {
        let digits = utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
