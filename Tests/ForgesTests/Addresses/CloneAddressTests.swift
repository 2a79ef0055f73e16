// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@testable import Forges

struct CloneAddressTests {
    @Test(arguments: [
        ("https://github.com/octo/repo.git", "github.com", nil, ["octo", "repo"]),
        ("https://github.com/octo/repo", "github.com", nil, ["octo", "repo"]),
        ("https://github.com/octo/repo/", "github.com", nil, ["octo", "repo"]),
        ("https://tom@github.com/octo/repo.git", "github.com", nil, ["octo", "repo"]),
        ("https://tom:secret@github.com/octo/repo.git", "github.com", nil, ["octo", "repo"]),
        ("https://***@github.com/octo/repo.git", "github.com", nil, ["octo", "repo"]),
        ("http://GitHub.com:8090/a/b/c.git", "github.com", 8090, ["a", "b", "c"]),
        ("ssh://git@github.com/octo/repo.git", "github.com", nil, ["octo", "repo"]),
        ("ssh://git@github.com:2222/octo/repo.git", "github.com", 2222, ["octo", "repo"]),
        ("ssh://github.com/octo/repo", "github.com", nil, ["octo", "repo"]),
        ("git@github.com:octo/repo.git", "github.com", nil, ["octo", "repo"]),
        ("git@github.com:/octo/repo.git", "github.com", nil, ["octo", "repo"]),
        ("github.com:octo/repo", "github.com", nil, ["octo", "repo"]),
        ("git@[::1]:octo/repo.git", "::1", nil, ["octo", "repo"]),
        ("https://[::1]:9001/octo/repo.git", "::1", 9001, ["octo", "repo"]),
        ("https://h/octo/repo.git.git", "h", nil, ["octo", "repo.git"]),
        ("https://h/%E6%96%87/repo", "h", nil, ["文", "repo"]),
    ])
    func `the forms of git are understood`(text: String, host: String, port: Int?, path: [String]) throws {
        let address = try #require(CloneAddress(text))
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.path == path)
    }

    @Test(arguments: [
        "", "repo", "octo/repo", "/octo/repo", "./repo", "https://github.com", "https://github.com/",
        "https:///octo/repo",
        "https://github.com/octo//repo", "https://github.com/octo/../repo", "https://github.com/octo/%2e%2e/repo",
        "https://github.com/octo/repo?x", "https://github.com/octo/repo#x", "git://github.com/octo/repo",
        "file:///octo/repo", "ftp://github.com/octo/repo", "git@github.com", "git@github.com:", "@:octo/repo",
        ":octo/repo",
        "git@github.com:octo/../repo", "git@github.com:../\u{301}repo", "https://github.com/../%CC%81repo",
        "https://github.com/octo/repo\n", "https://github.com/octo/re po",
        "https://github.com/.git",
        "git@host/x:octo/repo", "https://github.com/octo/a%20b", "https://github.com/octo/%00", "C:\\octo\\repo",
        "://x/y",
        "https://github.com:port/octo/repo", "ext::sh -c id", "https://" + String(repeating: "a", count: 3000) + "/a/b",
    ])
    func `anything else is no clone address`(text: String) {
        #expect(CloneAddress(text) == nil || CloneAddress(text)?.path.count == 1)
    }

    @Test(arguments: [
        ("https://github.com/o/r", true), ("http://github.com/o/r", true), ("https://www.github.com/o/r", true),
        ("https://github.com:443/o/r", true), ("git@github.com:o/r", true), ("ssh://git@ssh.github.com:443/o/r", true),
        ("ssh://git@github.com:22/o/r", true), ("https://github.com:8443/o/r", false),
        ("http://github.com:80/o/r", false),
        ("https://gitlab.com/o/r", false), ("https://github.com.evil.example/o/r", false),
        ("git@evil.example:o/r", false),
        ("https://evilgithub.com/o/r", false), ("https://github.com./o/r", false),
        ("https://api.github.com/o/r", false),
        ("https://github.com@evil.example/o/r", false),
    ])
    func `an address belongs to its host alone`(text: String, belongs: Bool) throws {
        let address = try #require(CloneAddress(text))
        #expect(address.belongs(to: .official(.github)) == belongs)
    }

    @Test(arguments: [
        ("http://127.0.0.1:9001/o/r.git", true), ("git@127.0.0.1:o/r.git", true),
        ("ssh://git@127.0.0.1:2222/o/r.git", true),
        ("http://127.0.0.1/o/r.git", false), ("http://127.0.0.1:9002/o/r.git", false),
        ("https://127.0.0.1/o/r.git", false),
    ])
    func `a host with a port has its own addresses`(text: String, belongs: Bool) throws {
        let host = try #require(try ForgeHost.candidates(.github, address: "http://127.0.0.1:9001").first)
        #expect(try #require(CloneAddress(text)).belongs(to: host) == belongs)
    }

    @Test func `the user part is forgotten`() throws {
        let address = try #require(CloneAddress("https://tom:hunter2@github.com/octo/repo.git"))
        #expect(!"\(address)".contains("hunter2"))
    }
}

