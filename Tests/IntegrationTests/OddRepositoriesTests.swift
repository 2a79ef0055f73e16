// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The odd repositories that people have, made with git itself, pushed to each emulated forge and read back through the API: every
/// forge must show the same.
@Suite(.serialized) struct OddRepositoriesTests {
    @Test(arguments: OddHouse.forges)
    func `contents of every kind and name are listed and read byte for byte`(forge: String) async throws {
        let house = try await OddHouse(forge)
        let work = try await OddRepository(in: house.directory.url)
        try await work.importContents()
        let place = try await house.push(work, as: "contents")
        for ref in ["main", "release/2.x/odd", "inner", "outer"] {
            let listed = try await house.call("GET", "/files/\(place)/trees?ref=\(encoded(ref))").json()["paths"]
            let paths = try #require(listed as? [String], "\(ref)")
            #expect(Set(paths) == Set(OddRepository.contents.map(\.path) + ["link"]), "\(ref)")
            #expect(paths.count == Set(paths).count)
        }
        for (path, bytes) in OddRepository.contents {
            let answer = try await house.call("GET", "/files/\(place)/\(encoded(path))?ref=main")
            #expect(answer.status == 200, "\(path): \(String(decoding: answer.body.prefix(300), as: UTF8.self))")
            let file = try answer.json()
            let content = Data(base64Encoded: file["content"] as? String ?? "-")
            #expect(content == bytes, "\(path)")
            #expect(file["path"] as? String == path)
            #expect(file["sha"] as? String == work.blobs[path], "\(path)")
        }
        for path in ["sub", "names"] {
            let answer = try await house.call("GET", "/files/\(place)/\(path)?ref=main")
            #expect((answer.status, answer.errorCode) == (404, "SVCSTG.REPO.0404"), "\(path)")
        }
        let tags = try await house.call("GET", "/repos/\(place)/tags").json()["tags"] as? [String]
        #expect(tags.map(Set.init) == ["inner", "outer", "plain/2026-01"])
        let branches = try await house.call("GET", "/repos/\(place)/branches").json()["branches"] as? [String]
        #expect(branches.map(Set.init) == ["main", "release/2.x/odd", "undated"])
        for ref in ["outer", "plain/2026-01", "undated"] {
            let answer = try await house.call("GET", "/repos/\(place)/commits?ref=\(encoded(ref))")
            let commits = try answer.json()["commits"] as? [[String: Any]]
            #expect(commits?.isEmpty == false, "\(ref): \(String(decoding: answer.body.prefix(300), as: UTF8.self))")
        }
    }

