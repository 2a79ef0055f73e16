// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Model
import Storage
import Testing

@testable import Access

struct IdentityTokenTests {
    @Test func `a token stands for its user until it ends`() async throws {
        try await IdentityFixture.with { house in
            let issued = try await house.identity.issue(house.passwordRequest())
            let token = issued.token.exposed
            #expect(token.utf8.count == 48)
            let caller = try await house.identity.caller(token: token)
            #expect(caller == Caller(user: house.users[0], tenant: house.tenants[0]))

            house.clock.advance(seconds: 24 * 60 * 60 - 1)
            _ = try await house.identity.caller(token: token)
            house.clock.advance(seconds: 1)
            let error = try await accessError { _ = try await house.identity.caller(token: token) }
            #expect(error?.code == .tokenExpired)
            #expect(error?.message.contains("The token must be updated") == true)
        }
    }

    @Test func `the lifetime is a setting`() async throws {
        try await IdentityFixture.with(settings: Identity.Settings(tokenLifetime: 60)) { house in
            let token = try await house.identity.issue(house.passwordRequest()).token.exposed
            house.clock.advance(seconds: 59)
            _ = try await house.identity.caller(token: token)
            house.clock.advance(seconds: 1)
            let error = try await accessError { _ = try await house.identity.caller(token: token) }
            #expect(error?.code == .tokenExpired)
            // Long after, it is not even known any more.
            house.clock.advance(seconds: 61)
            _ = try await house.identity.issue(house.passwordRequest())
            let later = try await accessError { _ = try await house.identity.caller(token: token) }
            #expect(later?.code == .unauthenticated)
        }
    }

    @Test func `many tokens live side by side, and one's end is no other's`() async throws {
        try await IdentityFixture.with { house in
            var tokens: [String] = []
            for index in 0..<6 {
                tokens.append(try await house.identity.issue(house.passwordRequest(tenant: index % 2)).token.exposed)
            }
            #expect(Set(tokens).count == 6)
            let session = try await house.identity.session(token: tokens[0])
            try await house.identity.revoke(subject: tokens[2], by: session)
            for (index, token) in tokens.enumerated() {
                let error = try await accessError {
                    let caller = try await house.identity.caller(token: token)
                    #expect(caller.user == house.users[index % 2])
                }
                #expect(error?.code == (index == 2 ? .unauthenticated : nil))
            }
        }
    }

    @Test(arguments: [
        "", " ", "gate_", "nonsense", "gate_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "MIIatAYJKoZIhvcNAQcC",
        "gate_\u{0}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "' OR 1=1 --", String(repeating: "x", count: 1_000_000),
        "名",
    ])
    func `a text that is no token is refused`(text: String) async throws {
        try await IdentityFixture.with { house in
            _ = try await house.identity.issue(house.passwordRequest())
            let error = try await accessError { _ = try await house.identity.caller(token: text) }
            #expect(error?.code == .unauthenticated)
            #expect(text.isEmpty || text == " " || error?.message.contains(text) == false)
        }
    }

    @Test func `a token ends with its user, its tenant and its password`() async throws {
        try await IdentityFixture.with { house in
            func token(_ tenant: Int, _ password: String = IdentityFixture.password) async throws -> String {
                try await house.identity.issue(house.passwordRequest(tenant: tenant, password: password)).token.exposed
            }
            let first = try await token(0)
            try await house.identity.setPassword(Secret("battery staple"), of: house.users[0])
            let changed = try await accessError { _ = try await house.identity.caller(token: first) }
            #expect(changed?.code == .unauthenticated)
            let old = try await accessError { _ = try await token(0) }
            #expect(old?.code == .unauthenticated)
            let second = try await token(0, "battery staple")
            try await house.identity.delete(house.users[0])
            let user = try await accessError { _ = try await house.identity.caller(token: second) }
            #expect(user?.code == .unauthenticated)
            let third = try await token(1)
            try await house.identity.delete(house.tenants[1])
            let tenant = try await accessError { _ = try await house.identity.caller(token: third) }
            #expect(tenant?.code == .unauthenticated)
        }
    }

