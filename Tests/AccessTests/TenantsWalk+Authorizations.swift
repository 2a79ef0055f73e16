// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Foundation
import Model
import Storage
import TestSupport

@testable import Access

/// What tenants do with authorizations: make, use, renew and delete them.
extension TenantsWalk {
    private func room(_ mine: TenantModel) -> Bool { (mine.quota ?? 0) == 0 || mine.held.count < (mine.quota ?? 0) }

    mutating func authorize(_ name: String) async throws {
        guard let mine = tenants[name] else { return }
        let (authorization, secret, host) = (
            pick(Self.authorizations), fresh("secret"), pick([ForgeID.github, .gitlab])
        )
        note("authorize", name, "\(authorization) \(secret)")
        let (broker, grant) = (house.broker, try await grant(mine))
        let done = await outcome {
            _ = try await broker.authorize(
                .init(name: authorization, forge: host, credential: .personal(Secret(secret)), host: nil), with: grant)
        }
        try expect(
            "authorizing", done, mine.held[authorization] != nil ? "alreadyExists" : room(mine) ? nil : "overQuota")
        if done == nil { try await keep(authorization, secret, host, name) }
    }

    mutating func keep(_ authorization: String, _ secret: String, _ host: ForgeID, _ name: String) async throws {
        guard let mine = tenants[name], let valid = AuthorizationName(authorization) else { return }
        let stored = try await house.vault.authorization(named: valid, of: mine.tenant.id)
        tenants[name]?.held[authorization] = .init(id: stored?.id ?? "none", secret: secret, forge: host)
        tenants[name]?.order.append(authorization)
        tenants[name]?.secrets.insert(secret)
    }

    mutating func delete(_ name: String) async throws {
        guard let mine = tenants[name] else { return }
        let authorization = pick(Self.authorizations)
        note("delete", name, authorization)
        let (broker, grant) = (house.broker, try await grant(mine, .deleteAuthorization))
        let done = await outcome { try await broker.delete(authorization, with: grant) }
        try expect("deleting", done, mine.held[authorization] == nil ? "notFound" : nil)
        tenants[name]?.held[authorization] = nil
        tenants[name]?.order.removeAll { $0 == authorization }
    }

    /// By its credential the forge says whose it is. Tokens that are over are renewed on the way.
    mutating func use(_ name: String) async throws {
        guard let mine = tenants[name] else { return }
        let authorization = pick(Self.authorizations)
        note("use", name, authorization)
        let (broker, grant) = (house.broker, try await grant(mine, .listBranches))
        guard let held = mine.held[authorization] else {
            let done = await outcome { _ = try await broker.open(authorization, with: grant) }
            return try expect("using what is not there", done, "noSuchAuthorization")
        }
        var login = ""
        let done = await outcome {
            login = try await broker.open(authorization, with: grant).forge.account().login
        }
        if refused.contains(held.secret) {
            try expect("using what is refused", done, "credentialRejected")
            tenants[name]?.held[authorization]?.status = .rejected
        } else {
            try expect("using", done, nil)
            try expect("whose credential was used", login, held.secret)
        }
        let details = try await broker.details(authorization, with: grant)
        try expect("details", details.authorization.id, held.id)
    }

    mutating func reauthorize(_ name: String) async throws {
        guard let mine = tenants[name] else { return }
        let (authorization, secret) = (pick(Self.authorizations), fresh("secret"))
        note("reauthorize", name, "\(authorization) \(secret)")
        let (broker, grant) = (house.broker, try await grant(mine))
        let host = mine.held[authorization]?.forge ?? .github
        let done = await outcome {
            _ = try await broker.reauthorize(
                .init(name: authorization, forge: host, credential: .personal(Secret(secret)), host: nil), with: grant)
        }
        try expect("reauthorizing", done, mine.held[authorization] == nil ? "notFound" : nil)
        tenants[name]?.held[authorization]?.secret = secret
        tenants[name]?.held[authorization]?.status = .normal
    }

    /// From now on a forge does not take one credential.
    mutating func refuse(_ name: String) async throws {
        guard let held = tenants[name]?.held.values.sorted(by: { $0.id < $1.id }).first else { return }
        note("refuse", name, held.secret)
        forge.refuse(held.secret)
        refused.insert(held.secret)
    }

    // MARK: Visits

    mutating func beginVisit(_ name: String) async throws {
        guard let mine = tenants[name] else { return }
        note("begin visit", name)
        let address = try await house.broker.redirect(to: .gitlab, site: nil, name: nil, with: try await grant(mine))
        let state = URLComponents(string: address)?.queryItems?.first { $0.name == "state" }?.value ?? ""
        tenants[name]?.states = [state]
        visits[state] = now
    }

    mutating func endVisit(_ name: String) async throws {
        guard let mine = tenants[name], let state = mine.states.first else { return }
        note("end visit", name)
        let (authorization, secret) = (pick(Self.authorizations), fresh("secret"))
        let broker = house.broker
        func end(_ grant: Grant) async -> String? {
            await outcome {
                _ = try await broker.authorize(
                    authorization, forge: .gitlab, site: nil, code: Secret(secret), state: Secret(state), with: grant)
            }
        }
        let isOver = now - (visits[state] ?? 0) >= 600_000
        if let theirs = tenants[another(than: name)] {
            let there = await end(try await grant(theirs))
            try expect(
                "ending another's visit", there,
                theirs.held[authorization] != nil ? "alreadyExists" : room(theirs) ? "badState" : "overQuota")
        }
        let done = await end(try await grant(mine))
        let free = mine.held[authorization] == nil
        try expect(
            "ending a visit", done, !free ? "alreadyExists" : !room(mine) ? "overQuota" : isOver ? "badState" : nil)
        guard free, room(mine) else { return }
        tenants[name]?.states = []
        if done == nil { try await keep(authorization, secret, .gitlab, name) }
    }
}
