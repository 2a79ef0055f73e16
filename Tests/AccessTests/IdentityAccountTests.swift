// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Storage
import Testing

@testable import Access

struct IdentityAccountTests {
    @Test func `a tenant is made, listed, found and deleted by name`() async throws {
        try await IdentityFixture.with { house in
            let made = try await house.identity.createTenant(named: "Grün & Söhne 名")
            let found = try await house.identity.tenant(named: "Grün & Söhne 名")
            #expect(found == made)
            let listed = try await house.identity.tenants()
            #expect(listed == house.tenants + [made])
            #expect(made.id.text != made.domain)
            try await house.identity.delete(made)
            let again = try await accessError { try await house.identity.delete(made) }
            #expect(again?.code == .notFound)
            let gone = try await accessError { _ = try await house.identity.tenant(named: made.name) }
            #expect(gone?.code == .notFound)
        }
    }

    @Test func `names that are taken are refused with the name`() async throws {
        try await IdentityFixture.with { house in
            let tenant = try await accessError { _ = try await house.identity.createTenant(named: "acme") }
            #expect(tenant?.code == .alreadyExists)
            #expect(tenant?.message.contains("acme") == true)
            let user = try await accessError {
                _ = try await house.identity.createUser(
                    named: "tom", password: Secret("long enough"), in: house.tenants[0])
            }
            #expect(user?.code == .alreadyExists)
            #expect(user?.message.contains("tom") == true)
        }
    }

    @Test(arguments: [
        "", " ", " x", "x ", "a\nb", "a\0b", "\u{7F}", "\u{202E}evil", "\u{FEFF}x", "a\u{2028}b",
        String(repeating: "n", count: 65), String(repeating: "名", count: 65), String(repeating: "e\u{301}", count: 33),
    ])
    func `a name of the wrong form is refused`(name: String) async throws {
        try await IdentityFixture.with { house in
            let tenant = try await accessError { _ = try await house.identity.createTenant(named: name) }
            #expect(tenant?.code == .invalidRequest)
            let user = try await accessError {
                _ = try await house.identity.createUser(
                    named: name, password: Secret("long enough"), in: house.tenants[0])
            }
            #expect(user?.code == .invalidRequest)
        }
    }

    @Test(arguments: [
        "x", "tom@example.com", String(repeating: "n", count: 64), String(repeating: "名", count: 64), "a b",
    ])
    func `a name at the edge of the form is taken`(name: String) async throws {
        try await IdentityFixture.with { house in
            let tenant = try await house.identity.createTenant(named: name)
            let user = try await house.identity.createUser(named: name, password: Secret("long enough"), in: tenant)
            let found = try await house.identity.user(named: name, of: tenant)
            #expect(found == user)
            let token = try await house.identity.issue(
                KeystoneAuthRequest(
                    method: .password(.name(name, domain: .name(name)), Secret("long enough")), scope: nil))
            let caller = try await house.identity.caller(token: token.token.exposed)
            #expect(caller == Caller(user: user, tenant: tenant))
        }
    }

    @Test func `a password has eight to 128 characters`() async throws {
        try await IdentityFixture.with { house in
            for (length, goes) in [(0, false), (7, false), (8, true), (128, true), (129, false), (1_000_000, false)] {
                let password = Secret(String(repeating: "p", count: length))
                let error = try await accessError {
                    _ = try await house.identity.createUser(
                        named: "user\(length)", password: password, in: house.tenants[0])
                }
                #expect(error?.code == (goes ? nil : .invalidRequest))
            }
        }
    }

    @Test func `an access key has the usual form and its secret is stored sealed only`() async throws {
        try await IdentityFixture.with { house in
            let issued = try await house.identity.createAccessKey(for: house.users[1])
            #expect(issued.key.id.wholeMatch(of: /[A-Z0-9]{20}/) != nil)
            #expect(issued.secret.exposed.wholeMatch(of: /[A-Za-z0-9]{40}/) != nil)
            #expect(!"\(issued)".contains(issued.secret.exposed))
            let listed = try await house.identity.accessKeys(of: house.users[1])
            #expect(listed == [issued.key])
            let other = try await house.identity.createAccessKey(for: house.users[1])
            #expect(other.key.id != issued.key.id)
            #expect(other.secret != issued.secret)
        }
    }

    @Test func `an access key is deleted once, and never by another tenant`() async throws {
        try await IdentityFixture.with { house in
            let id = IdentityFixture.accessKey
            let foreign = try await accessError {
                try await house.identity.deleteAccessKey(id, of: house.tenants[1])
            }
            #expect(foreign?.code == .notFound)
            try await house.identity.deleteAccessKey(id, of: house.tenants[0])
            let again = try await accessError { try await house.identity.deleteAccessKey(id) }
            #expect(again?.code == .notFound)
        }
    }

    @Test func `what belongs to a user or tenant that is gone cannot be made`() async throws {
        try await IdentityFixture.with { house in
            try await house.identity.delete(house.users[1])
            let key = try await accessError { _ = try await house.identity.createAccessKey(for: house.users[1]) }
            #expect(key?.code == .notFound)
            let password = try await accessError {
                try await house.identity.setPassword(Secret("long enough"), of: house.users[1])
            }
            #expect(password?.code == .notFound)
            try await house.identity.delete(house.tenants[1])
            let user = try await accessError {
                _ = try await house.identity.createUser(
                    named: "ann", password: Secret("long enough"), in: house.tenants[1])
            }
            #expect(user?.code == .notFound)
        }
    }
}