    @Test(arguments: OddHouse.forges)
    func `a tree of 20,000 files is listed whole`(forge: String) async throws {
        let house = try await OddHouse(forge)
        let work = try await OddRepository(in: house.directory.url)
        try await work.importManyFiles(20_000)
        let place = try await house.push(work, as: "wide")
        let answer = try await house.call("GET", "/files/\(place)/trees?ref=main")
        let paths = try #require(
            try answer.json()["paths"] as? [String], "\(String(decoding: answer.body.prefix(300), as: UTF8.self))")
        #expect(paths.count == 20_000)
        #expect(Set(paths).count == 20_000)
    }

    @Test(arguments: OddHouse.forges)
    func `a branch that was pushed over between read and write is not written to`(forge: String) async throws {
        let house = try await OddHouse(forge)
        let work = try await OddRepository(in: house.directory.url)
        try await work.importText("first\n", on: "main")
        let place = try await house.push(work, as: "moving")
        let file = "/files/\(place)/notes.txt?ref=main"
        let read = try await house.call("GET", file).json()
        let sha = try #require(read["sha"] as? String)
        try await work.importText("pushed over\n", on: "main")
        try await house.push(work, to: "moving")
        let change = ["message": "lost", "content": Data("mine\n".utf8).base64EncodedString(), "sha": sha]
        let late = try await house.call("PUT", file, body: change)
        #expect((late.status, late.errorCode) == (409, "SVCSTG.REPO.0409"))
        let gone = try await house.call("DELETE", "\(file)&message=lost&sha=\(sha)")
        #expect((gone.status, gone.errorCode) == (409, "SVCSTG.REPO.0409"))
        let now = try await house.call("GET", file).json()
        #expect(now["content"] as? String == Data("pushed over\n".utf8).base64EncodedString())
    }

    @Test(arguments: OddHouse.forges)
    func `an empty repository has empty lists, and 250 branches and tags are all there`(forge: String) async throws {
        let house = try await OddHouse(forge)
        let empty = try await house.seeded("empty-dock")
        for (path, member) in [
            ("/repos/\(empty)/branches", "branches"), ("/repos/\(empty)/tags", "tags"),
            ("/repos/\(empty)/commits", "commits"), ("/files/\(empty)/trees?ref=main", "paths"),
        ] {
            let answer = try await house.call("GET", path)
            let list = try answer.json()[member] as? [Any]
            #expect(list?.count == 0, "\(path): \(String(decoding: answer.body.prefix(300), as: UTF8.self))")
        }
        let crowded = try await house.seeded("crowded-quay")
        let branches = try await house.call("GET", "/repos/\(crowded)/branches").json()["branches"] as? [String]
        #expect(branches?.count == 251)
        let tags = try await house.call("GET", "/repos/\(crowded)/tags").json()["tags"] as? [String]
        #expect(tags?.count == 250)
    }

    @Test(arguments: OddHouse.forges)
    func `a default branch may have a slash, and is meant where no ref is given`(forge: String) async throws {
        let house = try await OddHouse(forge)
        let work = try await OddRepository(in: house.directory.url)
        try await work.importText("first\n", on: "trunk/main")
        let place = try await house.push(work, as: "slashed")
        let branches = try await house.call("GET", "/repos/\(place)/branches").json()["branches"] as? [String]
        #expect(branches == ["trunk/main"])
        for query in ["", "?ref=trunk%2Fmain", "?ref=trunk/main"] {
            let commits = try await house.call("GET", "/repos/\(place)/commits\(query)").json()["commits"] as? [Any]
            #expect(commits?.count == 1, "\(query)")
        }
        let file = "/files/\(place)/notes.txt?ref=trunk%2Fmain"
        let sha = try #require(try await house.call("GET", file).json()["sha"] as? String)
        let text = Data("second\n".utf8).base64EncodedString()
        let change = ["message": "change", "content": text, "sha": sha]
        #expect(try await house.call("PUT", file, body: change).status == 200)
        #expect(try await house.call("GET", file).json()["content"] as? String == text)
        let tag = ["name": "v/1", "description": "A tag"]
        let tagged = try await house.call("POST", "/repos/\(place)/tags?ref=trunk%2Fmain", body: tag)
        #expect(tagged.status == 200, "\(String(decoding: tagged.body, as: UTF8.self))")
        #expect(try await house.call("DELETE", "/repos/\(place)/tags/v%2F1").status == 204)
        #expect((try await house.call("GET", "/repos/\(place)/tags").json()["tags"] as? [Any])?.count == 0)
    }

    @Test(arguments: OddHouse.forges)
    func `the first file of an empty repository makes its branch`(forge: String) async throws {
        let house = try await OddHouse(forge)
        let place = try await house.make("fresh").place
        let text = Data("hello\n".utf8).base64EncodedString()
        let made = try await house.call(
            "POST", "/files/\(place)/a%2Fb.txt?ref=main", body: ["message": "begin", "content": text])
        #expect(made.status == 200, "\(String(decoding: made.body, as: UTF8.self))")
        #expect(try await house.call("GET", "/files/\(place)/a%2Fb.txt?ref=main").json()["content"] as? String == text)
    }

    @Test(arguments: OddHouse.forges)
    func `a new file below a file is refused, and that file stays`(forge: String) async throws {
        let house = try await OddHouse(forge)
        let work = try await OddRepository(in: house.directory.url)
        try await work.importText("kept\n", on: "main")
        let place = try await house.push(work, as: "below")
        let draft = ["message": "below", "content": Data("lost\n".utf8).base64EncodedString()]
        for path in ["notes.txt%2Fx", "notes.txt%2Fx%2Fy%2Fz"] {
            let made = try await house.call("POST", "/files/\(place)/\(path)?ref=main", body: draft)
            #expect(made.status == 400, "\(path): \(String(decoding: made.body, as: UTF8.self))")
        }
        let kept = try await house.call("GET", "/files/\(place)/notes.txt?ref=main").json()
        #expect(kept["content"] as? String == Data("kept\n".utf8).base64EncodedString())
    }

    @Test(arguments: OddHouse.forges)
    func `a hook that exists already is told, or made a second time, as the forge does it`(forge: String) async throws {
        let house = try await OddHouse(forge)
        let place = try await house.make("hooked").place
        let draft = ["url": "https://hooks.example.org/odd", "secret": "canary-hook-secret"]
        let first = try await house.call("POST", "/repos/\(place)/hooks", body: draft)
        #expect(first.status == 200, "\(String(decoding: first.body, as: UTF8.self))")
        let second = try await house.call("POST", "/repos/\(place)/hooks", body: draft)
        #expect(second.status == 200 || second.errorCode == "SVCSTG.REPO.0403")
        let hooks = try await house.call("GET", "/repos/\(place)/hooks")
        #expect((try hooks.json()["hooks"] as? [Any])?.count == (second.status == 200 ? 2 : 1))
        for answer in [first, second, hooks] {
            #expect(!String(decoding: answer.body, as: UTF8.self).contains("canary-hook-secret"))
        }
    }

    @Test(arguments: OddHouse.forges)
    func `an archived repository is read and not written`(forge: String) async throws {
        let house = try await OddHouse(forge)
        let place = try await house.seeded("old-pier")
        let branches = try await house.call("GET", "/repos/\(place)/branches").json()["branches"] as? [String]
        #expect(branches?.contains("main") == true)
        let text = Data("hello\n".utf8).base64EncodedString()
        let made = try await house.call(
            "POST", "/files/\(place)/new.txt?ref=main", body: ["message": "begin", "content": text])
        #expect((made.status, made.errorCode) == (403, "SVCSTG.REPO.0453"))
    }
}

