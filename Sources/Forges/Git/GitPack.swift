// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// Objects as they travel. https://git-scm.com/docs/gitformat-pack
enum GitPack {
    /// The commits, trees and tags of a pack, by name; its files are passed over. nil for what is no whole pack.
    static func read(_ pack: [UInt8]) -> [String: GitObject]? {
        guard pack.count >= 32, pack.prefix(8).elementsEqual(Array("PACK".utf8) + [0, 0, 0, 2]),
            GitObject.checksum(pack.dropLast(20)) == Array(pack.suffix(20))
        else { return nil }
        let count = pack[8..<12].reduce(0) { (sum: Int, byte: UInt8) in sum << 8 | Int(byte) }
        var objects: [String: GitObject] = [:]
        var names: [Int: String] = [:]
        var deltas: [Delta] = []
        var position = 12
        for _ in 0..<count {
            let start = position
            guard let head = head(pack, &position) else { return nil }
            var base: Delta.Base?
            switch head.type {
            case 1...4: break
            case 6:
                guard let distance = distance(pack, &position), distance <= start else { return nil }
                base = .offset(start - distance)
            case 7:
                guard position + 20 <= pack.count else { return nil }
                base = .name(
                    pack[position..<(position + 20)].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
                position += 20
            default: return nil
            }
            guard let (bytes, end) = Inflate.read(pack, at: position, size: head.size) else { return nil }
            position = end
            if let base {
                deltas.append(Delta(start: start, base: base, bytes: bytes))
            } else if let kind = kinds[head.type], kind != .blob {
                let object = GitObject(kind: kind, bytes: bytes)
                names[start] = object.name
                objects[object.name] = object
            }
        }
        guard position == pack.count - 20 else { return nil }
        resolve(deltas, &objects, &names)
        return objects
    }

    private static let kinds: [Int: GitObject.Kind] = [1: .commit, 2: .tree, 3: .blob, 4: .tag]

    /// An object written as its difference from another one.
    private struct Delta {
        enum Base {
            case offset(Int)
            case name(String)
        }

        let start: Int
        let base: Base
        let bytes: [UInt8]
    }

    /// A base may itself be a difference, and may come later. What is left over belongs to files.
    private static func resolve(
        _ deltas: [Delta], _ objects: inout [String: GitObject], _ names: inout [Int: String]
    ) {
        var left = deltas
        while !left.isEmpty {
            let before = left.count
            var waiting: [Delta] = []
            for delta in left {
                let name: String? =
                    switch delta.base {
                    case .offset(let offset): names[offset]
                    case .name(let name): name
                    }
                guard let base = name.flatMap({ objects[$0] }) else {
                    waiting.append(delta)
                    continue
                }
                guard let bytes = apply(delta.bytes, to: base.bytes) else { continue }
                let object = GitObject(kind: base.kind, bytes: bytes)
                names[delta.start] = object.name
                objects[object.name] = object
            }
            left = waiting
            if left.count == before { return }
        }
    }

    private static func apply(_ delta: [UInt8], to base: [UInt8]) -> [UInt8]? {
        var position = 0
        guard let from = number(delta, &position), from == base.count, let size = number(delta, &position) else {
            return nil
        }
        var result: [UInt8] = []
        while position < delta.count {
            let command = delta[position]
            position += 1
            if command & 128 == 0 {
                let end = position + Int(command)
                guard command > 0, end <= delta.count else { return nil }
                result += delta[position..<end]
                position = end
                continue
            }
            var (offset, length) = (0, 0)
            for bit in 0..<7 where command & (1 << bit) != 0 {
                guard position < delta.count else { return nil }
                if bit < 4 {
                    offset |= Int(delta[position]) << (8 * bit)
                } else {
                    length |= Int(delta[position]) << (8 * (bit - 4))
                }
                position += 1
            }
            if length == 0 { length = 65_536 }
            guard offset + length <= base.count, result.count + length <= size else { return nil }
            result += base[offset..<(offset + length)]
        }
        return result.count == size ? result : nil
    }

    /// Seven bits a byte, the lowest first.
    private static func number(_ bytes: [UInt8], _ position: inout Int) -> Int? {
        var (value, shift) = (0, 0)
        while position < bytes.count, shift < 56 {
            let byte = bytes[position]
            position += 1
            value |= Int(byte & 127) << shift
            if byte & 128 == 0 { return value }
            shift += 7
        }
        return nil
    }

    private static func head(_ bytes: [UInt8], _ position: inout Int) -> (type: Int, size: Int)? {
        guard position < bytes.count else { return nil }
        let first = bytes[position]
        position += 1
        var size = Int(first & 15)
        if first & 128 != 0 {
            guard let more = number(bytes, &position) else { return nil }
            size |= more << 4
        }
        return (Int(first >> 4 & 7), size)
    }

    /// Seven bits a byte, the highest first, one added before each further byte.
    private static func distance(_ bytes: [UInt8], _ position: inout Int) -> Int? {
        var value = -1
        while position < bytes.count, value < 1 << 48 {
            let byte = bytes[position]
            position += 1
            value = (value + 1) << 7 | Int(byte & 127)
            if byte & 128 == 0 { return value }
        }
        return nil
    }

    /// A pack of whole objects.
    static func write(_ objects: [GitObject]) -> [UInt8] {
        var pack = Array("PACK".utf8) + [0, 0, 0, 2]
        pack += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: objects.count >> $0) }
        for object in objects {
            let type = kinds.first { $0.value == object.kind }?.key ?? 0
            var size = object.bytes.count
            var byte = UInt8(type << 4 | size & 15)
            size >>= 4
            while size > 0 {
                pack.append(byte | 128)
                byte = UInt8(size & 127)
                size >>= 7
            }
            pack.append(byte)
            pack += Inflate.stored(object.bytes)
        }
        return pack + GitObject.checksum(pack)
    }
}
