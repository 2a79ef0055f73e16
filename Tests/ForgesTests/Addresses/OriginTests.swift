// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Forges

struct OriginTests {
    @Test(arguments: [
        ("https://github.com", "https", "github.com", 443), ("HTTPS://GitHub.COM/x?y#z", "https", "github.com", 443),
        ("http://localhost:8080/a", "http", "localhost", 8080), ("http://h", "http", "h", 80),
        ("https://[::1]:9/x", "https", "::1", 9), ("https://h:443", "https", "h", 443),
    ])
    func `scheme, host and port are read`(address: String, scheme: String, host: String, port: Int) throws {
        let origin = try #require(Origin(address))
        #expect(origin.scheme == scheme)
        #expect(origin.host == host)
        #expect(origin.port == port)
    }

    @Test(arguments: [
        "", "github.com", "//github.com", "/path", "ftp://github.com", "file:///etc/passwd", "javascript:alert(1)",
        "https://", "https:///x", "https://user@github.com", "https://user:secret@github.com",
        "https://:secret@github.com",
        "https://github.com@evil.example", "https://git hub.com", "https://github.com:port", "https://github.com:99999",
        "https://github.com:-1", "https://github.com:0", "https://github.com\\@evil.example",
        "https://github.com\n.evil.example",
        "https://%67ithub.com", "https://github%2Ecom", "https://github。com", "https://github.com\u{0}",
        "https:github.com",
        "https://[::1", "https://[fe80::1%25eth0]", "https://[fe80::1%eth0]", "https://[fe80]", "https://[127.0.0.1]",
    ])
    func `what is no plain http address has no origin`(address: String) {
        #expect(Origin(address) == nil)
    }

    @Test func `origins differ by scheme, host and port alone`() {
        #expect(Origin("https://h/a?b") == Origin("HTTPS://H:443/c"))
        #expect(Origin("https://h") != Origin("http://h"))
        #expect(Origin("https://h") != Origin("https://h:444"))
        #expect(Origin("https://h") != Origin("https://h."))
        #expect(Origin("https://h") != Origin("https://h.evil"))
    }

    @Test(arguments: [
        ("https://h:443/x", "https://h"), ("http://h:80", "http://h"), ("http://h:443", "http://h:443"),
        ("https://[::1]:9/x", "https://[::1]:9"), ("https://[2001:DB8::1]", "https://[2001:db8::1]"),
    ])
    func `an origin is written as an address with no usual port`(address: String, written: String) throws {
        #expect(try #require(Origin(address)).address == written)
    }
}

struct LinkHeaderTests {
    private func next(_ values: String...) -> String? {
        LinkHeader.next(in: Upstream.Response(status: 200, headers: values.map { Upstream.Header("link", $0) }))
    }

    @Test func `the next page is found among the others`() {
        #expect(
            next(
                "<https://h/a?page=1>; rel=\"prev\", <https://h/a?page=3>; rel=\"next\", <https://h/a?page=9>; rel=\"last\""
            )
                == "https://h/a?page=3")
        #expect(next("<https://h/a?page=1>; rel=\"prev\", <https://h/a?page=9>; rel=\"last\"") == nil)
    }

    @Test func `no header and nonsense have no next page`() {
        #expect(next() == nil)
        #expect(next("") == nil)
        #expect(next(",") == nil)
        #expect(next("<>") == nil)
        #expect(next("<https://h/a; rel=\"next\"") == nil)
        #expect(next("https://h/a>; rel=\"next\"") == nil)
        #expect(next("; rel=\"next\"") == nil)
        #expect(next("<https://h/a>") == nil)
        #expect(next("<https://h/a>; title=\"next\"") == nil)
        #expect(next("<https://h/a>; rel=\"nextish\"") == nil)
    }

    @Test func `the forms of RFC 8288 are understood`() {
        #expect(next("<https://h/a>;rel=next") == "https://h/a")
        #expect(next("<https://h/a> ; REL = \"Next\"") == "https://h/a")
        #expect(next("<https://h/a>; title=\"x\"; rel=\"last next\"") == "https://h/a")
        #expect(next("<https://h/a?b=1,2>; rel=\"next\"") == "https://h/a?b=1,2")
        #expect(next("<https://h/a>; rel=\"last\"", "<https://h/b>; rel=\"next\"") == "https://h/b")
        #expect(next("<https://h/a>; title=\"a,b;c\"; rel=\"next\"") == "https://h/a")
    }
}

struct PercentEncodingTests {
    @Test(arguments: [
        ("", ""), ("aZ09-._~", "aZ09-._~"), ("a b", "a%20b"), ("a+b", "a%2Bb"), ("a/b", "a%2Fb"), ("ä", "%C3%A4"),
        ("文", "%E6%96%87"), ("😀", "%F0%9F%98%80"), ("%2F", "%252F"), ("a&b=c?d#e", "a%26b%3Dc%3Fd%23e"),
        ("\u{0}\r\n", "%00%0D%0A"), ("e\u{301}", "e%CC%81"), (":@!$'()*,;[]", "%3A%40%21%24%27%28%29%2A%2C%3B%5B%5D"),
    ])
    func `all but the unreserved is encoded in a segment`(plain: String, encoded: String) {
        #expect(PercentEncoding.segment(plain) == encoded)
    }

    @Test func `slashes stay in a path`() {
        #expect(PercentEncoding.path("a/b c/é") == "a/b%20c/%C3%A9")
    }
}
