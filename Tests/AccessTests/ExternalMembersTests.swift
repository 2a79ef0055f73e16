// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Foundation
import Model
import Storage
import TestSupport
import Testing

@testable import Access

/// Projects and users of an external Keystone as tenants and users here.
@Suite struct ExternalMembersTests {
    private typealias Door = ExternalTokensTests.Door

    private func token(
        _ project: Character = "b", name: String = "apollo", domain: String = "Default", user: Character = "a"
    ) -> StubKeystone.Token {
        var token = StubKeystone.Token()
        token.project = (String(repeating: project, count: 32), name)
        token.domain = (domain.lowercased(), domain)
        token.user.id = String(repeating: user, count: 32)
        return token
    }

    @Test func `projects of one name in several domains are apart, and from a tenant that was made here`() async throws
    {
        let door = try await Door()
        door.keystone.give("one", token("1", name: "acme", domain: "East"))
        door.keystone.give("two", token("2", name: "acme", domain: "West"))
        let one = try await door.identity.caller(token: "one")
        let two = try await door.identity.caller(token: "two")
        #expect(Set([one.tenant.id, two.tenant.id, door.house.caller.tenant.id]).count == 3)
        // One user of the Keystone in two projects: two users here.
        #expect(one.user.id == two.user.id && one.user != two.user)
        let error = try #require(try await accessError { _ = try await door.identity.tenant(named: "acme") })
        #expect(error.code == .invalidRequest)
        #expect(error.message.contains(one.tenant.id.text) && error.message.contains("West"))
        #expect(try await door.identity.tenant(named: one.tenant.id.text) == one.tenant)
        // A name that is taken by a project can still be given to a tenant of one's own.
        door.keystone.give("three", token("3", name: "zeus"))
        _ = try await door.identity.caller(token: "three")
        _ = try await door.identity.createTenant(named: "zeus")
        for caller in [one, two] {
            await #expect(throws: AccessError.self) {
                try await Grant.authorise(
                    caller, to: .listAuthorizations, in: door.house.caller.tenant.id.text, by: door.house.permission)
            }
        }
    }

    @Test func `a project with the id of a tenant that was made here is not that tenant`() async throws {
        let door = try await Door()
        var token = StubKeystone.Token()
        token.project = (door.house.caller.tenant.id.text, "acme")
        door.keystone.give("good", token)
        #expect(try await door.refusal("good")?.code == .forbidden)
        #expect(try await door.house.identity.users(of: door.house.caller.tenant).map(\.name) == ["alice"])
    }

    @Test func `renames at the Keystone follow`() async throws {
        let door = try await Door()
        door.keystone.give("good", token())
        let before = try await door.identity.caller(token: "good")
        var renamed = token(name: "gemini", domain: "Elsewhere")
        renamed.user.name = "alicia"
        door.keystone.give("good", renamed)
        #expect(try await door.identity.caller(token: "good") == before)
        door.wait(seconds: 60)
        let after = try await door.identity.caller(token: "good")
        #expect(after.tenant.id == before.tenant.id && after.user.id == before.user.id)
        #expect(after.tenant.name == "gemini" && after.user.name == "alicia")
        let tenant = try await door.identity.tenant(named: "gemini")
        #expect(tenant.externalDomain == "Elsewhere" && tenant.created == before.tenant.created)
        #expect(try await door.identity.users(of: tenant).map(\.name) == ["alicia"])
    }

    @Test func `an access key of the operator's signs for a user of the Keystone, with the roles last told`()
        async throws
    {
        let door = try await Door()
        var token = token()
        token.roles = ["reader"]
        door.keystone.give("good", token)
        let caller = try await door.identity.caller(token: "good")
        let key = try await door.identity.createAccessKey(for: caller.user)
        let entry = try #require(try await door.house.vault.accessKey(key.key.id))
        #expect(entry.user.roles == ["reader"] && entry.tenant.id == caller.tenant.id)
        // A credential with fewer roles does not take the user's.
        token.roles = ["nothing"]
        token.methods = ["application_credential"]
        door.keystone.give("less", token)
        #expect(try await door.identity.caller(token: "less").roles == ["nothing"])
        #expect(try await door.house.vault.accessKey(key.key.id)?.user.roles == ["reader"])
        token.roles = ["admin"]
        token.methods = ["password"]
        door.keystone.give("more", token)
        #expect(try await door.identity.caller(token: "more").roles == ["admin"])
        #expect(try await door.house.vault.accessKey(key.key.id)?.user.roles == ["admin"])
    }

    @Test func `users of the Keystone are not made or given passwords here`() async throws {
        let door = try await Door()
        door.keystone.give("good", token())
        let caller = try await door.identity.caller(token: "good")
        for call in [
            { _ = try await door.identity.createUser(named: "eve", password: Secret("12345678"), in: caller.tenant) },
            { try await door.identity.setPassword(Secret("12345678"), of: caller.user) },
        ] as [() async throws -> Void] {
            let error = try #require(try await accessError(call))
            #expect(error.code == .invalidRequest && error.message.contains("Keystone"), "\(error)")
        }
        // Also without the Keystone they sign in nowhere.
        let request = KeystoneAuthRequest(method: .password(.id(caller.user.id), Secret("")), scope: nil)
        let error = try await accessError { _ = try await door.house.identity.issue(request) }
        #expect(error?.code == .unauthenticated)
    }

    @Test func `two users of one name in a project are told apart by their ids`() async throws {
        let door = try await Door()
        door.keystone.give("one", token(user: "1"))
        door.keystone.give("two", token(user: "2"))
        let one = try await door.identity.caller(token: "one")
        let two = try await door.identity.caller(token: "two")
        #expect(one.user.name == two.user.name && one.user.id != two.user.id)
        let error = try await accessError { _ = try await door.identity.user(named: "alice", of: one.tenant) }
        #expect(error?.code == .invalidRequest && error?.message.contains(two.user.id) == true)
        #expect(try await door.identity.user(named: two.user.id, of: one.tenant) == two.user)
    }

    @Test func `a flow in the browser goes on for the user who began it, in the project where it was begun`()
        async throws
    {
        let door = try await Door()
        door.keystone.give("one", token("1"))
        door.keystone.give("two", token("2", name: "gemini"))
        let one = try await door.identity.caller(token: "one")
        let two = try await door.identity.caller(token: "two")
        for caller in [one, two] {
            let found = try await door.identity.caller(userID: caller.user.id, of: caller.tenant.id)
            #expect(found?.tenant.id == caller.tenant.id && found?.user.id == caller.user.id)
            #expect(found?.roles == ["member", "reader"])
        }
        #expect(try await door.identity.caller(userID: one.user.id, of: door.house.caller.tenant.id) == nil)
    }

    @Test func `no token and no password is in the store, the log, an error or a dump`() async throws {
        let log = LogRecorder()
        let door = try await Door(logger: log.logger)
        var seen: [String] = []
        func note(_ token: String) async {
            do {
                var text = ""
                dump(try await door.identity.caller(token: token), to: &text)
                seen.append(text)
            } catch {
                var text = ""
                dump(error, to: &text)
                seen += ["\(error)", text]
            }
        }
        door.keystone.give("canary-good")
        await note("canary-good")
        await note("canary-bad")
        // What a careless proxy does: it repeats what it was sent.
        for status in [200, 201, 302, 400, 401, 403, 404, 429, 500, 503] {
            door.keystone.fail { request in
                let echo = request.headers.map(\.value).joined() + String(decoding: request.body ?? [], as: UTF8.self)
                return .json(echo, status: status, headers: ["X-Echo": echo])
            }
            await note("canary-\(status)")
            door.advance(seconds: 3600)
        }
        var text = ""
        dump(door.tokens, to: &text)
        dump(door.identity, to: &text)
        seen += [text] + log.lines
        let disk = try door.house.everythingOnDisk()
        for canary in ["canary-", StubKeystone.password] {
            #expect(disk.firstRange(of: Data(canary.utf8)) == nil)
            for line in seen { #expect(!line.contains(canary), "\(line)") }
        }
    }
}
