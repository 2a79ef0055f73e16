// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

@Suite struct GitHubContentTests {
    private static let path = "/repos/octavia/harbour/contents/"

    private func decoded(_ body: JSONTree) throws -> Data {
        let text = try #require(body["content"]?.string)
        return try #require(Data(base64Encoded: text.replacingOccurrences(of: "\n", with: "")))
    }

    @Test func `files of every kind are read`() async throws {
        try await withGitHub { hub in
            let readme = try await hub.get(Self.path + "README.md").json()
            #expect(readme["type"]?.string == "file")
            #expect(readme["encoding"]?.string == "base64")
            #expect(String(decoding: try decoded(readme), as: UTF8.self).hasPrefix("# Harbour"))
            let text = try #require(readme["content"]?.string)
            #expect(text.hasSuffix("\n"))
            #expect(text.components(separatedBy: "\n").dropLast(2).allSatisfy { $0.count == 60 })

            let bytes = try await hub.get(Self.path + "data/bytes.bin").json()
            #expect(Array(try decoded(bytes)) == (0..<1024).map { UInt8($0 & 255) })
            let empty = try await hub.get(Self.path + "data/.keep").json()
            #expect(empty["size"]?.integer == 0)
            #expect(empty["content"]?.string?.isEmpty == true)
            for name in [
                "docs/with%20space/%C3%BCn%C3%AF%20c%C3%B6d%C3%A9%20%E6%B8%AF.txt",
                "docs/with%20space/100%25%20%26%20more%20%231%2B%3F.txt",
                "docs%2Fwith%20space%2F100%25%20%26%20more%20%231%2B%3F.txt",
            ] {
                #expect(try await hub.get(Self.path + name).status == 200, "\(name)")
            }
            let branch = try await hub.get(Self.path + "feature-one.txt?ref=feature/one").json()
            #expect(branch["url"]?.string?.hasSuffix("?ref=feature/one") == true)
            let tag = try await hub.get(Self.path + "VERSION?ref=v1.0.0")
            #expect(tag.status == 200)
        }
    }

    @Test func `links, directories and submodules say what they are`() async throws {
        try await withGitHub { hub in
            let toFile = try await hub.get(Self.path + "docs/index.md").json()
            #expect(toFile["type"]?.string == "file")
            #expect(String(decoding: try decoded(toFile), as: UTF8.self).hasPrefix("# Harbour"))
            let toFolder = try await hub.get(Self.path + "docs/pilot").json()
            #expect(toFolder["type"]?.string == "symlink")
            #expect(toFolder["target"]?.string == "../src")
            let folder = try await hub.get(Self.path + "docs/").json()
            #expect(folder.array?.compactMap { $0["type"]?.string } == ["symlink", "symlink", "dir"])
            let object = try await hub.get(
                Self.path + "docs", headers: [("Accept", "application/vnd.github.object+json")]
            ).json()
            #expect(object["entries"]?.array?.count == 3)
            let water = "/repos/octavia/open-water/contents/lib"
            let module = try await hub.get(water + "/tide").json()
            #expect(module["type"]?.string == "submodule")
            #expect(module["submodule_git_url"]?.string == "https://example.com/octavia/tide.git")
            #expect(try await hub.get(water).json()[0]?["type"]?.string == "file")
            let newer = try await hub.get(water, headers: [("X-GitHub-Api-Version", "2026-03-10")]).json()
            #expect(newer[0]?["type"]?.string == "submodule")
        }
    }

    @Test func `what is not there is not found, and why is said`() async throws {
        try await withGitHub { hub in
            for name in ["nowhere", "README.md/below", "..", "docs/../README.md", "%00", "docs//index.md"] {
                #expect(try await hub.get(Self.path + name).status == (name == "docs//index.md" ? 200 : 404), "\(name)")
            }
            let ref = try await hub.get(Self.path + "README.md?ref=nowhere")
            #expect(ref.status == 404)
            #expect(try ref.json()["message"]?.string == "No commit found for the ref nowhere")
        }
    }

