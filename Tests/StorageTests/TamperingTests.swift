// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model
import Testing

@testable import Storage

/// Somebody has the file in hand, but not the master key.
struct TamperingTests {
    /// Every column of an authorization but `number`, which only orders, and `status`, which decides nothing by itself.
    private static let changes = [
        "id = '00000000000000000000000000000000'",
        "name = 'others'",
        "forge = 'gitlab'",
        "mode = 'oauth'",
        "host = 'https://evil.example'",
        "home = 'https://evil.example/tom'",
        "user = 'eve'",
        "avatar = ''",
        "site = ''",
        "site = 'intl'",
        "created = created + 1",
        "updated = updated + 1",
        "revision = revision + 1",
        "sealed = zeroblob(length(sealed))",
        "sealed = x''",
        "sealed = substr(sealed, 1, length(sealed) - 1)",
        "sealed = CAST(sealed || x'00' AS BLOB)",
        "sealed = CAST(x'02' || substr(sealed, 2) AS BLOB)",
        "sealed = CAST(substr(sealed, 1, 20) || x'ffff' || substr(sealed, 23) AS BLOB)",
        "sealed = substr(sealed, 1, 61)",
        "sealed = CAST(substr(sealed, 1, 80) || x'ffff' || substr(sealed, 83) AS BLOB)",
    ]

