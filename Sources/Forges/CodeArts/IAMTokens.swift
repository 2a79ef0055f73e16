// Copyright the Gatehouse authors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials
import Model
import Synchronization

/// A token that IAM has given for a user's name and password.
struct IAMToken: Sendable {
    let text: Secret
    /// Unix time in seconds.
    let expires: Int64
    /// The end of the password that it was given for, in Unix time; nil where there is none.
    var passwordExpires: Int64?
}

/// The tokens that passwords have been changed for. In memory only: what is kept of a password is a digest under a key
/// that ends with the process, so that nothing here outlives it or can be turned back.
///
/// One login of a credential at a time: IAM limits logins, and locks users after a few that fail. Whoever asks meanwhile
/// waits for that one's result.
final class IAMTokens: Sendable {
    /// Where, for what and with which credential a token was got.
    struct Key: Hashable, Sendable {
        /// The address of IAM.
        let address: String
        /// The project or domain that the token is for.
        let scope: String
        fileprivate let proof: [UInt8]
    }

    private enum Outcome: Sendable {
        /// There is another token, or whoever asked for it went away: look again.
        case again
        case failed(ForgeError)
    }

    private struct State {
        var tokens: [Key: (text: Secret, until: Int64, passwordEnd: Int64?)] = [:]
        /// Those who wait, for each login that is under way.
        var waiting: [Key: [CheckedContinuation<Outcome, Never>]] = [:]
    }

    private enum Claim {
        case known(Secret)
        case underWay
        case mine
    }

    /// Seconds before its end from which a token is not used any more. IAM's live for 24 hours.
    static let margin: Int64 = 600
    private static let capacity = 10_000

    private let state = Mutex(State())
    private let pepper = SymmetricKey(size: .bits256)
    private let now: @Sendable () -> Int64

    /// - Parameter now: Unix time in seconds.
    init(now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }) {
        self.now = now
    }

    func key(address: String, scope: String, user: String, password: Secret) -> Key {
        Key(address: address, scope: scope, proof: proof(user, password))
    }

    /// Forgets every token of a user's password. Who still uses the password gets another one by a login.
    func forget(user: String, password: Secret) {
        let proof = proof(user, password)
        state.withLock { state in state.tokens = state.tokens.filter { $0.key.proof != proof } }
    }

    private func proof(_ user: String, _ password: Secret) -> [UInt8] {
        Array(
            HMAC<SHA256>.authenticationCode(
                for: Array(user.utf8) + [0] + Array(password.exposed.utf8), using: pepper))
    }

    /// The token of a credential: the one that is known, or another one by a login.
    /// - Parameter refused: a token that the forge has just refused; it is not given again.
    func token(
        for key: Key, otherThan refused: Secret? = nil, login: () async throws(ForgeError) -> IAMToken
    ) async throws(ForgeError) -> Secret {
        while true {
            switch claim(key, refused) {
            case .known(let token): return token
            case .mine: return try await lead(key, login)
            case .underWay:
                if case .failed(let error) = await outcome(of: key) { throw error }
            }
        }
    }

    /// The token that is known, be it good or not any more.
    func known(_ key: Key) -> Secret? {
        state.withLock { $0.tokens[key]?.text }
    }

    /// What came with the token that is known of the password's end.
    func passwordEnd(_ key: Key) -> Int64? {
        state.withLock { $0.tokens[key]?.passwordEnd }
    }

    private func claim(_ key: Key, _ refused: Secret?) -> Claim {
        let time = now()
        return state.withLock { state in
            if let known = state.tokens[key] {
                if known.until > time, known.text != refused { return .known(known.text) }
                state.tokens[key] = nil
            }
            guard state.waiting[key] == nil else { return .underWay }
            state.waiting[key] = []
            return .mine
        }
    }

    private func outcome(of key: Key) async -> Outcome {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                state.waiting[key]?.append(continuation)
                return state.waiting[key] == nil
            }
            if isOver { continuation.resume(returning: .again) }
        }
    }

    private func lead(_ key: Key, _ login: () async throws(ForgeError) -> IAMToken) async throws(ForgeError) -> Secret {
        do throws(ForgeError) {
            let made = try await login()
            settle(key, .again, made)
            return made.text
        } catch {
            // Who goes away in the middle of a login must not fail the others: one of them begins anew.
            settle(key, Task.isCancelled ? .again : .failed(error), nil)
            throw error
        }
    }

    private func settle(_ key: Key, _ outcome: Outcome, _ made: IAMToken?) {
        let time = now()
        let waiting = state.withLock { state -> [CheckedContinuation<Outcome, Never>] in
            if let made {
                if state.tokens.count >= Self.capacity { state.tokens = state.tokens.filter { $0.value.until > time } }
                if state.tokens.count >= Self.capacity { state.tokens = [:] }
                // A short life is used to its half at least.
                let until = made.expires - min(Self.margin, max(made.expires - time, 0) / 2)
                state.tokens[key] = (made.text, until, made.passwordExpires)
            }
            return state.waiting.removeValue(forKey: key) ?? []
        }
        for continuation in waiting { continuation.resume(returning: outcome) }
    }
}
