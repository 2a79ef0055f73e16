// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Sandbox
import TestSupport
import Testing

@Suite struct GitHubReferenceTests {
    private static let path = "/repos/octavia/harbour"

    @Test func `slash branches and tags are found, encoded or not`() async throws {
        try await withGitHub { hub in
            for name in ["feature/one", "feature%2Fone", "fix/%C3%BCn%C3%AF-code"] {
                #expect(try await hub.get(Self.path + "/branches/" + name).status == 200, "\(name)")
                #expect(try await hub.get(Self.path + "/git/ref/heads/" + name).status == 200, "\(name)")
                #expect(try await hub.get(Self.path + "/git/trees/" + name).status == 200, "\(name)")
                #expect(try await hub.get(Self.path + "/commits/" + name).status == 200, "\(name)")
                #expect(try await hub.get(Self.path + "/commits?sha=" + name).status == 200, "\(name)")
            }
            let missing = try await hub.get(Self.path + "/branches/feature")
            #expect(missing.status == 404)
            #expect(try missing.json()["message"]?.string == "Branch not found")
            #expect(try await hub.get(Self.path + "/git/ref/heads/feature").status == 404)
            let matching = try await hub.get(Self.path + "/git/matching-refs/heads/feature").json()
            #expect(
                matching.array?.compactMap { $0["ref"]?.string } == [
                    "refs/heads/feature/one", "refs/heads/feature/two",
                ])
        }
    }

    @Test func `an annotated tag is an object, and lists show its commit`() async throws {
        try await withGitHub { hub in
            let ref = try await hub.get(Self.path + "/git/ref/tags/v1.0.0").json()
            #expect(ref["object"]?["type"]?.string == "tag")
            let sha = try #require(ref["object"]?["sha"]?.string)
            let tag = try await hub.get(Self.path + "/git/tags/" + sha).json()
            #expect(tag["message"]?.string == "Version 1.0.0")
            let commit = try #require(tag["object"]?["sha"]?.string)
            let listed = try await hub.get(Self.path + "/tags").json().array?.first { $0["name"]?.string == "v1.0.0" }
            #expect(listed?["commit"]?["sha"]?.string == commit)
            #expect(try await hub.get(Self.path + "/git/ref/tags/v0.9.0").json()["object"]?["type"]?.string == "commit")
            #expect(try await hub.get(Self.path + "/git/tags/" + commit).status == 404)
            #expect(try await hub.get(Self.path + "/commits/v1.0.0").json()["sha"]?.string == commit)
        }
    }

    @Test func `tags are made and deleted as GitHub has it`() async throws {
        try await withGitHub { hub in
            let tip = try await hub.tip()
            let object = try await hub.send(
                .POST, Self.path + "/git/tags",
                #"{"tag":"rel/2","message":"Two","object":"\#(tip)","type":"commit"}"#)
            #expect(object.status == 201)
            let sha = try #require(try object.json()["sha"]?.string)
            #expect(try object.json()["tagger"]?["name"]?.string == "Octavia Lund")
            #expect(try await hub.get(Self.path + "/git/ref/tags/rel/2").status == 404)
            let body = #"{"ref":"refs/tags/rel/2","sha":"\#(sha)"}"#
            #expect(try await hub.send(.POST, Self.path + "/git/refs", body).status == 201)
            let again = try await hub.send(.POST, Self.path + "/git/refs", body)
            #expect(again.status == 422)
            #expect(try again.json()["message"]?.string == "Reference already exists")
            #expect(try await hub.delete(Self.path + "/git/refs/tags/rel/2").status == 204)
            let gone = try await hub.delete(Self.path + "/git/refs/tags/rel%2F2")
            #expect(gone.status == 422)
            #expect(try gone.json()["message"]?.string == "Reference does not exist")
        }
    }

    @Test func `a ref that cannot be made is refused`() async throws {
        try await withGitHub { hub in
            let tip = try await hub.tip()
            let zeros = String(repeating: "0", count: 40)
            let blob = try await hub.get(Self.path + "/contents/README.md").json()["sha"]?.string ?? ""
            for (ref, sha, message) in [
                ("refs/tags/a..b", tip, "is not a valid ref name"),
                ("refs/tags/-\u{7}", tip, "is not a valid ref name"),
                ("refs/tags/a b", tip, "is not a valid ref name"), ("tags/a", tip, "at least two slashes"),
                ("refs/tags", tip, "at least two slashes"), ("refs/tags/a", "main", "exactly 40 characters"),
                ("refs/tags/a", zeros, "Object does not exist"), ("refs/heads/a", blob, "Reference update failed"),
                ("refs/heads/feature", tip, "Reference already exists"),
            ] {
                let body = #"{"ref":"\#(ref == "refs/tags/-\u{7}" ? #"refs/tags/-\u0007"# : ref)","sha":"\#(sha)"}"#
                let answer = try await hub.send(.POST, Self.path + "/git/refs", body)
                #expect(answer.status == 422, "\(ref)")
                #expect(try answer.json()["message"]?.string?.contains(message) == true, "\(ref) \(answer.text)")
            }
        }
    }

    @Test func `a branch moves forward, and back only by force`() async throws {
        try await withGitHub { hub in
            let commits = try await hub.get(Self.path + "/commits").json()
            let (tip, before) = (commits[0]?["sha"]?.string ?? "", commits[1]?["sha"]?.string ?? "")
            let ref = Self.path + "/git/refs/heads/develop"
            let back = try await hub.send(.PATCH, ref, #"{"sha":"\#(before)"}"#)
            #expect(back.status == 422)
            #expect(try back.json()["message"]?.string == "Update is not a fast forward")
            #expect(try await hub.send(.PATCH, ref, #"{"sha":"\#(before)","force":true}"#).status == 200)
            #expect(try await hub.tip("develop") == before)
            #expect(try await hub.send(.PATCH, ref, #"{"sha":"\#(tip)"}"#).status == 200)
            #expect(try await hub.delete(Self.path + "/git/refs/heads/main").status == 422)
        }
    }

    @Test func `commits are listed by path, author and time`() async throws {
        try await withGitHub { hub in
            let path = Self.path + "/commits"
            let pilot = try await hub.get(path + "?path=src/main/pilot.txt").json()
            #expect(
                pilot.array?.compactMap { $0["commit"]?["message"]?.string } == [
                    "Correct the pilot", "Add the pilot\n\nIt knows the way in.",
                ])
            let marlow = try await hub.get(path + "?author=marlow").json()
            #expect(marlow.array?.count == 1)
            #expect(marlow[0]?["author"]?["login"]?.string == "marlow")
            let stranger = try await hub.get(path + "?author=stranger@example.org").json()
            #expect(stranger[0]?["author"] == .null)
            #expect(stranger[0]?["commit"]?["author"]?["name"]?.string == "A Stranger")
            let early = try await hub.get(path + "?until=2024-01-05T00:00:00Z").json()
            #expect(early.array?.count == 2)
            #expect(try await hub.get(path + "?since=2024-01-16").json().array?.count == 2)
            #expect(try await hub.get(path + "?path=../..").json() == .array([]))
            #expect(try await hub.get(path + "?sha=nowhere").status == 404)
            let unknown = try await hub.get(path + "/nowhere")
            #expect(unknown.status == 422)
            #expect(try unknown.json()["message"]?.string == "No commit found for SHA: nowhere")
        }
    }

    @Test func `a tree is cut off at its limit and whole by subtrees`() async throws {
        try await withGitHub({ $0.treeLimit = 5 }) { hub in
            let cut = try await hub.get(Self.path + "/git/trees/main?recursive=0").json()
            #expect(cut["truncated"]?.bool == true)
            #expect(cut["tree"]?.array?.count == 5)
            let source = try #require(
                try await hub.get(Self.path + "/contents").json().array?.first {
                    $0["name"]?.string == "src"
                }?["sha"]?.string)
            let below = try await hub.get(Self.path + "/git/trees/\(source)?recursive=1").json()
            #expect(below["truncated"]?.bool == false)
            #expect(
                below["tree"]?.array?.compactMap { $0["path"]?.string } == [
                    "main", "main/deep", "main/deep/er", "main/deep/er/still.txt", "main/pilot.txt",
                ])
        }
    }

    @Test func `many files go into one commit`() async throws {
        try await withGitHub { hub in
            let tip = try await hub.tip()
            let blob = try await hub.send(.POST, Self.path + "/git/blobs", #"{"content":"AAH/","encoding":"base64"}"#)
            let sha = try #require(try blob.json()["sha"]?.string)
            let entries = [
                #"{"path":"many/a.bin","mode":"100644","type":"blob","sha":"\#(sha)"}"#,
                #"{"path":"many/b.txt","mode":"100755","type":"blob","content":"b"}"#,
                #"{"path":"VERSION","mode":"100644","type":"blob","sha":null}"#,
            ]
            let tree = try await hub.send(
                .POST, Self.path + "/git/trees", #"{"base_tree":"\#(tip)","tree":[\#(entries.joined(separator: ","))]}"#
            )
            #expect(tree.status == 201)
            let root = try #require(try tree.json()["sha"]?.string)
            let commit = try await hub.send(
                .POST, Self.path + "/git/commits", #"{"message":"many","tree":"\#(root)","parents":["\#(tip)"]}"#)
            #expect(commit.status == 201)
            let made = try #require(try commit.json()["sha"]?.string)
            let move = try await hub.send(.PATCH, Self.path + "/git/refs/heads/main", #"{"sha":"\#(made)"}"#)
            #expect(move.status == 200)
            let files = try await hub.get(Self.path + "/commits/main").json()["files"]?.array
            #expect(files?.compactMap { $0["filename"]?.string } == ["VERSION", "many/a.bin", "many/b.txt"])
            #expect(files?.compactMap { $0["status"]?.string } == ["removed", "added", "added"])
            let raw = try await hub.get(
                Self.path + "/git/blobs/\(sha)", headers: [("Accept", "application/vnd.github.raw")])
            #expect(raw.bytes == [0, 1, 255])
        }
    }
}
