// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Model
import Storage
import Testing

@testable import Access

@Suite struct SignInThrottleTests {
    private static let here = IPAddress("203.0.113.7")
    private static let there = IPAddress("203.0.113.8")

    /// Signs in; nil when it went well.
    private static func signIn(
        _ house: IdentityFixture, _ password: String = "wrong", as user: UserReference? = nil,
        from address: IPAddress? = here, by identity: Identity? = nil
    ) async throws -> AccessError? {
        let user = user ?? .name("tom", domain: .name("acme"))
        return try await accessError {
            _ = try await (identity ?? house.identity).issue(
                KeystoneAuthRequest(method: .password(user, Secret(password)), scope: nil), from: address)
        }
    }

    private static func fail(
        _ count: Int, _ house: IdentityFixture, as user: UserReference? = nil, from address: IPAddress? = here
    ) async throws {
        for number in 0..<count {
            let error = try await signIn(house, as: user, from: address)
            #expect(error?.code == .unauthenticated, "\(number)")
        }
    }

    @Test func `after five failures it takes longer and longer, and even the right password waits`() async throws {
        try await IdentityFixture.with { house in
            try await Self.fail(5, house)
            var waits: [Int] = []
            for _ in 1...14 {
                let refused = try await Self.signIn(house, IdentityFixture.password)
                #expect(refused?.code == .tooManyAttempts)
                let seconds = try #require(refused?.retryAfter)
                #expect(refused?.message.contains("\(seconds) second") == true)
                waits.append(seconds)
                house.clock.advance(seconds: Int64(seconds) - 1)
                #expect(try await Self.signIn(house, IdentityFixture.password)?.retryAfter == 1)
                house.clock.advance(seconds: 1)
                #expect(try await Self.signIn(house)?.code == .unauthenticated)
            }
            #expect(waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900])
            house.clock.advance(seconds: 900)
            #expect(try await Self.signIn(house, IdentityFixture.password) == nil)
            // It is forgotten with the right password.
            try await Self.fail(5, house)
            #expect(try await Self.signIn(house)?.code == .tooManyAttempts)
            house.clock.advance(seconds: 24 * 3600)
            try await Self.fail(5, house)
        }
    }

