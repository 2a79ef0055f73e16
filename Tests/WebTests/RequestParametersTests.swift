// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HTTPTypes
import Testing

@testable import Web

@Suite struct RequestParametersTests {
    private static func parameters(path raw: String = "x", query: String = "") throws -> RequestParameters {
        let head = HTTPRequest(
            method: .get, scheme: "http", authority: "h", path: "/p" + (query.isEmpty ? "" : "?" + query))
        return try RequestParameters(
            Request(head: head, body: .init(buffer: ByteBuffer())), .init([(key: "value"[...], value: Substring(raw))]))
    }

    @Test(arguments: [
        ("demo", "demo"), ("zmg:demo", "zmg/demo"), ("zmg%3Ademo", "zmg/demo"), ("a%2Fb", "a/b"), ("a%2fb", "a/b"),
        ("a%252Fb", "a/b"), ("a%252fb", "a/b"), ("src%2Fa%3Ab.txt", "src/a:b.txt"), ("a%20b", "a b"),
        ("docs:%C3%BCn%C3%AF%20code:1.txt", "docs/ünï code/1.txt"), ("%E5%90%8D", "名"), ("a+b", "a+b"),
        ("100%25", "100%"),
        ("a%3Fb%23c", "a?b#c"), (":a:", "a"), ("a:b:c", "a/b/c"),
    ]) func `a path in one segment is read as it is meant`(raw: String, meant: String) throws {
        #expect(try Self.parameters(path: raw).path("value") == meant)
    }

    @Test(arguments: [
        "", ":", "%", "%2", "%zz", "%FF", "%C3", "a%00b", "a%0Ab", "a::b", "..", "a:..:b", "%2E%2E", "a%2F%2E%2E%2Fb",
        ".", "..%2F%CC%81x", "a%2F..%2F%CC%81x", "..:%CC%81x",
        String(repeating: "x", count: 4097),
    ]) func `a segment that is no path is refused`(raw: String) throws {
        #expect(throws: ProblemError.self) { try Self.parameters(path: raw).path("value") }
    }

    @Test func `a namespace that was encoded twice is decoded twice`() throws {
        #expect(try Self.parameters(path: "%25E5%2590%258D").place("value") == "名")
        #expect(try Self.parameters(path: "gruppe%252Funter%25C3%25A4").place("value") == "gruppe/unterä")
        #expect(try Self.parameters(path: "100%25").place("value") == "100%")
    }

    @Test(arguments: ["%252E%252E", "a%252F%252e.", "a:%252E", "%252e%252e%252F%25CC%2581x", "..%2F%CC%81x"])
    func `a namespace does not lead out of its place, however often it is encoded`(raw: String) {
        #expect(throws: ProblemError.self) { try Self.parameters(path: raw).place("value") }
    }

    @Test func `a slash is one before a combining mark, too`() throws {
        #expect(Array(try Self.parameters(path: "a%2F%CC%81b:c").path("value").utf8) == Array("a/\u{301}b:c".utf8))
        #expect(Array(try Self.parameters(path: "a:%CC%81b").path("value").utf8) == Array("a/\u{301}b".utf8))
    }

    @Test func `a query's values are decoded, and a plus is a space`() throws {
        let parameters = try Self.parameters(query: "ref=feature%2Fx%20y&message=a+b%2Bc&empty=&flag&ref=second")
        #expect(try parameters.required("ref") == "feature/x y")
        #expect(try parameters.requiredLines("message") == "a b+c")
        #expect(try parameters.optional("empty") == nil)
        #expect(try parameters.optional("flag") == nil)
        #expect(try parameters.optional("absent") == nil)
    }

    @Test(arguments: ["ref=", "other=x", "", "ref=%0A", "ref=" + String(repeating: "r", count: 4097)])
    func `a parameter that must be there is missed`(query: String) throws {
        #expect(throws: ProblemError.self) { try Self.parameters(query: query).required("ref") }
    }

    @Test(arguments: ["ref=%FF", "%C3=x", "ref=%", "a=b&c=%2"]) func `a query that is not UTF-8 is refused`(
        query: String
    ) {
        #expect(throws: ProblemError.self) { try Self.parameters(query: query) }
    }

    @Test func `a commit's message may have lines`() throws {
        #expect(try Self.parameters(query: "message=one%0Atwo").requiredLines("message") == "one\ntwo")
        #expect(throws: ProblemError.self) { try Self.parameters(query: "message=a%00b").requiredLines("message") }
    }
}
