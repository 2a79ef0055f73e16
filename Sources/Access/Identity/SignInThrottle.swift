// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Model
import Storage

/// How often a password may be guessed. What has failed is counted in the store, for all processes.
///
/// - Of one user from one place: five times at once, then after 1, 2, 4 … seconds, at last every 15 minutes.
/// - Of one user from everywhere: 100 times at once, then ten times a minute.
/// - From one place: 60 times at once, then six times a minute.
///
/// The latter two do not hold where the user has signed in from before, so that nobody can lock a user out from elsewhere. A
/// place is an address or, of IPv6, its first half. A user who does not exist is counted like one who does.
struct SignInThrottle: Sendable {
    /// Tries of one user from one place before it takes longer.
    static let freeTries: Int64 = 5
    /// Seconds.
    static let longestWait: Int64 = 15 * 60
    static let userBurst: Int64 = 100
    static let placeBurst: Int64 = 60

    /// Milliseconds.
    private static let pairMemory: Int64 = 24 * 60 * 60 * 1000
    private static let userPace: Int64 = 6000
    private static let placePace: Int64 = 10_000
    private static let placeMemory: Int64 = 30 * 24 * 60 * 60 * 1000
    private static let day: Int64 = 24 * 60 * 60 * 1000

    let store: SQLiteStore
    let clock: WallClock

    /// One sign-in that is to be checked.
    struct Attempt: Sendable {
        /// nil for a user who does not exist.
        let user: String?
        let place: Data
        fileprivate let pair: SignInCounter
        fileprivate let everywhere: SignInCounter
        fileprivate let fromHere: SignInCounter

        init(_ subject: String, user: String?, from address: IPAddress?) {
            let text = address.map { Hexadecimal.encode($0.site) } ?? "nowhere"
            self.user = user
            place = Data(digestOf: "place \(text)")
            pair = SignInCounter(
                key: Data(digestOf: "pair \(text) \(subject)"), memory: SignInThrottle.pairMemory, drains: false)
            everywhere = SignInCounter(
                key: Data(digestOf: "user \(subject)"), memory: SignInThrottle.userPace, drains: true)
            fromHere = SignInCounter(
                key: Data(digestOf: "from \(text)"), memory: SignInThrottle.placePace, drains: true)
        }
    }

    /// What a sign-in names its user by, the same for every way to name one user, whether or not there is such a user.
    func attempt(
        _ reference: UserReference, _ login: UserLogin?, from address: IPAddress?
    ) async throws(StoreError) -> Attempt {
        let subject: String
        switch (login, reference) {
        case (let login?, _): subject = "\(login.tenant.id) \(login.user.name)"
        case (nil, .id(let id)): subject = "id \(id)"
        case (nil, .name(let name, let domain)):
            let tenant = try await store.tenantID(of: domain)
            subject = "\(tenant ?? "\(domain)") \(name)"
        }
        return Attempt(subject, user: login?.user.id, from: address)
    }

    /// - Throws: ``AccessError/Code/tooManyAttempts``, ``AccessError/Code/unavailable``.
    func check(_ attempt: Attempt) async throws(AccessError) {
        let now = clock.milliseconds
        if let seen = try await failures(of: attempt.pair, now) {
            try Self.refuse(
                until: seen.last + Self.wait(after: seen.count) * 1000, now,
                "Too many sign-ins of this user from here have failed.")
        }
        if try await isKnown(attempt, now) { return }
        if let seen = try await failures(of: attempt.everywhere, now) {
            try Self.refuse(
                until: seen.expires - (Self.userBurst - 1) * Self.userPace, now,
                "Too many sign-ins of this user have failed. Sign in from where you have done so before.")
        }
        if let seen = try await failures(of: attempt.fromHere, now) {
            try Self.refuse(
                until: seen.expires - (Self.placeBurst - 1) * Self.placePace, now,
                "Too many sign-ins from here have failed.")
        }
    }

    private func failures(of counter: SignInCounter, _ now: Int64) async throws(AccessError) -> SignInFailures? {
        do throws(StoreError) {
            return try await store.signInFailures(of: counter.key, now: now)
        } catch {
            throw AccessError(error)
        }
    }

    /// Whether the user has given the right password from there.
    private func isKnown(_ attempt: Attempt, _ now: Int64) async throws(AccessError) -> Bool {
        guard let user = attempt.user else { return false }
        do throws(StoreError) {
            return try await store.signInPlace(attempt.place, of: user).map { $0 > now - Self.placeMemory } ?? false
        } catch {
            throw AccessError(error)
        }
    }

    func noteFailure(of attempt: Attempt) async throws(StoreError) {
        try await store.noteFailedSignIn(
            [attempt.pair, attempt.everywhere, attempt.fromHere], now: clock.milliseconds)
    }

    /// Writes only what is new: who signs in from one place all day costs no write.
    func noteSuccess(of attempt: Attempt) async throws(StoreError) {
        guard let user = attempt.user else { return }
        let now = clock.milliseconds
        if try await store.signInFailures(of: attempt.pair.key, now: now) != nil {
            try await store.forgetFailedSignIns(of: attempt.pair.key)
        }
        if let last = try await store.signInPlace(attempt.place, of: user), abs(now - last) < Self.day { return }
        try await store.remember(place: attempt.place, of: user, now: now)
    }

    /// Seconds.
    static func wait(after failures: Int64) -> Int64 {
        guard failures >= freeTries else { return 0 }
        return min(longestWait, 1 << min(failures - freeTries, 20))
    }

    private static func refuse(until end: Int64, _ now: Int64, _ sentence: String) throws(AccessError) {
        guard end > now else { return }
        // A clock that was set back must not lock anybody out.
        let seconds = min((end - now + 999) / 1000, longestWait)
        throw AccessError(
            .tooManyAttempts, "\(sentence) Try again in \(seconds) second\(seconds == 1 ? "" : "s").",
            retryAfter: Int(seconds))
    }
}
