// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The whole house on one machine: the program as it is built, over HTTP, with an emulated forge behind it.
@Suite(.serialized) struct MainJobTests {
    @Test(arguments: ["bitbucket", "gitee", "github", "gitlab"])
    func `a personal token is kept, works on a repository, and is gone after its deletion`(forge: String) async throws {
        let directory = try TemporaryDirectory()
        let sandbox = try await RunningSandbox.start(in: directory.url)
        let seeded = try #require(sandbox.ready.forges[forge])
        let name = "\(forge)-main"

        let created = try await sandbox.call(
            "POST", "/auths/\(forge)/personal", body: ["name": name, "token": seeded.token, "host": seeded.host])
        let authorization = try #require(try created.json()["authorization"] as? [String: Any])
        #expect(created.status == 200)
        #expect(authorization["repo_user"] as? String == seeded.login)
        #expect(authorization["status"] as? Int == 0)
        #expect(authorization["tag"] == nil)

        let spaces = try await sandbox.call("GET", "/repos/namespaces", as: name).json()["namespaces"]
        let space = try #require(
            (spaces as? [[String: String]])?.first { $0["name"] == seeded.namespace || $0["id"] == seeded.namespace }?[
                "id"])
        let projects = try await sandbox.call("GET", "/repos/\(Self.encode(space))/projects", as: name).json()[
            "projects"]
        let project = try #require((projects as? [[String: String]])?.first { $0["name"] == seeded.project })
        let id = try #require(project["id"]).replacingOccurrences(of: "/", with: ":")
        let repository = "\(Self.encode(space))/\(Self.encode(id))"

        let branches = try await sandbox.call("GET", "/repos/\(repository)/branches", as: name).json()["branches"]
        #expect((branches as? [String])?.contains("main") == true)
        let commits = try await sandbox.call("GET", "/repos/\(repository)/commits", as: name).json()["commits"]
        #expect((commits as? [[String: String]])?.count == 10)

        let file = "/files/\(repository)/\(Self.encode("docs:ünï code:a+b%.txt"))?ref=main"
        let text = Data("first\n".utf8).base64EncodedString()
        let written = try await sandbox.call("POST", file, as: name, body: ["message": "add", "content": text])
        #expect(written.status == 200, "\(String(decoding: written.body, as: UTF8.self))")
        #expect(try written.json()["path"] as? String == "docs/ünï code/a+b%.txt")
        #expect(
            try await sandbox.call("POST", file, as: name, body: ["message": "add", "content": text]).errorCode
                == "SVCSTG.REPO.0403")
        let read = try await sandbox.call("GET", file, as: name).json()
        let sha = try #require(read["sha"] as? String)
        #expect(read["content"] as? String == text)
        let other = Data([0, 255, 10, 13]).base64EncodedString()
        let change = ["message": "change", "content": other, "sha": sha]
        #expect(try await sandbox.call("PUT", file, as: name, body: change).status == 200)
        let stale = try await sandbox.call("PUT", file, as: name, body: change)
        #expect(stale.status == 409)
        #expect(stale.errorCode == "SVCSTG.REPO.0409")
        let fresh = try #require(try await sandbox.call("GET", file, as: name).json()["sha"] as? String)
        #expect(try await sandbox.call("DELETE", "\(file)&message=gone&sha=\(fresh)", as: name).status == 204)
        #expect(try await sandbox.call("GET", file, as: name).status == 404)

        #expect(try await sandbox.call("DELETE", "/auths/\(name)").status == 204)
        #expect(try await sandbox.call("GET", "/repos/namespaces", as: name).errorCode == "SVCSTG.REPO.0450")
        #expect(sandbox.process.stop() == 0, "\(sandbox.process.output)")
    }

    @Test func `a sandbox whose state is kept knows its authorizations again`() async throws {
        let directory = try TemporaryDirectory()
        let state = directory.url.appending(path: "state")
        let first = try await RunningSandbox.start(in: directory.url, state: state)
        let seeded = try #require(first.ready.forges["gitlab"])
        let created = try await first.call(
            "POST", "/auths/gitlab/personal", body: ["name": "kept", "token": seeded.token, "host": seeded.host])
        #expect(created.status == 200)
        #expect(first.process.stop() == 0)
        let second = try await RunningSandbox.start(in: directory.url, state: state)
        let listed = try await second.call("GET", "/auths").json()["authorizations"] as? [[String: Any]]
        #expect(listed?.compactMap { $0["name"] as? String } == ["kept"])
    }

    @Test func `what a killed sandbox has left is deleted by the next, and a running one is left alone`() async throws {
        let directory = try TemporaryDirectory()
        let environment = ["TMPDIR": directory.url.path]
        func folders() throws -> Set<String> {
            Set(
                try FileManager.default.contentsOfDirectory(atPath: directory.url.path).filter {
                    $0.hasPrefix("gatehouse-sandbox-")
                })
        }
        let killed = try await RunningSandbox.start(in: directory.url, environment: environment)
        let left = try folders()
        killed.process.killAtOnce()
        #expect(try folders() == left && left.count == 1)
        let running = try await RunningSandbox.start(in: directory.url, environment: environment)
        let second = try folders()
        #expect(second.count == 1 && second.isDisjoint(with: left))
        let third = try await RunningSandbox.start(in: directory.url, environment: environment)
        #expect(try folders().isSuperset(of: second))
        #expect(third.process.stop() == 0 && running.process.stop() == 0)
        #expect(try folders().isEmpty)
    }

    static func encode(_ text: String) -> String {
        text.addingPercentEncoding(
            withAllowedCharacters: .alphanumerics.intersection(
                .init(charactersIn: "a"..."z").union(.init(charactersIn: "A"..."Z")).union(
                    .init(charactersIn: "0"..."9")
                ).union(.init(charactersIn: "-._~")))) ?? text
    }
}
