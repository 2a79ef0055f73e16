// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Foundation
import Testing

/// Bitbucket Data Center through Gatehouse's own API: another product under the forge `bitbucket`, chosen by `host`.
@Suite(.serialized) struct DataCenterTests {
    @Test(arguments: ["personal", "password"])
    func `every operation works at a Bitbucket Data Center`(mode: String) async throws {
        let directory = try TemporaryDirectory()
        let sandbox = try await RunningSandbox.start(in: directory.url)
        let seeded = try #require(sandbox.ready.forges["bitbucket-datacenter"])
        let name = "datacenter-\(mode)"
        let credential =
            mode == "personal"
            ? ["token": seeded.token] : ["user": seeded.sign_in.user, "password": seeded.sign_in.password]
        let created = try await sandbox.call(
            "POST", "/auths/bitbucket/\(mode)",
            body: credential.merging(["name": name, "host": seeded.host]) { $1 })
        let authorization = try #require(
            try created.json()["authorization"] as? [String: Any], "\(String(decoding: created.body, as: UTF8.self))")
        #expect(authorization["repo_user"] as? String == seeded.login)
        #expect(authorization["repo_type"] as? String == "bitbucket")
        #expect(authorization["repo_host"] as? String == seeded.host + "/rest/api/latest")
        #expect(authorization["repo_home"] as? String == seeded.host + "/users/" + seeded.login)

        func list(_ path: String, _ key: String) async throws -> [Any] {
            let answer = try await sandbox.call("GET", path, as: name)
            #expect(answer.status == 200, "\(path): \(String(decoding: answer.body, as: UTF8.self))")
            return try answer.json()[key] as? [Any] ?? []
        }
        let spaces = try await list("/repos/namespaces", "namespaces") as? [[String: String]]
        #expect(spaces?.compactMap { $0["id"] } == ["~octavia", "HARBOUR_WORKS"])
        let projects = try await list("/repos/~octavia/projects", "projects") as? [[String: String]]
        let project = try #require(projects?.first { $0["name"] == seeded.project })
        #expect(project["id"] == "~octavia/harbour")
        let clone = MainJobTests.encode(try #require(project["clone_url"]))
        let detail = try await sandbox.call("GET", "/repos/project-info?clone_url=\(clone)", as: name)
        #expect(
            try detail.json()["project_id"] as? String == "~octavia/harbour",
            "\(String(decoding: detail.body, as: UTF8.self))")
        #expect(
            try await sandbox.call("POST", "/repos/~octavia/projects", as: name, body: ["name": "made"]).status == 200)
        #expect(
            try await sandbox.call("POST", "/repos/~octavia/projects", as: name, body: ["name": "made"]).errorCode
                == "SVCSTG.REPO.0403")

        let repository = "~octavia/harbour"
        #expect(try await list("/repos/\(repository)/branches", "branches").count == 5)
        #expect(try await list("/repos/~octavia/crowded-quay/tags", "tags").count == 250)
        #expect(try await list("/repos/\(repository)/commits", "commits").count == 10)
        #expect(try await list("/repos/~octavia/empty-dock/commits", "commits").isEmpty)
        let tree = try await list("/files/~octavia/open-water/trees?ref=main", "paths") as? [String]
        #expect(tree == [".gitmodules", "README.md"])

        let tags = "/repos/\(repository)/tags"
        let tag = ["name": "rel/9", "description": "nine"]
        #expect(try await sandbox.call("POST", tags + "?ref=main", as: name, body: tag).status == 200)
        #expect(try await sandbox.call("POST", tags + "?ref=main", as: name, body: tag).errorCode == "SVCSTG.REPO.0403")
        #expect(try await sandbox.call("DELETE", tags + "/rel%2F9", as: name).status == 204)
        #expect(try await sandbox.call("DELETE", tags + "/rel%2F9", as: name).status == 404)

        let hooks = "/repos/\(repository)/hooks"
        let hook = try await sandbox.call(
            "POST", hooks, as: name, body: ["url": "https://ci.example/h", "secret": "s3cret-canary"])
        let id = try #require(try hook.json()["id"].map { "\($0)" }, "\(String(decoding: hook.body, as: UTF8.self))")
        let listed = try await sandbox.call("GET", hooks, as: name)
        #expect(!String(decoding: listed.body, as: UTF8.self).contains("s3cret-canary"))
        #expect(try await sandbox.call("DELETE", "\(hooks)/\(id)", as: name).status == 204)

        try await change(sandbox, repository, as: name)
        #expect(sandbox.process.stop() == 0, "\(sandbox.process.output)")
    }

    private func change(_ sandbox: RunningSandbox, _ repository: String, as name: String) async throws {
        let file = "/files/\(repository)/\(MainJobTests.encode("docs:ünï code:a+b%.txt"))?ref=main"
        let text = Data("first\n".utf8).base64EncodedString()
        let written = try await sandbox.call("POST", file, as: name, body: ["message": "add", "content": text])
        #expect(written.status == 200, "\(String(decoding: written.body, as: UTF8.self))")
        #expect(
            try await sandbox.call("POST", file, as: name, body: ["message": "add", "content": text]).errorCode
                == "SVCSTG.REPO.0403")
        let read = try await sandbox.call("GET", file, as: name).json()
        let sha = try #require(read["sha"] as? String)
        #expect(read["content"] as? String == text)
        let change = ["message": "Ändern", "content": Data([0, 255, 10, 13]).base64EncodedString(), "sha": sha]
        #expect(try await sandbox.call("PUT", file, as: name, body: change).status == 200)
        #expect(try await sandbox.call("PUT", file, as: name, body: change).errorCode == "SVCSTG.REPO.0409")
        let fresh = try #require(try await sandbox.call("GET", file, as: name).json()["sha"] as? String)
        #expect(try await sandbox.call("DELETE", "\(file)&message=gone&sha=\(sha)", as: name).status == 409)
        let gone = try await sandbox.call("DELETE", "\(file)&message=gone&sha=\(fresh)", as: name)
        #expect(gone.status == 204, "\(String(decoding: gone.body, as: UTF8.self))")
        #expect(try await sandbox.call("GET", file, as: name).status == 404)
        let commits = try await sandbox.call("GET", "/repos/\(repository)/commits", as: name).json()["commits"]
        let messages = (commits as? [[String: String]])?.prefix(3).compactMap { $0["message"] }
        #expect(messages == ["gone", "Ändern", "add"])
        let tag = try await sandbox.call(
            "POST", file.replacing("ref=main", with: "ref=v1.0.0"), as: name, body: ["message": "add", "content": text])
        #expect(tag.errorCode == "SVCSTG.REPO.0400")
    }

    @Test func `OAuth at a Bitbucket Data Center is a site of its own`() async throws {
        let directory = try TemporaryDirectory()
        let sandbox = try await RunningSandbox.start(in: directory.url)
        let seeded = try #require(sandbox.ready.forges["bitbucket-datacenter"])
        let answer = try await sandbox.call("GET", "/auths/bitbucket/redirect?tag=datacenter")
        let url = try #require(try answer.json()["url"] as? String, "\(String(decoding: answer.body, as: UTF8.self))")
        #expect(url.hasPrefix(seeded.host + "/rest/oauth2/latest/authorize?client_id="))
        #expect(url.contains("&scope=PROJECT_ADMIN&"))
        #expect(url.contains("&code_challenge_method=S256"))
    }
}