    @Test(arguments: changes)
    func `a changed row does not open, and the others do`(change: String) async throws {
        try await Fixture.with { house in
            let victim = try house.authorization("victim")
            let other = try house.authorization("untouched")
            for authorization in [victim, other] {
                try await house.vault.insert(authorization, credential: .personal(Secret("ghp_\(authorization.name)")))
            }
            #expect(try house.sql("UPDATE authorizations SET \(change) WHERE name = 'victim'") == 1)
            let name = try #require(AuthorizationName(change.hasPrefix("name") ? "others" : "victim"))
            #expect(
                try await code { _ = try await house.vault.entry(named: name, of: victim.tenant) } == .unsealable)
            let entry = try #require(try await house.vault.entry(named: other.name, of: other.tenant))
            #expect(entry.credential == .personal(Secret("ghp_untouched")))
            #expect(try await house.vault.authorizations(of: victim.tenant).count == 2)
        }
    }

    @Test func `a changed status is all that can be changed, and it opens nothing more`() async throws {
        try await Fixture.with { house in
            let authorization = try house.authorization()
            try await house.vault.insert(authorization, credential: .personal(Secret("t")))
            try house.sql("UPDATE authorizations SET status = 2")
            let entry = try #require(try await house.vault.entry(named: authorization.name, of: authorization.tenant))
            #expect(entry.authorization.status == .rejected)
        }
    }

    @Test func `a row of a forge that nobody knows is left out of the list, and told by its name`() async throws {
        try await Fixture.with { house in
            for name in ["sound", "strange"] {
                try await house.vault.insert(try house.authorization(name), credential: .personal(Secret("token")))
            }
            try house.sql("UPDATE authorizations SET forge = 'svn' WHERE name = 'strange'")
            #expect(try await house.vault.authorizations(of: house.tenants[0].id).map(\.name.text) == ["sound"])
            let error = await #expect(throws: StoreError.self) {
                try await house.vault.entry(named: #require(AuthorizationName("strange")), of: house.tenants[0].id)
            }
            #expect(error?.code == .unsealable && error?.message.contains("strange") == true)
        }
    }

    @Test func `a changed key version does not open`() async throws {
        try await Fixture.with { house in
            let authorization = try house.authorization()
            try await house.vault.insert(authorization, credential: .personal(Secret("t")))
            try house.sql("INSERT INTO master_keys (version, proof, created) VALUES (2, x'00', 0)")
            try house.sql("UPDATE authorizations SET key_version = 2")
            #expect(
                try await code {
                    _ = try await house.vault.entry(named: authorization.name, of: authorization.tenant)
                } == .unsealable)
        }
    }

    @Test func `a row moved to another tenant does not open there`() async throws {
        try await Fixture.with { house in
            let authorization = try house.authorization()
            try await house.vault.insert(authorization, credential: .personal(Secret("t")))
            let other = house.tenants[1].id
            try house.sql("UPDATE authorizations SET tenant = ?", [other.text])
            #expect(
                try await code { _ = try await house.vault.entry(named: authorization.name, of: other) } == .unsealable)
        }
    }

    @Test func `seals swapped between tenants or between rows open nothing`() async throws {
        try await Fixture.with { house in
            let rows = [
                try house.authorization("test", tenant: 0), try house.authorization("test", tenant: 1),
                try house.authorization("next", tenant: 0),
            ]
            for row in rows { try await house.vault.insert(row, credential: .personal(Secret("of \(row.id)"))) }
            for (victim, source) in [(0, 1), (1, 2), (2, 0)] {
                try house.sql("CREATE TABLE IF NOT EXISTS kept AS SELECT id, sealed FROM authorizations")
                try house.sql(
                    "UPDATE authorizations SET sealed = (SELECT sealed FROM kept WHERE id = ?) WHERE id = ?",
                    [rows[source].id, rows[victim].id])
            }
            for row in rows {
                #expect(
                    try await code { _ = try await house.vault.entry(named: row.name, of: row.tenant) } == .unsealable)
            }
        }
    }

    @Test func `an earlier seal put back does not open under the later revision`() async throws {
        try await Fixture.with { house in
            let authorization = try house.authorization()
            let (id, tenant) = (authorization.id, authorization.tenant)
            try await house.vault.insert(authorization, credential: .personal(Secret("old")))
            try house.sql("CREATE TABLE kept AS SELECT sealed FROM authorizations")
            try await house.vault.replace(
                credential: .personal(Secret("new")), of: id, tenant: tenant, ifRevision: 1)
            try house.sql("UPDATE authorizations SET sealed = (SELECT sealed FROM kept)")
            #expect(
                try await code { _ = try await house.vault.entry(named: authorization.name, of: tenant) } == .unsealable
            )
        }
    }

    @Test func `a tampered row is not made sound by a renewal`() async throws {
        try await Fixture.with { house in
            let authorization = try house.authorization()
            let (id, tenant) = (authorization.id, authorization.tenant)
            try await house.vault.insert(authorization, credential: .personal(Secret("old")))
            try house.sql("UPDATE authorizations SET host = 'https://evil.example'")
            #expect(
                try await code {
                    try await house.vault.replace(
                        credential: .personal(Secret("new")), of: id, tenant: tenant, ifRevision: 1)
                } == .unsealable)
        }
    }

    @Test(arguments: [
        "created = created + 1", "id = 'AKOTHER'", "sealed = zeroblob(length(sealed))", "user = ?", "all",
    ])
    func `a changed access key does not open`(change: String) async throws {
        try await Fixture.with { house in
            let (mine, theirs) = (house.users[0], house.users[1])
            let key = AccessKey(id: "AKMINE", tenant: mine.tenant, user: mine.id, created: 0)
            try await house.vault.insert(key, secret: Secret("s"))
            let second = User(id: RandomText.hexadecimal(), tenant: mine.tenant, name: "ann", created: 0)
            try await house.store.insert(second, passwordHash: "scrypt$")
            switch change {
            case "user = ?": try house.sql("UPDATE access_keys SET user = ?", [second.id])
            case "all":
                try house.sql("UPDATE access_keys SET tenant = ?, user = ?", [theirs.tenant.text, theirs.id])
            default: try house.sql("UPDATE access_keys SET \(change)")
            }
            let id = change.hasPrefix("id") ? "AKOTHER" : "AKMINE"
            #expect(try await code { _ = try await house.vault.accessKey(id) } == .unsealable)
        }
    }

    @Test(arguments: [
        "expires = expires + 1", "token = zeroblob(32)", "expires = NULL, token = NULL", "created = created + 1",
    ])
    func `a changed temporary access key does not open, and a permanent one does not become one`(
        change: String
    ) async throws {
        try await Fixture.with { house in
            let user = house.users[0]
            let now = house.clock.milliseconds
            let temporary = AccessKey.Temporary(expires: now + 900_000, tokenDigest: Data(digestOf: "token"))
            let key = AccessKey(id: "AKTEMP", tenant: user.tenant, user: user.id, created: now, temporary: temporary)
            let permanent = AccessKey(id: "AKMINE", tenant: user.tenant, user: user.id, created: now)
            try await house.vault.insert(key, secret: Secret("s"))
            try await house.vault.insert(permanent, secret: Secret("s"))
            #expect(try await house.vault.accessKey("AKTEMP")?.key == key)
            #expect(try await house.vault.checkSeals().bad.isEmpty)
            try house.sql("UPDATE access_keys SET \(change) WHERE id = 'AKTEMP'")
            #expect(try await code { _ = try await house.vault.accessKey("AKTEMP") } == .unsealable)
            #expect(try await house.vault.checkSeals().bad.map(\.name) == ["AKTEMP"])
            try house.sql("UPDATE access_keys SET expires = created + 1, token = zeroblob(32) WHERE id = 'AKMINE'")
            #expect(try await code { _ = try await house.vault.accessKey("AKMINE") } == .unsealable)
        }
    }

    @Test(arguments: [
        "site = NULL", "site = ''", "name = NULL", "name = 'else'", "name = '!'", "forge = 'gitlab'",
        "forge = 'nowhere'",
        "expires = expires + 1", "user = ?", "sealed = zeroblob(length(sealed))",
    ])
    func `a changed flow does not open`(change: String) async throws {
        try await Fixture.with { house in
            let user = house.users[0]
            let second = User(id: RandomText.hexadecimal(), tenant: user.tenant, name: "ann", created: 0)
            try await house.store.insert(second, passwordHash: "scrypt$")
            let flow = OAuthState(
                binding: OAuthStateBinding(tenant: user.tenant, forge: .github, site: "intl"), user: user.id,
                name: AuthorizationName("test"), verifier: Secret("v"))
            let state = try await house.vault.save(flow)
            try house.sql("UPDATE oauth_states SET \(change)", change.contains("?") ? [second.id] : [])
            #expect(try await code { _ = try await house.vault.peek(state) } == .unsealable)
            #expect(try await code { _ = try await house.vault.consume(state) } == .unsealable)
        }
    }

    @Test func `a seal of one kind does not open as another`() throws {
        let key = MasterKey.random().key
        let tenant = TenantID("00000000000000000000000000000000")
        let sealed = try Envelope.seal(
            .init("s".utf8), under: key, version: 1, SealContext(kind: .accessKey, tenant: tenant, id: "x", bound: []))
        let other = SealContext(kind: .oauthVerifier, tenant: tenant, id: "x", bound: [])
        #expect(throws: StoreError.self) { try Envelope.open(sealed, under: key, version: 1, other) }
    }

    @Test func `what a seal is bound to has no two readings`() throws {
        let key = MasterKey.random().key
        func context(_ bound: [String?]) -> SealContext {
            SealContext(kind: .credential, tenant: nil, id: "x", bound: bound)
        }
        let bindings: [[String?]] = [
            ["a", "b"], ["ab"], ["a", "b", nil], ["a", "b", ""], ["", "ab"], [nil, "ab"], [],
        ]
        for (index, bound) in bindings.enumerated() {
            let sealed = try Envelope.seal(.init("s".utf8), under: key, version: 1, context(bound))
            for (other, candidate) in bindings.enumerated() {
                let opens = (try? Envelope.open(sealed, under: key, version: 1, context(candidate))) != nil
                #expect(opens == (index == other))
            }
        }
    }

    @Test func `one text sealed twice gives two seals`() throws {
        let key = MasterKey.random().key
        let context = SealContext(kind: .credential, tenant: nil, id: "x", bound: [])
        let seals = try (0..<2).map { _ in try Envelope.seal(.init("s".utf8), under: key, version: 1, context) }
        #expect(seals[0] != seals[1])
    }
}
