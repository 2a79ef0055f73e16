// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Model
import NIOHTTP1
import Sandbox
import Synchronization
import TestSupport
import Testing

/// Projects at the emulated GitLab: lists, paging, making, changing and removing.
@Suite struct GitLabProjectTests {
    @Test func `lists of projects take their filters`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let owned = try await trial.json(.GET, "/projects?owned=true&order_by=path&sort=asc")
            #expect(owned.all("path").contains("lighthouse") == false)
            #expect(owned.all("path") == owned.all("path").sorted())
            let member = try await trial.json(.GET, "/projects?membership=true&per_page=100")
            #expect(Set(member.all("path")) == Set(owned.all("path")).union(["lighthouse"]))
            let found = try await trial.json(.GET, "/projects?search=tugb")
            #expect(found.all("path_with_namespace") == ["fleet/north/quay/tugboat"])
            #expect(try await trial.json(.GET, "/projects?archived=true").all("path") == ["old-pier"])
            #expect(try await trial.json(.GET, "/projects?visibility=public").all("path") == ["open-water"])
            let simple = try await trial.json(.GET, "/projects?simple=true&search=harbour&owned=true")
            #expect(simple[0]?["http_url_to_repo"]?.string == trial.forge.host + "/octavia/harbour.git")
            #expect(simple[0]?["permissions"] == nil)
            let user = try await trial.json(.GET, "/users/octavia/projects")
            #expect(Set(user[0]?["namespace"]?["full_path"]?.string.map { [$0] } ?? []) == ["octavia"])
            #expect(user.array?.count == 5)
            #expect(try await trial.json(.GET, "/users/marlow/projects").array == [])
        }
    }

    @Test func `a project is found by id and by path, and tells how its repository stands`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let found = try await trial.json(.GET, "/projects/\(SandboxTrial.harbour)?license=true&statistics=false")
            let id = try #require(found["id"]?.integer)
            #expect(try await trial.json(.GET, "/projects/\(id)")["path_with_namespace"]?.string == "octavia/harbour")
            #expect(try await trial.json(.GET, "/projects/OCTAVIA%2FHarbour")["id"]?.integer == id)
            #expect(found["default_branch"]?.string == "main")
            #expect(found["empty_repo"]?.bool == false)
            #expect(found["readme_url"]?.string == trial.forge.host + "/octavia/harbour/-/blob/main/README.md")
            #expect(found["name_with_namespace"]?.string == "Octavia Lund / harbour")
            #expect(found["owner"]?["username"]?.string == "octavia")
            let empty = try await trial.json(.GET, "/projects/octavia%2Fempty-dock")
            #expect(empty["default_branch"] == .null)
            #expect(empty["empty_repo"]?.bool == true)
            let deep = try await trial.json(.GET, "/projects/fleet%2Fnorth%2Fquay%2Ftugboat")
            #expect(deep["name_with_namespace"]?.string == "Fleet / North / Quay / tugboat")
            #expect(deep["owner"] == nil)
            #expect(deep["http_url_to_repo"]?.string == trial.forge.host + "/fleet/north/quay/tugboat.git")
            // A slash that is not escaped is another route.
            #expect(try await trial.api(.GET, "/projects/octavia/harbour").status == 404)
        }
    }

    @Test func `pages are numbered, and links lead through them`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let all = try await trial.json(.GET, "/projects?per_page=100&order_by=id&sort=asc").all("path")
            var path: String? = "/projects?per_page=3&order_by=id&sort=asc"
            var walked: [String] = []
            var number = 1
            while let next = path {
                let answer = try await trial.api(.GET, next)
                walked += try answer.json().all("path")
                #expect(answer.header("x-page") == String(number))
                #expect(answer.header("x-per-page") == "3")
                #expect(answer.header("x-total") == String(all.count))
                #expect(answer.header("x-total-pages") == String((all.count + 2) / 3))
                #expect(answer.header("x-prev-page") == (number > 1 ? String(number - 1) : ""))
                #expect((answer.link("prev") != nil) == (number > 1))
                #expect(answer.link("first") != nil)
                #expect(answer.link("last")?.contains("page=\((all.count + 2) / 3)&") == true)
                let link = answer.link("next")
                #expect(answer.header("x-next-page") == (link == nil ? "" : String(number + 1)))
                path = link.map { String($0.dropFirst(trial.forge.host.count + "/api/v4".count)) }
                number += 1
            }
            #expect(walked == all)
            let clipped = try await trial.api(.GET, "/projects?per_page=1000")
            #expect(clipped.header("x-per-page") == "100")
            let beyond = try await trial.api(.GET, "/projects?page=40")
            #expect(try beyond.json().array == [])
            #expect(beyond.header("x-next-page") == "")
            #expect(try await trial.json(.GET, "/projects?page=x", status: 400).error == "page is invalid")
            #expect(
                try await trial.json(.GET, "/projects?per_page=0", status: 400).error
                    == "per_page has a value not allowed")
            #expect(
                try await trial.json(.GET, "/projects?page=y&order_by=size", status: 400).error
                    == "order_by does not have a valid value, page is invalid")
        }
    }

    @Test(arguments: ["asc", "desc"])
    func `keyset pages go on until one is empty`(sort: String) async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let all = try await trial.json(.GET, "/projects?per_page=100&order_by=id&sort=\(sort)").all("path")
            var path: String? = "/projects?pagination=keyset&order_by=id&sort=\(sort)&per_page=4"
            var walked: [String] = []
            var sizes: [Int] = []
            while let next = path {
                let answer = try await trial.api(.GET, next)
                let page = try answer.json().all("path")
                walked += page
                sizes.append(page.count)
                #expect(answer.header("x-total") == nil)
                #expect(answer.header("x-page") == nil)
                path = answer.link("next").map { String($0.dropFirst(trial.forge.host.count + "/api/v4".count)) }
            }
            #expect(walked == all)
            #expect(sizes.last == 0)
            let other = try await trial.json(.GET, "/projects?pagination=keyset&order_by=name", status: 405)
            #expect(other.error == "Keyset pagination is not yet available for this type of request")
        }
    }

    @Test func `a project is made where and as it was asked for`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let plain = try await trial.json(.POST, "/projects", json: #"{"name":"New Ship"}"#, status: 201)
            #expect(plain["path"]?.string == "new-ship")
            #expect(plain["visibility"]?.string == "private")
            #expect(plain["empty_repo"]?.bool == true)
            #expect(plain["default_branch"] == .null)
            #expect(plain["permissions"] == nil)
            let quay = try await trial.json(.GET, "/namespaces/fleet%2Fnorth%2Fquay")["id"]?.integer ?? 0
            let deep = try await trial.json(
                .POST, "/projects",
                json: "{\"path\":\"raft\",\"namespace_id\":\(quay),\"initialize_with_readme\":true}",
                status: 201)
            #expect(deep["path_with_namespace"]?.string == "fleet/north/quay/raft")
            #expect(deep["default_branch"]?.string == "main")
            let readme = try await trial.api(
                .GET, "/projects/fleet%2Fnorth%2Fquay%2Fraft/repository/files/README.md/raw?ref=main")
            #expect(readme.text == "# raft\n")
            let form = try await trial.send(
                .POST, "/api/v4/projects?visibility=public",
                headers: [
                    ("PRIVATE-TOKEN", trial.forge.token.exposed),
                    ("Content-Type", "application/x-www-form-urlencoded"),
                ], body: Array("name=By%20form&path=by-form&description=a+b".utf8))
            #expect(form.status == 201)
            #expect(try form.json()["description"]?.string == "a b")
            #expect(try form.json()["visibility"]?.string == "public")
            let parts = try await trial.send(
                .POST, "/api/v4/projects",
                headers: [
                    ("PRIVATE-TOKEN", trial.forge.token.exposed),
                    ("Content-Type", "multipart/form-data; boundary=\"--b\""),
                ],
                body: Array("----b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nparts\r\n----b--\r\n".utf8))
            #expect(parts.status == 201)
            #expect(try parts.json()["path"]?.string == "parts")
        }
    }

    @Test func `a project that cannot be made says why`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            func refusal(_ json: String, _ status: Int = 400) async throws -> JSONTree {
                try await trial.json(.POST, "/projects", json: json, status: status)
            }
            #expect(
                try await refusal("{}").error == "name, path are missing, at least one parameter must be provided")
            #expect(try await refusal(#"{"name":["a"]}"#).error == "name is invalid")
            #expect(
                try await refusal(#"{"name":"a","namespace_id":"many"}"#).error == "namespace_id is invalid")
            #expect(
                try await refusal(#"{"name":"a","visibility":"secret"}"#).error
                    == "visibility does not have a valid value")
            #expect(
                try await refusal(#"{"name":"a","namespace_id":1}"#)["message"]?["namespace"]
                    == .array([.string("is not valid")]))
            let taken = try await refusal(#"{"name":"Else","path":"HARBOUR"}"#)
            #expect(taken["message"] == .object(["path": .array([.string("has already been taken")])]))
            let bad = try await refusal(#"{"name":"?","path":"-x"}"#)
            #expect(bad["message"]?.object?.keys.sorted() == ["name", "path"])
            let fleet = try await trial.json(.GET, "/namespaces/fleet")["id"]?.integer ?? 0
            let open = try await refusal("{\"name\":\"a\",\"namespace_id\":\(fleet),\"visibility\":\"public\"}")
            #expect(open["message"]?["visibility_level"] != nil)
            let north = try await refusal("{\"name\":\"north\",\"namespace_id\":\(fleet)}")
            #expect(north["message"]?["path"] != nil, "a subgroup has that path")
        }
    }

    @Test func `of many who want one name only one gets it`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask { try await trial.api(.POST, "/projects", json: #"{"name":"wanted"}"#).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [201] + Array(repeating: 400, count: 7))
        }
    }

    @Test func `a project that was moved is still found, and one that was removed is not`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let id = try await trial.newProject("old-name", ",\"initialize_with_readme\":true")
            let moved = try await trial.json(
                .PUT, "/projects/\(id)", json: #"{"path":"new-name","name":"New","description":"d"}"#)
            #expect(moved["path_with_namespace"]?.string == "octavia/new-name")
            let redirect = try await trial.api(.GET, "/projects/octavia%2Fold-name/repository/tree?ref=main")
            #expect(redirect.status == 301)
            #expect(
                redirect.header("Location")
                    == "\(trial.forge.host)/api/v4/projects/\(id)/repository/tree?ref=main")
            #expect(try await trial.api(.DELETE, "/projects/octavia%2Fold-name").status == 404)
            let gone = try await trial.api(.DELETE, "/projects/octavia%2Fnew-name")
            #expect(gone.status == 202)
            #expect(gone.text == #"{"message":"202 Accepted"}"#)
            #expect(try await trial.api(.GET, "/projects/\(id)").status == 404)
            #expect(try await trial.api(.DELETE, "/projects/\(id)").status == 404)
            _ = try await trial.newProject("new-name")
        }
    }

    @Test func `what was made is there again after a restart`() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/gatehouse-kept-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var options = SandboxOptions(stateDirectory: folder)
        options.forges = [.gitlab]
        options.keepsState = true
        options.logger.logLevel = .critical
        let made = Mutex<(token: String, project: JSONTree?)>(("", nil))
        try await SandboxTrial.run(options, folder: folder) { trial in
            let id = try await trial.newProject("kept", ",\"initialize_with_readme\":true")
            _ = try await trial.json(
                .POST, "/projects/\(id)/hooks", json: #"{"url":"https://example.com/h","token":"s"}"#, status: 201)
            let project = try await trial.json(.GET, "/projects/\(id)/repository/commits/main")
            made.withLock { $0 = (trial.forge.token.exposed, project["id"]) }
        }
        try await SandboxTrial.run(options, folder: folder) { trial in
            let before = made.withLock { $0 }
            #expect(trial.forge.token.exposed == before.token)
            let path = "/projects/octavia%2Fkept"
            #expect(try await trial.json(.GET, path + "/repository/commits/main")["id"] == before.project)
            let hooks = try await trial.json(.GET, path + "/hooks")
            #expect(hooks.all("url") == ["https://example.com/h"])
            #expect(try await trial.json(.GET, "/groups").all("full_path").contains("fleet/north/quay"))
        }
    }
}
