// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import NIOHTTP1
import Sandbox
import TestSupport
import Testing

/// Users, namespaces, groups and subgroups at the emulated GitLab.
@Suite struct GitLabNamespaceTests {
    @Test func `users are found by name, namespaces by id and path`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let user = try await trial.json(.GET, "/user")
            let id = try #require(user["id"]?.integer)
            #expect(try await trial.json(.GET, "/users?username=OCTAVIA")[0]?["id"]?.integer == id)
            #expect(try await trial.json(.GET, "/users?username=nobody").array == [])
            #expect(try await trial.json(.GET, "/users/\(id)")["username"]?.string == SandboxSeed.login)
            #expect(try await trial.json(.GET, "/users/1", status: 404).message == "404 User Not Found")

            let namespaces = try await trial.json(.GET, "/namespaces")
            let paths = ["fleet", "fleet/north", "fleet/north/quay", "harbour-works", "octavia", "pilots"]
            #expect(Set(namespaces.all("full_path")) == Set(paths))
            #expect(Set(namespaces.all("kind")) == ["user", "group"])
            let own = try #require(namespaces.array?.first { $0["kind"]?.string == "user" })
            #expect(own["id"]?.integer != id, "a user's namespace has a number of its own")
            for path in paths {
                let escaped = path.split(separator: "/").joined(separator: "%2F")
                let found = try await trial.json(.GET, "/namespaces/\(escaped)")
                #expect(found["full_path"]?.string == path)
                let number = try #require(found["id"]?.integer)
                #expect(try await trial.json(.GET, "/namespaces/\(number)")["full_path"]?.string == path)
            }
            #expect(try await trial.json(.GET, "/namespaces?search=quay").all("full_path") == ["fleet/north/quay"])
            #expect(
                try await trial.json(.GET, "/namespaces?top_level_only=true").all("full_path").contains("fleet/north")
                    == false)
            #expect(
                try await trial.json(.GET, "/namespaces?owned_only=true").all("full_path").contains("pilots") == false)
        }
    }

    @Test func `groups are listed with what lies between them`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let groups = try await trial.json(.GET, "/groups?order_by=path&sort=desc")
            #expect(groups.all("path") == ["quay", "pilots", "north", "harbour-works", "fleet"])
            let quay = try await trial.json(.GET, "/groups/fleet%2Fnorth%2Fquay?with_projects=false")
            #expect(quay["full_name"]?.string == "Fleet / North / Quay")
            #expect(quay["projects"] == nil)
            let north = try await trial.json(.GET, "/groups/fleet%2Fnorth")
            #expect(quay["parent_id"]?.integer == north["id"]?.integer)
            #expect(north["projects"]?.all("path") == ["icebreaker"])
            #expect(try await trial.json(.GET, "/groups/fleet/subgroups").all("full_path") == ["fleet/north"])
            #expect(
                try await trial.json(.GET, "/groups?top_level_only=true&owned=true").all("path").sorted()
                    == ["fleet", "harbour-works"])
            #expect(try await trial.json(.GET, "/groups?min_access_level=40").all("path").contains("pilots") == false)
            #expect(
                try await trial.json(.GET, "/groups?min_access_level=41", status: 400).error
                    == "min_access_level does not have a valid value")
            #expect(try await trial.json(.GET, "/groups/octavia", status: 404).message == "404 Group Not Found")
            #expect(
                try await trial.json(.GET, "/groups?sort=up", status: 400).error == "sort does not have a valid value")
        }
    }

    @Test func `a group's projects are its own, or those of its subgroups as well`() async throws {
        try await SandboxTrial.run(.gitlab) { trial in
            let own = try await trial.json(.GET, "/groups/fleet/projects")
            #expect(own.all("path_with_namespace") == ["fleet/flagship"])
            let deep = try await trial.json(.GET, "/groups/fleet/projects?include_subgroups=true&order_by=id&sort=asc")
            #expect(deep.all("path_with_namespace") == SandboxSeed.groupProjects)
            let deepest = try await trial.json(.GET, "/groups/fleet%2Fnorth%2Fquay/projects")
            #expect(deepest[0]?["namespace"]?["full_path"]?.string == "fleet/north/quay")
            #expect(deepest[0]?["permissions"]?["group_access"]?["access_level"]?.integer == 50)
            let keyset = try await trial.json(.GET, "/groups/fleet/projects?pagination=keyset&order_by=id", status: 405)
            #expect(keyset.error == "Keyset pagination is not yet available for this type of request")
        }
    }
}
