// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Sandbox
import TestSupport
import Testing

@Suite struct GitHubRepositoryTests {
    private func names(_ list: [JSONTree]) -> [String] { list.compactMap { $0["full_name"]?.string } }

    @Test func `lists show what the token may see, sorted`() async throws {
        try await withGitHub { hub async throws in
            let own = [
                "octavia/crowded-quay", "octavia/empty-dock", "octavia/harbour", "octavia/old-pier",
                "octavia/open-water",
            ]
            #expect(names(try await hub.all("/user/repos")) == ["harbour-works/crane-control"] + own)
            #expect(names(try await hub.all("/user/repos?affiliation=owner")) == own)
            #expect(names(try await hub.all("/user/repos?type=member")) == ["harbour-works/crane-control"])
            #expect(names(try await hub.all("/user/repos?visibility=public")) == ["octavia/open-water"])
            #expect(names(try await hub.all("/user/repos?affiliation=owner&direction=desc")) == own.reversed())
            #expect(names(try await hub.all("/users/octavia/repos")) == ["octavia/open-water"])
            #expect(names(try await hub.all("/orgs/harbour-works/repos")) == ["harbour-works/crane-control"])
            #expect(try await hub.get("/user/repos?type=owner&visibility=all").status == 422)
            #expect(try await hub.get("/users/nobody/repos").status == 404)
            #expect(try await hub.get("/orgs/nobody/repos").status == 404)
        }
    }

