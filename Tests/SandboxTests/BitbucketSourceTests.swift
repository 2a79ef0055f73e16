// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Files of the emulated Bitbucket: reading, and commits by forms.
@Suite struct BitbucketSourceTests {
    private static let harbour = "/repositories/octavia/harbour"

    private static func text(_ trial: SandboxTrial, _ path: String, at ref: String = "main") async throws -> String {
        let answer = try await trial.bucket(.GET, "\(harbour)/src/\(ref)/\(path)")
        #expect(answer.status == 200, "\(path)")
        return answer.text
    }

    @Test func `a tree is listed breadth first, to a depth`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let tip = try await trial.tip()
            let flat = try await trial.bucketJSON(.GET, "\(Self.harbour)/src/\(tip)/?pagelen=100").values("path")
            #expect(flat.allSatisfy { !$0.contains("/") })
            #expect(flat.contains("README.md"))
            let deep = try await trial.bucketJSON(.GET, "\(Self.harbour)/src/\(tip)/?pagelen=100&max_depth=9")
            let paths = deep.values("path")
            #expect(paths.count > flat.count)
            let depths = paths.map { $0.split(separator: "/").count }
            #expect(depths == depths.sorted())
            var (walked, next): ([String], String?) = ([], "\(Self.harbour)/src/\(tip)/?max_depth=9&pagelen=7")
            while let address = next {
                let page = try await trial.bucketJSON(.GET, address)
                walked += page.values("path")
                next = page["next"]?.string
            }
            #expect(walked == paths)
            let docs = try await trial.bucketJSON(.GET, "\(Self.harbour)/src/\(tip)/docs").values("path")
            #expect(docs.allSatisfy { $0.hasPrefix("docs/") } && !docs.isEmpty)
            #expect(try await trial.bucket(.GET, "\(Self.harbour)/src/\(tip)").status == 404)
            #expect(try await trial.bucket(.GET, "\(Self.harbour)/src/feature/one/README.md").status == 404)
            let root = try await trial.bucket(.GET, Self.harbour + "/src")
            #expect(root.status == 302)
            #expect(root.header("Location")?.hasSuffix("/src/\(tip)/") == true)
        }
    }

    @Test func `a tree that is too large for its depth times out`() async throws {
        try await SandboxTrial.run(.bitbucket, { $0.treeLimit = 3 }) { trial in
            let deep = try await trial.bucket(.GET, "\(Self.harbour)/src/main/?max_depth=9")
            #expect(deep.status == 555)
            #expect(try await trial.bucket(.GET, "\(Self.harbour)/src/main/?max_depth=1").status == 200)
        }
    }

    @Test func `a submodule, a link and an executable are marked`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let open = "/repositories/octavia/open-water/src/main/lib/tide"
            let module = try await trial.bucketJSON(.GET, open + "?format=meta")
            #expect(module["attributes"] == .array([.string("subrepository")]))
            #expect(try await trial.bucket(.GET, open).text.count == 40)
            let answer = try await trial.commit([
                SandboxTrial.file("/bin/run", "#!/bin/sh\n", "; x-attributes=\"executable\""),
                SandboxTrial.file("/now", "README.md", "; x-attributes:\"link\""), SandboxTrial.file("/plain", "\0"),
            ])
            #expect(answer.status == 201)
            for (path, attributes) in [("bin/run", ["executable"]), ("now", ["link"]), ("plain", ["binary"])] {
                let meta = try await trial.bucketJSON(.GET, "\(Self.harbour)/src/main/\(path)?format=meta")
                #expect(meta["attributes"] == .array(attributes.map(JSONTree.string)), "\(path)")
            }
        }
    }

    @Test func `a form makes, overwrites and removes files in one commit`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let before = try await trial.tip()
            let first = try await trial.commit([
                SandboxTrial.field("message", "Two files"), SandboxTrial.field("branch", "main"),
                SandboxTrial.field("parents", before), SandboxTrial.field("author", "Ada <ada@example.org>"),
                SandboxTrial.file("/message", "a file"), SandboxTrial.file("ünï/a \\\"b\\\".txt", "x\r\n--y"),
            ])
            #expect(first.status == 201, "\(first.text)")
            #expect(try await Self.text(trial, "message") == "a file")
            #expect(try await Self.text(trial, "%C3%BCn%C3%AF/a%20%22b%22.txt") == "x\r\n--y")
            let commit = try await trial.bucketJSON(.GET, Self.harbour + "/commit/main")
            #expect(commit["message"]?.string?.hasPrefix("Two files") == true)
            #expect(commit["author"]?["raw"]?.string == "Ada <ada@example.org>")
            #expect(commit["parents"]?[0]?["hash"]?.string == before)
            let second = try await trial.commit([
                SandboxTrial.file("/message", "changed"), SandboxTrial.field("files", "/message"),
                SandboxTrial.field("files", "ünï/a \"b\".txt"),
            ])
            #expect(second.status == 201)
            #expect(try await Self.text(trial, "message") == "changed")
            #expect(try await trial.bucket(.GET, "\(Self.harbour)/src/main/%C3%BCn%C3%AF").status == 404)
        }
    }

    @Test func `the parent has to be the branch's latest commit`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let before = try await trial.tip()
            #expect(try await trial.commit([SandboxTrial.file("a", "1")]).status == 201)
            for branch in [[], [SandboxTrial.field("branch", "main")]] {
                let stale = [SandboxTrial.field("parents", before), SandboxTrial.file("a", "2")] + branch
                let answer = try await trial.commit(stale)
                #expect(answer.status == 409)
                #expect(try answer.json()["type"]?.string == "error")
            }
            #expect(try await Self.text(trial, "a") == "1")
            let tip = try await trial.tip()
            #expect(
                try await trial.commit([SandboxTrial.field("parents", tip), SandboxTrial.file("a", "3")]).status == 201)
        }
    }

    @Test func `of many who write on one parent only one does`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let tip = try await trial.tip()
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        try await trial.commit([
                            SandboxTrial.field("parents", tip), SandboxTrial.file("race", "\(number)"),
                        ]).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [201] + Array(repeating: 409, count: 5))
        }
    }

    @Test func `a new branch begins at the main branch, or at its parent`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let (main, develop) = (try await trial.tip(), try await trial.tip("develop"))
            #expect(
                try await trial.commit([SandboxTrial.field("branch", "topic/x"), SandboxTrial.file("t", "1")]).status
                    == 201)
            let x = try await trial.bucketJSON(.GET, "\(Self.harbour)/commit/\(try await trial.tip("topic/x"))")
            #expect(x["parents"]?[0]?["hash"]?.string == main)
            #expect(try await trial.tip() == main)
            let made = try await trial.commit([
                SandboxTrial.field("branch", "topic/y"), SandboxTrial.field("parents", String(develop.prefix(12))),
            ])
            #expect(made.status == 201)
            let y = try await trial.bucketJSON(.GET, "\(Self.harbour)/commit/\(try await trial.tip("topic/y"))")
            #expect(y["parents"]?[0]?["hash"]?.string == develop)
        }
    }

    @Test func `an empty repository's first commit makes its main branch`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let answer = try await trial.commit(
                [SandboxTrial.field("branch", "trunk"), SandboxTrial.file("a", "1")],
                to: "octavia/empty-dock")
            #expect(answer.status == 201)
            let repository = try await trial.bucketJSON(.GET, "/repositories/octavia/empty-dock")
            #expect(repository["mainbranch"]?["name"]?.string == "trunk")
        }
    }

    @Test func `the other kind of form is taken for texts`() async throws {
        try await SandboxTrial.run(.bitbucket) { trial in
            let headers = [
                ("Authorization", SandboxTrial.basic(trial.forge.basic?.user ?? "", trial.apiToken)),
                ("Content-Type", "application/x-www-form-urlencoded"),
            ]
            let body = "%2Fmessage=a+file&message=Said&path%2Fto%2Fme.txt=Salt%20water."
            let answer = try await trial.send(
                .POST, "/2.0" + Self.harbour + "/src", headers: headers, body: Array(body.utf8))
            #expect(answer.status == 201)
            #expect(try await Self.text(trial, "path/to/me.txt") == "Salt water.")
            #expect(try await Self.text(trial, "message") == "a file")
        }
    }

    @Test func `bad forms, and those who may not write, are refused`() async throws {
        let reader = SandboxToken(forge: .bitbucket, token: Secret("ATCTT3x-reader"), scopes: ["repository"])
        try await SandboxTrial.run(.bitbucket, { $0.tokens = [reader] }) { trial in
            for parts in [
                [SandboxTrial.field("files", "/nothing")], [SandboxTrial.file("../x", "1")],
                [SandboxTrial.file(".git/config", "1")], [SandboxTrial.file("/", "1")],
                [SandboxTrial.file("a", "1"), SandboxTrial.field("branch", "a..b")],
                [SandboxTrial.file("a", "1"), SandboxTrial.field("author", "nobody")],
                [SandboxTrial.file("a", "1"), SandboxTrial.field("parents", "0000000")],
                [SandboxTrial.field("files", "docs")],
            ] {
                let answer = try await trial.commit(parts)
                #expect(answer.status == 400, "\(parts)")
            }
            let one = [SandboxTrial.file("a", "1")]
            #expect(try await trial.commit(one, to: "octavia/old-pier").status == 403)
            #expect(try await trial.commit(one, as: "Bearer ATCTT3x-reader").status == 403)
            #expect(try await trial.commit(one, to: "marlow/secret-cove").status == 404)
            #expect(try await trial.commit(one, to: "octavia/open-water", as: "").status == 401)
        }
    }
}
