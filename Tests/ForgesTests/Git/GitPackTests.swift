// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Forges

struct GitPackTests {
    @Test func `objects have git's own names`() {
        #expect(GitObject(kind: .blob, bytes: Array("Hällo\n\0\u{01}".utf8)).name == GitStage.blob)
        #expect(GitObject(kind: .tree, bytes: []).name == "4b825dc642cb6eb9a060e54bf8d69288fbee4904")
    }

    @Test(arguments: [0, 1, 15, 16, 65_535, 65_536, 200_000])
    func `what is written is read again`(_ size: Int) throws {
        let object = GitObject(kind: .tree, bytes: (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        let pack = GitPack.write([object, GitStage.commit])
        #expect(GitPack.read(pack) == [object.name: object, GitStage.commit.name: GitStage.commit])
    }

    @Test func `a pack that is cut off or changed is none`() {
        let pack = GitPack.write([GitStage.commit, GitStage.root])
        #expect(GitPack.read([]) == nil)
        for index in pack.indices {
            #expect(GitPack.read(Array(pack.prefix(index))) == nil)
            var changed = pack
            changed[index] ^= 0x41
            #expect(GitPack.read(changed) == nil)
        }
    }

    /// What the checksum does not protect against must be read without a trap, and never as the objects that were sent.
    @Test func `a changed object has another name, or none`() {
        let pack = Array(GitPack.write([GitStage.commit, GitStage.root]).dropLast(20))
        // The first object's content begins after its head and those of the stream and its block.
        let content = 12 + 2 + 2 + 5
        for index in 8..<pack.count {
            for bit in 0..<8 {
                var changed = pack
                changed[index] ^= 1 << bit
                let objects = GitPack.read(changed + GitObject.checksum(changed))
                let isContent = (content..<(content + GitStage.commit.bytes.count)).contains(index)
                if isContent { #expect(objects?[GitStage.commit.name] == nil) }
                for (name, object) in objects ?? [:] { #expect(name == object.name) }
            }
        }
    }

    /// Written by zlib: with codes of its own making, with the fixed ones, with none.
    private static let dog = "the quick brown fox jumps over the lazy dog; "
    private static let streams = [
        (
            "eNq1y8cRgDAQQ9FWVAI5DNUQDDZpjXEAqmeHHjhq/pOVAodT/YLOUNgx0oXZbfoEeWFgOa/tc2OgqfnWP1i37LYbHaOgrMSovOD0iB2rOhwZ/k4n"
                + "ojhJs7woq/oFfYxBsw==",
            dog + dog + dog + "pack my box with five dozen liquor jugs 0123456789"
        ),
        ("eNrLSM3JyVcoSy0qzszPAwAj+QU7", "hello version"),
        ("eAFLTErEgApwYmBlAGcnOFk=", String(repeating: "abababababababababab abab ", count: 6)),
        ("eAEBBQD6/2hlbGxvBiwCFQ==", "hello"),
    ]

    @Test(arguments: streams.indices)
    func `streams of zlib are read`(_ index: Int) throws {
        let (base64, text) = Self.streams[index]
        let stream = Array(try #require(Data(base64Encoded: base64)))
        let read = try #require(Inflate.read(stream, at: 0, size: text.utf8.count))
        #expect(String(decoding: read.bytes, as: UTF8.self) == text)
        #expect(read.end == stream.count)
        #expect(Inflate.read(stream, at: 0, size: text.utf8.count + 1) == nil)
        #expect(Inflate.read(stream, at: 0, size: text.utf8.count - 1) == nil)
        for length in 0..<stream.count {
            #expect(Inflate.read(Array(stream.prefix(length)), at: 0, size: text.utf8.count) == nil)
        }
    }

    @Test func `a tree is read and written alike, and a broken one is none`() throws {
        let entries = try #require(GitTreeEntry.read(GitStage.root.bytes))
        #expect(entries.map(\.mode) == ["100644", "40000", "40000"])
        #expect(entries.map(\.isFile) == [true, false, false])
        #expect(GitTreeEntry.write(entries) == GitStage.root.bytes)
        // "100644 README.md", NUL and twenty bytes are the first entry.
        for length in 1..<37 { #expect(GitTreeEntry.read(Array(GitStage.root.bytes.prefix(length))) == nil) }
    }
}
