// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Files of the emulated Bitbucket Data Center, and git itself.
@Suite struct BitbucketServerFileTests {
    private let harbour = BitbucketServerTrial.harbour

    @Test func `files are listed at every depth and read byte for byte`() async throws {
        try await BitbucketServerTrial.run { server in
            let all = try await server.json(.GET, harbour + "/files?at=main&limit=1000")
            let paths = (all["values"]?.array ?? []).compactMap(\.string)
            #expect(paths.contains("src/main/deep/er/still.txt") && paths.contains("docs/pilot"))
            let below = try await server.json(.GET, harbour + "/files/src/main?at=main")
            #expect(below["values"]?.array?.compactMap(\.string) == ["deep/er/still.txt", "pilot.txt"])
            let bytes = try await server.api(.GET, harbour + "/raw/data/bytes.bin?at=main")
            #expect(bytes.bytes == (0..<1024).map { UInt8($0 & 255) })
            #expect(bytes.header("Content-Type") == "application/octet-stream")
            let named = try await server.api(
                .GET, harbour + "/raw/docs/with%20space/100%25%20%26%20more%20%231+%3F.txt?at=refs/heads/main")
            #expect(named.text == "signs\n")
            #expect(try await server.api(.GET, harbour + "/raw/docs/index.md").text == "../README.md")
            #expect(try await server.api(.GET, harbour + "/raw/data/.keep").bytes == [])
            for (path, status, exception) in [
                ("/raw/none", 404, "NoSuchPathException"), ("/raw/docs", 400, "PathException"),
                ("/raw/README.md?at=gone", 404, "NoSuchCommitException"), ("/files/none", 404, "NoSuchPathException"),
            ] {
                #expect(try await server.exception(.GET, harbour + path, status: status) == exception)
            }
        }
    }

    @Test func `what stands at a path is told`() async throws {
        try await BitbucketServerTrial.run { server in
            let open = "/projects/~octavia/repos/open-water/browse/"
            for (path, type) in [("README.md", "FILE"), ("lib", "DIRECTORY"), ("lib/tide", "SUBMODULE")] {
                #expect(try await server.json(.GET, open + path + "?type=true")["type"]?.string == type)
            }
            #expect(try await server.json(.GET, open + "README.md?size=true&type=true")["size"]?.integer == 13)
            let lines = try await server.json(.GET, open + "README.md")
            #expect(lines["lines"]?[0]?["text"]?.string == "# Open water")
            let root = try await server.json(.GET, String(open.dropLast()))
            #expect(root["children"]?["values"]?[0]?["path"]?["name"]?.string == ".gitmodules")
            #expect(root["children"]?["values"]?[0]?["contentId"]?.string?.count == 40)
            #expect(try await server.json(.GET, harbour + "/browse/data/bytes.bin")["binary"]?.bool == true)
        }
    }

    @Test func `a file is made once and changed from what was seen`() async throws {
        try await BitbucketServerTrial.run { server in
            let file = harbour + "/browse/docs/new.txt"
            let main = [("branch", "main"), ("message", "Grüße")]
            let made = try await server.edit(file, main + [("content", "one")])
            #expect(made.status == 200)
            let first = try #require(try made.json()["id"]?.string)
            #expect(try made.json()["message"]?.string == "Grüße")
            @Sendable func refused(_ fields: [(String, String)], _ status: Int, _ exception: String) async throws {
                let answer = try await server.edit(file, fields)
                #expect(answer.status == status)
                let name = try answer.json()["errors"]?[0]?["exceptionName"]?.string ?? "none"
                #expect(name.hasSuffix(exception), "\(name)")
            }
            try await refused(main + [("content", "two")], 409, ".FileAlreadyExistsException")
            let seen = [("sourceCommitId", first)]
            try await refused(main + seen + [("content", "one")], 409, ".FileContentUnmodifiedException")
            #expect(try await server.edit(file, main + seen + [("content", "two")]).status == 200)
            try await refused(main + seen + [("content", "three")], 409, ".FileOutOfDateException")
            try await refused([("branch", "gone"), ("content", "x")], 404, ".NoSuchBranchException")
            try await refused([("content", "x")], 400, "none")
            try await refused(main, 400, "none")
            // Another file's change in between does no harm: the lock is the file's.
            let other = harbour + "/browse/README.md"
            #expect(try await server.edit(other, main + seen + [("content", "# New")]).status == 200)
            let branched = try await server.edit(
                harbour + "/browse/x", [("branch", "side"), ("sourceBranch", "main"), ("content", "x")])
            #expect(branched.status == 200)
            #expect(try await server.api(.GET, harbour + "/raw/docs/new.txt?at=side").text == "two")
            #expect(try await server.api(.PUT, file, json: "{}").status == 415)
        }
    }

    @Test func `an empty repository takes its first file on any branch`() async throws {
        try await BitbucketServerTrial.run { server in
            let dock = "/projects/~octavia/repos/empty-dock"
            let made = try await server.edit(dock + "/browse/a.txt", [("branch", "trunk"), ("content", "a")])
            #expect(made.status == 200)
            #expect(try await server.json(.GET, dock + "/default-branch")["displayId"]?.string == "trunk")
        }
    }

    @Test func `git is served below scm, to those who may`() async throws {
        try await BitbucketServerTrial.run({ options in
            options.tokens = [SandboxToken(forge: .bitbucket, token: Secret("reader"), scopes: ["REPO_READ"])]
        }) { server in
            let address = "/scm/~octavia/harbour.git/info/refs?service=git-"
            for (token, service, status) in [
                (server.trial.forge.token.exposed, "receive-pack", 200), ("reader", "upload-pack", 200),
                ("reader", "receive-pack", 403), ("", "upload-pack", 401), ("wrong", "upload-pack", 401),
            ] {
                let headers = token.isEmpty ? [] : [("Authorization", "Bearer \(token)")]
                let answer = try await server.trial.send(.GET, address + service, headers: headers)
                #expect(answer.status == status)
                if status == 401 { #expect(answer.header("WWW-Authenticate")?.hasPrefix("Basic") == true) }
            }
            let other = try await server.trial.send(
                .GET, "/scm/~marlow/secret-cove.git/info/refs?service=git-upload-pack",
                headers: [("Authorization", "Bearer \(server.trial.forge.token.exposed)")])
            #expect(other.status == 404)
        }
    }
}