    @Test func `the right password from elsewhere works meanwhile`() async throws {
        try await IdentityFixture.with { house in
            try await Self.fail(5, house)
            #expect(try await Self.signIn(house)?.code == .tooManyAttempts)
            #expect(try await Self.signIn(house, IdentityFixture.password, from: Self.there) == nil)
            // Another user here, and the other tenant's of the same name, are others.
            #expect(
                try await Self.signIn(house, IdentityFixture.password, as: .name("tom", domain: .name("other"))) == nil)
        }
    }

    @Test func `one user is guessed at from everywhere only so fast, and signs in from where he has been`() async throws
    {
        try await IdentityFixture.with { house in
            #expect(try await Self.signIn(house, IdentityFixture.password, from: Self.there) == nil)
            for number in 0..<100 {
                #expect(
                    try await Self.signIn(house, from: IPAddress("198.51.100.\(number)"))?.code == .unauthenticated)
            }
            let refused = try await Self.signIn(house, IdentityFixture.password, from: Self.here)
            #expect(refused?.code == .tooManyAttempts && refused?.retryAfter == 6)
            #expect(try await Self.signIn(house, IdentityFixture.password, from: Self.there) == nil)
            // It is over after six seconds, for whoever comes first.
            house.clock.advance(seconds: 6)
            #expect(try await Self.signIn(house, IdentityFixture.password, from: Self.here) == nil)
        }
    }

    @Test func `one place guesses at all users only so fast, and who has been there signs in`() async throws {
        try await IdentityFixture.with { house in
            #expect(
                try await Self.signIn(house, IdentityFixture.password, as: .name("tom", domain: .name("other"))) == nil)
            for number in 0..<60 {
                #expect(
                    try await Self.signIn(house, as: .name("user-\(number)", domain: .name("acme")))?.code
                        == .unauthenticated)
            }
            let refused = try await Self.signIn(house, IdentityFixture.password)
            #expect(refused?.code == .tooManyAttempts && refused?.retryAfter == 10)
            #expect(
                try await Self.signIn(house, IdentityFixture.password, as: .name("tom", domain: .name("other"))) == nil)
            house.clock.advance(seconds: 10)
            #expect(try await Self.signIn(house, IdentityFixture.password) == nil)
        }
    }

    @Test func `a user who does not exist is answered like one who does, however he is named`() async throws {
        try await IdentityFixture.with { house in
            let (acme, other) = (house.tenants[0], house.tenants[1])
            for (user, address) in [("tom", Self.here), ("nobody", Self.there)] {
                var answers: [AccessError?] = []
                for number in 0..<8 {
                    // By the domain's name and by its id, which is one user.
                    let domain: DomainReference = number % 2 == 0 ? .name(acme.name) : .id(acme.domain)
                    answers.append(try await Self.signIn(house, as: .name(user, domain: domain), from: address))
                }
                #expect(
                    answers.map { $0?.code } == Array(repeating: .unauthenticated, count: 5)
                        + Array(repeating: .tooManyAttempts, count: 3), "\(user)")
                #expect(answers[5]?.retryAfter == 1 && answers[7]?.message == answers[5]?.message)
                #expect(
                    try await Self.signIn(house, as: .name(user, domain: .name(other.name)), from: address)?.code
                        == .unauthenticated)
            }
            // A known user by his id is the same, too.
            #expect(try await Self.signIn(house, as: .id(house.users[0].id))?.code == .tooManyAttempts)
            for number in 0..<6 {
                let error = try await Self.signIn(house, as: .id(RandomText.hexadecimal()), from: Self.there)
                #expect(error?.code == .unauthenticated, "\(number)")
            }
        }
    }

    @Test func `half an IPv6 address is one place, and so is an address in both its forms`() async throws {
        try await IdentityFixture.with { house in
            for number in 1...5 {
                let address = IPAddress("2001:db8:1:2::\(number)")
                #expect(try await Self.signIn(house, from: address)?.code == .unauthenticated)
            }
            #expect(try await Self.signIn(house, from: IPAddress("2001:db8:1:2:3::9"))?.code == .tooManyAttempts)
            #expect(try await Self.signIn(house, from: IPAddress("2001:db8:1:3::1"))?.code == .unauthenticated)
            try await Self.fail(5, house)
            #expect(try await Self.signIn(house, from: IPAddress("::ffff:203.0.113.7"))?.code == .tooManyAttempts)
        }
    }

    @Test func `other processes on the store count along`() async throws {
        try await IdentityFixture.with { house in
            let second = try SQLiteStore(path: house.directory + "/gatehouse.sqlite")
            let neighbour = Identity(
                store: second, vault: house.vault, clock: WallClock { house.clock.milliseconds },
                passwords: PasswordHashing(cost: .init(logRounds: 4, blockSize: 1, parallelism: 1)))
            try await Self.fail(3, house)
            for _ in 1...2 { #expect(try await Self.signIn(house, by: neighbour)?.code == .unauthenticated) }
            #expect(try await Self.signIn(house)?.code == .tooManyAttempts)
            #expect(try await Self.signIn(house, by: neighbour)?.code == .tooManyAttempts)
            try second.close()
        }
    }

    @Test func `of many guesses at once no more are checked than one after the other`() async throws {
        try await IdentityFixture.with { house in
            let codes = try await withThrowingTaskGroup(of: AccessError.Code?.self) { group in
                for _ in 0..<30 { group.addTask { try await Self.signIn(house)?.code } }
                return try await group.reduce(into: [AccessError.Code?]()) { $0.append($1) }
            }
            #expect(codes.filter { $0 == .unauthenticated }.count == 5)
            #expect(codes.filter { $0 == .tooManyAttempts }.count == 25)
        }
    }

    @Test func `many who know the password sign in at once`() async throws {
        try await IdentityFixture.with { house in
            let errors = try await withThrowingTaskGroup(of: AccessError?.self) { group in
                for _ in 0..<30 { group.addTask { try await Self.signIn(house, IdentityFixture.password) } }
                return try await group.reduce(into: [AccessError]()) { if let error = $1 { $0.append(error) } }
            }
            #expect(errors.isEmpty)
        }
    }

    @Test func `one place does not fill the line, and the line has an end`() async throws {
        let line = SignInLine(limit: 3, placeLimit: 2)
        let (held, hold) = AsyncStream.makeStream(of: Void.self)
        let (places, entered) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await line.inTurn(from: Self.here) { () async throws(AccessError) in
                    entered.yield()
                    for await _ in held {}
                }
            }
            for await _ in places { break }
            group.addTask { try await line.inTurn(from: Self.here) { () async throws(AccessError) in } }
            while line.count < 2 { await Task.yield() }
            let third = try await accessError {
                try await line.inTurn(from: Self.here) { () async throws(AccessError) in }
            }
            #expect(third?.code == .tooManyAttempts && third?.retryAfter == 5)
            group.addTask { try await line.inTurn(from: Self.there) { () async throws(AccessError) in } }
            while line.count < 3 { await Task.yield() }
            let fourth = try await accessError { try await line.inTurn(from: nil) { () async throws(AccessError) in } }
            #expect(fourth?.code == .tooManyAttempts)
            hold.finish()
            try await group.waitForAll()
        }
        #expect(line.count == 0)
    }

    @Test func `what is remembered has a bound, holds no name and no address, and goes with its user`() async throws {
        try await IdentityFixture.with { house in
            let now = house.clock.milliseconds
            for number in 0..<20 {
                try await house.store.noteFailedSignIn(
                    [SignInCounter(key: Data(digestOf: "\(number)"), memory: 1000 + Int64(number), drains: false)],
                    now: now, limit: 10)
            }
            // The ones that end first are gone.
            for number in 0..<20 {
                let seen = try await house.store.signInFailures(of: Data(digestOf: "\(number)"), now: now)
                #expect((seen != nil) == (number >= 10), "\(number)")
            }
            house.clock.advance(seconds: 3600)
            for number in 0..<40 {
                #expect(
                    try await Self.signIn(house, IdentityFixture.password, from: IPAddress("198.51.100.\(number)"))
                        == nil)
            }
            try await Self.fail(1, house)
            let file = try DatabaseQueue(path: house.directory + "/gatehouse.sqlite")
            func count(_ table: String) throws -> Int {
                try file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? 0 }
            }
            #expect(try count("sign_in_places") == 16)
            #expect(try count("sign_in_failures") == 3)
            try await house.identity.delete(house.users[0])
            #expect(try count("sign_in_places") == 0)
        }
    }

    @Test func `where the store takes no note of a failure nobody is told whether the password was right`() async throws
    {
        try await IdentityFixture.with { house in
            try await DatabaseQueue(path: house.directory + "/gatehouse.sqlite").write {
                try $0.execute(sql: "DROP TABLE sign_in_failures")
            }
            #expect(try await Self.signIn(house)?.code == .unavailable)
        }
    }
}
