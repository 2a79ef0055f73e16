// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Gives the parsers every input that libFuzzer has found worth keeping, without libFuzzer.
@Suite struct CorpusTests {
    @Test(arguments: Parser.allCases) func `everything that holds of a parser holds for its corpus`(parser: Parser)
        throws
    {
        var taken = 0
        let inputs = try Corpus.inputs(of: parser)
        for (line, input) in inputs {
            do {
                if try parser.check(input) { taken += 1 }
            } catch {
                Issue.record("corpus/\(parser.rawValue).txt, line \(line): \(error)")
            }
        }
        // Else the parser would be tried with nothing.
        #expect(taken > 0, "the parser takes nothing of its corpus")
        #expect(taken < inputs.count, "the parser refuses nothing of its corpus")
    }

    @Test func `an input is written in a line and read back`() throws {
        let every = (0...255).map { UInt8($0) }
        #expect(Corpus.bytes(of: Corpus.line(of: every)) == every)
        #expect(Corpus.line(of: Array("a\\ b\n".utf8)) == #"a\x5c b\x0a"#)
        #expect(Corpus.bytes(of: #"a\x5"#) == nil)
        #expect(Corpus.bytes(of: #"a\n"#) == nil)
    }

    @Test func `a parser that broke a promise would be found`() throws {
        // What a parser is held to can fail.
        #expect(throws: Broken.self) { try hold(false, "this does not hold") }
        #expect(throws: Never.self) { try hold(true, "this holds") }
    }
}

/// The file of a parser's inputs: one a line, of printable ASCII, all else and the backslash as `\xNN`. A line that begins
/// with `#` is a comment.
enum Corpus {
    static func inputs(of parser: Parser) throws -> [(line: Int, input: [UInt8])] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../corpus/\(parser.rawValue).txt")
        let lines = try String(contentsOf: file, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        return try lines.enumerated().compactMap { number, line in
            guard !line.isEmpty, !line.hasPrefix("#") else { return nil }
            return (number + 1, try #require(bytes(of: String(line)), "line \(number + 1) is none"))
        }
    }

    static func line(of input: [UInt8]) -> String {
        input.map { byte in
            (0x20..<0x7F).contains(byte) && byte != 0x5C && byte != 0x23
                ? String(UnicodeScalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// nil for what is no such line.
    static func bytes(of line: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = line.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == 0x5C else {
                bytes.append(byte)
                continue
            }
            guard rest.popFirst() == 0x78, rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
