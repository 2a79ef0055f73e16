// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@testable import Storage

struct AuthorizationStoreTests {
    private let token = Credential.personal(Secret("ghp_one"))

    @Test func `an authorization comes back as it was put in`() async throws {
        try await Fixture.with { house in
            let authorization = try house.authorization(mode: .oauth, site: "intl")
            let credential = Credential.oauth(
                OAuthTokens(
                    accessToken: Secret("gho_1"), refreshToken: Secret("ghr_1"), expires: 1_700_000_100,
                    scopes: ["repo", "read:user"]))
            try await house.vault.insert(authorization, credential: credential)
            let entry = try #require(try await house.vault.entry(named: authorization.name, of: authorization.tenant))
            #expect(entry.authorization == authorization)
            #expect(entry.credential == credential)
            #expect(entry.revision == 1)
            let found = try await house.vault.authorization(named: authorization.name, of: authorization.tenant)
            #expect(found == authorization)
        }
    }

    @Test func `two tenants may use one name and never see each other's`() async throws {
        try await Fixture.with { house in
            let mine = try house.authorization(tenant: 0)
            let theirs = try house.authorization(tenant: 1)
            try await house.vault.insert(mine, credential: .personal(Secret("mine")))
            try await house.vault.insert(theirs, credential: .personal(Secret("theirs")))
            for (authorization, text) in [(mine, "mine"), (theirs, "theirs")] {
                let entry = try #require(
                    try await house.vault.entry(named: authorization.name, of: authorization.tenant))
                #expect(entry.credential == .personal(Secret(text)))
                #expect(try await house.vault.authorizations(of: authorization.tenant) == [authorization])
            }

            // By the other's tenant nothing of mine can be changed.
            let other = theirs.tenant
            #expect(
                try await code {
                    try await house.vault.replace(credential: token, of: mine.id, tenant: other, ifRevision: 1)
                } == .notFound)
            #expect(
                try await code {
                    try await house.vault.set(reason: .refused, of: mine.id, tenant: other, ifRevision: 1)
                } == .notFound)
            #expect(try await house.vault.delete(named: theirs.name, of: other) != nil)
            #expect(try await house.vault.authorizations(of: other).isEmpty)
            #expect(try await house.vault.authorizations(of: mine.tenant) == [mine])
        }
    }

    @Test func `a name is taken once a tenant, letter case counts`() async throws {
        try await Fixture.with { house in
            try await house.vault.insert(try house.authorization("test"), credential: token)
            try await house.vault.insert(try house.authorization("Test"), credential: token)
            #expect(
                try await code { try await house.vault.insert(try house.authorization("test"), credential: token) }
                    == .alreadyExists)
            #expect(try await house.vault.authorizations(of: house.tenants[0].id).map(\.name.text) == ["test", "Test"])
        }
    }

    @Test func `of many who take one name at once, one gets it`() async throws {
        try await Fixture.with { house in
            let codes = try await withThrowingTaskGroup(of: StoreError.Code?.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await code {
                            try await house.vault.insert(try house.authorization("race"), credential: token)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes.count { $0 == nil } == 1)
            #expect(codes.count { $0 == .alreadyExists } == 19)
        }
    }

    @Test func `the list is oldest first, and stays so after a deletion`() async throws {
        try await Fixture.with { house in
            for name in ["zeta", "alpha", "mid1"] {
                try await house.vault.insert(try house.authorization(name), credential: token)
            }
            let tenant = house.tenants[0].id
            #expect(try await house.vault.delete(named: try #require(AuthorizationName("alpha")), of: tenant) != nil)
            try await house.vault.insert(try house.authorization("alpha"), credential: token)
            #expect(try await house.vault.authorizations(of: tenant).map(\.name.text) == ["zeta", "mid1", "alpha"])
        }
    }

    @Test func `a renewed credential takes the place of the old one`() async throws {
        try await Fixture.with { house in
            let authorization = try house.authorization()
            try await house.vault.insert(authorization, credential: token)
            try await house.vault.set(
                reason: .expired, of: authorization.id, tenant: authorization.tenant, ifRevision: 1)
            house.clock.advance(seconds: 60)
            let next = Credential.personal(Secret("ghp_two"))
            let revision = try await house.vault.replace(
                credential: next, of: authorization.id, tenant: authorization.tenant, ifRevision: 1)
            #expect(revision == 2)
            let entry = try #require(try await house.vault.entry(named: authorization.name, of: authorization.tenant))
            #expect(entry.credential == next)
            #expect(entry.revision == 2)
            #expect(entry.authorization.status == .normal)
            #expect(entry.authorization.created == authorization.created)
            #expect(entry.authorization.updated == authorization.updated + 60_000)
        }
    }

    @Test func `of many who renew one revision, one wins and the others are told`() async throws {
        try await Fixture.with { house in
            let authorization = try house.authorization()
            try await house.vault.insert(authorization, credential: token)
            let second = try SQLiteStore(path: house.path)
            let vaults = [house.vault, try await Vault(store: second, masterKey: house.key, clock: house.clock.wall)]
            let outcomes = try await withThrowingTaskGroup(of: (Int, StoreError.Code?).self) { group in
                for index in 0..<20 {
                    group.addTask {
                        let code = try await code {
                            try await vaults[index % 2].replace(
                                credential: .personal(Secret("ghp_\(index)")), of: authorization.id,
                                tenant: authorization.tenant, ifRevision: 1)
                        }
                        return (index, code)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let winners = outcomes.filter { $0.1 == nil }
            #expect(winners.count == 1)
            #expect(outcomes.count { $0.1 == .changed } == 19)
            let entry = try #require(try await house.vault.entry(named: authorization.name, of: authorization.tenant))
            #expect(entry.credential == .personal(Secret("ghp_\(try #require(winners.first).0)")))
            #expect(entry.revision == 2)
        }
    }

    @Test func `a status belongs to the credential that it was seen with`() async throws {
        try await Fixture.with { house in
            let authorization = try house.authorization()
            let (id, tenant) = (authorization.id, authorization.tenant)
            try await house.vault.insert(authorization, credential: token)
            try await house.vault.set(reason: .refused, of: id, tenant: tenant, ifRevision: 1)
            try await house.vault.set(reason: .refused, of: id, tenant: tenant, ifRevision: 1)
            let seen = try #require(try await house.vault.entry(named: authorization.name, of: tenant))
            #expect(seen.authorization.status == .rejected)
            #expect(seen.authorization.updated == authorization.updated)

            try await house.vault.replace(credential: token, of: id, tenant: tenant, ifRevision: 1)
            #expect(
                try await code {
                    try await house.vault.set(reason: .refused, of: id, tenant: tenant, ifRevision: 1)
                } == .changed)
            #expect(try await house.vault.authorization(named: authorization.name, of: tenant)?.status == .normal)
        }
    }

    @Test func `what was deleted cannot be renewed, marked or deleted again`() async throws {
        try await Fixture.with { house in
            let authorization = try house.authorization()
            let (id, tenant) = (authorization.id, authorization.tenant)
            try await house.vault.insert(authorization, credential: token)
            #expect(try await house.vault.delete(named: authorization.name, of: tenant) != nil)
            #expect(try await house.vault.delete(named: authorization.name, of: tenant) == nil)
            #expect(try await house.vault.entry(named: authorization.name, of: tenant) == nil)
            #expect(
                try await code {
                    try await house.vault.replace(credential: token, of: id, tenant: tenant, ifRevision: 1)
                } == .notFound)
            #expect(
                try await code {
                    try await house.vault.set(reason: .expired, of: id, tenant: tenant, ifRevision: 1)
                } == .notFound)
        }
    }

    @Test func `a credential of another mode, a foreign tenant and a NUL are refused`() async throws {
        try await Fixture.with { house in
            let authorization = try house.authorization(mode: .oauth)
            #expect(try await code { try await house.vault.insert(authorization, credential: token) } == .invalid)
            let cut = try house.authorization(site: "in\0tl")
            #expect(try await code { try await house.vault.insert(cut, credential: token) } == .invalid)
            let gone = try house.authorization()
            #expect(try await house.store.deleteTenant(gone.tenant))
            #expect(try await code { try await house.vault.insert(gone, credential: token) } == .notFound)
        }
    }

    @Test func `a change goes through although the task that asked for it was cancelled`() async throws {
        try await Fixture.with { house in
            let authorization = try house.authorization()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    withUnsafeCurrentTask { $0?.cancel() }
                    try await house.vault.insert(authorization, credential: token)
                }
                try await group.waitForAll()
            }
            #expect(try await house.vault.entry(named: authorization.name, of: authorization.tenant) != nil)
        }
    }

    @Test(arguments: [
        "", "plain", String(repeating: "x", count: 200_000), "snow ☃ 中文 \u{0}\u{1}\u{1F600}", "\"\\/\n\r\t", "e\u{301}",
    ])
    func `any text survives sealing, byte for byte`(text: String) async throws {
        try await Fixture.with { house in
            let credentials: [Credential] = [
                .personal(Secret(text)),
                .password(user: text, password: Secret(text)),
                .oauth(OAuthTokens(accessToken: Secret(text), refreshToken: nil, expires: nil, scopes: [])),
                .oauth(
                    OAuthTokens(accessToken: Secret(text), refreshToken: Secret(text), expires: .max, scopes: [text])),
            ]
            for (index, credential) in credentials.enumerated() {
                let authorization = try house.authorization("name\(index)", mode: credential.mode)
                try await house.vault.insert(authorization, credential: credential)
                let entry = try #require(
                    try await house.vault.entry(named: authorization.name, of: authorization.tenant))
                #expect(entry.credential == credential)
                guard case .personal(let secret) = entry.credential else { continue }
                #expect(Array(secret.exposed.utf8) == Array(text.utf8))
            }
        }
    }
}
