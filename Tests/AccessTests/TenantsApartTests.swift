// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Foundation
import Logging
import Model
import Storage
import TestSupport
import Testing

@testable import Access

/// Random operations of many tenants that use the same names for everything. None ever sees, uses, counts, times out or deletes
/// what is another's: a model in the test says what each should see.
///
/// `GATEHOUSE_SEED` repeats a run, `GATEHOUSE_STEPS` makes a longer one.
@Suite(.serialized) struct TenantsApartTests {
    @Test func `whatever many tenants of the same names do, each sees and uses its own`() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["GATEHOUSE_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 1...UInt64.max)
        let steps = environment["GATEHOUSE_STEPS"].flatMap(Int.init) ?? 1500
        print("TenantsApartTests: GATEHOUSE_SEED=\(seed) repeats this run")
        let forge = ManyAccounts()
        let house = try await TestHouse(
            network: forge.network, quota: Quota(authorizations: 0, requests: 1, burst: 20, calls: 0))
        try await house.serving {
            var walk = TenantsWalk(house: house, forge: forge, seed: seed)
            for name in ["harbour", "mill", "quarry", "bakery"] { try await walk.open(name) }
            for number in 0..<steps {
                walk.step = number
                do {
                    try await walk.act()
                    try await walk.look(at: walk.anyTenant())
                    if number % 50 == 49 { for name in walk.names { try await walk.look(at: name) } }
                } catch {
                    let last = walk.journal.suffix(100).joined(separator: "\n")
                    Issue.record("seed \(seed), step \(number): \(error)\n\(last)")
                    return
                }
            }
            print(
                "TenantsApartTests: \(walk.counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))"
            )
            // A run in which something never happens shows nothing of it.
            #expect(steps < 1500 || walk.counts.count == TenantsWalk.kinds)
        }
    }
}

/// What a tenant saw that is not what the model says.
struct Breach: Error, CustomStringConvertible {
    let description: String
}

struct TenantsWalk {
    let house: TestHouse
    let forge: ManyAccounts
    var random: SeededGenerator
    var tenants: [String: TenantModel] = [:]
    var step = 0
    var secrets = 0
    var journal: [String] = []
    var counts: [String: Int] = [:]
    /// What has failed of users who are not there, by the tenant's name and theirs.
    var ghosts: [String: (Int64, Int64)] = [:]
    /// Credentials that their forge does not take any more.
    var refused: Set<String> = []
    /// When each visit has begun.
    var visits: [String: Int64] = [:]

    static let people = ["alice", "bob"]
    static let authorizations = ["main", "work", "robot"]
    static let kinds = 21

    init(house: TestHouse, forge: ManyAccounts, seed: UInt64) {
        self.house = house
        self.forge = forge
        random = SeededGenerator(seed: seed)
    }

    var names: [String] { tenants.keys.sorted() }
    var now: Int64 { house.clock.wall.milliseconds }

    mutating func anyTenant() -> String { pick(names) }

    mutating func pick<Element>(_ list: [Element]) -> Element { list[Int.random(in: 0..<list.count, using: &random)] }

    mutating func another(than name: String) -> String { pick(names.filter { $0 != name }) }

    mutating func fresh(_ kind: String) -> String {
        secrets += 1
        return "\(kind)-\(secrets)"
    }

    mutating func note(_ what: String, _ tenant: String, _ more: String = "") {
        counts[what, default: 0] += 1
        journal.append("\(step) \(tenant): \(what) \(more)")
    }

    func expect<Value: Equatable>(_ what: String, _ seen: Value, _ right: Value) throws {
        guard seen == right else { throw Breach(description: "\(what): \(seen), and not \(right)") }
    }

    /// nil where the call went well; else the word of its error.
    func outcome(_ call: () async throws -> Void) async -> String? {
        do {
            try await call()
            return nil
        } catch let error as AccessError {
            return error.code.rawValue
        } catch let error as StoreError {
            return AccessError(error).code.rawValue
        } catch let error as ForgeError {
            return error.code.rawValue
        } catch {
            return "\(error)"
        }
    }

    func grant(_ tenant: TenantModel, _ action: Action = .createAuthorization) async throws -> Grant {
        try await Grant.authorise(tenant.root, to: action, in: tenant.tenant.id.text, by: house.permission)
    }

    mutating func open(_ name: String) async throws {
        let tenant = try await house.identity.createTenant(named: name)
        let user = try await house.identity.createUser(named: "root", password: Secret("password-of-root"), in: tenant)
        tenants[name] = TenantModel(tenant: tenant, root: Caller(user: user, tenant: tenant), filledAt: now)
    }

    /// All that a tenant can see is what the model says.
    func look(at name: String) async throws {
        guard let mine = tenants[name] else { return }
        let listed = try await house.broker.authorizations(try await grant(mine, .listAuthorizations))
        try expect("names of \(name)", listed.map(\.name.text), mine.order)
        try expect("ids of \(name)", listed.map(\.id), mine.order.compactMap { mine.held[$0]?.id })
        try expect("statuses of \(name)", listed.map(\.status), mine.order.compactMap { mine.held[$0]?.status })
        try expect("forges of \(name)", listed.map(\.forge), mine.order.compactMap { mine.held[$0]?.forge })
        try expect("users of \(name)", listed.map(\.user), mine.order.compactMap { mine.held[$0]?.secret })
        try expect("tenant of \(name)", Set(listed.map(\.tenant)).subtracting([mine.tenant.id]), [])
        try expect(
            "count of \(name)", try await house.store.authorizationCount(of: mine.tenant.id), mine.held.count)
        let users = try await house.identity.users(of: mine.tenant)
        try expect("users of \(name)", users.map(\.name).sorted(), (mine.people.keys + ["root"]).sorted())
        for user in users {
            let keys = try await house.identity.accessKeys(of: user).map(\.id).sorted()
            try expect("keys of \(name)", keys, mine.keys.filter { $0.user == user.name }.map(\.id).sorted())
        }
        await house.audit.flush()
        let page = try await house.vault.auditPage(of: mine.tenant.id, before: nil, limit: 1000)
        let actions = Array(page.map(\.event.action).reversed())
        try expect("record of \(name)", actions.filter { $0 != "RenewCredential" }, mine.events)
        let renewals = mine.secrets.reduce(0) { $0 + forge.renewals(of: $1) }
        try expect("renewals of \(name)", actions.count - mine.events.count, renewals)
    }
}
