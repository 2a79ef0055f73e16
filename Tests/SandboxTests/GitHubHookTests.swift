// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Sandbox
import TestSupport
import Testing

@Suite struct GitHubHookTests {
    private static let path = "/repos/octavia/harbour/hooks"

    @Test func `a hook is made, shown, changed, pinged and deleted`() async throws {
        try await withGitHub { hub in
            let made = try await hub.send(
                .POST, Self.path,
                #"{"events":["push","create"],"config":{"url":"https://example.com/h","content_type":"json","secret":"s3"}}"#
            )
            #expect(made.status == 201)
            let hook = try made.json()
            #expect(hook["config"]?["secret"]?.string == "********")
            #expect(hook["config"]?["content_type"]?.string == "json")
            #expect(hook["active"]?.bool == true)
            let url = try #require(made.headers.first(name: "Location"))
            #expect(url == hook["url"]?.string)
            #expect(try await hub.get(url).json() == hook)
            let changed = try await hub.send(.PATCH, url, #"{"add_events":["delete"],"active":false}"#).json()
            #expect(changed["events"]?.array == [.string("push"), .string("create"), .string("delete")])
            #expect(changed["active"]?.bool == false)
            #expect(changed["config"]?["secret"] != nil)
            let bare = try await hub.send(.PATCH, url, #"{"config":{"url":"https://example.com/i"}}"#).json()
            #expect(bare["config"]?["secret"] == nil)
            #expect(bare["config"]?["content_type"]?.string == "form")
            #expect(try await hub.send(.POST, url + "/pings").status == 204)
            #expect(try await hub.delete(url).status == 204)
            #expect(try await hub.delete(url).status == 404)
            #expect(try await hub.get(Self.path).json() == .array([]))
        }
    }

    @Test func `a hook without more than an address has GitHub's defaults`() async throws {
        try await withGitHub { hub in
            let hook = try await hub.send(.POST, Self.path, #"{"config":{"url":"https://example.com/h"}}"#).json()
            #expect(hook["name"]?.string == "web")
            #expect(hook["events"]?.array == [.string("push")])
            #expect(hook["config"]?["content_type"]?.string == "form")
            #expect(hook["config"]?["insecure_ssl"]?.string == "0")
            #expect(hook["config"]?["secret"] == nil)
        }
    }

    @Test func `a second hook of one configuration needs other events`() async throws {
        try await withGitHub { hub in
            let body = #"{"config":{"url":"https://example.com/h"},"events":["push"]}"#
            #expect(try await hub.send(.POST, Self.path, body).status == 201)
            let again = try await hub.send(.POST, Self.path, body)
            #expect(again.status == 422)
            #expect(try again.json()["errors"]?[0]?["message"]?.string == "Hook already exists on this repository")
            let other = #"{"config":{"url":"https://example.com/h"},"events":["create"]}"#
            #expect(try await hub.send(.POST, Self.path, other).status == 201)
        }
    }

    @Test func `a hook that cannot be is refused`() async throws {
        try await withGitHub { hub async throws in
            for body in [
                "{}", #"{"config":{}}"#, #"{"config":{"url":""}}"#, #"{"config":{"url":"ftp://a"}}"#,
                #"{"config":{"url":7}}"#, #"{"config":{"url":"https://a","content_type":"xml"}}"#,
                #"{"name":"email","config":{"url":"https://a"}}"#, #"{"config":{"url":"https://a"},"events":["rain"]}"#,
                #"{"config":{"url":"https://a"},"events":"push"}"#, #"{"config":{"url":"https://a"},"active":"yes"}"#,
            ] {
                #expect(try await hub.send(.POST, Self.path, body).status == 422, "\(body)")
            }
            #expect(try await hub.get(Self.path).json() == .array([]))
            #expect(try await hub.get(Self.path + "/1").status == 404)
            #expect(try await hub.get(Self.path + "/x").status == 404)
        }
    }
}
