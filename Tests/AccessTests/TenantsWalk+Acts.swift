// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Forges
import Foundation
import Logging
import Model
import Storage
import TestSupport

@testable import Access

/// The operations. Each says by the model what must become of it, does it, and moves the model on.
extension TenantsWalk {
    mutating func act() async throws {
        let name = anyTenant()
        house.clock.advance(seconds: 3)
        switch Int.random(in: 0..<40, using: &random) {
        case 0...1: try await createUser(name)
        case 2: try await deleteUser(name)
        case 3: try await setPassword(name)
        case 4...6: try await signIn(name)
        case 7...8: try await guess(name)
        case 9...10: try await useToken(name)
        case 11: try await revoke(name)
        case 12...13: try await keys(name)
        case 14...17: try await authorize(name)
        case 18...19: try await delete(name)
        case 20...23: try await use(name)
        case 24...25: try await reauthorize(name)
        case 26: try await refuse(name)
        case 27...28: try await beginVisit(name)
        case 29...31: try await endVisit(name)
        case 32...33: try await record(name)
        case 34: try await setQuota(name)
        case 35...36: try await admit(name)
        case 37: try await trespass(name)
        case 38: try await pass(name)
        default: try await deleteTenant(name)
        }
    }

    // MARK: Users

    private mutating func createUser(_ name: String) async throws {
        guard let mine = tenants[name] else { return }
        let (user, password) = (pick(Self.people), fresh("password"))
        note("create user", name, user)
        let identity = house.identity
        let done = await outcome {
            _ = try await identity.createUser(named: user, password: Secret(password), in: mine.tenant)
        }
        try expect("creating a user", done, mine.people[user] == nil ? nil : "alreadyExists")
        guard done == nil else { return }
        let before = ghosts.removeValue(forKey: name + user) ?? (0, 0)
        tenants[name]?.people[user] = .init(
            user: try await identity.user(named: user, of: mine.tenant), password: password, failures: before.0,
            lastFailure: before.1)
    }

    private mutating func deleteUser(_ name: String) async throws {
        guard let user = tenants[name]?.people.keys.sorted().first, let person = tenants[name]?.people[user] else {
            return
        }
        note("delete user", name, user)
        try await house.identity.delete(person.user)
        tenants[name]?.forget(user: user)
        // What has failed is remembered by the tenant and the name, not by the user.
        ghosts[name + user] = (person.failures, person.lastFailure)
    }

    private mutating func setPassword(_ name: String) async throws {
        guard let user = tenants[name]?.people.keys.sorted().last, let person = tenants[name]?.people[user] else {
            return
        }
        note("set password", name, user)
        let password = fresh("password")
        try await house.identity.setPassword(Secret(password), of: person.user)
        tenants[name]?.people[user]?.password = password
        tenants[name]?.tokens.removeAll { $0.user == user }
    }

    private mutating func signIn(_ name: String) async throws {
        let user = pick(Self.people)
        note("sign in", name, user)
        house.clock.advance(seconds: 10)
        try await signIn(name, user, isRight: true)
    }

    /// More at once than may be guessed.
    private mutating func guess(_ name: String) async throws {
        let user = pick(Self.people)
        note("guess", name, user)
        // So that the counter of the place never stands in the way.
        house.clock.advance(seconds: 60)
        for _ in 0..<7 { try await signIn(name, user, isRight: false) }
    }

    /// All sign-ins of one name come from one address, whatever the tenant is.
    private mutating func signIn(_ name: String, _ user: String, isRight: Bool) async throws {
        guard let mine = tenants[name] else { return }
        let person = mine.people[user]
        let before = person.map { ($0.failures, $0.lastFailure) } ?? ghosts[name + user] ?? (0, 0)
        var failures = before
        if now - failures.1 >= 24 * 3600 * 1000 { failures = (0, 0) }
        let mustWait = now < failures.1 + SignInThrottle.wait(after: failures.0) * 1000
        let password = isRight ? person?.password ?? "none" : "wrong"
        let identity = house.identity
        let domain: DomainReference = Bool.random(using: &random) ? .id(mine.tenant.domain) : .name(mine.tenant.name)
        let address = IPAddress("203.0.113.\(user.utf8.count)")
        var token = ""
        let done = await outcome {
            token = try await identity.issue(
                KeystoneAuthRequest(method: .password(.name(user, domain: domain), Secret(password)), scope: nil),
                from: address
            ).token.exposed
        }
        let isGood = isRight && person != nil
        try expect("signing in", done, mustWait ? "tooManyAttempts" : isGood ? nil : "unauthenticated")
        if done == nil {
            tenants[name]?.tokens.append((token, user))
            failures = (0, 0)
        } else if !mustWait {
            failures = (failures.0 + 1, now)
        }
        if person == nil {
            ghosts[name + user] = failures
        } else {
            tenants[name]?.people[user]?.failures = failures.0
            tenants[name]?.people[user]?.lastFailure = failures.1
        }
    }

    private mutating func useToken(_ name: String) async throws {
        guard let mine = tenants[name], let token = mine.tokens.randomElement(using: &random) else { return }
        note("use token", name)
        let caller = try await house.identity.caller(token: token.text)
        try expect("the token's tenant", caller.tenant, mine.tenant)
        try expect("the token's user", caller.user, mine.people[token.user]?.user)
        let other = another(than: name)
        guard let theirs = tenants[other] else { return }
        let permission = house.permission
        let there = await outcome {
            _ = try await Grant.authorise(caller, to: .listBranches, in: theirs.tenant.id.text, by: permission)
        }
        try expect("a token at another's door", there, "otherTenant")
    }

