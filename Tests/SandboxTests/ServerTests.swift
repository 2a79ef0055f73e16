// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore
import TestSupport
import Testing

@testable import Sandbox

@Suite struct ServerTests {
    private func parsed(_ path: String, headers: HTTPFields = [:], body: String = "") -> ForgeRequest? {
        let head = HTTPRequest(method: .get, scheme: "http", authority: "h", path: path, headerFields: headers)
        return ForgeRequest(Request(head: head, body: RequestBody(buffer: ByteBuffer(string: body))))
    }

    @Test func `an encoded slash stays in its segment`() throws {
        let request = try #require(parsed("/projects/group%2Fsub%2Fname/a%20b/%E6%B8%AF/?x=1"))
        #expect(request.segments == ["projects", "group/sub/name", "a b", "港"])
        #expect(request.hasTrailingSlash)
        #expect(request.rawQuery == "x=1")
    }

    @Test(arguments: ["/%FF%FE", "/%zz", "/%", "/a/%2"])
    func `a path that is no percent-encoded UTF-8 is none`(path: String) {
        #expect(parsed(path) == nil)
    }

    @Test func `query fields keep plus, percent and order`() {
        let fields = FormFields(parsing: "a=1&b=x+y%2Bz&a=2&c&d=%E6%B8%AF&e=%ZZ")
        #expect(fields["a"] == "2")
        #expect(fields.all("a") == ["1", "2"])
        #expect(fields["b"] == "x y+z")
        #expect(fields["c"]?.isEmpty == true)
        #expect(fields["d"] == "港")
        #expect(fields["e"] == "%ZZ")
        #expect(FormFields(parsing: fields.encoded) == fields)
    }

    @Test func `the first fitting route is taken`() {
        let table = RouteTable<String>([
            ("GET /repos/:owner/:repo", "repository"), ("GET /repos/:owner/:repo/git/refs", "all"),
            ("GET /repos/:owner/:repo/git/refs/*ref", "ref"), ("POST /repos/:owner/:repo/git/refs", "create"),
        ])
        guard
            case .found("ref", let parameters, let pattern) = table.match(
                .get, ["repos", "o", "r", "git", "refs", "heads", "a", "b"])
        else {
            Issue.record("no route")
            return
        }
        #expect(parameters["ref"] == "heads/a/b")
        #expect(pattern == "GET /repos/:owner/:repo/git/refs/*ref")
        if case .found("repository", let parameters, _) = table.match(.head, ["repos", "o", "a/b"]) {
            #expect(parameters["repo"] == "a/b")
        } else {
            Issue.record("HEAD takes no route of GET")
        }
        if case .otherMethod = table.match(.delete, ["repos", "o", "r"]) {} else { Issue.record("the path is known") }
        if case .none = table.match(.get, ["repos", "", "r"]) {} else { Issue.record("an empty segment fits") }
    }

    @Test(arguments: [
        ("", 1, 30), ("page=2&per_page=100", 2, 100), ("per_page=101", 1, 100), ("page=0&per_page=0", 1, 30),
        ("page=-1&per_page=x", 1, 30), ("page=99999999999999999999", 1, 30),
    ])
    func `a page is asked for within bounds`(query: String, number: Int, size: Int) {
        let page = Page(FormFields(parsing: query), defaultSize: 30)
        #expect(page.number == number)
        #expect(page.size == size)
    }

    @Test func `JSON keeps its order and escapes what it must`() throws {
        let value: JSON = [
            "z": "quote \" backslash \\ line\n tab\t bell\u{07} 港 /", "a": [1, true, nil, .number(0.5)],
            "e": .object([]),
        ]
        let text = String(decoding: value.text, as: UTF8.self)
        let expected =
            #"{"z":"quote \" backslash \\ line\n tab\t bell\u0007 港 /","a":[1,true,null,0.5],"e":{}}"#
        #expect(text == expected)
        #expect(try JSONTree(parsing: value.text)["a"]?[0] == .integer(1))
    }

    @Test func `base64 breaks after sixty characters`() {
        let encoded = String(decoding: Base64Lines.json(Array(repeating: 0, count: 46)).text, as: UTF8.self)
        let first = String(repeating: "A", count: 60)
        #expect(encoded == "\"" + first + "\\nAA==\\n\"")
        #expect(String(decoding: Base64Lines.json([]).text, as: UTF8.self) == "\"\"")
    }

    @Test(arguments: [
        ("2024-01-02T03:04:05Z", 1_704_164_645), ("2024-01-02T03:04:05+01:00", 1_704_161_045),
        ("2024-01-02", 1_704_153_600),
        ("2024-01-02T03:04:05.500Z", 1_704_164_645),
    ])
    func `a time is read in every usual form`(text: String, seconds: Int64) {
        #expect(Timestamp.seconds(text) == seconds)
    }

    @Test func `what is no time is none`() {
        for text in ["", "yesterday", "2024-13-01T00:00:00Z", "1704164645"] { #expect(Timestamp.seconds(text) == nil) }
        #expect(Timestamp.utc(1_704_164_645) == "2024-01-02T03:04:05Z")
    }

    @Test func `a count ends at its limit`() {
        let counter = RateCounter(windowLength: 3600)
        #expect(counter.count("a", limit: 2).reading.remaining == 1)
        #expect(counter.count("a", limit: 2).isWithin)
        let third = counter.count("a", limit: 2)
        #expect(!third.isWithin)
        #expect(third.reading.remaining == 0)
        #expect(counter.count("b", limit: 2).isWithin)
        #expect(!counter.count("c", limit: 0).isWithin)
    }
}