    @Test func `a wrong password and an unknown user are refused alike`() async throws {
        try await IdentityFixture.with { house in
            var messages: Set<String> = []
            for request in [
                house.passwordRequest(password: "wrong"), house.passwordRequest(password: ""),
                KeystoneAuthRequest(
                    method: .password(.name("nobody", domain: .name("acme")), Secret("wrong")), scope: nil),
                KeystoneAuthRequest(
                    method: .password(.name("tom", domain: .name("nowhere")), Secret(IdentityFixture.password)),
                    scope: nil),
                KeystoneAuthRequest(
                    method: .password(.name("tom", domain: .id("acme")), Secret(IdentityFixture.password)), scope: nil),
                KeystoneAuthRequest(method: .password(.id("tom"), Secret(IdentityFixture.password)), scope: nil),
            ] {
                let error = try await accessError { _ = try await house.identity.issue(request) }
                #expect(error?.code == .unauthenticated)
                messages.insert(error?.message ?? "")
            }
            #expect(messages == ["The username or password is wrong."])
        }
    }

    @Test func `a user is found by id and by either name of the domain`() async throws {
        try await IdentityFixture.with { house in
            for (index, user) in house.users.enumerated() {
                let tenant = house.tenants[index]
                for reference in [
                    UserReference.id(user.id), .name("tom", domain: .id(tenant.domain)),
                    .name("tom", domain: .name(tenant.name)),
                ] {
                    let issued = try await house.identity.issue(
                        KeystoneAuthRequest(method: .password(reference, Secret(IdentityFixture.password)), scope: nil))
                    #expect(issued.body.token.user.id == user.id)
                    #expect(issued.body.token.project?.id == tenant.id.text)
                }
            }
        }
    }

    @Test func `only a project's token opens the API, all open the identity`() async throws {
        try await IdentityFixture.with { house in
            let tenant = house.tenants[0]
            let scopes: [(KeystoneAuthRequest.Scope?, TokenRecord.Scope)] = [
                (nil, .project), (.project(.id(tenant.id.text)), .project),
                (.project(.name("acme", domain: nil)), .project),
                (.project(.name("acme", domain: .name("acme"))), .project),
                (.project(.name("acme", domain: .id(tenant.domain))), .project),
                (.domain(.name("acme")), .domain), (.domain(.id(tenant.domain)), .domain), (.unscoped, .none),
            ]
            for (asked, scope) in scopes {
                let issued = try await house.identity.issue(house.passwordRequest(scope: asked))
                let session = try await house.identity.session(token: issued.token.exposed)
                #expect(session.token.scope == scope)
                let error = try await accessError { _ = try await house.identity.caller(token: issued.token.exposed) }
                #expect(error?.code == (scope == .project ? nil : .forbidden))
                let body = issued.body.token
                #expect((body.project != nil) == (scope == .project))
                #expect((body.domain != nil) == (scope == .domain))
                #expect((body.roles != nil) == (scope != .none))
                #expect((body.catalog != nil) == (scope != .none))
            }
        }
    }

    @Test func `another tenant's project or domain is no scope`() async throws {
        try await IdentityFixture.with { house in
            let other = house.tenants[1]
            let scopes: [KeystoneAuthRequest.Scope] = [
                .project(.id(other.id.text)), .project(.name("other", domain: nil)),
                .project(.name("acme", domain: .name("other"))), .project(.name("acme", domain: .id(other.domain))),
                .domain(.name("other")), .domain(.id(other.domain)), .project(.id(house.tenants[0].domain)),
                .domain(.id(house.tenants[0].id.text)),
            ]
            for scope in scopes {
                let error = try await accessError {
                    _ = try await house.identity.issue(house.passwordRequest(scope: scope))
                }
                #expect(error?.code == .unauthenticated)
            }
        }
    }

