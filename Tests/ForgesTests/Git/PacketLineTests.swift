// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Forges

struct PacketLineTests {
    @Test func `lines are read as git writes them`() {
        let bytes = Array("0006a\n0005a000bfoobar\n00040000".utf8)
        #expect(
            PacketLine.read(bytes) == [
                .data(Array("a\n".utf8)), .data([0x61]), .data(Array("foobar\n".utf8)), .data([]), .flush,
            ])
        #expect(PacketLine.read([]) == [])
        #expect(PacketLine.data(Array("x\n".utf8)).text == "x")
        #expect(PacketLine.data([]).text == "")
        #expect(PacketLine.flush.text == nil)
        #expect(PacketLine.data([0xFF, 0x0A]).text == nil)
    }

    @Test func `what is written is read back`() throws {
        let lines: [PacketLine] = [
            .data(Array("0000".utf8)), .data((0...255).map { $0 }), .flush, .data([]),
            .data(Array(repeating: 7, count: PacketLine.limit)), .flush,
        ]
        #expect(PacketLine.read(try #require(PacketLine.write(lines))) == lines)
        #expect(PacketLine.write([.data(Array(repeating: 7, count: PacketLine.limit + 1))]) == nil)
    }

    /// Cut off, no length, a sign, a length that counts less than itself, more than there is, other versions' marks.
    @Test(arguments: [
        "0", "000", "0006a", "zzzz", "+006a\n", "-001", " 006a\n", "0x06a\n", "0001", "0002", "0003", "0006a\n0009abc",
        "ffff", "fff5a", "00000", "<html>", "0006\u{FF10}", "000\u{0}a",
    ])
    func `what is no such message is refused`(_ text: String) {
        #expect(PacketLine.read(Array(text.utf8)) == nil)
    }

    @Test func `no bytes make it fail`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let count = Int.random(in: 0..<64, using: &generator)
            var bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            if Bool.random(using: &generator) {
                bytes = Array("00\(Int.random(in: 10..<99, using: &generator))".utf8) + bytes
            }
            if let lines = PacketLine.read(bytes) { #expect(PacketLine.write(lines)?.count == bytes.count) }
            _ = GitRefAdvertisement(bytes)
            _ = GitPushReport(bytes, ref: "refs/tags/v1")
        }
    }
}

struct GitRefAdvertisementTests {
    private func body(_ lines: [String], end: String = "0000") -> [UInt8] {
        GitWire.line("# service=git-receive-pack\n") + Array("0000".utf8) + lines.flatMap(GitWire.line)
            + Array(end.utf8)
    }

    private let a = String(repeating: "a", count: 40)

    @Test func `refs and abilities are read, other lines passed over`() throws {
        let long = String(repeating: "B", count: 64)
        let read = try #require(
            GitRefAdvertisement(
                body([
                    "\(a) refs/heads/main\0 report-status delete-refs agent=x\n", "\(a) .have\n",
                    "\(long) refs/tags/纺 织\n", "shallow \(a)\n",
                ])))
        #expect(read.refs == ["refs/heads/main": a, "refs/tags/纺 织": long.lowercased()])
        #expect(read.capabilities == ["report-status", "delete-refs", "agent=x"])
    }

    @Test func `an empty repository has no refs`() throws {
        let read = try #require(GitRefAdvertisement(GitWire.advertisement([]).body))
        #expect(read.refs.isEmpty)
        #expect(read.capabilities.contains("delete-refs"))
    }

    @Test func `what is no advertisement is refused`() {
        let good = GitWire.advertisement(["refs/tags/v1"]).body
        #expect(GitRefAdvertisement(good) != nil)
        for length in 0..<good.count { #expect(GitRefAdvertisement(Array(good.prefix(length))) == nil) }
        #expect(GitRefAdvertisement(good + Array("0000".utf8)) == nil)
        #expect(GitRefAdvertisement(Array("<html>Sign in</html>".utf8)) == nil)
        #expect(GitRefAdvertisement(body(["\(a) refs/tags/v1\n", "\(a) refs/tags/v1\n"])) == nil)
        #expect(GitRefAdvertisement(body(["short refs/tags/v1\n"])) == nil)
        #expect(GitRefAdvertisement(body(["ERR access denied\n"])) == nil)
        #expect(GitRefAdvertisement(body(["\(a) refs/tags/v1\n"], end: "")) == nil)
        let other = GitWire.line("# service=git-upload-pack\n") + Array("0000".utf8) + Array("0000".utf8)
        #expect(GitRefAdvertisement(other) == nil)
    }
}

struct GitPushReportTests {
    private func report(_ lines: String...) -> GitPushReport? {
        GitPushReport(GitWire.report(lines).body, ref: "refs/tags/v1")
    }

    @Test func `a report is read for its ref`() {
        #expect(report("unpack ok\n", "ok refs/tags/v1\n") == .done)
        #expect(report("unpack ok\n", "ok refs/tags/v0\n", "ok refs/tags/v1\n") == .done)
        #expect(report("unpack ok", "ng refs/tags/v1 hook declined\n") == .refused(" hook declined"))
        #expect(report("unpack ok", "ng refs/tags/v1\n") == .refused(""))
        #expect(report("unpack index-pack failed\n", "ok refs/tags/v1\n") == .refused("index-pack failed"))
    }

    @Test func `what says nothing about the ref is no report`() {
        #expect(report() == nil)
        #expect(report("unpack ok\n") == nil)
        #expect(report("unpack ok\n", "ok refs/tags/v10\n", "ng refs/tags/v1.0 no\n") == nil)
        #expect(report("ok refs/tags/v1\n") == nil)
        #expect(
            GitPushReport(GitWire.line("unpack ok\n") + GitWire.line("ok refs/tags/v1\n"), ref: "refs/tags/v1") == nil)
        #expect(GitPushReport(Array("<html>".utf8), ref: "refs/tags/v1") == nil)
    }
}
