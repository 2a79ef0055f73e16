// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The checkers themselves: what they are there to find, they find.
@Suite struct JSONShapeTests {
    private func tree(_ text: String) throws -> JSONTree { try JSONTree(parsing: Data(text.utf8)) }

    private func differences(_ answer: String, _ recording: String, _ shape: JSONShape = JSONShape()) throws -> [String]
    {
        shape.differences(of: try tree(answer), from: try tree(recording))
    }

    @Test func `the same shape with other values agrees`() throws {
        let recording = #"{"id":1,"owner":{"login":"a","site_admin":false},"topics":["x"],"license":null}"#
        let answer = #"{"id":2,"owner":{"login":"b","site_admin":true},"topics":[],"license":{"key":"mit"}}"#
        #expect(try differences(answer, recording).isEmpty)
    }

    @Test func `a missing, an invented and a mistyped member are found`() throws {
        let found = try differences(
            #"[{"id":"1","owner":{"login":"b"},"new":1}]"#, #"[{"id":1,"owner":{"login":"a","type":"User"}}]"#)
        #expect(
            Set(found) == [
                "[].id is string, recorded as number", "[].new was never recorded", "[].owner.type is missing",
            ])
    }

    @Test func `excuses are by path or name`() throws {
        let shape = JSONShape(mayLack: ["owner.type"], mayAdd: ["new"])
        #expect(try differences(#"{"owner":{},"new":1}"#, #"{"owner":{"type":"User"}}"#, shape).isEmpty)
    }

    @Test(.enabled(if: TestData.shared != nil, "the shared recordings are not here"))
    func `a description finds what is wrong`() throws {
        let description = try OfficialDescription("github/openapi.ghes-3.9.trimmed.json")
        let path = "/repos/{owner}/{repo}/branches"
        let right = try tree(#"[{"name":"main","commit":{"sha":"a","url":"http://a"},"protected":false}]"#)
        #expect(description.problems(in: right, "GET", path, status: 200).isEmpty)
        let wrong = try tree(#"[{"name":1,"commit":{"sha":"a"}}]"#)
        let problems = description.problems(in: wrong, "GET", path, status: 200)
        #expect(problems.contains("[].name is number, described as string"))
        #expect(problems.contains("[].commit.url is missing"))
        #expect(problems.contains("[].protected is missing"))
        #expect(!description.problems(in: right, "GET", path, status: 299).isEmpty)
        #expect(!description.problems(in: right, "GET", "/nowhere", status: 200).isEmpty)
    }
}