    @Test func `a token got by a token ends with it, not later`() async throws {
        try await IdentityFixture.with { house in
            let first = try await house.identity.issue(house.passwordRequest(scope: .unscoped))
            house.clock.advance(seconds: 3600)
            let second = try await house.identity.issue(
                KeystoneAuthRequest(method: .token(first.token), scope: .project(.name("acme", domain: nil))))
            #expect(second.body.token.expiresAt == first.body.token.expiresAt)
            #expect(second.body.token.issuedAt != first.body.token.issuedAt)
            #expect(second.body.token.methods == ["token", "password"])
            let third = try await house.identity.issue(KeystoneAuthRequest(method: .token(second.token), scope: nil))
            #expect(third.body.token.methods == ["token", "password"])
            _ = try await house.identity.caller(token: third.token.exposed)
            house.clock.advance(seconds: 23 * 3600)
            for token in [first, second, third] {
                let error = try await accessError {
                    _ = try await house.identity.issue(KeystoneAuthRequest(method: .token(token.token), scope: nil))
                }
                #expect(error?.code == .tokenExpired)
            }
            let unknown = try await accessError {
                _ = try await house.identity.issue(KeystoneAuthRequest(method: .token(Secret("gate_x")), scope: nil))
            }
            #expect(unknown?.code == .unauthenticated)
        }
    }

    @Test func `a token is checked and revoked by its own user only`() async throws {
        try await IdentityFixture.with { house in
            let mine = try await house.identity.issue(house.passwordRequest())
            let also = try await house.identity.issue(house.passwordRequest(scope: .unscoped))
            let theirs = try await house.identity.issue(house.passwordRequest(tenant: 1))
            let session = try await house.identity.session(token: also.token.exposed)
            let checked = try await house.identity.check(subject: mine.token.exposed, by: session)
            #expect(checked == mine.body)

            let foreign = try await accessError {
                _ = try await house.identity.check(subject: theirs.token.exposed, by: session)
            }
            #expect(foreign?.code == .forbidden)
            let stolen = try await accessError {
                try await house.identity.revoke(subject: theirs.token.exposed, by: session)
            }
            #expect(stolen?.code == .forbidden)
            _ = try await house.identity.caller(token: theirs.token.exposed)

            for subject in ["", "gate_x", also.token.exposed + "x"] {
                let error = try await accessError { _ = try await house.identity.check(subject: subject, by: session) }
                #expect(error?.code == .notFound)
                #expect(error?.message == "X-Subject-Token is invalid in the request")
            }

            try await house.identity.revoke(subject: mine.token.exposed, by: session)
            let again = try await accessError {
                try await house.identity.revoke(subject: mine.token.exposed, by: session)
            }
            #expect(again?.code == .notFound)
            try await house.identity.revoke(subject: also.token.exposed, by: session)
            let over = try await accessError { _ = try await house.identity.session(token: also.token.exposed) }
            #expect(over?.code == .unauthenticated)
        }
    }

    @Test func `an ended subject is none`() async throws {
        try await IdentityFixture.with { house in
            let old = try await house.identity.issue(house.passwordRequest())
            house.clock.advance(seconds: 86400)
            let new = try await house.identity.issue(house.passwordRequest())
            let session = try await house.identity.session(token: new.token.exposed)
            let error = try await accessError {
                _ = try await house.identity.check(subject: old.token.exposed, by: session)
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test func `neither a token nor a password stands in the store's files`() async throws {
        try await IdentityFixture.with { house in
            let password = "canary password \(RandomText.hexadecimal())"
            let user = try await house.identity.createUser(
                named: "ann", password: Secret(password), in: house.tenants[0])
            let issued = try await house.identity.issue(
                KeystoneAuthRequest(method: .password(.id(user.id), Secret(password)), scope: nil))
            let key = try await house.identity.createAccessKey(for: user)
            _ = try? await house.identity.issue(
                KeystoneAuthRequest(method: .password(.id(user.id), Secret("wrong \(password)")), scope: nil))
            let secrets = [
                password, issued.token.exposed, String(issued.token.exposed.dropFirst(5)), key.secret.exposed,
            ]
            for file in try FileManager.default.contentsOfDirectory(atPath: house.directory) {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: house.directory + "/" + file))
                for secret in secrets { #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(file)") }
            }
            let shown = "\(issued) \(key) \(String(reflecting: issued))"
            for secret in secrets { #expect(!shown.contains(secret)) }
        }
    }
}