    private mutating func revoke(_ name: String) async throws {
        guard let mine = tenants[name], let token = mine.tokens.randomElement(using: &random) else { return }
        note("revoke token", name)
        let identity = house.identity
        if let theirs = tenants[another(than: name)]?.tokens.first {
            let session = try await identity.session(token: theirs.text)
            let looked = await outcome { _ = try await identity.check(subject: token.text, by: session) }
            try expect("looking at another's token", looked, "forbidden")
            let ended = await outcome { try await identity.revoke(subject: token.text, by: session) }
            try expect("ending another's token", ended, "forbidden")
        }
        let session = try await identity.session(token: token.text)
        try await identity.revoke(subject: token.text, by: session)
        tenants[name]?.tokens.removeAll { $0.text == token.text }
    }

    private mutating func keys(_ name: String) async throws {
        guard let mine = tenants[name], let user = mine.people.keys.sorted().first, let person = mine.people[user]
        else { return }
        note("access keys", name, user)
        let identity = house.identity
        guard let key = mine.keys.first(where: { $0.user == user }), Bool.random(using: &random) else {
            let made = try await identity.createAccessKey(for: person.user)
            tenants[name]?.keys.append((made.key.id, user))
            return
        }
        guard let theirs = tenants[another(than: name)] else { return }
        let there = await outcome { try await identity.deleteAccessKey(key.id, of: theirs.tenant) }
        try expect("deleting another's key", there, "notFound")
        try expect("the key's tenant", try await house.vault.accessKey(key.id)?.tenant, mine.tenant)
        try await identity.deleteAccessKey(key.id, of: mine.tenant)
        tenants[name]?.keys.removeAll { $0.id == key.id }
    }

    // MARK: The record, quotas, time

    private mutating func record(_ name: String) async throws {
        guard let mine = tenants[name] else { return }
        let event = fresh("event")
        note("record", name, event)
        house.audit.note(
            try await grant(mine).trace.event(event, by: mine.root, in: mine.tenant.id, time: now))
        await house.audit.flush()
        tenants[name]?.events.append(event)
    }

    private mutating func setQuota(_ name: String) async throws {
        guard let mine = tenants[name] else { return }
        let quota = pick([nil, 1, 2, 0])
        note("set quota", name, "\(quota ?? -1)")
        try await house.store.set(QuotaExceptions(authorizations: quota), of: mine.tenant.id)
        tenants[name]?.quota = quota
    }

    private mutating func admit(_ name: String) async throws {
        note("admit", name)
        // More than may come at once, and fewer than two tenants' worth.
        for _ in 0..<30 {
            guard var mine = tenants[name] else { return }
            let most = TenantModel.burst * 1000
            mine.left = min(most, mine.left + min(now - mine.filledAt, 1_000_000))
            mine.filledAt = now
            let mayPass = mine.left >= 1000
            if mayPass { mine.left -= 1000 }
            tenants[name] = mine
            let quotas = house.broker.quotas
            let done = await outcome { try await quotas.admit(mine.tenant.id) }
            try expect("admitting", done, mayPass ? nil : "tooManyRequests")
        }
    }

    /// With another's names and ids in hand.
    private mutating func trespass(_ name: String) async throws {
        guard let mine = tenants[name], let theirs = tenants[another(than: name)] else { return }
        note("trespass", name)
        for held in theirs.held.values {
            let (vault, id) = (house.vault, held.id)
            let marked = await outcome {
                try await vault.set(reason: .refused, of: id, tenant: mine.tenant.id, ifRevision: 1)
            }
            try expect("marking another's", marked, "notFound")
            let replaced = await outcome {
                try await vault.replace(
                    credential: .personal(Secret("stolen")), of: id, tenant: mine.tenant.id, ifRevision: 1)
            }
            try expect("replacing another's", replaced, "notFound")
        }
        if let user = theirs.people.values.first?.user {
            let gone = try await house.store.deleteUser(user.id, of: mine.tenant.id)
            try expect("deleting another's user", gone, false)
        }
        if let event = theirs.events.first {
            let entry = try await house.vault.auditPage(of: theirs.tenant.id, before: nil, limit: 1000)
                .first { $0.event.action == event }
            let (vault, marker) = (house.vault, entry?.id)
            let done = await outcome { _ = try await vault.auditPage(of: mine.tenant.id, before: marker, limit: 5) }
            try expect("another's event as a marker", done, "notFound")
        }
    }

    /// A day goes by: what is over is over for everybody, and the checker proves what each has.
    private mutating func pass(_ name: String) async throws {
        guard Int.random(in: 0..<4, using: &random) == 0 else { return }
        note("a day passes", name)
        house.clock.advance(seconds: 30 * 3600)
        for name in names { tenants[name]?.tokens = [] }
        let checker = AuthorizationChecker(
            broker: house.broker, pace: .init(interval: 24 * 3600, warning: 0),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        while await checker.round() {}
        for name in names {
            for (authorization, held) in tenants[name]?.held ?? [:] where refused.contains(held.secret) {
                tenants[name]?.held[authorization]?.status = .rejected
            }
        }
    }

    private mutating func deleteTenant(_ name: String) async throws {
        guard let mine = tenants[name], Int.random(in: 0..<3, using: &random) == 0 else { return }
        note("delete tenant", name)
        try await house.identity.delete(mine.tenant)
        for token in mine.tokens {
            let identity = house.identity
            let done = await outcome { _ = try await identity.caller(token: token.text) }
            try expect("a token of a tenant that is gone", done, "unauthenticated")
        }
        for key in mine.keys {
            let found = try await house.vault.accessKey(key.id)
            try expect("a key of a tenant that is gone", found == nil, true)
        }
        tenants[name] = nil
        for user in Self.people { ghosts[name + user] = nil }
        // One of the same name is another one.
        try await open(name)
    }
}