struct GitNameTests {
    @Test(arguments: [
        "main", "feature/x", "v1.0.0", "release/2024.01/rc-1", "ümlaut", "文", "a@b", "a{b", "a%2Fb", "a#b", "a&b=c",
        "a+b", "x-",
        "4c294617b60715c1d218e61164a3abd4808a4284", "a'b\"c", "$(id)", "a;b", "😀",
    ])
    func `git's names of branches and tags are names`(name: String) {
        #expect(GitName.isRef(name))
    }

    @Test(arguments: [
        "", "@", ".", "..", "a..b", "a/..", ".a", "a/.b", "a.lock", "a.lock/b", "/a", "a/", "a//b", "a b", "a\tb",
        "a\nb", "a~1", "a/.\u{301}b", "a..\u{301}b", "a@{\u{301}b", "a/../\u{301}b", "a/\u{301}.lock",
        "a^", "a:b", "a?b", "a*", "a[b", "a\\b", "a@{1}", "a.", "a\u{7F}", "-a", "\u{0}",
        String(repeating: "a", count: 1025),
    ])
    func `what git forbids is no name`(name: String) {
        #expect(!GitName.isRef(name))
    }

    @Test(arguments: [
        "a", "a/b", "a b/ c", ".gitignore", ".github/x", "...", "a\\b", "文/x", "-", "a:b", "~", "a\nb", ".gitx",
    ])
    func `git's paths are paths`(path: String) {
        #expect(GitName.isPath(path))
    }

    @Test(arguments: [
        "", "/", "/a", "a/", "a//b", ".", "..", "a/./b", "a/../b", "../\u{301}b", "a/.git/\u{301}", ".git",
        ".git/config", "a/.GIT/b", "a\u{0}",
        String(repeating: "a", count: 4097),
    ])
    func `what cannot stand in a tree is no path`(path: String) {
        #expect(!GitName.isPath(path))
    }

    @Test func `objects have hexadecimal names`() {
        #expect(GitName.isObject("abcd"))
        #expect(GitName.isObject("4C294617b60715c1d218e61164a3abd4808a4284"))
        #expect(GitName.isWholeObject(String(repeating: "a", count: 64)))
        #expect(!GitName.isWholeObject("abcd"))
        #expect(!GitName.isObject("abc"))
        #expect(!GitName.isObject("main"))
        #expect(!GitName.isObject(String(repeating: "a", count: 41)))
        #expect(!GitName.isObject(String(repeating: "g", count: 40)))
    }

    @Test func `blobs have the names that git gives them`() {
        // git hash-object of nothing, and of "test content\n"
        #expect(GitBlob.sha1(of: []) == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
        #expect(GitBlob.sha1(of: Array("test content\n".utf8)) == "d670460b4b4aece5915caf5c68d12f560a9fe3e4")
        #expect(GitBlob.isName("D670460B4B4AECE5915CAF5C68D12F560A9FE3E4", of: Array("test content\n".utf8)))
        #expect(!GitBlob.isName("d670460b4b4aece5915caf5c68d12f560a9fe3e4", of: Array("test content".utf8)))
        #expect(
            GitBlob.isName("473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813", of: []))
        #expect(!GitBlob.isName("", of: []))
    }
}

struct TimestampTests {
    @Test(arguments: [
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"), ("2024-01-02T03:04:05.123456+00:00", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05+05:30", "2024-01-01T21:34:05Z"), ("2024-03-01T00:30:00+01:00", "2024-02-29T23:30:00Z"),
        ("2023-12-31T23:30:00-01:00", "2024-01-01T00:30:00Z"), ("2011-06-17T14:53:35-0700", "2011-06-17T21:53:35Z"),
        ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"), ("2000-02-29 12:00:00z", "2000-02-29T12:00:00Z"),
        ("1900-03-01T00:00:00Z", "1900-03-01T00:00:00Z"), ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
    ])
    func `times are turned to UTC and whole seconds`(text: String, utc: String) {
        #expect(Timestamp.utc(text) == utc)
    }

    @Test(arguments: [
        "", "2024-01-02", "2024-01-02T03:04:05", "2024-13-02T03:04:05Z", "2024-01-02T24:04:05Z",
        "2024-01-02T03:04:05.Z",
        "2024-01-02T03:04:05Zx", "24-01-02T03:04:05Z", "2024-01-02T03:04:05+5:30", "Fix all the bugs",
        "0000-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59", "٢٠٢٤-01-02T03:04:05Z",
    ])
    func `what is no time is none`(text: String) {
        #expect(Timestamp.utc(text) == nil)
    }
}

struct QuotationTests {
    @Test func `text of others is kept short and on one line`() {
        #expect(Quotation.of("main") == "'main'")
        #expect(Quotation.of("a\r\nb\u{1B}[31m\u{202E}\u{2028}") == "'a??b?[31m??'")
        #expect(Quotation.of(String(repeating: "x", count: 100)) == "'" + String(repeating: "x", count: 80) + "…'")
    }

    @Test func `only plain words are words`() {
        #expect(Quotation.word("write:repo_hook") == "write:repo_hook")
        #expect(Quotation.word("contents=write") == "contents=write")
        #expect(Quotation.word("two words") == nil)
        #expect(Quotation.word("") == nil)
        #expect(Quotation.word("<script>") == nil)
        #expect(Quotation.word(String(repeating: "x", count: 61)) == nil)
    }
}