/// A sandbox with one authorization at one forge.
private struct OddHouse {
    static let forges = ["bitbucket", "bitbucket-datacenter", "devcloud", "gitea", "gitee", "github", "gitlab"]

    let directory: TemporaryDirectory
    let sandbox: RunningSandbox
    private let forge: SandboxCaller.Ready.Forge
    private let space: String

    init(_ id: String) async throws {
        directory = try TemporaryDirectory()
        sandbox = try await RunningSandbox.start(in: directory.url)
        forge = try #require(sandbox.ready.forges[id])
        let made =
            if id == "bitbucket-datacenter" {
                // A forge's second product is chosen by its host.
                try await sandbox.call(
                    "POST", "/auths/bitbucket/personal",
                    body: ["name": "odd-one", "token": forge.token, "host": forge.host])
            } else if let basic = forge.basic {
                try await sandbox.call(
                    "POST", "/auths/\(id)/password",
                    body: ["name": "odd-one", "user": basic.user, "password": basic.password])
            } else {
                try await sandbox.call(
                    "POST", "/auths/\(id)/personal",
                    body: ["name": "odd-one", "token": forge.token, "host": forge.host])
            }
        try #require(made.status == 200, "\(String(decoding: made.body, as: UTF8.self))")
        let spaces = try await sandbox.call("GET", "/repos/namespaces", as: "odd-one").json()["namespaces"]
        let namespace = forge.namespace
        space = try #require(
            (spaces as? [[String: String]])?.first { $0["name"] == namespace || $0["id"] == namespace }?["id"])
    }

    func call(_ method: String, _ path: String, body: [String: String]? = nil) async throws -> SandboxCaller.Answer {
        try await sandbox.call(method, path, as: "odd-one", body: body)
    }

    /// `namespace/project` of a seeded repository, as the API's paths take it.
    func seeded(_ name: String) async throws -> String {
        let projects = try await call("GET", "/repos/\(encoded(space))/projects").json()["projects"]
        let project = try #require((projects as? [[String: String]])?.first { $0["name"] == name }?["id"], "\(name)")
        return "\(encoded(space))/\(encoded(project))"
    }

    /// Makes an empty repository.
    func make(_ name: String) async throws -> (place: String, cloneURL: String) {
        let answer = try await call("POST", "/repos/\(encoded(space))/projects", body: ["name": name])
        let made = try answer.json()
        let id = try #require(made["id"] as? String, "\(String(decoding: answer.body, as: UTF8.self))")
        return ("\(encoded(space))/\(encoded(id))", try #require(made["clone_url"] as? String))
    }

    /// Makes a repository and pushes everything into it. Gives its place in the API's paths.
    func push(_ work: OddRepository, as name: String) async throws -> String {
        let (place, cloneURL) = try await make(name)
        try await push(work, at: cloneURL)
        return place
    }

    /// Pushes everything over what is there.
    func push(_ work: OddRepository, to name: String) async throws {
        let projects = try await call("GET", "/repos/\(encoded(space))/projects").json()["projects"]
        let found = (projects as? [[String: String]])?.first { $0["name"] == name }
        try await push(work, at: try #require(found?["clone_url"]))
    }

    private func push(_ work: OddRepository, at cloneURL: String) async throws {
        var address = try #require(URLComponents(string: cloneURL))
        address.percentEncodedUser = encoded(forge.basic?.user ?? forge.login)
        address.percentEncodedPassword = encoded(forge.basic?.password ?? forge.token)
        try await work.git("push", "-q", "--force", try #require(address.string), "refs/*:refs/*")
    }
}

/// A value percent-encoded whole, slashes too.
private func encoded(_ text: String) -> String {
    MainJobTests.encode(text)
}