    @Test func `a repository is made, found, renamed and deleted`() async throws {
        try await withGitHub { hub in
            let made = try await hub.send(
                .POST, "/user/repos", #"{"name":"new one","private":true,"description":"Ünï"}"#)
            #expect(made.status == 201)
            let body = try made.json()
            #expect(body["full_name"]?.string == "octavia/new-one")
            #expect(body["private"]?.bool == true)
            #expect(body["description"]?.string == "Ünï")
            #expect(body["owner"]?["type"]?.string == "User")
            #expect(body["clone_url"]?.string == hub.trial.forge.host + "/octavia/new-one.git")
            #expect(made.headers.first(name: "Location") == body["url"]?.string)
            #expect(try await hub.get("/repos/OCTAVIA/New-One").status == 200)

            let again = try await hub.send(.POST, "/user/repos", #"{"name":"NEW-ONE"}"#)
            #expect(again.status == 422)
            let problem = try again.json()
            #expect(problem["message"]?.string == "Repository creation failed.")
            #expect(problem["errors"]?[0]?["message"]?.string == "name already exists on this account")

            let id = try #require(body["id"]?.integer)
            let renamed = try await hub.send(.PATCH, "/repos/octavia/new-one", #"{"name":"newer"}"#)
            #expect(try renamed.json()["full_name"]?.string == "octavia/newer")
            let old = try await hub.get("/repos/octavia/new-one/branches?page=1")
            #expect(old.status == 301)
            let target = "\(hub.trial.forge.host)/api/v3/repositories/\(id)/branches?page=1"
            #expect(old.headers.first(name: "Location") == target)
            #expect(try old.json()["url"]?.string == target)
            #expect(try await hub.get(target).status == 200)
            #expect(try await hub.delete("/repos/octavia/new-one").status == 307)

            #expect(try await hub.delete("/repos/octavia/newer").status == 204)
            #expect(try await hub.get("/repos/octavia/newer").status == 404)
            #expect(try await hub.get(target).status == 404)
        }
    }

    @Test func `a member makes repositories in the organisation, a stranger does not`() async throws {
        try await withGitHub { hub in
            let made = try await hub.send(
                .POST, "/orgs/harbour-works/repos", #"{"name":"dredger","visibility":"private","auto_init":true}"#)
            #expect(made.status == 201)
            #expect(try made.json()["organization"]?["login"]?.string == "harbour-works")
            let branches = try await hub.get("/repos/harbour-works/dredger/branches").json()
            #expect(branches[0]?["name"]?.string == "main")
            #expect(try await hub.get("/repos/harbour-works/dredger/readme").status == 200)
            #expect(try await hub.send(.POST, "/orgs/nobody/repos", #"{"name":"x"}"#).status == 404)
        }
    }

    private static let badBodies: [(body: String, status: Int)] = [
        ("", 422), ("{}", 422), (#"{"name":null}"#, 422), (#"{"name":7}"#, 422), (#"{"name":""}"#, 422),
        (#"{"name":".."}"#, 422), ("[]", 400), ("\"name\"", 400), ("{", 400), ("no json", 400),
        (String(repeating: "[", count: 100_000), 400), (#"{"name":"x","private":"yes"}"#, 422),
        (#"{"name":"\#(String(repeating: "x", count: 101))"}"#, 422),
    ]

    @Test func `a body that is not right is refused`() async throws {
        try await withGitHub { hub in
            for (body, status) in Self.badBodies {
                let answer = try await hub.send(.POST, "/user/repos", body)
                #expect(answer.status == status, "\(body)")
                #expect(try answer.json()["message"]?.string?.isEmpty == false)
                #expect(
                    try answer.json()["documentation_url"]?.string?.hasPrefix("https://docs.github.com/rest") == true)
            }
        }
    }

    @Test func `an empty repository says that it is`() async throws {
        try await withGitHub { hub in
            let path = "/repos/octavia/empty-dock"
            #expect(try await hub.get(path + "/branches").json() == .array([]))
            #expect(try await hub.get(path + "/tags").json() == .array([]))
            for suffix in ["/commits", "/git/refs", "/git/matching-refs/heads/", "/git/trees/main"] {
                let answer = try await hub.get(path + suffix)
                #expect(answer.status == 409, "\(suffix)")
                #expect(try answer.json()["message"]?.string == "Git Repository is empty.")
            }
            let contents = try await hub.get(path + "/contents/")
            #expect(contents.status == 404)
            #expect(try contents.json()["message"]?.string == "This repository is empty.")
            let sha = String(repeating: "a", count: 40)
            let ref = try await hub.send(.POST, path + "/git/refs", #"{"ref":"refs/heads/a","sha":"\#(sha)"}"#)
            #expect(ref.status == 409)
        }
    }

    @Test func `pages lead to one another by id`() async throws {
        try await withGitHub { hub in
            let path = "/repos/octavia/crowded-quay/branches"
            let first = try await hub.get(path + "?per_page=100")
            #expect(first.link("prev") == nil)
            #expect(first.link("first") == nil)
            #expect(first.link("next")?.contains("/api/v3/repositories/") == true)
            #expect(first.link("last")?.hasSuffix("per_page=100&page=3") == true)
            let last = try await hub.get(try #require(first.link("last")))
            #expect(last.link("next") == nil)
            #expect(last.link("last") == nil)
            #expect(try last.json().array?.count == 51)
            let branches = try await hub.all(path).compactMap { $0["name"]?.string }
            #expect(branches.count == SandboxSeed.refCount + 1)
            #expect(Set(branches).count == branches.count)
            #expect(branches == branches.sorted())
            let tags = try await hub.all("/repos/octavia/crowded-quay/tags?per_page=77")
            #expect(tags.count == SandboxSeed.refCount)
            #expect(try await hub.get(path + "?per_page=1000").json().array?.count == 100)
            #expect(try await hub.get(path + "?page=99").json() == .array([]))
            #expect(try await hub.get("/repos/octavia/harbour/branches").link("next") == nil)
            let commits = try await hub.all("/repos/octavia/harbour/commits?per_page=4")
            #expect(commits.count == 14)
        }
    }

    @Test func `accounts and organisations are told`() async throws {
        try await withGitHub { hub in
            #expect(try await hub.get("/users/octavia").json()["type"]?.string == "User")
            #expect(try await hub.get("/users/Harbour-Works").json()["type"]?.string == "Organization")
            #expect(try await hub.get("/users/nobody").status == 404)
            let orgs = try await hub.get("/user/orgs").json()
            #expect(orgs[0]?["login"]?.string == "harbour-works")
            let memberships = try await hub.get("/user/memberships/orgs?state=active").json()
            #expect(memberships[0]?["role"]?.string == "admin")
            #expect(try await hub.get("/user/memberships/orgs?state=pending").json() == .array([]))
            #expect(try await hub.get("/orgs/harbour-works").json()["name"]?.string == "Harbour Works")
            #expect(try await hub.get("/meta").json()["installed_version"]?.string == "3.9.0")
            #expect(try await hub.get("/nowhere").status == 404)
        }
    }
}
