// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@testable import Storage

struct ReauthorizationStoreTests {
    private let octavia = Account(login: "octavia", home: "https://github.com/octavia", avatar: "")

    private func oauth(_ access: String, expires: Int64? = nil, refresh: String? = nil) -> Credential {
        .oauth(
            OAuthTokens(
                accessToken: Secret(access), refreshToken: refresh.map { Secret($0) }, expires: expires,
                scopes: ["repo"]))
    }

    @Test func `another mode, host, user and site take the place of all that was there, but its name`() async throws {
        try await Fixture.with { house in
            let before = try house.authorization()
            try await house.vault.insert(before, credential: .personal(Secret("one")))
            try await house.vault.set(reason: .refused, of: before.id, tenant: before.tenant, ifRevision: 1)
            house.clock.advance(seconds: 60)
            let entry = try #require(try await house.vault.entry(named: before.name, of: before.tenant))
            let after = try await house.vault.reauthorize(
                entry, with: oauth("two", expires: 5), host: "https://git.example.org/api/v3", account: octavia,
                site: "intl")
            let seen = try #require(try await house.vault.entry(named: before.name, of: before.tenant))
            #expect(seen.authorization == after)
            #expect(seen.credential == oauth("two", expires: 5))
            #expect(seen.revision == 2)
            #expect((after.id, after.name, after.forge) == (before.id, before.name, before.forge))
            #expect((after.mode, after.host, after.user) == (.oauth, "https://git.example.org/api/v3", "octavia"))
            #expect((after.site, after.status) == ("intl", .normal))
            #expect((after.created, after.updated) == (before.created, before.created + 60_000))
            #expect(seen.standing == Standing(proved: after.updated, expires: 5000, scopes: ["repo"]))
            #expect(try await house.vault.dueChecks(limit: 5).map(\.id) == [after.id])

            let back = try await house.vault.reauthorize(
                seen, with: .password(user: "tom", password: Secret("three")), host: before.host,
                account: Account(login: "tom", home: before.home, avatar: before.avatar), site: nil)
            #expect((back.mode, back.site, back.user) == (.password, nil, "tom"))
            let last = try #require(try await house.vault.entry(named: before.name, of: before.tenant))
            #expect(last.credential == .password(user: "tom", password: Secret("three")))
            #expect(last.standing == Standing(proved: back.updated))
        }
    }

    @Test func `of two who have read the same, one is told that it has changed`() async throws {
        try await Fixture.with { house in
            let authorization = try house.authorization()
            try await house.vault.insert(authorization, credential: .personal(Secret("one")))
            let entry = try #require(
                try await house.vault.entry(named: authorization.name, of: authorization.tenant))
            _ = try await house.vault.reauthorize(
                entry, with: oauth("two"), host: "https://a.example", account: octavia, site: nil)
            #expect(
                try await code {
                    _ = try await house.vault.reauthorize(
                        entry, with: .personal(Secret("three")), host: "https://b.example", account: octavia, site: nil)
                } == .changed)
            #expect(
                try await code {
                    try await house.vault.replace(
                        credential: .personal(Secret("renewed")), of: authorization.id, tenant: authorization.tenant,
                        ifRevision: 1)
                } == .changed)
            #expect(try await house.vault.delete(named: authorization.name, of: authorization.tenant) != nil)
            #expect(
                try await code {
                    _ = try await house.vault.reauthorize(
                        entry, with: oauth("four"), host: "https://a.example", account: octavia, site: nil)
                } == .notFound)
        }
    }

    @Test(arguments: ["mode", "host", "user", "site"])
    func `what was authorized anew is bound to its row like the first`(column: String) async throws {
        try await Fixture.with { house in
            let authorization = try house.authorization()
            try await house.vault.insert(authorization, credential: .personal(Secret("one")))
            let entry = try #require(
                try await house.vault.entry(named: authorization.name, of: authorization.tenant))
            _ = try await house.vault.reauthorize(
                entry, with: oauth("two"), host: "https://a.example", account: octavia, site: "intl")
            // What the row had before, put back by hand.
            let old = ["mode": "personal", "host": "https://api.github.com", "user": "tom", "site": ""][column] ?? ""
            try house.sql("UPDATE authorizations SET \(column) = ?", [old])
            #expect(
                try await code {
                    _ = try await house.vault.entry(named: authorization.name, of: authorization.tenant)
                } == .unsealable)
        }
    }

    @Test func `a deleted authorization is given to who deletes it, with what opens of it`() async throws {
        try await Fixture.with { house in
            let (first, second) = (try house.authorization("first"), try house.authorization("second"))
            for one in [first, second] { try await house.vault.insert(one, credential: .personal(Secret("one"))) }
            let deleted = try #require(try await house.vault.delete(named: first.name, of: first.tenant))
            #expect(deleted.authorization == first && deleted.credential == .personal(Secret("one")))
            try house.sql("UPDATE authorizations SET host = 'https://evil.example'")
            let broken = try #require(try await house.vault.delete(named: second.name, of: second.tenant))
            #expect(broken.authorization?.id == second.id && broken.credential == nil)
            #expect(try await house.vault.authorizations(of: first.tenant).isEmpty)
        }
    }

    @Test func `a row with a word that nobody knows is deleted, too`() async throws {
        try await Fixture.with { house in
            let one = try house.authorization()
            try await house.vault.insert(one, credential: .personal(Secret("one")))
            try house.sql("UPDATE authorizations SET forge = 'sourceforge'")
            let deleted = try #require(try await house.vault.delete(named: one.name, of: one.tenant))
            #expect(deleted.authorization == nil && deleted.credential == nil)
        }
    }

    @Test func `a person's grants at a host are found over all tenants, whatever the letter case`() async throws {
        try await Fixture.with { house in
            try await house.vault.insert(try house.authorization("mine", mode: .oauth), credential: oauth("one"))
            try await house.vault.insert(
                try house.authorization("theirs", tenant: 1, mode: .oauth, site: "intl"), credential: oauth("two"))
            try await house.vault.insert(try house.authorization("token"), credential: .personal(Secret("three")))
            func sites(_ forge: ForgeID, _ host: String, _ user: String) async throws -> Set<String?> {
                Set(try await house.vault.sitesWithOAuth(of: forge, host: host, user: user))
            }
            #expect(try await sites(.github, "https://api.github.com", "TOM") == [nil, "intl"])
            #expect(try await sites(.github, "https://api.github.com", "tim").isEmpty)
            #expect(try await sites(.github, "https://other.example", "tom").isEmpty)
            #expect(try await sites(.gitlab, "https://api.github.com", "tom").isEmpty)
        }
    }

    @Test func `a flow remembers which authorization it is for, under the seal`() async throws {
        try await Fixture.with { house in
            let id = RandomText.hexadecimal()
            let flow = OAuthState(
                binding: OAuthStateBinding(tenant: house.tenants[0].id, forge: .github, site: nil),
                user: house.users[0].id, name: AuthorizationName("test"), verifier: Secret("verifier"), renews: id)
            let text = try await house.vault.save(flow)
            #expect(try await house.vault.peek(text) == flow)
            #expect(try await house.vault.consume(text)?.renews == id)
        }
    }
}