    @Test func `the addresses in a body lead to the bytes`() async throws {
        try await withGitHub { hub in
            let file = try await hub.get(Self.path + "feature-one.txt?ref=feature/one").json()
            let download = try #require(file["download_url"]?.string)
            #expect(try await hub.get(download).text == "one\n")
            #expect(try await hub.with(token: nil).get(download).status == 404)
            let git = try #require(file["git_url"]?.string)
            #expect(try await hub.get(git).json()["sha"] == file["sha"])
            let user = try await hub.get("/user").json()
            let avatar = try await hub.get(try #require(user["avatar_url"]?.string))
            #expect(avatar.headers.first(name: "Content-Type") == "image/svg+xml")
        }
    }

    @Test func `content above a megabyte comes only raw or as a blob`() async throws {
        try await withGitHub { hub in
            let size = (1 << 20) + 1
            let bytes = Data((0..<size).map { UInt8(truncatingIfNeeded: $0) })
            let body = #"{"message":"big","content":"\#(bytes.base64EncodedString())"}"#
            let made = try await hub.send(.PUT, Self.path + "big.bin", body)
            #expect(made.status == 201)
            let shown = try await hub.get(Self.path + "big.bin").json()
            #expect(shown["size"]?.integer == size)
            #expect(shown["encoding"]?.string == "none")
            #expect(shown["content"]?.string?.isEmpty == true)
            let raw = try await hub.get(Self.path + "big.bin", headers: [("Accept", "application/vnd.github.raw+json")])
            #expect(Data(raw.bytes) == bytes)
            #expect(raw.headers.first(name: "Content-Type")?.hasPrefix("application/vnd.github.raw") == true)
            let sha = try #require(shown["sha"]?.string)
            let blob = try await hub.get("/repos/octavia/harbour/git/blobs/" + sha).json()
            #expect(try decoded(blob) == bytes)
        }
    }

    @Test func `a file is created, updated and deleted by its sha`() async throws {
        try await withGitHub { hub in
            let name = "docs/new%20folder/f%C3%BCr.txt"
            let made = try await hub.put(name, "one", branch: "develop")
            #expect(made.status == 201)
            #expect(try made.json()["content"]?["path"]?.string == "docs/new folder/für.txt")
            #expect(try made.json()["commit"]?["author"]?["name"]?.string == "Octavia Lund")
            let first = try #require(try made.json()["content"]?["sha"]?.string)

            let without = try await hub.put(name, "two", branch: "develop")
            #expect(without.status == 422)
            #expect(try without.json()["message"]?.string == "Invalid request.\n\n\"sha\" wasn't supplied.")
            let updated = try await hub.put(name, "two", sha: first, branch: "develop")
            #expect(updated.status == 200)
            let second = try #require(try updated.json()["content"]?["sha"]?.string)
            let stale = try await hub.put(name, "three", sha: first, branch: "develop")
            #expect(stale.status == 409)
            #expect(try stale.json()["message"]?.string?.contains("does not match \(first)") == true)

            #expect(try await hub.delete(Self.path + name, #"{"message":"m","branch":"develop"}"#).status == 422)
            let gone = try await hub.delete(
                Self.path + name, #"{"message":"m","branch":"develop","sha":"\#(first)"}"#)
            #expect(gone.status == 409)
            let deleted = try await hub.delete(Self.path + name + "?message=m&branch=develop&sha=" + second)
            #expect(deleted.status == 200)
            #expect(try deleted.json()["content"] == .null)
            #expect(try await hub.get(Self.path + name + "?ref=develop").status == 404)
            let again = try await hub.delete(
                Self.path + name, #"{"message":"m","branch":"develop","sha":"\#(second)"}"#)
            #expect(again.status == 404)
        }
    }

    private static let refusals: [(path: String, body: String, status: Int)] = [
        ("a", "{}", 422), ("a", #"{"message":"m"}"#, 422), ("a", #"{"content":""}"#, 422),
        ("a", #"{"message":"m","content":"***"}"#, 422), ("a", #"{"message":1,"content":""}"#, 422),
        ("a", #"{"message":"m","content":"","branch":"nowhere"}"#, 404),
        ("a", #"{"message":"m","content":"","branch":"v1.0.0"}"#, 404),
        ("a", #"{"message":"m","content":"","author":{"name":"x"}}"#, 422),
        ("a", #"{"message":"m","content":"","committer":{"name":"x","email":""}}"#, 422),
        ("a", #"{"message":"m","content":"","sha":"0123456789012345678901234567890123456789"}"#, 409),
        ("docs", #"{"message":"m","content":""}"#, 422), ("README.md/below", #"{"message":"m","content":""}"#, 422),
        (".git/config", #"{"message":"m","content":""}"#, 422), ("a/%2E%2E/b", #"{"message":"m","content":""}"#, 422),
        ("%2Fetc/passwd", #"{"message":"m","content":""}"#, 422), ("a%00b", #"{"message":"m","content":""}"#, 422),
        ("a", "no json", 400),
    ]

    @Test func `a write that cannot be is refused and changes nothing`() async throws {
        try await withGitHub { hub in
            let tip = try await hub.tip()
            for (path, body, status) in Self.refusals {
                let answer = try await hub.send(.PUT, Self.path + path, body)
                #expect(answer.status == status, "\(path) \(body) \(answer.text)")
            }
            #expect(try await hub.tip() == tip)
        }
    }

    @Test func `author, committer and date are as the caller says`() async throws {
        try await withGitHub { hub in
            let who = #"{"name":"Émile","email":"e@example.com","date":"2020-02-03T04:05:06Z"}"#
            let made = try await hub.send(
                .PUT, Self.path + "dated", #"{"message":"-m dashed\n\nbody","content":"","author":\#(who)}"#)
            #expect(made.status == 201)
            let commit = try made.json()["commit"]
            #expect(commit?["author"]?["name"]?.string == "Émile")
            #expect(commit?["author"]?["date"]?.string == "2020-02-03T04:05:06Z")
            #expect(commit?["committer"]?["name"]?.string == "Octavia Lund")
            #expect(commit?["message"]?.string == "-m dashed\n\nbody")
        }
    }

    @Test func `the first file makes the branch`() async throws {
        try await withGitHub { hub async throws in
            #expect(try await hub.put("first.txt", "x", repository: "octavia/empty-dock").status == 201)
            #expect(try await hub.get("/repos/octavia/empty-dock/branches/main").status == 200)
        }
    }

    @Test func `twenty writers at once lose no accepted commit`() async throws {
        try await withGitHub { hub in
            let accepted = try await withThrowingTaskGroup(of: String?.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        let answer = try await hub.put("race/\(number).txt", "\(number)")
                        #expect(answer.status == 201 || answer.status == 409, "\(answer.text)")
                        return answer.status == 201 ? try answer.json()["commit"]?["sha"]?.string : nil
                    }
                }
                return try await group.reduce(into: Set<String>()) { if let sha = $1 { $0.insert(sha) } }
            }
            #expect(!accepted.isEmpty)
            let history = try await hub.all("/repos/octavia/harbour/commits?per_page=100")
            #expect(accepted.isSubset(of: history.compactMap { $0["sha"]?.string }))
            let files = try await hub.get(Self.path + "race").json().array
            #expect(files?.count == accepted.count)
        }
    }
}
