// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

/// The compression of git's objects on the wire: zlib around deflate, read whole, written without compressing.
/// https://www.rfc-editor.org/rfc/rfc1950 and https://www.rfc-editor.org/rfc/rfc1951
struct Inflate {
    private let input: [UInt8]
    private var position: Int
    private var bits: UInt32 = 0
    private var bitCount = 0
    private var output: [UInt8] = []
    private let size: Int

    /// Reads one stream.
    /// - Parameters:
    ///   - start: where it begins in the input.
    ///   - size: how many bytes it must give; a stream that gives others is none.
    /// - Returns: the bytes, and where the stream ends; nil for a broken one.
    static func read(_ input: [UInt8], at start: Int, size: Int) -> (bytes: [UInt8], end: Int)? {
        // The method must be deflate, and no dictionary be wanted.
        guard start + 2 <= input.count, input[start] & 15 == 8, input[start + 1] & 32 == 0,
            (Int(input[start]) << 8 + Int(input[start + 1])) % 31 == 0
        else { return nil }
        var reader = Inflate(input: input, position: start + 2, size: size)
        guard reader.readBlocks(), reader.output.count == size else { return nil }
        // The checksum is passed over: an object is known by its name, which is a better one.
        let end = reader.position + 4
        return end <= input.count ? (reader.output, end) : nil
    }

    /// A stream that holds the bytes as they are.
    static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        var rest = bytes[...]
        repeat {
            let part = rest.prefix(65_535)
            rest = rest.dropFirst(part.count)
            let (low, high) = (UInt8(part.count & 255), UInt8(part.count >> 8))
            stream += [rest.isEmpty ? 1 : 0, low, high, ~low, ~high]
            stream += part
        } while !rest.isEmpty
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        let sum = high << 16 | low
        return stream + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> $0) }
    }

    private init(input: [UInt8], position: Int, size: Int) {
        self.input = input
        self.position = position
        self.size = size
        output.reserveCapacity(min(size, 1 << 24))
    }

    private mutating func readBlocks() -> Bool {
        while true {
            guard let isLast = take(1), let kind = take(2) else { return false }
            let isSound =
                switch kind {
                case 0: copyStored()
                case 1: decode(Self.fixedLiterals, Self.fixedDistances)
                case 2: decodeDynamic()
                default: false
                }
            guard isSound else { return false }
            if isLast == 1 { return true }
        }
    }

    /// The next bits, the lowest first; nil at the input's end.
    private mutating func take(_ count: Int) -> Int? {
        while bitCount < count {
            guard position < input.count else { return nil }
            bits |= UInt32(input[position]) << UInt32(bitCount)
            position += 1
            bitCount += 8
        }
        let value = bits & ((1 << UInt32(count)) - 1)
        bits >>= UInt32(count)
        bitCount -= count
        return Int(value)
    }

    private mutating func copyStored() -> Bool {
        // What is left of the byte is nothing; whole bytes are never read ahead.
        (bits, bitCount) = (0, 0)
        guard position + 4 <= input.count else { return false }
        let length = Int(input[position]) | Int(input[position + 1]) << 8
        let check = Int(input[position + 2]) | Int(input[position + 3]) << 8
        position += 4
        guard length == ~check & 0xFFFF, position + length <= input.count, output.count + length <= size else {
            return false
        }
        output += input[position..<(position + length)]
        position += length
        return true
    }

    /// A canonical Huffman code: how many codes have each length, and the symbols in the order of their codes.
    private struct Code {
        var counts = [Int](repeating: 0, count: 16)
        var symbols: [Int]

        init(_ lengths: some Collection<Int>) {
            for length in lengths { counts[length] += 1 }
            counts[0] = 0
            var offsets = [Int](repeating: 0, count: 17)
            for length in 1...15 { offsets[length + 1] = offsets[length] + counts[length] }
            symbols = [Int](repeating: 0, count: lengths.count)
            for (symbol, length) in lengths.enumerated() where length > 0 {
                symbols[offsets[length]] = symbol
                offsets[length] += 1
            }
        }
    }

    private mutating func symbol(_ code: Code) -> Int? {
        var (value, first, index) = (0, 0, 0)
        for length in 1...15 {
            guard let bit = take(1) else { return nil }
            value |= bit
            let count = code.counts[length]
            if value - count < first { return code.symbols[index + value - first] }
            index += count
            first = (first + count) << 1
            value <<= 1
        }
        return nil
    }

    private mutating func decode(_ literals: Code, _ distances: Code) -> Bool {
        while let symbol = symbol(literals) {
            if symbol == 256 { return true }
            if symbol < 256 {
                guard output.count < size else { return false }
                output.append(UInt8(symbol))
                continue
            }
            guard symbol - 257 < Self.lengths.count, let more = take(Self.lengths[symbol - 257].bits),
                let place = self.symbol(distances), place < Self.distances.count,
                let further = take(Self.distances[place].bits)
            else { return false }
            let length = Self.lengths[symbol - 257].base + more
            let distance = Self.distances[place].base + further
            guard distance <= output.count, output.count + length <= size else { return false }
            for _ in 0..<length { output.append(output[output.count - distance]) }
        }
        return false
    }

    private mutating func decodeDynamic() -> Bool {
        guard let literals = take(5), let distances = take(5), let codes = take(4) else { return false }
        var lengths = [Int](repeating: 0, count: 19)
        for index in 0..<(codes + 4) {
            guard let length = take(3) else { return false }
            lengths[Self.order[index]] = length
        }
        let code = Code(lengths)
        let total = literals + 257 + distances + 1
        var all: [Int] = []
        while all.count < total {
            guard let symbol = symbol(code) else { return false }
            switch symbol {
            case 0...15: all.append(symbol)
            case 16:
                guard let last = all.last, let count = take(2) else { return false }
                all += [Int](repeating: last, count: count + 3)
            case 17:
                guard let count = take(3) else { return false }
                all += [Int](repeating: 0, count: count + 3)
            default:
                guard let count = take(7) else { return false }
                all += [Int](repeating: 0, count: count + 11)
            }
        }
        guard all.count == total else { return false }
        return decode(Code(all[..<(literals + 257)]), Code(all[(literals + 257)...]))
    }

    private static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    private static let fixedLiterals = Code(
        (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
    private static let fixedDistances = Code([Int](repeating: 5, count: 30))

    /// What the symbols from 257 stand for: a length, and how many bits are added to it.
    private static let lengths: [(base: Int, bits: Int)] = {
        var table: [(Int, Int)] = []
        var base = 3
        for index in 0..<28 {
            let bits = index < 8 ? 0 : index / 4 - 1
            table.append((base, bits))
            base += 1 << bits
        }
        return table + [(258, 0)]
    }()

    private static let distances: [(base: Int, bits: Int)] = {
        var table: [(Int, Int)] = []
        var base = 1
        for index in 0..<30 {
            let bits = index < 4 ? 0 : index / 2 - 1
            table.append((base, bits))
            base += 1 << bits
        }
        return table
    }()
}
